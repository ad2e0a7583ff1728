"""States of a signed transaction, and which may follow which.

Bytes that were signed count as out from the moment their row is committed: a crash between the
commit and the record of the answers tells nothing. So every state but the two last ones means
"may still be mined", however clearly a relay refused them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from aineon.errors import IllegalTransition


class TransactionState(StrEnum):
    """What is known of a signed transaction."""

    SIGNED = "signed"
    """Committed; whether a byte left is not known."""
    BROADCAST = "broadcast"
    """Somebody said they took it."""
    UNRESOLVED = "unresolved"
    """Handed over, and no answer told anything; or a reorg took its block away."""
    REFUSED = "refused"
    """Everybody who was asked said no."""
    MISSED = "missed"
    """A trade whose target blocks passed without it."""
    MINED = "mined"
    """In a canonical block that can still be reorganised away."""
    SUPERSEDED = "superseded"
    """Another transaction of its nonce is in such a block."""
    FINALISED = "finalised"
    """In a finalised block: it has happened."""
    REPLACED = "replaced"
    """It can never happen: another transaction of its nonce is in a finalised block, or its chain
    was a rehearsal's and has ended."""


_S = TransactionState
_FROM_CHAIN: Final = frozenset({_S.MINED, _S.SUPERSEDED})

LEGAL: Final[Mapping[TransactionState, frozenset[TransactionState]]] = {
    _S.SIGNED: _FROM_CHAIN | {_S.BROADCAST, _S.UNRESOLVED, _S.REFUSED, _S.MISSED},
    _S.BROADCAST: _FROM_CHAIN | {_S.MISSED},
    _S.UNRESOLVED: _FROM_CHAIN | {_S.BROADCAST, _S.MISSED},
    _S.REFUSED: _FROM_CHAIN | {_S.BROADCAST, _S.UNRESOLVED, _S.MISSED},
    _S.MISSED: _FROM_CHAIN,
    _S.MINED: frozenset({_S.FINALISED, _S.UNRESOLVED}),
    _S.SUPERSEDED: frozenset({_S.REPLACED, _S.UNRESOLVED}),
    _S.FINALISED: frozenset(),
    _S.REPLACED: frozenset(),
}
"""What may follow what; a state may always be confirmed."""

OPEN: Final = frozenset({_S.SIGNED, _S.BROADCAST, _S.UNRESOLVED, _S.REFUSED, _S.MISSED})
"""Its nonce is not spent, as far as we know."""
ENDED: Final = frozenset({_S.FINALISED, _S.REPLACED})
"""Nothing can change any more."""


def check_transition(name: str, old: TransactionState, new: TransactionState) -> None:
    """Check that `new` may follow `old`.

    Raises:
        IllegalTransition: it may not.
    """
    if new is not old and new not in LEGAL[old]:
        raise IllegalTransition(f"transaction {name} is {old} and cannot become {new}")
