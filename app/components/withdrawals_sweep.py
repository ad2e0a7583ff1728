"""The emergency: everything to the safe address, confirmed by what is typed."""

from __future__ import annotations

import streamlit as st

from aineon.treasury.approvals import TYPED_DIGITS
from aineon.treasury.house import sweep_digest
from aineon.treasury.snapshot import Snapshot
from app import format as fmt
from app.actions import Action
from app.codes import DIGEST
from app.components import withdrawals_asking as asking
from app.components import withdrawals_words as words
from app.components.confirming import confirmation
from app.effects.withdrawals import TYPED


def draw(seen: Snapshot, now: float) -> None:
    """Draw where everything would go, and the form that sends it there."""
    st.header("Emergency sweep", anchor=False)
    st.caption(
        "Sends everything that is known to be there to the safe address, at once: no limits, no "
        "approval, no cooling time. Whatever is not signed is cancelled. It goes nowhere else."
    )
    safe = seen.safe
    if safe is None:
        st.warning(
            "There is no safe address. Enter one under Destinations before you need it: it must "
            "age like any other.",
            icon=":material/warning:",
        )
        return
    st.markdown(f"Everything goes to **{fmt.plain(words.named(safe.address, seen))}**.")
    if not safe.may_be_paid(now):
        usable = words.usable_of(safe, now)
        st.warning(f"Its entry is too young: it can be paid {usable}.", icon=":material/warning:")
    if seen.unsigned:
        st.warning(
            f"{len(seen.unsigned)} withdrawals that are not signed would be cancelled.",
            icon=":material/warning:",
        )
    if asking.allowed(Action.SWEEP):
        _form(sweep_digest(seen.book, safe.address))
    asking.told("sweep")


def _form(digest: str) -> None:
    first, rest = digest[:TYPED_DIGITS], digest[TYPED_DIGITS:]
    with st.form("sweep", border=True):
        st.markdown(f"Digest of book and safe address **`{first}`**`{rest}`")
        typed = st.text_input(
            f"Type the first {TYPED_DIGITS} characters of the digest",
            key=f"sweep_{digest}",
            max_chars=40,
        )
        code = confirmation(Action.SWEEP, "sweep")
        pressed = st.form_submit_button(
            "Sweep everything out", type="primary", icon=":material/emergency_home:"
        )
    if pressed:
        asking.submit(Action.SWEEP, "sweep", {DIGEST: digest, TYPED: typed}, code)
        st.rerun()
