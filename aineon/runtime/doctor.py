"""The doctor: looks at configuration, storage and machine, and says what would not work."""

from __future__ import annotations

import difflib
import os
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib import metadata
from pathlib import Path

import aineon
from aineon.errors import AineonError, ConfigurationError
from aineon.runtime.agreement import missing_for_live
from aineon.runtime.keys import FIELDS, Role, is_given, missing_password, told_address_of
from aineon.runtime.settings import PARAMETERS, Settings
from aineon.runtime.sources import (
    ENV_FILE_VARIABLE,
    HANDED_OVER_VARIABLE,
    choose_env_file,
    read_env_file,
)
from aineon.runtime.storage import check_database, check_folder
from aineon.runtime.supervisor import find_console, require_free_port

_PACKAGES = ("numpy", "pydantic-settings", "sqlmodel", "sqlalchemy", "fastapi", "streamlit")
_NOT_PARAMETERS = frozenset(
    {ENV_FILE_VARIABLE, HANDED_OVER_VARIABLE, "AINEON_SHARED_DATA", "AINEON_VENV"}
)


class Verdict(StrEnum):
    """How a check came out. Only a problem keeps simulation from running."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    words: str


@dataclass(frozen=True, slots=True)
class Examination:
    """What the doctor found.

    Attributes:
        checks: in the order they were made.
        missing_for_live: a sentence for each thing that live mode lacks.
    """

    checks: tuple[Check, ...]
    missing_for_live: tuple[str, ...]

    @property
    def can_simulate(self) -> bool:
        """Whether simulation can run."""
        return all(check.verdict is not Verdict.PROBLEM for check in self.checks)


def examine(settings: Settings, env: Mapping[str, str] | None = None) -> Examination:
    """Look at everything that a start would need; starts and creates nothing."""
    checks = [
        Check("versions", Verdict.OK, versions()),
        _tried("data folder", lambda: _folder_words(settings)),
        _tried("control database", lambda: _database_words(settings.control_url)),
        _tried(f"{settings.mode} book", lambda: _database_words(settings.book_url)),
        _tried("recording", lambda: _recording_words(settings)),
        # What the console lacks, or a port that `aineon up` itself may hold, does not stop
        # `aineon run`.
        _tried("console", lambda: f"in {find_console()}", Verdict.NOTE),
        _tried("port", lambda: _port_words(settings), Verdict.NOTE),
        *(
            _tried(f"{role} key", partial(_key_words, settings, role), Verdict.NOTE)
            for role in Role
            if is_given(settings, role)
        ),
        *(Check("settings", Verdict.NOTE, words) for words in unknown_names(env)),
        *(Check("saved settings", Verdict.NOTE, words) for words in settings.ignored),
    ]
    return Examination(tuple(checks), tuple(missing_for_live(settings)))


def versions() -> str:
    """The versions of AINEON, Python and the packages that matter, in one line."""
    parts = [f"aineon {aineon.__version__}", f"Python {platform.python_version()}"]
    for package in _PACKAGES:
        try:
            parts.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            parts.append(f"{package} not installed")
    return f"{', '.join(parts)}, {sys.platform}"


def unknown_names(env: Mapping[str, str] | None = None) -> list[str]:
    """Return a sentence for each name that looks like a setting and is none.

    Looks at names beginning with AINEON_ in the environment, and at all names in `.env`.
    """
    known = {parameter.env for parameter in PARAMETERS.values()} | _NOT_PARAMETERS
    environment = os.environ if env is None else env
    found = {name: "environment" for name in environment if name.startswith("AINEON_")}
    file = choose_env_file(env, None)
    if file is not None:
        found |= {name: given.origin for name, given in read_env_file(file)[0].items()}
    return [
        f"{name} ({origin}) is not a setting{_nearest(name, known)}"
        for name, origin in found.items()
        if name not in known
    ]


def _nearest(name: str, known: set[str] | frozenset[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return f"; did you mean {near[0]}?" if near else " and is ignored"


def _tried(name: str, look: Callable[[], str], worst: Verdict = Verdict.PROBLEM) -> Check:
    try:
        return Check(name, Verdict.OK, look())
    except AineonError as error:
        return Check(name, worst, str(error))


def _folder_words(settings: Settings) -> str:
    check_folder(settings.data_dir)
    folder = settings.data_dir.absolute()
    return f"{folder} can be written" if folder.exists() else f"{folder} will be created"


def _database_words(url: str) -> str:
    from aineon.ledger.connect import parse_place

    place = parse_place(url)
    name = place.name if place.path is None else place.path
    exists = check_database(url)
    return f"{name} can be written" if exists else f"{name} will be created"


def _recording_words(settings: Settings) -> str:
    if settings.feed != "replay" or settings.replay_file is None:
        return "not needed by the sandbox feed"
    from aineon.feeds.replay import ReplayFeed

    ReplayFeed(Path(settings.replay_file))
    return f"{settings.replay_file} can be played"


def _key_words(settings: Settings, role: Role) -> str:
    fields = FIELDS[role]
    path = getattr(settings, fields.keystore.name)
    if path is None:
        return f"{fields.private_key.env}, which is weaker than a keystore (docs/keys.md)"
    if words := missing_password(settings, role):
        raise ConfigurationError(words)
    return f"{path}, says that it is of {told_address_of(settings, role) or 'nobody'}"


def _port_words(settings: Settings) -> str:
    require_free_port(settings.host, settings.port)
    return f"{settings.port} on {settings.host} is free"
