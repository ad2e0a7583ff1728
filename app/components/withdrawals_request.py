"""Asking for a withdrawal: filled in, reviewed with what the engine tells, then asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from aineon.errors import LedgerError
from aineon.ledger.commands import Command, CommandState
from aineon.primitives import parse_address
from aineon.primitives.units import format_ether, format_units
from aineon.treasury.cautions import cautions_of
from aineon.treasury.preview import Offer, Preview
from aineon.treasury.snapshot import Snapshot
from aineon.treasury.withdrawal import Strategy
from app import format as fmt
from app.actions import Action
from app.components import tables
from app.components import withdrawals_asking as asking
from app.components import withdrawals_words as words
from app.components.confirming import confirmation
from app.effects.withdrawals import REVIEW
from app.state import client

_FORM: Final = "withdrawal_request"
_REVIEW: Final = "withdrawal_review"
_REVIEWED: Final = "withdrawal_reviewed"
_STRATEGIES: Final = {
    Strategy.STANDARD: "standard: the usual priority fee",
    Strategy.SLOW: "slow: half of it, and waits where gas rises",
    Strategy.FAST: "fast: twice the usual priority fee",
    Strategy.OPTIMIZED: "optimized: waits for a cheap block",
}


def draw(seen: Snapshot) -> None:
    """Draw the form, and the review of what was filled in."""
    st.header("Request a withdrawal", anchor=False)
    if not asking.allowed(Action.REQUEST_WITHDRAWAL):
        return
    if not seen.destinations:
        st.info(
            "The allow-list is empty, so nothing can be withdrawn. Add a destination first; its "
            "entry must age before it can be paid.",
            icon=":material/contacts:",
        )
        return
    _form(seen)
    reviewed = st.session_state.get(_REVIEWED)
    if reviewed is None:
        asking.told(_REVIEW)
    else:
        _review(*reviewed, seen)
    asking.told(_FORM)


def _form(seen: Snapshot) -> None:
    with st.form("withdrawal", border=True):
        left, right = st.columns(2)
        with left:
            asset = st.selectbox("Asset", asking.assets(), key="withdrawal_asset")
            amount = st.text_input(
                "Amount",
                key="withdrawal_amount",
                max_chars=100,
                placeholder="1.5",
                help="A plain decimal number in whole units of the asset, read to its last digit.",
            )
        with right:
            destination = st.selectbox(
                "To",
                [each.address for each in seen.destinations],
                index=None,
                placeholder="Choose a destination",
                key="withdrawal_destination",
                format_func=lambda address: words.named(address, seen),
                help="Only addresses on the allow-list can be paid.",
            )
            strategy = st.selectbox(
                "Gas",
                [each.value for each in _STRATEGIES],
                key="withdrawal_strategy",
                format_func=lambda name: _STRATEGIES[Strategy(name)],
            )
        pressed = st.form_submit_button("Review", icon=":material/search:")
    if pressed:
        wish = {
            "amount": amount.strip(),
            "destination": destination or "",
            "asset": asking.asset_in(asset),
            "strategy": strategy or "",
        }
        _ask_review(wish)


def _ask_review(wish: Mapping[str, str]) -> None:
    token = asking.token_of(_REVIEW)
    st.session_state.pop(_REVIEWED, None)
    if asking.submit(Action.REVIEW_WITHDRAWAL, _REVIEW, wish, None).accepted:
        st.session_state[_REVIEWED] = (token, dict(wish))


# --- the review ----------------------------------------------------------------------------


def _review(token: str, wish: Mapping[str, str], seen: Snapshot) -> None:
    with st.container(border=True, key="review"):
        st.markdown("**Review**: look at every line before you ask for it.")
        st.markdown(
            f"{fmt.plain(wish['amount'])} {fmt.plain(wish['asset'])} → "
            f"**{fmt.plain(words.named(wish['destination'], seen))}**"
        )
        for caution in cautions_of(parse_address(wish["destination"]), seen):
            st.warning(fmt.plain(caution), icon=":material/visibility:")
        good = _told_by_engine(client().command(token))
        if good:
            _confirm(token, wish)


def _told_by_engine(command: Command | None) -> bool:
    """Draw what the engine said; returns whether the withdrawal can be asked for."""
    if command is None or command.is_open:
        st.warning(
            "The engine has not answered: fee, limits and whether it would succeed are not known "
            "now. It can be asked for all the same, and the engine checks it when it is there.",
            icon=":material/hourglass_top:",
        )
        st.button("Look again", key="review_again", icon=":material/refresh:")
        return True
    if command.state is CommandState.REFUSED:
        st.error(f"It would be refused: {fmt.plain(command.answer)}.", icon=":material/block:")
        return False
    try:
        found = Preview.from_answer(command.answer)
    except LedgerError as error:
        st.error(fmt.plain(str(error)))
        return False
    _facts(found)
    _fees(found)
    return _verdict(found)


def _facts(found: Preview) -> None:
    limits, worth = found.limits, found.worth_wei
    left = limits.left_wei(worth)
    balance = None
    if found.balance is not None:
        balance = f"{format_units(found.balance, found.decimals)} {found.asset_name}"
        if found.promised:
            promised = format_units(found.promised, found.decimals)
            balance += f", {promised} of it promised to other withdrawals"
    rows = [
        ("To", words.grouped(found.destination)),
        ("Exactly", f"{format_units(found.amount, found.decimals)} {found.asset_name}"),
        ("Smallest units", f"{found.amount:,}"),
        ("From", words.grouped(found.account)),
        ("There now", balance or "not known: no node tells"),
        ("Worth", "not known" if worth is None else f"{format_ether(worth)} ETH"),
        ("At once", f"{format_ether(limits.least_wei)} to {format_ether(limits.most_wei)} ETH"),
        ("Left of today after it", "not known" if left is None else f"{format_ether(left)} ETH"),
        ("Withdrawals left today", f"{limits.left_count} of {limits.daily_count}"),
        ("Becomes", _becomes(found)),
        ("Tried", found.trial or fmt.UNKNOWN),
    ]
    tables.static([{"What": name, "The engine says": fmt.plain(value)} for name, value in rows])


def _becomes(found: Preview) -> str:
    if found.cooling_seconds is not None:
        return f"{found.reason}; cools {words.countdown(found.cooling_seconds)} before it is signed"
    return found.reason


def _fees(found: Preview) -> None:
    rows = [_fee_row(each) for each in found.offers]
    st.caption(f"Fee now, by gas strategy, on block {fmt.count(found.block)}.")
    tables.show(
        rows,
        "What gas costs is not known: no node tells.",
        **{
            "If mined next (ETH)": tables.ether_column("If mined next (ETH)"),
            "At most (ETH)": tables.ether_column("At most (ETH)"),
            "Waits": st.column_config.TextColumn(width=420),
        },
    )


def _fee_row(offer: Offer) -> dict[str, Any]:
    return {
        "Strategy": offer.strategy.value,
        "If mined next (ETH)": fmt.decimal(offer.likely_wei),
        "At most (ETH)": fmt.decimal(offer.most_wei),
        "Waits": offer.waits or "no",
    }


def _verdict(found: Preview) -> bool:
    if found.refusal:
        st.error(f"It would be refused: {fmt.plain(found.refusal)}.", icon=":material/block:")
    if found.failure:
        st.error(f"It would fail: {fmt.plain(found.failure)}.", icon=":material/block:")
    return not found.refusal and not found.failure


def _confirm(token: str, wish: Mapping[str, str]) -> None:
    with st.form("withdrawal_confirm", border=False):
        code = confirmation(Action.REQUEST_WITHDRAWAL, _FORM)
        pressed = st.form_submit_button(
            "Ask for this withdrawal", type="primary", icon=":material/send:"
        )
    if pressed:
        result = asking.submit(Action.REQUEST_WITHDRAWAL, _FORM, {**wish, REVIEW: token}, code)
        if result.accepted:
            st.session_state.pop(_REVIEWED, None)
            st.rerun()
