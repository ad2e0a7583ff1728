"""What a child process of the supervisor is told: its environment, and its secrets.

The engine gets every setting; the secrets among them come through a pipe, because an environment
can be read by others of the same user (and by everybody's tools, on some systems). The console
gets no secret that it does not need, under whatever name the secret may be lying around.
"""

from __future__ import annotations

import json
import os
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import IO

from aineon.errors import StartError
from aineon.runtime.databases import absolute_url
from aineon.runtime.redaction import Redactor, hidden_from_console, secrets_of
from aineon.runtime.settings import PARAMETERS, Settings
from aineon.runtime.sources import ENV_FILE_VARIABLE, HANDED_OVER_VARIABLE, NO_ENV_FILE

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")

_OF_TRAINING = (
    "mode",
    "feed",
    "replay_file",
    "seed",
    "sandbox_rivals",
    "public_mempool",
    "optimizer",
    "optimizer_training",
    "optimizer_cycle_minutes",
    "data_dir",
    "database_url",
    "log_level",
    "log_format",
)
"""What training depends on: where books and models are, of which market, and how to log."""

SUPERVISED_VARIABLE = "AINEON_SUPERVISED"
"""Set for a console that a supervisor started, which is there as long as the console is."""


def engine_environment(base: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return the engine's environment: every setting that was given, and no hidden secret.

    The token that creates the first user is for the console alone.
    """
    environment = _environment(base, settings)
    environment.pop(PARAMETERS["setup_token"].env, None)
    return environment


def trainer_environment(base: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return the training process's environment: the few settings it needs, and one thread.

    It talks to nobody but the databases, so their address is the only secret that it is told.
    Many threads on a busy machine train slower than one, and the engine needs the other cores.
    """
    # What it is told anyway need not be looked for: a plain password may stand in many a path.
    others = settings.model_copy(update={"database_url": None})
    kept = _kept(base, Redactor(secrets_of(others)))
    told = _given(settings, _OF_TRAINING) | _places(settings, _OF_TRAINING)
    return kept | told | dict.fromkeys(_THREADS, "1")


def engine_secrets(settings: Settings) -> dict[str, str]:
    """Return what the engine is handed besides, by environment variable."""
    withheld = [field for field, parameter in PARAMETERS.items() if parameter.is_withheld]
    return _given(settings, withheld)


def read_secrets(stream: IO[str]) -> dict[str, str]:
    """Return what `engine_secrets` said in another process: a line of JSON.

    Raises:
        StartError: it is something else; the message does not repeat it.
    """
    hidden = {parameter.env for parameter in PARAMETERS.values() if parameter.is_withheld}
    try:
        handed = json.loads(stream.read())
    except (ValueError, RecursionError):
        handed = None
    if not isinstance(handed, dict) or not set(handed) <= hidden or not _are_texts(handed.values()):
        raise StartError("standard input does not hold the secrets of settings, as a line of JSON")
    return handed


def console_environment(base: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return the console's environment: like the engine's, and it is handed nothing besides."""
    environment = _environment(base, settings)
    environment[SUPERVISED_VARIABLE] = "yes"
    home = environment.get("HOME", "")
    if os.name == "posix" and not (home and os.access(home, os.R_OK | os.X_OK)):
        # Streamlit looks into HOME at its start and fails where it may not.
        environment["HOME"] = str(settings.data_dir.absolute())
    return environment


def without_withheld(settings: Settings) -> Settings:
    """Return settings as the console may have them, wherever they were read from.

    A console that somebody starts by hand reads `.env` itself, and what stands there.
    """
    defaults = Settings()
    withheld = [field for field, parameter in PARAMETERS.items() if parameter.is_withheld]
    return settings.model_copy(update={field: getattr(defaults, field) for field in withheld})


def stranger_environment(base: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return the environment of a child that needs none of our settings, and gets no secret."""
    redactor = Redactor(secrets_of(settings))
    environment = _environment(base, Settings())
    return {name: value for name, value in environment.items() if not redactor.holds(value)}


def _are_texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def _environment(base: Mapping[str, str], settings: Settings) -> dict[str, str]:
    redactor = Redactor(hidden_from_console(settings))
    shown = [field for field, parameter in PARAMETERS.items() if not parameter.is_withheld]
    return _kept(base, redactor) | _given(settings, shown) | _places(settings, PARAMETERS)


def _kept(base: Mapping[str, str], redactor: Redactor) -> dict[str, str]:
    """What is no setting of ours, and holds no secret."""
    names = {parameter.env for parameter in PARAMETERS.values()}
    return {
        name: value
        for name, value in base.items()
        if name not in names and not redactor.holds(value)
    }


def _given(settings: Settings, fields: Iterable[str]) -> dict[str, str]:
    given = {field: getattr(settings, field) for field in fields if field in settings.given}
    return {
        PARAMETERS[field].env: PARAMETERS[field].text(_absolute(value))
        for field, value in given.items()
        if value is not None
    }


def _places(settings: Settings, fields: Container[str]) -> dict[str, str]:
    """What a child that is handed `fields` would understand otherwise than this process."""
    told = {
        # By default the feed depends on nodes, whose addresses the console does not learn.
        PARAMETERS["feed"].env: PARAMETERS["feed"].text(settings.feed),
        # A child has another working folder; and what its `.env` says was read here already.
        PARAMETERS["data_dir"].env: str(settings.data_dir.absolute()),
        ENV_FILE_VARIABLE: NO_ENV_FILE,
        # Nor does it look for saved settings: those that this process found are among the given.
        HANDED_OVER_VARIABLE: json.dumps(
            {
                PARAMETERS[field].env: settings.origin(field)
                for field in settings.given
                if field in fields
            }
        ),
    }
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        told[PARAMETERS["database_url"].env] = absolute_url(url)
    return told


def _absolute(value: object) -> object:
    return value.absolute() if isinstance(value, Path) else value
