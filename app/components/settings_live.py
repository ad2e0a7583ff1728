"""The checklist of live mode: each point with a sign and a word, as the supervisor found it."""

from __future__ import annotations

from typing import Final

import streamlit as st

from aineon.ledger.requests import RequestKind, RequestState
from aineon.runtime.live_points import MET
from app.actions import Action, is_supervised
from app.components import settings_asking as asking
from app.components import tables
from app.components.live import told_in_words
from app.effects.settings import LIVE, WHAT
from app.format import age, plain
from app.state import client

_FORM: Final = "live_points"


def points() -> None:
    """Draw what the last look at the checklist found."""
    st.header("Checklist for live mode", anchor=False)
    with told_in_words():
        request = client().latest_of(RequestKind.LIVE)
        if request is None:
            st.caption("Nobody has looked at it yet.")
            return
        old = age(client().clock.now() - request.changed_at)
        if request.is_open:
            st.info(f"It is being looked at, since {old}.", icon=":material/hourglass_top:")
        elif request.state is RequestState.REFUSED:
            st.warning(plain(request.answer), icon=":material/block:")
        else:
            st.caption(f"As it was {old} ago, for {plain(request.who)}.")
            tables.static([_row(line) for line in request.answer.splitlines()])


def form() -> None:
    """Offer to look at the checklist now."""
    if asking.allowed(Action.TEST_NODE):
        st.button(
            "Look at the checklist",
            key="look_at_live",
            icon=":material/checklist:",
            disabled=not is_supervised(),
            help="Nodes, contract, keys, clock and users are looked at. Nothing is sent.",
            on_click=asking.submit,
            args=(Action.TEST_NODE, _FORM, {WHAT: LIVE}),
        )
    asking.told(_FORM)


def _row(line: str) -> dict[str, str]:
    verdict, _, rest = line.partition(": ")
    name, _, words = rest.partition(": ")
    sign = ":material/check_circle: met" if verdict == MET else ":material/error: not met"
    return {"Point": plain(name), "Verdict": sign, "Found": plain(words)}
