"""Settings: every parameter, its value in force, and where that came from."""

from __future__ import annotations

import streamlit as st

from aineon.ledger.records import Heartbeat
from aineon.runtime.parameter import Parameter
from aineon.runtime.settings import PARAMETERS, Settings
from app.components import head, modes
from app.components.live import live, told_in_words
from app.format import UNKNOWN, plain
from app.state import client

REFRESH_SECONDS = 5
_DEFAULTS = Settings()


def value_words(field: str, parameter: Parameter, heartbeat: Heartbeat | None) -> str:
    value = getattr(client().settings, field)
    if parameter.is_withheld:
        return "known to the engine only"
    if parameter.secret:
        return "set" if value else "not set"
    told = None if heartbeat is None else heartbeat.limits.get(parameter.label)
    own = parameter.show_with_unit(value)
    if told is not None and told != own:
        return f"{told} (told by the engine; these settings say {own})"
    return own


def default_words(field: str, parameter: Parameter) -> str:
    if parameter.default_words:
        return parameter.default_words
    return parameter.show_with_unit(getattr(_DEFAULTS, field))


def origin_words(field: str, parameter: Parameter) -> str:
    if parameter.is_withheld:
        return UNKNOWN
    return client().settings.origin(field)


def row(field: str, parameter: Parameter, heartbeat: Heartbeat | None) -> dict[str, str]:
    return {
        "Parameter": f"**{plain(parameter.label)}**",
        "In force": plain(value_words(field, parameter, heartbeat)),
        "Default": plain(default_words(field, parameter)),
        "Allowed": plain(parameter.allowed),
        "Unit": plain(parameter.unit) or UNKNOWN,
        "Variable": f"`{parameter.env}`",
        "From": plain(origin_words(field, parameter)),
        "What it does": plain(parameter.about),
    }


def matches(parameter: Parameter, wanted: str) -> bool:
    text = f"{parameter.label} {parameter.env} {parameter.about} {parameter.group}".lower()
    return all(word in text for word in wanted.lower().split())


@live(REFRESH_SECONDS)
def body() -> None:
    condition = head.engine_line()
    modes.switch("settings")
    modes.live_is_closed()
    st.info(
        "Settings are read when AINEON starts and cannot be changed here. To change one, set its "
        "variable in the environment or in the file `.env`, then start AINEON again. "
        "`aineon doctor` checks them first.",
        icon=":material/edit_off:",
    )
    st.caption(
        "Secrets are never shown. The console does not hold the keys: the engine alone is given "
        "them."
    )
    wanted = st.text_input(
        "Find a parameter", key="find", bind="query-params", placeholder="e.g. gas"
    )
    groups: dict[str, list[dict[str, str]]] = {}
    for field, parameter in PARAMETERS.items():
        if matches(parameter, wanted or ""):
            found = row(field, parameter, condition.heartbeat)
            groups.setdefault(parameter.group, []).append(found)
    if not groups:
        st.caption("No parameter matches.")
    for group, rows in groups.items():
        st.subheader(group, anchor=False)
        with st.container(key=f"settings_{group.replace(' ', '_').lower()}"):
            st.table(rows, border="horizontal")


head.title("Settings", "Every parameter, its value in force, and where that came from.")
with told_in_words():
    body()
