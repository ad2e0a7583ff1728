"""RateTable: what every directed hop of a market looks like to a screen, in columns.

All pools are concave: the marginal rate after the fee is an upper bound of what any size gets.
So a cycle whose rates multiply to no more than 1 cannot profit, whatever its size, and the
logarithms of the rates, which add up along a cycle, are all that a search has to look at.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import compress, count, repeat
from operator import is_not

import numpy as np

from aineon.amm import Pool
from aineon.market import Market, TokenGraph
from aineon.primitives import Address
from aineon.search.anchor import Floats
from aineon.search.curves import CurveTable
from aineon.search.entangled import Entanglements
from aineon.search.numbering import HopNumbers
from aineon.search.route import Route

IMPOSSIBLE = -math.inf
_HIGHEST_LOG = 1e4  # finite, so that sums with minus infinity stay numbers


class RateTable:
    """The rates of a market's hops, kept in step with it.

    Pools are frozen values, so the same object has the same rates: `refresh` computes anew
    only where the pool is another object than before.

    Attributes:
        numbers: which hop has which number; another object where pools came or went.
        pools: the market's pools by number, as they were at the last `refresh`.
        entanglements: which of them no cycle may have together.
        log_rates: for each hop the logarithm of its marginal rate; minus infinity where
            nothing can be swapped.
        bends, least_bends: for each hop how fast its rate worsens; see `aineon.search.curves`.
    """

    def __init__(self) -> None:
        self.numbers = HopNumbers(Market())
        self.pools: list[Pool] = []
        self.entanglements = Entanglements(())
        self._graph: TokenGraph | None = None
        self._curves = CurveTable()
        self._reset_columns()

    def refresh(self, market: Market, changed: Collection[Address] | None = None) -> int:
        """Take over the market's states; return how many pools were computed anew.

        Args:
            market: the market as it is now.
            changed: the pools that may differ from the market refreshed with before, as
                `Market.apply` returns them; None looks at every pool.
        """
        if market.graph is not self._graph:
            fresh = self._renumber(market)
        elif changed is None:
            before, self.pools = self.pools, list(market.pools.values())
            fresh = list(compress(count(), map(is_not, self.pools, before)))
        else:
            fresh = self._replace(market.pools, changed)
        self._compute(fresh)
        return len(fresh)

    def route(self, hops: Iterable[int]) -> Route:
        """Return the hops of these numbers, which make a cycle, through the pools as they are."""
        return self.numbers.route(hops, self.pools.__getitem__)

    def is_current(self, hops: Iterable[int], route: Route) -> bool:
        """Whether `route` is what `hops` mean now: the same tokens through the very same pools.

        It may have been made when hops were numbered differently.
        """
        now = self.route(hops)
        return len(now) == len(route) and all(
            one.pool is other.pool and one[1:] == other[1:]
            for one, other in zip(now, route, strict=True)
        )

    def _replace(self, pools: Mapping[Address, Pool], changed: Iterable[Address]) -> list[int]:
        numbers, known = self.numbers.pool_numbers, self.pools
        fresh: list[int] = []
        for address in changed:
            number = numbers.get(address)
            if number is None:
                continue
            pool = pools[address]
            if pool is not known[number]:
                known[number] = pool
                fresh.append(number)
        return fresh

    def _renumber(self, market: Market) -> list[int]:
        """Number hops anew, keep what is known, and return the pools that are not the same."""
        old, before, columns = self.numbers, self.pools, self._columns()
        self.pools = list(market.pools.values())
        self.entanglements = Entanglements(self.pools)
        places = map(old.pool_numbers.get, market.pools, repeat(-1))
        kept = [
            place if place >= 0 and before[place] is pool else -1
            for place, pool in zip(places, self.pools, strict=True)
        ]
        self.numbers, self._graph = HopNumbers(market, old, kept), market.graph
        self._reset_columns()
        old_numbers = np.array(kept, dtype=np.intp)
        same = np.flatnonzero(old_numbers >= 0)
        hops_before, hops_now = old.hops_of(old_numbers[same]), self.numbers.hops_of(same)
        for column, known in zip(self._columns(), columns, strict=True):
            column[hops_now] = known[hops_before]
        self._curves.forget(old.pool_numbers.keys() - self.numbers.pool_numbers.keys())
        return np.flatnonzero(old_numbers < 0).tolist()

    def _reset_columns(self) -> None:
        hops = self.numbers.hops
        self.log_rates = np.full(hops, IMPOSSIBLE)
        self.bends, self.least_bends = np.zeros(hops), np.zeros(hops)

    def _columns(self) -> tuple[Floats, Floats, Floats]:
        return self.log_rates, self.bends, self.least_bends

    def _compute(self, fresh: Sequence[int]) -> None:
        if not fresh:
            return
        numbers = self.numbers
        pools = [self.pools[number] for number in fresh]
        curves = self._curves.curves(pools, numbers.first_places[fresh].tolist())
        hops = numbers.hop_at[curves.place]
        with np.errstate(divide="ignore"):
            logs = np.log(np.where(curves.rate > 0, curves.rate, 0.0))
        self.log_rates[hops] = np.minimum(logs, _HIGHEST_LOG)
        self.bends[hops] = curves.bend
        self.least_bends[hops] = curves.least_bend
