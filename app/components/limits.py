"""The limits in force: as the engine tells them, beside what the settings say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aineon.ledger.heartbeat import Heartbeat
from aineon.runtime.parameter import NotAllowed
from aineon.runtime.settings import PARAMETERS
from app.state import client


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit.

    Attributes:
        field: its name among the settings.
        text: its value in force, with its unit.
        value: the same in the setting's own unit (wei, bps …); None where it cannot be read.
        from_engine: the engine told it; else it is what this console's settings say.
    """

    field: str
    label: str
    text: str
    value: Any
    from_engine: bool


def limit_in_force(field: str, heartbeat: Heartbeat | None) -> Limit:
    """Return a limit as the engine works by it, or as it is set where no engine has told it."""
    parameter = PARAMETERS[field]
    own = getattr(client().settings, field)
    told = None if heartbeat is None else heartbeat.limits.get(parameter.label)
    if told is None:
        return Limit(field, parameter.label, parameter.show_with_unit(own), own, False)
    try:
        value = parameter.read(told.split(" ")[0])
    except NotAllowed:
        value = None
    return Limit(field, parameter.label, told, value, True)


def limits_in_force(group: str, heartbeat: Heartbeat | None) -> list[Limit]:
    """Return the limits of a group of settings."""
    return [
        limit_in_force(field, heartbeat)
        for field, parameter in PARAMETERS.items()
        if parameter.limit and parameter.group == group
    ]
