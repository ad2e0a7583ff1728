"""Destinations: the only addresses that money goes to, their ageing, and who changes them."""

from __future__ import annotations

from typing import Final

import streamlit as st

from aineon.ledger.heartbeat import Heartbeat
from aineon.treasury.destinations import MOST_SHARE, Purpose
from aineon.treasury.snapshot import Snapshot
from app import format as fmt
from app.actions import Action
from app.components import tables
from app.components import withdrawals_asking as asking
from app.components import withdrawals_words as words
from app.components.confirming import confirmation
from app.components.limits import limit_in_force

_SHARE: Final = "change_share"


def listed(seen: Snapshot, now: float) -> None:
    """Draw the allow-list, with the time until each entry can be paid."""
    st.header("Allow-list", anchor=False)
    rows = [
        {
            "Label": each.label,
            "Address": words.grouped(each.address),
            "Usable": words.usable_of(each, now),
            "For": words.purpose_of(each),
            "Share": each.share,
            "Paid before": "yes" if each.address in seen.paid else "never",
            "Added by": each.added_by,
            "Added (UTC)": fmt.time_cell(each.added_at),
        }
        for each in seen.destinations
    ]
    empty = "The allow-list is empty: nothing can be withdrawn."
    tables.show(rows, empty, Address=st.column_config.TextColumn(width=400))
    if seen.former:
        names = ", ".join(f"{each.label} ({words.grouped(each.address)})" for each in seen.former)
        st.caption(f"Taken off: {fmt.plain(names)}.")


def forms(seen: Snapshot, heartbeat: Heartbeat | None) -> None:
    """Draw the forms that add an address, take one off, and change its share."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.header("Add an address", anchor=False)
        if asking.allowed(Action.ADD_DESTINATION):
            _add(heartbeat)
    with right:
        st.header("Take one off", anchor=False)
        if asking.allowed(Action.REMOVE_DESTINATION):
            _remove(seen)
        st.header("Change its share", anchor=False)
        if asking.allowed(Action.CHANGE_SHARE):
            _change_share(seen)


def _add(heartbeat: Heartbeat | None) -> None:
    age = limit_in_force("destination_age_hours", heartbeat).text
    with st.form("add_destination", border=True):
        address = st.text_input(
            "Address",
            key="new_address",
            max_chars=80,
            placeholder="0x…",
            help="Copied whole from its source. Upper and lower case are its checksum.",
        )
        label = st.text_input("Label", key="new_label", max_chars=64, placeholder="cold wallet")
        share = st.number_input(
            "Share of automatic withdrawals",
            0,
            MOST_SHARE,
            0,
            key="new_share",
            help="In proportion to the other shares; 0 for none.",
        )
        purpose = st.selectbox(
            "For",
            [each.value for each in Purpose],
            key="new_purpose",
            format_func=lambda name: {"safe": "the safe address of an emergency"}.get(name, name),
        )
        st.caption(f"It can be paid when its entry is {fmt.plain(age)} old.")
        code = confirmation(Action.ADD_DESTINATION, "add_destination")
        pressed = st.form_submit_button("Add", icon=":material/add:")
    if pressed:
        body = {"address": address, "label": label, "share": str(share), "purpose": purpose or ""}
        asking.submit(Action.ADD_DESTINATION, "add_destination", body, code)
        st.rerun()
    asking.told("add_destination")


def _remove(seen: Snapshot) -> None:
    asking.told("remove_destination")
    if not seen.destinations:
        st.caption("There is none.")
        return
    with st.form("remove_destination", border=True):
        address = st.selectbox(
            "Address",
            [each.address for each in seen.destinations],
            key="old_address",
            format_func=lambda address: words.named(address, seen),
        )
        waiting = sum(each.destination == address for each in seen.unsigned)
        st.caption(
            "What is not signed and was to go there is cancelled with it"
            f"{f' ({waiting} now)' if waiting else ''}. Added again, it ages anew."
        )
        pressed = st.form_submit_button("Take it off", icon=":material/remove:")
    if pressed and address:
        body = {"address": address}
        asking.submit(Action.REMOVE_DESTINATION, "remove_destination", body, None)
        st.rerun()


def _change_share(seen: Snapshot) -> None:
    asking.told(_SHARE)
    # The safe address of an emergency takes no share.
    sharing = {each.address: each for each in seen.destinations if each.purpose is Purpose.PAYMENTS}
    if not sharing:
        st.caption("There is none that takes a share.")
        return
    with st.form(_SHARE, border=True):
        address = st.selectbox(
            "Address",
            list(sharing),
            key="share_address",
            format_func=lambda address: words.named(address, seen),
        )
        share = st.number_input(
            "New share of automatic withdrawals",
            0,
            MOST_SHARE,
            None,
            key="share_new",
            help="In proportion to the other shares; 0 for none.",
        )
        whole = sum(each.share for each in sharing.values())
        shares = ", ".join(f"{each.label} {each.share}" for each in sharing.values())
        st.caption(fmt.plain(f"Now: {shares}; {whole} in all.") + " What is under way stays.")
        code = confirmation(Action.CHANGE_SHARE, _SHARE)
        pressed = st.form_submit_button("Change the share", icon=":material/percent:")
    if pressed and address:
        # Nothing typed is nothing, which is refused in words; zero would stop what it gets.
        body = {"address": address, "share": "" if share is None else str(share)}
        asking.submit(Action.CHANGE_SHARE, _SHARE, body, code)
        st.rerun()
