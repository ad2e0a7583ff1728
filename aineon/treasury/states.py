"""States of a withdrawal, and which may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from aineon.errors import IllegalWithdrawalMove


class WithdrawalState(StrEnum):
    """How far a withdrawal has come."""

    DRAFT = "draft"
    """Written down; it counts towards no limit and nobody is asked."""
    PENDING_APPROVAL = "pending_approval"
    """Admitted under the limits; it waits for whoever must approve it."""
    APPROVED = "approved"
    """Everybody who must approve it has."""
    COOLING = "cooling"
    """It waits until its cooling time is over and it can be signed; anybody may cancel it."""
    SIGNED = "signed"
    """Handed over to be signed: from here on it may be paid, whatever anybody wants."""
    BROADCAST = "broadcast"
    """Somebody took the signed bytes towards the chain."""
    REPLACED = "replaced"
    """A further version at the same nonce was signed: other fees, or a cancel."""
    MINED = "mined"
    """It is in a block that a reorganisation can still take back."""
    CONFIRMED = "confirmed"
    """It is in a finalised block: it was paid."""
    FAILED = "failed"
    """It was tried and is known not to have been paid."""
    CANCELLED = "cancelled"
    """Somebody took it back, and it is known that it was not paid."""
    REJECTED = "rejected"
    """Somebody refused it."""
    EXPIRED = "expired"
    """Nobody approved or signed it in time."""


_S = WithdrawalState
_UNPAID: Final = frozenset({_S.CANCELLED, _S.REJECTED, _S.EXPIRED})

LEGAL: Final[Mapping[WithdrawalState, frozenset[WithdrawalState]]] = {
    _S.DRAFT: frozenset({_S.PENDING_APPROVAL, _S.CANCELLED, _S.EXPIRED}),
    _S.PENDING_APPROVAL: _UNPAID | {_S.APPROVED},
    _S.APPROVED: _UNPAID | {_S.COOLING, _S.PENDING_APPROVAL},
    # FAILED: nothing was signed, because carrying it out beforehand on present states failed.
    _S.COOLING: _UNPAID | {_S.SIGNED, _S.PENDING_APPROVAL, _S.FAILED},
    # MINED: a crash hid that it was broadcast. CANCELLED: nothing was signed, or a cancel is final.
    _S.SIGNED: frozenset({_S.BROADCAST, _S.REPLACED, _S.MINED, _S.CANCELLED}),
    # SIGNED: the batch that it was a part of pays nobody, for good; it is now paid alone.
    _S.BROADCAST: frozenset({_S.REPLACED, _S.MINED, _S.CANCELLED, _S.SIGNED}),
    _S.REPLACED: frozenset({_S.BROADCAST, _S.MINED, _S.CANCELLED, _S.SIGNED}),
    # BROADCAST: a reorganisation took its block away.
    _S.MINED: frozenset({_S.CONFIRMED, _S.FAILED, _S.BROADCAST, _S.SIGNED}),
    _S.CONFIRMED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.EXPIRED: frozenset(),
}
"""What may follow what. Back to PENDING_APPROVAL leads an edit alone."""

ENDED: Final = frozenset(state for state, following in LEGAL.items() if not following)
"""Nothing can change any more."""

UNSIGNED: Final = frozenset({_S.DRAFT, _S.PENDING_APPROVAL, _S.APPROVED, _S.COOLING})
"""Nothing of it can be out there: it may be edited, and cancelled without asking the chain."""

IN_FLIGHT: Final = frozenset(_S) - ENDED - {_S.DRAFT}
"""Admitted and not ended: its amount may still be paid, so every limit counts it."""

SIGNED_OR_LATER: Final = IN_FLIGHT - UNSIGNED
"""It may be paid at any moment."""


def check_move(withdrawal_id: str, old: WithdrawalState, new: WithdrawalState) -> None:
    """Check that `new` may follow `old`.

    Raises:
        IllegalWithdrawalMove: it may not.
    """
    if new not in LEGAL[old]:
        allowed = ", ".join(sorted(LEGAL[old])) or "nothing"
        raise IllegalWithdrawalMove(
            f"withdrawal {withdrawal_id} is {old} and cannot become {new}; what may follow is "
            f"{allowed}"
        )
