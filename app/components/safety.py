"""What keeps the engine from sending: the emergency stop, the breaker, rough weather, nodes."""

from __future__ import annotations

import streamlit as st

from aineon.errors import AineonError
from aineon.ledger.heartbeat import Heartbeat
from aineon.safety.breaker import BreakerState
from app import format as fmt
from app.components import tables
from app.state import client


def stop() -> None:
    """Say whether file or database keep an emergency stop; unreadable counts as set."""
    st.header("Emergency stop", anchor=False)
    try:
        reasons = client().stops()
    except AineonError as error:
        st.error(f"It counts as set, because it cannot be read: {fmt.plain(str(error))}.")
        return
    if not reasons:
        st.caption("Not set in the control database, nor by a file in the data folder.")
        return
    # One wish is kept in several places, so that it holds where one of them is lost.
    places: dict[str, list[str]] = {}
    for reason in reasons:
        at = fmt.time_utc(reason.at)
        text = f"{fmt.plain(reason.reason)} (by {fmt.plain(reason.who)}, {at}"
        places.setdefault(text, []).append(fmt.plain(reason.place))
    for text, found in places.items():
        where = " and ".join(found)
        st.error(
            f"Set: {text}, in {where}). Nothing is signed or sent.", icon=":material/front_hand:"
        )


MOVES_SHOWN = 8
_WORDS = {
    BreakerState.RUNNING: "Attempts are let through within the limits below.",
    BreakerState.DEGRADED: "Attempts must leave twice the minimum profit, at half the size.",
    BreakerState.PAUSED: "Nothing is attempted; it goes on by itself once the reason is gone.",
    BreakerState.HALTED: "Nothing is attempted until somebody has looked into the damage: "
    "`aineon breaker --reset --who NAME`.",
}


def breaker() -> None:
    """Say how the circuit breaker stands, and what moved it."""
    st.header("Breaker", anchor=False)
    try:
        moves = client().breaker_moves(MOVES_SHOWN)
    except AineonError as error:
        words = fmt.plain(str(error))
        st.error(f"It counts as paused, because its state cannot be read: {words}.")
        return
    state = moves[0].new if moves else BreakerState.RUNNING
    text = f"**{state.value.capitalize()}.** {_WORDS[state]}"
    box = {0: st.caption, 1: st.warning, 2: st.warning}.get(state.severity, st.error)
    box(text if not moves else f"{text} {fmt.plain(moves[0].reason).capitalize()}.")
    rows = [
        {
            "Time (UTC)": fmt.time_utc(move.at),
            "From": move.old.value,
            "To": move.new.value,
            "Cause": move.cause,
            "Reason": move.reason,
            "By": move.who,
        }
        for move in moves
    ]
    if rows:
        tables.show(rows, "", Reason=st.column_config.TextColumn(width=420))


def weather(heartbeat: Heartbeat | None) -> None:
    """Draw what is watched for anomalies, and what is in flight where."""
    if heartbeat is None or heartbeat.risk is None:
        return
    told = heartbeat.risk
    st.header("Anomalies", anchor=False)
    rows = [
        {
            "Watched": reading.name.replace("_", " "),
            "State": _LEVELS[reading.level],
            "Reading": reading.words,
        }
        for reading in told.readings
    ]
    rows += [
        {"Watched": "pool jump", "State": "left alone", "Reading": words} for words in told.resting
    ]
    tables.show(rows, "Nothing was read yet.", Reading=st.column_config.TextColumn(width=520))


_LEVELS = {"running": "fine", "degraded": "rough", "paused": "bad"}


def nodes(heartbeat: Heartbeat | None) -> None:
    """Draw how the chain's nodes are doing; nothing where the feed reads no chain."""
    if heartbeat is None or not heartbeat.nodes:
        return
    st.header("Nodes", anchor=False)
    rows = [
        {"Node": node.name, "State": node.state, "Detail": node.detail} for node in heartbeat.nodes
    ]
    tables.show(rows, "", Detail=st.column_config.TextColumn(width=420))
