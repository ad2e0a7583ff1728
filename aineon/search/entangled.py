"""Entangled pools: a swap through one changes what another pays.

A Curve metapool counts with its base pool's virtual price, and the view over its underlying
coins swaps through the base pool itself. A cycle through two pools of which one moves what the
other reads would be quoted on a state that it has left by then.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import numpy as np
import numpy.typing as npt

from aineon.amm import Pool, UnderlyingPool
from aineon.market.followers import base_of
from aineon.primitives import Address
from aineon.search.anchor import Ints

_NONE = -1


def moved_by(pool: Pool) -> frozenset[Address]:
    """The contracts whose state a swap through `pool` changes."""
    base = base_of(pool) if isinstance(pool, UnderlyingPool) else None
    return frozenset((pool.address,) if base is None else (pool.address, base.address))


def read_by(pool: Pool) -> frozenset[Address]:
    """The contracts whose state decides what `pool` pays."""
    base = base_of(pool)
    return frozenset((pool.address,) if base is None else (pool.address, base.address))


def are_entangled(one: Pool, other: Pool) -> bool:
    """Whether a swap through one of them changes what the other pays."""
    return not (
        moved_by(one).isdisjoint(read_by(other)) and moved_by(other).isdisjoint(read_by(one))
    )


def entangled_pair(pools: Iterable[Pool]) -> tuple[Pool, Pool] | None:
    """The first two of these pools that are entangled; None where no two are."""
    known = tuple(pools)
    # Nearly all pools stand by themselves.
    if all(base_of(pool) is None for pool in known):
        return None
    for one, other in combinations(known, 2):
        if are_entangled(one, other):
            return one, other
    return None


class Entanglements:
    """Which pools of a market are entangled, by number, for many cycles at once.

    Args:
        pools: of the market, by number.
    """

    def __init__(self, pools: Iterable[Pool]) -> None:
        known = list(pools)
        bases = {n: base.address for n, pool in enumerate(known) if (base := base_of(pool))}
        groups = {address: group for group, address in enumerate(dict.fromkeys(bases.values()))}
        # Of each pool the base that it is or reads, and whether swaps through it move that base.
        self._group: Ints = np.full(len(known), _NONE)
        self._moves: npt.NDArray[np.bool_] = np.zeros(len(known), np.bool_)
        self._any = bool(groups)
        for number, pool in enumerate(known if groups else ()):
            address = bases.get(number, pool.address)
            self._group[number] = groups.get(address, _NONE)
            self._moves[number] = address in moved_by(pool)

    def apart(self, ways: Ints, pools: Ints) -> npt.NDArray[np.bool_]:
        """Which pools are entangled with none of their way.

        Args:
            ways: numbers of the pools of each way, one column a way.
            pools: for each way the number of one more pool.
        """
        apart = np.ones(len(pools), np.bool_)
        if self._any:
            group, moves = self._group[pools], self._moves[pools]
            for before in ways:
                joined = (self._group[before] == group) & (group != _NONE)
                apart &= ~(joined & (self._moves[before] | moves))
        return apart
