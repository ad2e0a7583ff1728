"""What a child process of the supervisor is told: its environment.

The engine gets every setting. The console gets no secret that it does not need, under whatever
name the secret may be lying in the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from aineon.runtime.parameter import Parameter
from aineon.runtime.redaction import Redactor, hidden_from_console
from aineon.runtime.settings import PARAMETERS, Settings
from aineon.runtime.sources import ENV_FILE_VARIABLE, NO_ENV_FILE

SUPERVISED_VARIABLE = "AINEON_SUPERVISED"
"""Set for a console that a supervisor started, which is there as long as the console is."""


def engine_environment(base: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return the engine's environment: `base` with every setting that was given."""
    return _without_settings(base) | _given(settings, list(PARAMETERS.items()))


def console_environment(base: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return the console's environment: like the engine's, and without its secrets."""
    redactor = Redactor(hidden_from_console(settings))
    fields = [(f, p) for f, p in PARAMETERS.items() if p.shared or not p.secret]
    environment = {
        name: value for name, value in _without_settings(base).items() if not redactor.holds(value)
    } | _given(settings, fields)
    environment[SUPERVISED_VARIABLE] = "yes"
    home = environment.get("HOME", "")
    if os.name == "posix" and not (home and os.access(home, os.R_OK | os.X_OK)):
        # Streamlit looks into HOME at its start and fails where it may not.
        environment["HOME"] = str(settings.data_dir.absolute())
    return environment


def _without_settings(base: Mapping[str, str]) -> dict[str, str]:
    names = {parameter.env for parameter in PARAMETERS.values()}
    return {name: value for name, value in base.items() if name not in names}


def _given(settings: Settings, fields: list[tuple[str, Parameter]]) -> dict[str, str]:
    given = {
        parameter.env: parameter.text(_absolute(getattr(settings, field)))
        for field, parameter in fields
        if field in settings.given
    }
    # By default the feed depends on nodes, whose addresses the console does not learn.
    given[PARAMETERS["feed"].env] = PARAMETERS["feed"].text(settings.feed)
    # A child has another working folder; and what its `.env` says was read here already.
    given[PARAMETERS["data_dir"].env] = str(settings.data_dir.absolute())
    if settings.database_url is not None:
        path = Path(settings.database_url.get_secret_value().removeprefix("sqlite:///"))
        given[PARAMETERS["database_url"].env] = f"sqlite:///{path.absolute()}"
    return given | {ENV_FILE_VARIABLE: NO_ENV_FILE}


def _absolute(value: object) -> object:
    return value.absolute() if isinstance(value, Path) else value
