"""Chain ids of rehearsals: play money is signed for these and for no other chain.

A signature names its chain (EIP-155), so what is signed for one of them moves nothing elsewhere,
whatever node it is handed to.
"""

from __future__ import annotations

import secrets
from typing import Final

CHAIN_ID: Final = 31_337
"""What test chains call themselves, as development nodes do; no chain with real money does."""

_FIRST: Final = 31_337_000_000_000
_COUNT: Final = 10**12


def new_chain_id() -> int:
    """Return an id for a chain that is about to begin.

    They lie apart from every registered chain, and from each other: an outbox never takes one
    rehearsal for another.
    """
    return _FIRST + secrets.randbelow(_COUNT)


def begins_once(chain_id: int) -> bool:
    """Whether an id is one of `new_chain_id`: its chain ends with its process, for good."""
    return _FIRST <= chain_id < _FIRST + _COUNT


def is_rehearsal_chain(chain_id: int) -> bool:
    """Whether only play money is on a chain: one of `new_chain_id`, or a test chain."""
    return chain_id == CHAIN_ID or begins_once(chain_id)
