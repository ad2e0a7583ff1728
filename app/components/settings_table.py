"""Every parameter: what is in force, where that came from, and what it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from aineon.ledger.heartbeat import Heartbeat
from aineon.runtime.parameter import Parameter
from aineon.runtime.saved import with_saved
from aineon.runtime.settings import PARAMETERS, Settings
from app.components import tables
from app.format import UNKNOWN, plain
from app.state import client

DEFAULTS: Final = Settings()
_WITHHELD: Final = "known to the engine only"


def draw(heartbeat: Heartbeat | None, wanted: str) -> None:
    """Draw the parameters that match `wanted`, group by group."""
    later = _after_saving()
    groups: dict[str, list[dict[str, str]]] = {}
    for field, parameter in PARAMETERS.items():
        if matches(parameter, wanted):
            found = _row(field, parameter, heartbeat, later)
            groups.setdefault(parameter.group, []).append(found)
    if not groups:
        st.caption("No parameter matches.")
    for group, rows in groups.items():
        st.header(group, anchor=False)
        with st.container(key=f"settings_{group.replace(' ', '_').lower()}"):
            tables.static(rows)


def ignored() -> None:
    """Say which saved values are not in force, and why."""
    settings = client().settings
    for sentence in with_saved(settings, client().saved_settings()).ignored:
        st.warning(plain(sentence), icon=":material/warning:")


def matches(parameter: Parameter, wanted: str) -> bool:
    """Whether every word of `wanted` is in what is known of a parameter."""
    text = f"{parameter.label} {parameter.env} {parameter.about} {parameter.group}".lower()
    return all(word in text for word in wanted.lower().split())


def default_words(field: str, parameter: Parameter) -> str:
    """Return a parameter's default in words."""
    if parameter.default_words:
        return parameter.default_words
    return parameter.show_with_unit(getattr(DEFAULTS, field))


def _after_saving() -> Mapping[str, str]:
    """What would be in force after a start, by field, where that is something else."""
    settings = client().settings
    then = with_saved(settings, client().saved_settings())
    return {
        field: parameter.show_with_unit(getattr(then, field))
        for field, parameter in PARAMETERS.items()
        if not parameter.is_withheld and getattr(then, field) != getattr(settings, field)
    }


def _row(
    field: str, parameter: Parameter, heartbeat: Heartbeat | None, later: Mapping[str, str]
) -> dict[str, str]:
    return {
        "Parameter": f"**{plain(parameter.label)}**",
        "In force": plain(_value_words(field, parameter, heartbeat)),
        "Default": plain(default_words(field, parameter)),
        "Allowed": plain(parameter.allowed),
        "Unit": plain(parameter.unit) or UNKNOWN,
        "Variable": f"`{parameter.env}`",
        "From": plain(_origin_words(field, later)),
        "What it does": plain(parameter.about),
    }


def _value_words(field: str, parameter: Parameter, heartbeat: Heartbeat | None) -> str:
    value = getattr(client().settings, field)
    if parameter.is_withheld:
        return _WITHHELD
    if parameter.secret:
        return "set" if value else "not set"
    told = None if heartbeat is None else heartbeat.limits.get(parameter.label)
    own = parameter.show_with_unit(value)
    if told is not None and told != own:
        return f"{told} (told by the engine; these settings say {own})"
    return own


def _origin_words(field: str, later: Mapping[str, str]) -> str:
    parameter = PARAMETERS[field]
    origin = client().settings.origin(field)
    if parameter.is_withheld and origin == "default":
        return UNKNOWN
    if field not in later:
        return origin
    return f"{origin}; {later[field]} from the next start of the engine on"
