"""Settings: every parameter and how it is changed, mode, nodes, notices, users and theme."""

from __future__ import annotations

import streamlit as st

from aineon.access.permissions import Action
from app.actions import may, visitor_of_now
from app.components import (
    head,
    modes,
    settings_edit,
    settings_live,
    settings_look,
    settings_nodes,
    settings_notices,
    settings_table,
    users_section,
)
from app.components.live import live, told_in_words
from app.condition import condition_of
from app.state import client

REFRESH_SECONDS = 5
PARAMETERS, MODE, MARKET = "Parameters", "Mode", "Market and nodes"
NOTICES, USERS, LOOK = "Notifications", "Users", "Theme"
_SECTION = "settings_section"


def sections() -> tuple[str, ...]:
    users = (USERS,) if may(visitor_of_now(), Action.ADD_USER) else ()
    return (PARAMETERS, MODE, MARKET, NOTICES, *users, LOOK)


def section() -> str:
    chosen = st.segmented_control(
        "Section",
        sections(),
        default=PARAMETERS,
        key=_SECTION,
        bind="query-params",
        required=True,
    )
    return chosen or PARAMETERS


def show_parameters() -> None:
    with told_in_words():
        settings_table.ignored()
    st.caption(
        "Secrets are never shown. The console does not hold the keys: the engine alone is given "
        "them."
    )
    wanted = st.text_input(
        "Find a parameter", key="find", bind="query-params", placeholder="e.g. gas"
    )
    with told_in_words():
        settings_table.draw(condition_of(client()).heartbeat, wanted or "")


def show(chosen: str) -> None:
    if chosen == PARAMETERS:
        show_parameters()
    elif chosen == MODE:
        modes.switch("settings")
        settings_live.points()
    elif chosen == MARKET:
        settings_nodes.nodes(condition_of(client()).heartbeat)
    elif chosen == NOTICES:
        settings_notices.draw()
    elif chosen == USERS and may(visitor_of_now(), Action.ADD_USER):
        users_section.listed()


def forms(chosen: str) -> None:
    """What people type into stands outside the part that renews itself."""
    if chosen == PARAMETERS:
        settings_edit.draw()
    elif chosen == MODE:
        settings_live.form()
        modes.live_form()
    elif chosen == MARKET:
        settings_nodes.node_form()
        settings_nodes.market_forms()
    elif chosen == NOTICES:
        settings_notices.forms()
    elif chosen == USERS:
        users_section.forms()
    elif chosen == LOOK:
        settings_look.draw()


@live(REFRESH_SECONDS)
def body() -> None:
    head.engine_line()
    show(st.session_state.get(_SECTION) or PARAMETERS)


head.title("Settings", "Every parameter and how it is changed; mode, nodes, notices and users.")
now = section()
if now == PARAMETERS:
    with told_in_words():
        forms(now)
    body()
else:
    body()
    with told_in_words():
        forms(now)
