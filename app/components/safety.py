"""What keeps the engine from sending: the emergency stop, and nodes that do not answer."""

from __future__ import annotations

import streamlit as st

from aineon.errors import AineonError
from aineon.ledger.records import Heartbeat
from app import format as fmt
from app.components import tables
from app.state import client


def stop() -> None:
    """Say whether the control database keeps an emergency stop; unreadable counts as set."""
    st.subheader("Emergency stop", anchor=False)
    try:
        reasons = client().stops()
    except AineonError as error:
        st.error(f"It counts as set, because it cannot be read: {fmt.plain(str(error))}.")
        return
    if not reasons:
        st.caption("Not set in the control database: sending is not stopped from there.")
        return
    for reason in reasons:
        at = fmt.time_utc(reason.at)
        text = f"Set: {fmt.plain(reason.reason)} (by {fmt.plain(reason.who)}, {at})."
        st.error(f"{text} Nothing is signed or sent.", icon=":material/front_hand:")


def nodes(heartbeat: Heartbeat | None) -> None:
    """Draw how the chain's nodes are doing; nothing where the feed reads no chain."""
    if heartbeat is None or not heartbeat.nodes:
        return
    st.subheader("Nodes", anchor=False)
    rows = [
        {"Node": node.name, "State": node.state, "Detail": node.detail} for node in heartbeat.nodes
    ]
    tables.show(rows, "", Detail=st.column_config.TextColumn(width=420))
