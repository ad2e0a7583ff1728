"""Where the values of settings come from: the environment, and below it a `.env` file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream

ENV_FILE_VARIABLE = "AINEON_ENV_FILE"
NO_ENV_FILE = "off"
_DEFAULT_ENV_FILE = Path(".env")
HANDED_OVER_VARIABLE = "AINEON_HANDED_OVER"
"""Tells a process that another one read the settings for it, saved ones included: a line of JSON,
variable to where its value came from."""

SAVED = "saved"
"""Where a value came from that was saved at the console."""
REHEARSED = "the rehearsal"
"""Where a value came from that a rehearsal has in place of the usual default."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it was given, and where, e.g. `environment`, `.env:7` or `--min-profit`."""

    value: Any
    origin: str


def choose_env_file(env: Mapping[str, str] | None, env_file: Path | str | None) -> Path | None:
    """Return the `.env` file to read; None where there is none to read."""
    if env_file is not None:
        return Path(env_file)
    named = (os.environ if env is None else env).get(ENV_FILE_VARIABLE, "").strip()
    if named:
        return None if named.lower() == NO_ENV_FILE else Path(named).expanduser()
    return _DEFAULT_ENV_FILE if env is None and _DEFAULT_ENV_FILE.exists() else None


def read_sources(
    env: Mapping[str, str], env_file: Path | None, names: Iterable[str]
) -> tuple[dict[str, Given], list[str]]:
    """Return what was given for each of `names`, and the problems found in the file.

    The environment wins over the file. An empty text counts as not given, because hosts set
    unused variables to it.
    """
    in_file, problems = read_env_file(env_file) if env_file else ({}, [])
    given = {}
    for name in names:
        if env.get(name, "").strip():
            given[name] = Given(env[name], "environment")
        elif name in in_file:
            given[name] = in_file[name]
    return given, problems


def read_origins(env: Mapping[str, str]) -> dict[str, str] | None:
    """Return where handed-over values came from, by variable; None where nothing was."""
    text = env.get(HANDED_OVER_VARIABLE, "").strip()
    if not text:
        return None
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = {}
    if not isinstance(told, dict):
        return {}
    return {str(name): str(origin) for name, origin in told.items()}


def read_env_file(path: Path) -> tuple[dict[str, Given], list[str]]:
    """Return the assignments in a `.env` file and one sentence for each line that is none.

    The sentence does not repeat the line: it may hold a secret.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except UnicodeDecodeError:
        return {}, [f"{path} is not UTF-8 text; allowed are lines such as NAME=value."]
    except OSError as error:
        return {}, [f"{path} cannot be read: {error.strerror}."]
    found: dict[str, Given] = {}
    problems = []
    for binding in bindings:
        # The parser counts blank lines before an assignment as part of it.
        text = binding.original.string
        line = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
        if binding.error or (binding.key is not None and binding.value is None):
            problems.append(f"{path}:{line} is not an assignment; allowed is NAME=value.")
        elif binding.key is not None and binding.value and binding.value.strip():
            found[binding.key] = Given(binding.value, f"{path}:{line}")
    return found, problems
