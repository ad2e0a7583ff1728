"""Following: what a withdrawal becomes by what the outbox knows of its transaction."""

from __future__ import annotations

from typing import NamedTuple

from aineon.primitives import TokenAmount
from aineon.sending.standing import SentIntent, Standing
from aineon.sending.states import TransactionState
from aineon.treasury.states import WithdrawalState
from aineon.treasury.withdrawal import Withdrawal

_S = WithdrawalState


class Progress(NamedTuple):
    """The state that a withdrawal has come to, and the words for it."""

    state: WithdrawalState
    reason: str
    transaction_hash: str | None = None
    block_number: int | None = None


class Shown(NamedTuple):
    """What a token's own logs show of a payment, in its smallest unit."""

    left: int
    arrived: int


def progress_of(
    withdrawal: Withdrawal, sent: SentIntent, shown: Shown | None = None
) -> Progress | None:
    """Return what a withdrawal has become; None where that is what it is known to be.

    `shown` is of a final payment of a token: that its call went through is no proof that anything
    arrived. None is of ether, which a transaction moves or does not.
    """
    found = _progress(withdrawal, sent)
    if found is not None and found.state is _S.CONFIRMED and shown is not None:
        found = _as_shown(withdrawal, found, shown)
    if found is None:
        return None
    known = (withdrawal.state, withdrawal.transaction_hash, withdrawal.block_number)
    same = (found.state, found.transaction_hash, found.block_number) == known
    return None if same else found


def _as_shown(withdrawal: Withdrawal, found: Progress, shown: Shown) -> Progress:
    if shown.arrived >= withdrawal.amount:
        return found
    arrived, left = (
        TokenAmount(withdrawal.asset, amount) for amount in (shown.arrived, shown.left)
    )
    words = (
        f"it needs a look: {arrived} arrived and {left} left the account by the token's own logs "
        f"in block {found.block_number}, which is final"
    )
    return found._replace(state=_S.FAILED, reason=words)


def _progress(withdrawal: Withdrawal, sent: SentIntent) -> Progress | None:
    version, standing = sent.version, sent.standing
    landing = version.landing
    if standing is Standing.CANCELLED:
        return Progress(_S.CANCELLED, "a cancel is final in its place: it was not paid")
    if landing is not None and standing is Standing.FINAL:
        if landing.succeeded:
            words = f"paid in block {landing.block_number}, which is final"
            return Progress(_S.CONFIRMED, words, version.hash, landing.block_number)
        words = f"it was reverted in block {landing.block_number}, which is final: nothing was paid"
        return Progress(_S.FAILED, words, version.hash, landing.block_number)
    if landing is not None and standing is Standing.MINED:
        words = f"in block {landing.block_number}, which a reorganisation can still take back"
        return Progress(_S.MINED, words, version.hash, landing.block_number)
    if standing is Standing.DISPLACED or version.state is TransactionState.SIGNED:
        return None
    if version.ordinal and withdrawal.state is not _S.MINED:
        return Progress(_S.REPLACED, f"version {version.ordinal + 1} is out", version.hash)
    if withdrawal.state is _S.MINED:
        words = "a reorganisation took its block away; it is out again"
    elif version.state is TransactionState.BROADCAST:
        words = "a node or relay took it"
    else:
        return None
    return Progress(_S.BROADCAST, words, version.hash)
