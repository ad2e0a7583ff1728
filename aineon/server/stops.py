"""The emergency stops that a server sees beside the control database: its file and its setting."""

from __future__ import annotations

from aineon.errors import SafetyError
from aineon.runtime.settings import Settings
from aineon.safety.places import STOP_FILE, StopFile, StopVariable
from aineon.safety.stop import StopReason


def stops_beside(settings: Settings) -> tuple[StopReason, ...]:
    """Return the stops of the data folder's file, and of the environment.

    Raises:
        SafetyError: the file cannot be read.
    """
    folder = settings.data_dir.absolute()
    in_setting = StopVariable(setting=settings.emergency_stop).look()
    try:
        in_file = StopFile(folder / STOP_FILE).look() if folder.exists() else ()
    except OSError as error:
        raise SafetyError(f"{folder / STOP_FILE} cannot be read: {error.strerror}") from error
    return (*in_setting, *in_file)
