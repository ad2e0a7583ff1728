"""docs/configuration.md, generated from the settings: `python -m aineon.runtime.reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from aineon.runtime.parameter import Parameter
from aineon.runtime.settings import PARAMETERS, Settings
from aineon.runtime.sources import ENV_FILE_VARIABLE

_INTRODUCTION = f"""\
# Configuration

This page is generated from the settings class by `python -m aineon.runtime.reference`; a test
fails where the two differ.

Every parameter is an environment variable. Values come from these places, the first one that
has one wins:

1. a flag of the command line (`aineon run --min-profit 0.02`), or an argument of `open_engine`;
2. the environment;
3. the file `.env` in the working folder, lines of `NAME=value`. `{ENV_FILE_VARIABLE}` names
   another file; `{ENV_FILE_VARIABLE}=off` reads none;
4. what was saved on the console's Settings page; variables marked ✎ can be saved there;
5. the default.

An empty value counts as not set. Amounts of ETH and gwei are decimal numbers without thousands
separators and are read exactly, wei for wei. A value that is not allowed stops the start with
one line for each problem: the variable, the value, what is allowed. A saved value never does: one
that is not allowed (any more), or that contradicts what stands elsewhere, is ignored, and
`aineon doctor` and the Settings page say so. Secrets (🔒) are never shown
or logged, and do not reach the console's process. `aineon doctor` prints what is in force and
where each value came from.
"""

_NOTES = {
    "Withdrawals": "Simulation moves no money: there is nothing to withdraw. See withdrawals.md.",
}

_EXIT_CODES = """\
## Exit codes

| Code | Meaning |
| --- | --- |
| 0 | it went well; `aineon up` was stopped by Ctrl-C or SIGTERM |
| 1 | it could not run: port or folder taken, database locked, read-only or full, engine failed |
| 2 | the input was refused: flags, settings, recording |
| 3 | something stands in the way: `aineon stop --status`, `aineon breaker` |
| 4 | `aineon stop`: no AINEON was ever at work in this data folder; one elsewhere is not stopped |
| 70 | a defect of AINEON; a report without secrets lies where the message says |
| 130 | `aineon run` was stopped by Ctrl-C, after its report |
"""


def markdown() -> str:
    """Return the page."""
    sections = [_INTRODUCTION]
    for group, fields in _groups().items():
        rows = "\n".join(_row(PARAMETERS[field], field) for field in fields)
        note = f"{_NOTES[group]}\n\n" if group in _NOTES else ""
        sections.append(
            f"## {group}\n\n{note}| Variable | Default | Allowed | What it does |\n"
            f"| --- | --- | --- | --- |\n{rows}\n"
        )
    return "\n".join([*sections, _EXIT_CODES])


def _groups() -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for field, parameter in PARAMETERS.items():
        groups.setdefault(parameter.group, []).append(field)
    return groups


def _row(parameter: Parameter, field: str) -> str:
    marks = f"{' 🔒' if parameter.secret else ''}{' ✎' if parameter.savable else ''}"
    cells = (
        f"`{parameter.env}`{marks}",
        _default(parameter, field),
        parameter.allowed,
        " ".join(_about(parameter)),
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _about(parameter: Parameter) -> Iterator[str]:
    yield parameter.about
    if parameter.unit:
        yield f"In {parameter.unit}."
    if parameter.live:
        yield "Live mode needs it." if not parameter.secret else "For live mode."


def _default(parameter: Parameter, field: str) -> str:
    if parameter.default_words:
        return parameter.default_words
    default = Settings.model_fields[field].default
    return parameter.show(default) or "not set"


if __name__ == "__main__":
    sys.stdout.write(markdown())
