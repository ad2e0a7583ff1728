"""Rules: withdrawals that start by themselves, above a balance or at their time."""

from __future__ import annotations

import streamlit as st

from aineon.ledger.heartbeat import Heartbeat
from aineon.treasury.snapshot import Snapshot
from aineon.treasury.withdrawal import Origin, Strategy
from app import format as fmt
from app.actions import Action
from app.components import tables
from app.components import withdrawals_asking as asking
from app.components import withdrawals_words as words
from app.components.confirming import confirmation
from app.components.limits import limit_in_force
from app.state import client

_BY_SHARES = ""


def listed(seen: Snapshot, heartbeat: Heartbeat | None) -> None:
    """Draw the rules in force, the settings' own first, with what came of each last."""
    st.header("Rules in force", anchor=False)
    st.caption(of_settings(heartbeat))
    rows = [
        {
            "Starts": words.rule_when(each),
            "Sends": words.rule_what(each),
            "To": _where(each.destination, seen),
            "Gas": each.strategy.value,
            "Last": each.words or "not looked at yet",
            "Made by": each.created_by,
            "Since (UTC)": fmt.time_cell(each.created_at),
            "Id": each.id,
        }
        for each in seen.rules
    ]
    tables.show(rows, "Nobody has made another rule.", Last=st.column_config.TextColumn(width=320))


def of_settings(heartbeat: Heartbeat | None) -> str:
    """Return what the settings say of automatic withdrawals, in a sentence."""
    enabled = limit_in_force("auto_withdrawal_enabled", heartbeat)
    if not enabled.value:
        return "By the settings, automatic withdrawal is off (AUTO\\_WITHDRAWAL\\_ENABLED)."
    threshold = limit_in_force("auto_withdrawal_threshold_wei", heartbeat).text
    keep = limit_in_force("auto_withdrawal_keep_wei", heartbeat).text
    address = client().settings.withdrawal_address
    where = "the destinations by their shares"
    if address is not None:
        where += f", or else {words.grouped(address)}"
    return fmt.plain(
        f"By the settings: from {threshold} on, all but {keep} goes to {where}; gas optimized."
    )


def _where(address: str | None, seen: Snapshot) -> str:
    return "destinations by their shares" if address is None else words.named(address, seen)


def forms(seen: Snapshot) -> None:
    """Draw the forms that make a rule and end one."""
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.header("Make a rule", anchor=False)
        if asking.allowed(Action.ADD_RULE):
            _add(seen)
    with right:
        st.header("End a rule", anchor=False)
        if asking.allowed(Action.REMOVE_RULE):
            _remove(seen)


def _add(seen: Snapshot) -> None:
    with st.form("add_rule", border=True):
        origin = st.radio(
            "Starts",
            [Origin.AUTOMATIC.value, Origin.SCHEDULED.value],
            key="rule_origin",
            format_func={"automatic": "from a balance on", "scheduled": "at times"}.__getitem__,
            horizontal=True,
        )
        left, right = st.columns(2)
        with left:
            threshold = st.text_input("Balance it starts from", key="rule_threshold", max_chars=100)
            keep = st.text_input("Always stays", key="rule_keep", max_chars=100, placeholder="0")
            asset = st.selectbox("Asset", asking.assets(), key="rule_asset")
        with right:
            schedule = st.text_input(
                "Times (UTC)",
                key="rule_schedule",
                max_chars=100,
                placeholder="0 6 * * 1",
                help="Minute, hour, day of month, month, day of week, as cron has them.",
            )
            amount = st.text_input(
                "Amount", key="rule_amount", max_chars=100, placeholder="all but what stays"
            )
            strategy = st.selectbox(
                "Gas", [each.value for each in Strategy], index=3, key="rule_strategy"
            )
        where = st.selectbox(
            "To",
            [_BY_SHARES, *(each.address for each in seen.destinations)],
            key="rule_destination",
            format_func=lambda address: _where(address or None, seen),
        )
        code = confirmation(Action.ADD_RULE, "add_rule")
        pressed = st.form_submit_button("Make it", icon=":material/schedule:")
    if pressed:
        starts = {"schedule": schedule} if origin == Origin.SCHEDULED else {"threshold": threshold}
        body = {
            **starts,
            "origin": origin or "",
            "keep": keep,
            "amount": amount,
            "asset": asking.asset_in(asset),
            "strategy": strategy or "",
            "destination": where or "",
        }
        asking.submit(Action.ADD_RULE, "add_rule", body, code)
        st.rerun()
    asking.told("add_rule")


def _remove(seen: Snapshot) -> None:
    asking.told("remove_rule")
    if not seen.rules:
        st.caption("There is none.")
        return
    known = {each.id: each for each in seen.rules}
    with st.form("remove_rule", border=True):
        chosen = st.selectbox(
            "Rule",
            list(known),
            key="old_rule",
            format_func=lambda name: (
                f"{words.rule_what(known[name])} {words.rule_when(known[name])} · {name}"
            ),
        )
        st.caption("What it started goes on.")
        pressed = st.form_submit_button("End it", icon=":material/event_busy:")
    if pressed and chosen:
        asking.submit(Action.REMOVE_RULE, "remove_rule", {"id": chosen}, None)
        st.rerun()
