"""Withdrawals: what can leave, who asks and who approves, where it goes, and what became of it."""

from __future__ import annotations

import contextlib

import streamlit as st

from aineon.errors import AineonError
from aineon.ledger.heartbeat import Heartbeat
from aineon.primitives import Book
from aineon.treasury.snapshot import Snapshot
from app.components import head, runs, tables
from app.components import withdrawals_asking as asking
from app.components import withdrawals_batches as batches
from app.components import withdrawals_decide as decide
from app.components import withdrawals_destinations as destinations
from app.components import withdrawals_history as history
from app.components import withdrawals_now as now
from app.components import withdrawals_play as play
from app.components import withdrawals_request as request
from app.components import withdrawals_rules as rules
from app.components import withdrawals_sweep as sweep
from app.components.live import live, told_in_words
from app.condition import condition_of
from app.state import client

REFRESH_SECONDS = 2
SHOWN = 200
NOW, REQUEST, DECIDE = "Under way", "Request", "Approve and cancel"
DESTINATIONS, RULES, EMERGENCY, HISTORY = "Destinations", "Rules", "Emergency", "History"
SECTIONS = (NOW, REQUEST, DECIDE, DESTINATIONS, RULES, EMERGENCY, HISTORY)
_DRAWN = "withdrawals_drawn"


def section() -> str:
    chosen = st.segmented_control(
        "Section", SECTIONS, default=NOW, key="section", bind="query-params", required=True
    )
    return chosen or NOW


def state_of(seen: Snapshot) -> tuple[str, str]:
    return seen.fingerprint, asking.answered()


def follow(seen: Snapshot) -> None:
    """Run the whole page again where its forms are of another state of things than this."""
    if st.session_state.get(_DRAWN) not in (None, state_of(seen)):
        st.rerun(scope="app")


def show(chosen: str, seen: Snapshot, heartbeat: Heartbeat | None, at: float) -> None:
    if chosen in (NOW, REQUEST):
        now.limits(seen, heartbeat)
    if chosen in (NOW, EMERGENCY):
        now.balances(seen)
    if chosen in (NOW, DECIDE):
        now.under_way(seen, at)
        batches.draw(seen)
    if chosen == DESTINATIONS:
        destinations.listed(seen, at)
    if chosen == RULES:
        rules.listed(seen, heartbeat)
    if chosen == HISTORY:
        now.history(seen)
        batches.draw(seen)
    if chosen == NOW:
        now.answers()


def forms(chosen: str, seen: Snapshot, heartbeat: Heartbeat | None, at: float) -> None:
    if chosen == REQUEST:
        request.draw(seen)
    elif chosen == DECIDE:
        decide.draw(seen, heartbeat)
    elif chosen == DESTINATIONS:
        destinations.forms(seen, heartbeat)
    elif chosen == RULES:
        rules.forms(seen)
    elif chosen == EMERGENCY:
        sweep.draw(seen, at)
    elif chosen == HISTORY:
        history.files()
        history.story(seen)


@live(REFRESH_SECONDS)
def body() -> None:
    heartbeat = head.engine_line().heartbeat
    if client().settings.mode is Book.SIMULATION:
        play.why_not()
        with told_in_words():
            left = client().balances(runs.chosen_scope())
            st.header("What the trades left", anchor=False)
            st.caption(f"Play money, {left.provenance.value}.")
            tables.balances(left)
        play.limits(heartbeat)
        play.other_books(heartbeat, client().clock.now())
        return
    seen = client().treasury(SHOWN)
    follow(seen)
    show(st.session_state.get("section") or NOW, seen, heartbeat, client().clock.now())


head.title("Withdrawals", "What can leave, who approves it, and where it goes.")
if client().settings.mode is Book.SIMULATION:
    body()
else:
    chosen = section()
    snapshot: Snapshot | None = None
    # Before anything is drawn: what changes from here on is drawn by another run. Where it cannot
    # be read, the part that renews itself says so.
    with contextlib.suppress(AineonError):
        snapshot = client().treasury(SHOWN)
        st.session_state[_DRAWN] = state_of(snapshot)
    body()
    if snapshot is not None:
        with told_in_words():
            told = condition_of(client()).heartbeat
            forms(chosen, snapshot, told, client().clock.now())
