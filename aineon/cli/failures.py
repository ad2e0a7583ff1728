"""How the command fails: a sentence on standard error and an exit code, never a traceback."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aineon.errors import (
    AineonError,
    ConfigurationError,
    InvalidRecording,
    OptimizerError,
)

if TYPE_CHECKING:
    from aineon.runtime.settings import Settings

OK = 0
COULD_NOT_RUN = 1
REFUSED_INPUT = 2
DEFECT = 70
INTERRUPTED = 130

Redact = Callable[[str], str]


def exit_code_of(error: AineonError) -> int:
    """Return the exit code for a refusal."""
    refused = isinstance(error, ConfigurationError | InvalidRecording | OptimizerError)
    return REFUSED_INPUT if refused else COULD_NOT_RUN


class FailureDesk:
    """Turns exceptions into messages; knows what must not be in them once settings are known."""

    def __init__(self) -> None:
        self._redact: Redact = _redact_environment
        self._folder: Path | None = None

    def use(self, settings: Settings, redact: Redact) -> None:
        """From now on mask what `redact` masks, and keep reports in the data folder."""
        self._redact = redact
        self._folder = settings.data_dir

    def handle(self, error: BaseException) -> int:
        """Say what went wrong and return the exit code."""
        if isinstance(error, AineonError):
            for line in str(error).splitlines():
                self.say(line)
            return exit_code_of(error)
        if isinstance(error, KeyboardInterrupt):
            return INTERRUPTED
        if isinstance(error, OSError):
            _drop_unwritable_output()
        if isinstance(error, OSError) and error.strerror:
            where = f"{error.filename}: " if error.filename else ""
            self.say(f"{where}{error.strerror}")
            return COULD_NOT_RUN
        kept = self._keep(error)
        self.say(f"AINEON has a defect: {type(error).__name__}: {error} (report: {kept})")
        return DEFECT

    def say(self, sentence: str) -> None:
        """Write one line to standard error."""
        sys.stderr.write(f"error: {self._redact(sentence)}\n")

    def _keep(self, error: BaseException) -> str:
        name = f"aineon-crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
        text = self._redact("".join(traceback.format_exception(error)))
        folders = [folder for folder in (self._folder, Path(tempfile.gettempdir())) if folder]
        for folder in folders:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8")
            except OSError:
                continue
            return str((folder / name).absolute())
        sys.stderr.write(text)
        return "above, because no folder can be written"


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """Let whoever reads our output go when they have seen enough; that is no error."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_unwritable_output()


def _drop_unwritable_output() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        # Else Python tries again at its end, and complains.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _redact_environment(text: str) -> str:
    """Mask the values of secret variables, before settings could be read."""
    from aineon.runtime.redaction import Redactor
    from aineon.runtime.settings import PARAMETERS

    secrets = [os.environ.get(p.env, "") for p in PARAMETERS.values() if p.secret]
    return Redactor(secrets).text(text)
