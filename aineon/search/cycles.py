"""Simple cycles through a base token whose marginal rates multiply to more than a floor.

A cycle is simple: it meets no token twice (the base opens and closes it), no pool twice, and no
two pools of which one moves what the other reads (see `aineon.search.entangled`).
There is no table of cycles. The best logarithm of a rate from every token back to the base
comes from dynamic programming over all hops at once. It is of walks, which may repeat tokens
and pools, and so an upper bound of what a simple cycle can end with. Ways are then grown from
the base hop by hop, all of them together: where the best way to a hop, the hop, and the best
way back do not rise above the floor, the hop is out, and with it every cycle that would lead
through it at this place; what is left is joined to exactly those ways that it can lift above
the floor. Nothing above the floor is lost.

With a profit floor a way is dropped too where even its best end cannot leave that much. The
bound is sound: `rate * x / (1 + least_bend * x)` of `aineon.search.curves` is never less than
what a pool pays, such curves compose to the same form, and a cycle of rate R and bend b leaves
at most (sqrt(R) - 1)^2 / b. Hops that are not known yet are taken with the best rate that
there is and without any bend. (That a worse way to a hop carries less to it, and so bends less
in the base token's units, does not help it: (sqrt(R) - 1)^2 / b grows with the way's rate.)

The cost depends on how much lies above the floor. The number of ways grows with the power of
the hops: up to 4 hops are fast; more are exact as well, and slow in markets with many pools.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aineon.primitives import Token
from aineon.search.anchor import Anchor, Floats, Ints
from aineon.search.numbering import spans
from aineon.search.rates import RateTable

FLOAT_TOLERANCE = 1e-9
"""How far below 1 a product of float rates may lie and still go to exact sizing.

The error of a sum of a few logarithms is some 1e-14; a cycle that is let through in vain costs
one sizing, a cycle lost would cost its profit.
"""

_NO_HOP = _BASE = -1
_NONE = np.empty(0, np.intp)
_FAR_BEHIND, _NEXT_TOKEN = 1.0, 4.0
_MOST_AT_ONCE = 1 << 17  # ways grown in one go; what there is more is grown afterwards


@dataclass(frozen=True, slots=True, eq=False)
class Cycles:
    """Cycles as hop numbers of a `RateTable`, one a row.

    Attributes:
        hops: one row a cycle, filled up with -1 behind shorter ones.
        log_rates: the logarithm of each cycle's marginal rates multiplied.
        bends: how fast each cycle's rate worsens, for each unit of the base token, by the
            local curves of its pools: `R * x / (1 + bend * x)` comes back.
    """

    hops: Ints
    log_rates: Floats
    bends: Floats

    def __len__(self) -> int:
        return len(self.log_rates)

    def take(self, which: Ints) -> Cycles:
        """Return some of them: by number, or where a mask says so."""
        return Cycles(self.hops[which], self.log_rates[which], self.bends[which])

    def best(self, count: int | None = None) -> Cycles:
        """Return the best, by rate; equal ones in a fixed order."""
        keys = (*self.hops.T[::-1], -self.log_rates)
        return self.take(np.lexsort(keys)[:count])

    def longer_than(self, hops: int) -> Cycles:
        """Return those of more hops."""
        if self.hops.shape[1] <= hops:
            return NO_CYCLES
        return self.take(np.flatnonzero(self.hops[:, hops] != _NO_HOP))

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        """The hops of each cycle."""
        for hops in self.hops.tolist():
            while hops[-1] == _NO_HOP:
                hops.pop()
            yield tuple(hops)


NO_CYCLES = Cycles(np.empty((0, 2), np.intp), np.empty(0), np.empty(0))


@dataclass(frozen=True, slots=True, eq=False)
class RatedCycles:
    """What a search found.

    Attributes:
        promising: all cycles whose rates multiply to more than 1, within float tolerance, and
            whose profit may reach the profit floor; in a fixed order.
        near: the best cycles below 1, best rate first.
        screened: how many complete cycles the search looked at; beginnings that could not
            lead above the floors were dropped before they became cycles.
    """

    promising: Cycles
    near: Cycles
    screened: int


def rated_cycles(
    table: RateTable,
    base: Token,
    max_hops: int,
    near_floor: float = 1.0,
    near_count: int = 0,
    profit_floor: float = 0.0,
) -> RatedCycles:
    """Return the simple cycles of 2 to `max_hops` hops through `base`.

    Args:
        table: the rates, refreshed.
        base: token that the cycles begin and end with; one without pools has no cycles.
        max_hops: at least 2.
        near_floor: product of rates above which a losing cycle counts as near; up to 1.
        near_count: how many near ones to keep, the best.
        profit_floor: smallest units of the base token; cycles that cannot leave as much at any
            size are left out. Near ones are then looked for among ways that no floor dropped.
    """
    anchor = table.numbers.anchor(base)
    # A simple cycle has no more hops than there are tokens.
    longest = min(max_hops, len(table.numbers.tokens))
    if anchor is None or longest < 2:
        return RatedCycles(NO_CYCLES, NO_CYCLES, 0)
    search = _Search(table, anchor, longest, profit_floor)
    if not near_count:
        return _parted(search.above(-FLOAT_TOLERANCE), 0)
    lowest = math.log(near_floor)
    wanted = 2 * near_count
    while True:
        floor = max(lowest, search.floor_for(wanted))
        found = _parted(search.above(min(floor, -FLOAT_TOLERANCE)), near_count)
        if floor == lowest or len(found.near) == near_count:
            return found
        wanted *= 8


def best_profit(log_rates: Floats, bends: Floats) -> Floats:
    """The most that curves `R * x / (1 + bend * x)` leave; infinite without a bend."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        gains = np.maximum(np.expm1(log_rates / 2), 0.0) ** 2
        return np.where(gains > 0, gains / bends, 0.0)


class _Hops(NamedTuple):
    """Hops with the tokens that they leave and lead to, as one place in a cycle uses them."""

    hops: Ints
    at: Ints
    to: Ints


class _Stage:
    """The hops that ways may take next; finds those that a way has a use for, and no others.

    Args:
        hops: some hops.
        ends: for each the best logarithm of taking it and returning.
    """

    def __init__(self, hops: _Hops, ends: Floats) -> None:
        order = np.lexsort((-ends, hops.at))
        self.hops, at, self.to = (column[order] for column in hops)
        ends = ends[order]
        self._tokens, self._starts = np.unique(at, return_index=True)
        sizes = np.diff(np.append(self._starts, len(at)))
        self._best = ends[self._starts]
        # One ascending sequence for all tokens: by token, then by how far behind the best.
        behind = np.minimum(np.repeat(self._best, sizes) - ends, _FAR_BEHIND)
        self._keys = np.repeat(np.arange(len(sizes)), sizes) * _NEXT_TOKEN + behind

    def joined(self, tokens: Ints, log_rates: Floats, floor: float) -> tuple[Ints, Ints]:
        """All pairs (way, hop) that join and can end above the floor, by their place.

        Pairs that miss it by less than a rounding may be among them.
        """
        if not len(self._tokens):
            return _NONE, _NONE
        group = np.searchsorted(self._tokens, tokens)
        group[group == len(self._tokens)] = 0
        ways = np.flatnonzero(self._tokens[group] == tokens)
        group = group[ways]
        leeway = log_rates[ways] + self._best[group] - floor + FLOAT_TOLERANCE
        last = group * _NEXT_TOKEN + np.minimum(leeway, _FAR_BEHIND)
        starts = self._starts[group]
        counts = np.maximum(np.searchsorted(self._keys, last, "right") - starts, 0)
        return np.repeat(ways, counts), spans(starts, counts)


@dataclass(frozen=True, slots=True, eq=False)
class _Ways:
    """Beginnings of cycles, all with the same number of hops, in columns.

    `hops`, `tokens` (each hop's end) and `pools` have one row a hop.
    """

    hops: Ints
    tokens: Ints
    pools: Ints
    log_rates: Floats
    bends: Floats
    least_bends: Floats

    def __len__(self) -> int:
        return len(self.log_rates)

    def take(self, which: Ints | slice) -> _Ways:
        return _Ways(
            self.hops[:, which],
            self.tokens[:, which],
            self.pools[:, which],
            self.log_rates[which],
            self.bends[which],
            self.least_bends[which],
        )


class _Search:
    """One search from one base token; holds what its steps share."""

    def __init__(
        self, table: RateTable, anchor: Anchor, max_hops: int, profit_floor: float
    ) -> None:
        self._table = table
        self._anchor = anchor
        self._max_hops = max_hops
        self._profit_floor = profit_floor
        self._middle = _Hops(anchor.middle, anchor.middle_from, anchor.middle_to)
        self._last = _Hops(anchor.last, anchor.last_from, np.full(len(anchor.last), _BASE))
        self._middle_logs = table.log_rates[anchor.middle]
        self._last_logs = table.log_rates[anchor.last]
        self._first_logs = table.log_rates[anchor.first]
        self._homeward = anchor.homeward(self._middle_logs, self._last_logs, max_hops - 1)
        self._floor = 0.0

    def floor_for(self, count: int) -> float:
        """A floor below 1 above which some `count` cycles can be expected, or walks like them."""
        outward = self._anchor.outward(self._first_logs)
        bounds = [outward + self._homeward[0]]
        if self._max_hops > 2:
            back = self._homeward[self._max_hops - 3][self._middle.to]
            bounds.append(outward[self._middle.at] + self._middle_logs + back)
        below = np.concatenate(bounds)
        below = below[(below <= -FLOAT_TOLERANCE) & (below > -np.inf)]
        if len(below) <= count:
            return -math.inf
        return float(np.partition(below, len(below) - count)[len(below) - count])

    def above(self, floor: float) -> Cycles:
        """Return all simple cycles whose logarithm is above the floor."""
        self._floor = floor
        found: list[_Ways] = []
        waiting = [self._beginnings()]
        while waiting:
            ways = waiting.pop()
            done = len(ways.hops)
            reached = np.full(len(self._table.numbers.tokens), -np.inf)
            np.maximum.at(reached, ways.tokens[-1], ways.log_rates)
            if done < self._max_hops - 1:
                back = self._homeward[self._max_hops - done - 2][self._middle.to]
                onward = self._stage(self._middle, self._middle_logs + back, reached)
                rows, columns = onward.joined(ways.tokens[-1], ways.log_rates, floor)
                if len(rows) > _MOST_AT_ONCE and len(ways) > 1:
                    half = len(ways) // 2
                    waiting += [ways.take(slice(half)), ways.take(slice(half, None))]
                    continue
                if len(rows):
                    waiting.append(self._grown(ways, rows, onward, columns))
            closing = self._stage(self._last, self._last_logs, reached)
            rows, columns = closing.joined(ways.tokens[-1], ways.log_rates, floor)
            if len(rows):
                found.append(self._grown(ways, rows, closing, columns))
        return _collected(found)

    def _beginnings(self) -> _Ways:
        table, anchor = self._table, self._anchor
        log_rates = self._first_logs
        bound = log_rates + self._homeward[-1][anchor.first_to]
        kept = self._worth_while(bound, table.least_bends[anchor.first])
        hops = anchor.first[kept]
        return _Ways(
            hops[np.newaxis],
            anchor.first_to[kept][np.newaxis],
            table.numbers.hop_pool[hops][np.newaxis],
            log_rates[kept],
            table.bends[hops],
            table.least_bends[hops],
        )

    def _stage(self, hops: _Hops, ends: Floats, reached: Floats) -> _Stage:
        """The hops that can follow the best ways to the tokens that they leave.

        Args:
            hops: some hops.
            ends: for each the best logarithm of taking it and returning.
            reached: for each token the logarithm of the best way there.
        """
        there = reached[hops.at]
        kept = np.flatnonzero(there + ends > self._floor)
        if self._profit_floor > 0:
            there = there[kept]
            with np.errstate(over="ignore", invalid="ignore"):
                least_bends = np.exp(there) * self._table.least_bends[hops.hops[kept]]
            kept = kept[self._worth_while(there + ends[kept], least_bends)]
        return _Stage(_Hops(*(column[kept] for column in hops)), ends[kept])

    def _worth_while(self, bounds: Floats, least_bends: Floats) -> Ints:
        """Which of these can end above the floor, and leave what the profit floor asks."""
        kept = np.flatnonzero(bounds > self._floor)
        if self._profit_floor > 0:
            bounds = bounds[kept]
            most = best_profit(bounds + FLOAT_TOLERANCE, least_bends[kept])
            # What is no number says nothing against a way.
            kept = kept[~(most < self._profit_floor) | (bounds <= -FLOAT_TOLERANCE)]
        return kept

    def _grown(self, ways: _Ways, rows: Ints, stage: _Stage, columns: Ints) -> _Ways:
        """Return the ways of these rows with the stage's hops of these columns behind them."""
        table = self._table
        hops, to = stage.hops[columns], stage.to[columns]
        before = ways.log_rates[rows]
        log_rates = before + table.log_rates[hops]
        with np.errstate(over="ignore", invalid="ignore"):
            scale = np.exp(before)
            least_bends = ways.least_bends[rows] + scale * table.least_bends[hops]
        bounds = log_rates
        if len(ways.hops) < self._max_hops - 1:
            back = self._homeward[self._max_hops - len(ways.hops) - 2]
            bounds = log_rates + np.where(to == _BASE, 0.0, back[to])
        kept = self._worth_while(bounds, least_bends)
        rows, hops, to = rows[kept], hops[kept], to[kept]
        ways_pools, ways_tokens = _columns(ways.pools, rows), _columns(ways.tokens, rows)
        pools = table.numbers.hop_pool[hops]
        simple = (ways_pools != pools).all(axis=0)
        simple &= (ways_tokens != to).all(axis=0)
        simple &= table.entanglements.apart(ways_pools, pools)
        which = np.flatnonzero(simple)
        kept, rows, hops = kept[which], rows[which], hops[which]
        with np.errstate(over="ignore", invalid="ignore"):
            bends = ways.bends[rows] + scale[kept] * table.bends[hops]
        return _Ways(
            np.concatenate([_columns(ways.hops, rows), hops[np.newaxis]]),
            np.concatenate([_columns(ways_tokens, which), to[which][np.newaxis]]),
            np.concatenate([_columns(ways_pools, which), pools[which][np.newaxis]]),
            log_rates[kept],
            bends,
            least_bends[kept],
        )


def _columns(rows: Ints, which: Ints) -> Ints:
    """Return some columns; by `take`, which is six times as fast as an index here."""
    return rows.take(which, axis=1)


def _collected(found: Iterable[_Ways]) -> Cycles:
    parts = [ways for ways in found if len(ways)]
    if not parts:
        return NO_CYCLES
    hops = np.full((sum(map(len, parts)), max(len(ways.hops) for ways in parts)), _NO_HOP)
    at = 0
    for ways in parts:
        hops[at : at + len(ways), : len(ways.hops)] = ways.hops.T
        at += len(ways)
    log_rates = np.concatenate([ways.log_rates for ways in parts])
    return Cycles(hops, log_rates, np.concatenate([ways.bends for ways in parts]))


def _parted(cycles: Cycles, near_count: int) -> RatedCycles:
    gains = cycles.log_rates > -FLOAT_TOLERANCE
    near = cycles.take(np.flatnonzero(~gains)).best(near_count) if near_count else NO_CYCLES
    return RatedCycles(cycles.take(np.flatnonzero(gains)), near, len(cycles))
