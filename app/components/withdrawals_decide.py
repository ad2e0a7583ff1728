"""Deciding: approving exactly what is shown, rejecting it, and taking withdrawals back."""

from __future__ import annotations

from typing import Final

import streamlit as st

from aineon.ledger.heartbeat import Heartbeat
from aineon.primitives.units import format_ether
from aineon.treasury.approvals import TYPED_DIGITS
from aineon.treasury.policy import Approvers
from aineon.treasury.snapshot import Snapshot
from aineon.treasury.withdrawal import Withdrawal, same_person
from app import format as fmt
from app.actions import Action, visitor_of_now
from app.codes import DIGEST
from app.components import withdrawals_asking as asking
from app.components import withdrawals_words as words
from app.components.confirming import confirmation
from app.components.limits import limit_in_force
from app.effects.withdrawals import TYPED

_LONGEST: Final = 300


def draw(seen: Snapshot, heartbeat: Heartbeat | None) -> None:
    """Draw a card for each withdrawal that waits for approval, and what can be taken back."""
    st.header("Approve or reject", anchor=False)
    alone = limit_in_force("withdrawal_approvers", heartbeat).value == Approvers.SINGLE
    if alone:
        st.info(
            "One operator runs this treasury, so **no second person approves**. Your own "
            "confirmation stands in its place, with a longer cooling time in which anything can "
            "still be cancelled. Two people are safer: the setting is AINEON\\_WITHDRAWAL"
            "\\_APPROVERS.",
            icon=":material/person:",
        )
    # Where the last card went away with its decision, what came of it is said here.
    shown = {f"{what}_{each.id}" for what in ("approve", "reject") for each in seen.pending}
    asking.told_of_gone(("approve_", "reject_"), shown)
    if not seen.pending:
        st.caption("Nothing waits for approval.")
    for each in seen.pending:
        with st.container(border=True, key=f"card_{each.id}"):
            _describe(each, seen)
            left, right = st.columns(2, gap="medium")
            with left:
                _approve(each, Approvers.SINGLE if alone else Approvers.SEVERAL)
            with right:
                _reject(each)
    _cancel(seen)


def _describe(each: Withdrawal, seen: Snapshot) -> None:
    worth = "not known" if each.worth_wei is None else f"{format_ether(each.worth_wei)} ETH"
    given = ", ".join(approval.who for approval in seen.approvals.get(each.id, ())) or "nobody yet"
    edited = f", edited by {each.edited_by}" if each.edited_by else ""
    amount = words.asset_amount(each.asset, each.amount)
    st.markdown(f"**{fmt.plain(amount)}** → **{fmt.plain(words.named(each.destination, seen))}**")
    st.caption(
        fmt.plain(
            f"{each.id}, version {each.version} · worth {worth} · gas {each.strategy.value} · "
            f"{each.origin.value}, asked by {each.requested_by}{edited} · {words.why_of(each)} · "
            f"approved by {given}"
        )
    )
    first, rest = each.digest[:TYPED_DIGITS], each.digest[TYPED_DIGITS:]
    st.markdown(f"Digest **`{first}`**`{rest}`")


def _approve(each: Withdrawal, approvers: Approvers) -> None:
    if not asking.allowed(Action.APPROVE_WITHDRAWAL):
        return
    asked_by = (each.requested_by, each.edited_by or each.requested_by)
    if approvers is Approvers.SEVERAL and _is_one_of(asked_by):
        st.caption("You asked for this or edited it; somebody else approves it.")
        return
    # A new version is another form: what was typed for the former one is gone.
    key = f"approve_{each.id}"
    with st.form(f"{key}_{each.digest[:16]}", border=False):
        typed = st.text_input(
            f"Type the first {TYPED_DIGITS} characters of the digest",
            key=f"typed_{each.digest}",
            max_chars=40,
        )
        code = confirmation(Action.APPROVE_WITHDRAWAL, key)
        pressed = st.form_submit_button("Approve", type="primary", icon=":material/check:")
    if pressed:
        body = {"id": each.id, DIGEST: each.digest, TYPED: typed}
        asking.submit(Action.APPROVE_WITHDRAWAL, key, body, code)
        st.rerun()
    asking.told(key)


def _is_one_of(names: tuple[str, ...]) -> bool:
    visitor = visitor_of_now().name
    return any(same_person(visitor, name) for name in names)


def _reject(each: Withdrawal) -> None:
    if not asking.allowed(Action.REJECT_WITHDRAWAL):
        return
    key = f"reject_{each.id}"
    with st.form(key, border=False):
        reason = st.text_input("Reason", key=f"reason_{each.id}", max_chars=_LONGEST)
        pressed = st.form_submit_button("Reject", icon=":material/close:")
    if pressed:
        asking.submit(Action.REJECT_WITHDRAWAL, key, {"id": each.id, "reason": reason}, None)
        st.rerun()
    asking.told(key)


def _cancel(seen: Snapshot) -> None:
    st.header("Take back", anchor=False)
    asking.told("cancel")
    if not seen.under_way:
        st.caption("Nothing is under way.")
        return
    if not asking.allowed(Action.CANCEL_WITHDRAWAL):
        return
    known = {each.id: each for each in seen.under_way}
    with st.form("cancel", border=True):
        chosen = st.selectbox(
            "Withdrawal",
            list(known),
            key="cancel_id",
            format_func=lambda name: _line(known[name], seen),
        )
        reason = st.text_input("Why", key="cancel_reason", max_chars=_LONGEST)
        st.caption(
            "What is not signed ends at once. What is signed may still be paid: its nonce is then "
            "to be spent on nothing, and the chain decides which of the two is first."
        )
        pressed = st.form_submit_button("Cancel it", icon=":material/undo:")
    if pressed and chosen:
        body = {"id": chosen, "reason": reason}
        asking.submit(Action.CANCEL_WITHDRAWAL, "cancel", body, None)
        st.rerun()


def _line(each: Withdrawal, seen: Snapshot) -> str:
    # Nothing that changes: a field that is filled in keeps the words it was filled in with.
    amount = words.asset_amount(each.asset, each.amount)
    return f"{each.id} · {amount} · {words.named(each.destination, seen)}"
