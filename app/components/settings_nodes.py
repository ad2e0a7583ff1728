"""The market that is looked at: venues, pairs and tokens; and the nodes, with their test."""

from __future__ import annotations

from typing import Final

import streamlit as st

from aineon.ledger.heartbeat import Heartbeat
from aineon.ledger.requests import RequestKind, RequestState
from app.actions import Action, is_supervised
from app.components import safety, settings_edit, tables
from app.components import settings_asking as asking
from app.components.live import told_in_words
from app.format import age, plain
from app.state import client

MARKET: Final = (
    "tokens",
    "allowed_tokens",
    "denied_tokens",
    "allowed_venues",
    "denied_venues",
    "flash_lenders",
)
_FORM: Final = "settings_market"
_TEST: Final = "settings_nodes"


def market_forms() -> None:
    """Draw what is traded, and the form that changes it."""
    st.header("Venues, pairs and tokens", anchor=False)
    st.caption(
        "Pairs are made of the tokens: every two of them that a pool joins. On a chain their pools "
        "are looked up at the start; the built-in market has tokens of its own."
    )
    if settings_edit.may_change_any():
        settings_edit.fields(MARKET, _FORM, None)


def nodes(heartbeat: Heartbeat | None) -> None:
    """Draw how the nodes are, as the engine tells it, and what the last test said."""
    safety.nodes(heartbeat)
    if heartbeat is not None and not heartbeat.nodes:
        st.caption("The engine reads no chain now, so no node is asked.")
    _answer()


def node_form() -> None:
    """Offer to ask every node."""
    st.caption("Addresses and keys of nodes are secrets: they are set where AINEON is started.")
    if asking.allowed(Action.TEST_NODE):
        st.button(
            "Test the nodes",
            key="test_nodes",
            icon=":material/network_check:",
            disabled=not is_supervised(),
            on_click=asking.submit,
            args=(Action.TEST_NODE, _TEST),
        )
        if not is_supervised():
            st.caption("Nodes can be tested where `aineon up` started this console.")
    asking.told(_TEST)


def _answer() -> None:
    with told_in_words():
        request = client().latest_of(RequestKind.NODES)
        if request is None:
            return
        old = age(client().clock.now() - request.changed_at)
        if request.is_open:
            st.info(f"The nodes are being asked, since {old}.", icon=":material/hourglass_top:")
            return
        who = plain(request.who)
        st.markdown(f"**Test of the nodes**, {old} ago, for {who}")
        if request.state is RequestState.REFUSED:
            st.warning(plain(request.answer), icon=":material/block:")
            return
        tables.static([_row(line) for line in request.answer.splitlines()])


def _row(line: str) -> dict[str, str]:
    node, _, words = line.partition(": ")
    well = words.startswith("healthy")
    sign = ":material/check_circle: well" if well else ":material/error: in trouble"
    return {"Node": plain(node), "Verdict": sign, "Answer": plain(words)}
