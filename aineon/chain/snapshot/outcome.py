"""What became of the reading of pools: the pool, or a sentence why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from aineon.amm import Pool
from aineon.chain.snapshot.calls import Unreadable
from aineon.errors import PoolError
from aineon.primitives import Address

_Pool = TypeVar("_Pool", bound=Pool)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a pool cannot be quoted; one sentence for people."""

    reason: str


Outcomes = dict[Address, Pool | Refusal]


def outcome_of(build: Callable[[], _Pool]) -> _Pool | Refusal:
    """Return the pool that `build` makes of the answers, or why they are no pool's."""
    try:
        return build()
    except (PoolError, Unreadable) as error:
        return Refusal(str(error))
