"""Simple cycles through a base token whose marginal rates multiply to more than a floor.

A cycle is simple: it meets no token twice (the base opens and closes it) and no pool twice.
There is no table of cycles. For every token the best logarithm of a rate back to the base
within k hops comes from dynamic programming. It looks at walks, which may repeat tokens and
pools, so it is an upper bound for simple ways, and a depth-first search from the base drops
every beginning that cannot rise above the floor any more. Nothing above the floor is lost.

The cost depends on how much lies near the floor. The number of ways grows with the power of
the hops: up to 4 hops are fast; more are exact as well, and slow in markets with many pools.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aineon.primitives import Token
from aineon.search.rates import RateTable

FLOAT_TOLERANCE = 1e-9
"""How far below 1 a product of float rates may lie and still go to exact sizing.

The error of a sum of a few logarithms is some 1e-14; a cycle that is let through in vain costs
one sizing, a cycle lost would cost its profit.
"""


class RatedCycle(NamedTuple):
    """A cycle as hop numbers of a `RateTable`, with the logarithm of its rates' product."""

    log_rate: float
    hops: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RatedCycles:
    """What a search found, best rate first.

    Attributes:
        promising: all cycles whose rates multiply to more than 1, within float tolerance.
        near: the best cycles below that.
        screened: how many complete cycles the search looked at; beginnings that could not
            lead above the floor were dropped before they became cycles.
    """

    promising: list[RatedCycle]
    near: list[RatedCycle]
    screened: int


class _Choice(NamedTuple):
    """A hop that a token offers, with the best that can follow it."""

    bound: float
    log_rate: float
    token: int
    pool: int
    hop: int


def rated_cycles(
    table: RateTable,
    base: Token,
    max_hops: int,
    near_floor: float = 1.0,
    near_count: int = 0,
) -> RatedCycles:
    """Return the simple cycles of 2 to `max_hops` hops through `base`.

    Args:
        table: the rates, refreshed.
        base: token that the cycles begin and end with; one without pools has no cycles.
        max_hops: at least 2.
        near_floor: product of rates above which a losing cycle counts as near; up to 1.
        near_count: how many near ones to keep, the best.
    """
    start = table.token_numbers.get(base)
    # A simple cycle has no more hops than there are tokens.
    longest = min(max_hops, len(table.tokens))
    if start is None or longest < 2:
        return RatedCycles([], [], 0)
    return _DepthFirst(table, start, longest, near_floor, near_count).run()


class _DepthFirst:
    """One search; holds what its steps share."""

    def __init__(
        self, table: RateTable, base: int, max_hops: int, near_floor: float, near_count: int
    ) -> None:
        self._table = table
        self._base = base
        self._max_hops = max_hops
        self._near_count = near_count
        self._bounds = _bounds(table, base, max_hops)
        self._log_rates: list[float] = table.log_rates.tolist()
        self._offers: dict[tuple[int, int], list[_Choice]] = {}
        self._promising: list[RatedCycle] = []
        self._near: list[RatedCycle] = []  # a heap, the worst on top
        self._screened = 0
        self._floor = -FLOAT_TOLERANCE
        if near_count:
            self._floor = min(self._floor, math.log(near_floor))

    def run(self) -> RatedCycles:
        self._walk()
        return RatedCycles(
            sorted(self._promising, key=best_rate_first),
            sorted(self._near, key=best_rate_first),
            self._screened,
        )

    def _walk(self) -> None:
        """Depth first, without recursion, so that any number of hops will do."""
        way: list[int] = []
        tokens: list[int] = []
        pools: list[int] = []
        sums = [0.0]
        offers: list[Iterator[_Choice]] = [self._offered(self._base, 0)]
        while offers:
            choice = next(offers[-1], None)
            # Choices come best first: where one cannot reach the floor, none behind it can.
            if choice is None or sums[-1] + choice.bound <= self._floor:
                offers.pop()
                sums.pop()
                if way:
                    way.pop(), tokens.pop(), pools.pop()
            elif choice.pool in pools or choice.token in tokens:
                continue
            elif choice.token == self._base:
                self._found(sums[-1] + choice.log_rate, (*way, choice.hop))
            else:
                way.append(choice.hop)
                tokens.append(choice.token)
                pools.append(choice.pool)
                sums.append(sums[-1] + choice.log_rate)
                offers.append(self._offered(choice.token, len(way)))

    def _offered(self, token: int, hops_done: int) -> Iterator[_Choice]:
        """The hops that leave `token`, best bound first."""
        key = (token, hops_done)
        offered = self._offers.get(key)
        if offered is None:
            offered = self._offers[key] = self._sorted_offers(token, hops_done)
        return iter(offered)

    def _sorted_offers(self, token: int, hops_done: int) -> list[_Choice]:
        table = self._table
        first, end = table.group_starts[token], table.group_starts[token + 1]
        offered = [
            _Choice(bound, log_rate, to, pool, hop)
            for bound, log_rate, to, pool, hop in zip(
                self._bounds[hops_done][first:end],
                self._log_rates[first:end],
                table.hop_to[first:end],
                table.hop_pool[first:end],
                range(first, end),
                strict=True,
            )
            if bound > -math.inf
        ]
        offered.sort(key=_best_bound_first)
        return offered

    def _found(self, log_rate: float, hops: tuple[int, ...]) -> None:
        self._screened += 1
        cycle = RatedCycle(log_rate, hops)
        if log_rate > -FLOAT_TOLERANCE:
            self._promising.append(cycle)
        elif len(self._near) < self._near_count:
            heapq.heappush(self._near, cycle)
        elif self._near and cycle > self._near[0]:
            heapq.heapreplace(self._near, cycle)
        if self._near_count and len(self._near) == self._near_count:
            # From here on only a better one than the worst kept is worth looking for.
            self._floor = max(self._floor, self._near[0].log_rate)


def _bounds(table: RateTable, base: int, max_hops: int) -> list[list[float]]:
    """For each number of hops done: for each hop, the best logarithm of taking it and returning.

    The way back has as many hops as are left after this one, and ends when it meets the base.
    """
    hop_to = np.array(table.hop_to, dtype=np.intp)
    group_starts = np.array(table.group_starts[:-1], dtype=np.intp)
    best = np.full(len(table.tokens), -np.inf)
    best[base] = 0.0
    bounds: list[list[float]] = []
    for _ in range(max_hops):
        through = table.log_rates + best[hop_to]
        bounds.append(through.tolist())
        best = np.maximum.reduceat(through, group_starts)
        best[base] = 0.0
    bounds.reverse()
    return bounds


def best_rate_first(cycle: RatedCycle) -> tuple[float, tuple[int, ...]]:
    """Sort key: the best rate first, equal ones in a fixed order."""
    return (-cycle.log_rate, cycle.hops)


def _best_bound_first(choice: _Choice) -> tuple[float, int]:
    return (-choice.bound, choice.hop)
