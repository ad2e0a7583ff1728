"""Which amounts of a stretch can be best: those that lose little to the next rounding.

A profit lies below the smooth curve by what all roundings lose. Where the curve itself stands
only a little above the level wanted (the *room*), an amount that loses more to one single
rounding need not be quoted. Two such roundings are predictable without quoting: the fee that a
pool rounds on its own, which spares every so-many-th amount, and the next conversion before or
behind, whose losses walk around a circle (`walks`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aineon.search.sizing.model import Model
from aineon.search.sizing.walks import LARGEST_LIST, Walk, walk_before, walk_behind

# Up to so many amounts, those that a fee spares are not worth being named.
_FEW_ENOUGH = 600
# Stretches up to this many amounts are looked at whole; from there on a sieve pays.
SIEVE_FROM = 1 << 13
# Larger arrays take longer for each of their numbers: their memory is not reused.
_LARGEST_BATCH = 1 << 12
# How many a sieve finds before they are looked at; the first few often are enough.
_SOME = 512
# Finding one by Euclid's algorithm takes as long as looking at so many without.
_SIEVED_COSTS = 8
# What listing a batch of steps counts for, at most, besides what it finds.
_LIST_COSTS = 128
# Beginning a sieve anew takes as long as looking at so many; where walks bend soon, that adds up.
_ANEW_COSTS = 64
# So many that are looked at as they follow each other count for one.
_FOR_ONE = 2
# A sieve that lets more than one in so many pass is not worth its while.
_SELECTIVE = 3
_STEPS = np.arange(_LARGEST_BATCH, dtype=np.float64)
_STEPS.flags.writeable = False
# Rates are taken at the peak; nearby they differ by less.
_MARGIN = 1.25


class TooMany(Exception):
    """There are more candidates than may be looked at; never leaves the search."""


class Stretch(NamedTuple):
    """Amounts from `first` to `last` at one place, all within one model.

    Attributes:
        room: how far the smooth curve stands above the level wanted, at most.
    """

    model: Model
    first: int
    last: int
    room: float


class Batch(NamedTuple):
    """Candidates: `anchor` plus each of the ascending `distances`."""

    anchor: int
    distances: NDArray[np.float64]


class _Sieve(NamedTuple):
    """A walk from any amount, the loss that is allowed, and how many steps it stays straight."""

    walk_at: Callable[[int], Walk]
    allowed: float
    straight: int


class Candidates:
    """Finds candidates at one place of a cycle.

    Attributes:
        left: how many more may be looked at before `TooMany` is raised.
    """

    def __init__(self, place: int, worth: Sequence[float], most: int) -> None:
        self._place = place
        self._own = worth[place]
        # The worth of a unit behind and before; before the first place there is nothing.
        self._behind = worth[place + 1]
        self._before = worth[place - 1] if place else 0.0
        self.left = most

    def are_all(self, model: Model, count: int) -> bool:
        """Whether so many amounts are all looked at, whatever room there is."""
        no_fee = model.pieces[self._place].of == 1
        return count < _FEW_ENOUGH or (no_fee and count <= SIEVE_FROM)

    def batches(self, stretch: Stretch) -> Iterator[Batch]:
        """Yield all amounts that may reach the level, ascending.

        Raises:
            TooMany: there are more than may be named.
        """
        piece = stretch.model.pieces[self._place]
        stride, first = 1, stretch.first
        # How many remainders of the fee lose little enough.
        spared = int(_MARGIN * stretch.room * piece.of / self._own) + 1
        if piece.of > 1 and spared == 1:
            stride = piece.of
            first += (piece.origin - first) % stride
        elif spared * _SELECTIVE < min(piece.of, stretch.last - first):
            yield from self._spared(stretch, spared)
            return
        count = (stretch.last - first) // stride + 1
        if count <= 0:
            return
        if count > SIEVE_FROM and (sieve := self._sieve(stretch, stride)):
            yield from self._sieved(sieve, first, stride, count)
            return
        for start in range(0, count, _LARGEST_BATCH):
            size = min(_LARGEST_BATCH, count - start)
            self._take(size // _FOR_ONE + 1)
            yield Batch(first + start * stride, _multiples(size, stride))

    def _spared(self, stretch: Stretch, spared: int) -> Iterator[Batch]:
        """Yield the amounts of which the fee takes least too much, of so many remainders."""
        _, first, last, _ = stretch
        _, _, origin, keep, of, *_ = stretch.model.pieces[self._place]
        ranks = np.arange(spared) * pow(keep, -1, of)
        remainders = np.sort((ranks + (origin - first) % of) % of).astype(np.float64)
        periods = max(_LARGEST_BATCH // spared, 1)
        for anchor in range(first, last + 1, periods * of):
            count = min(periods, (last - anchor) // of + 1)
            distances = np.add.outer(_multiples(count, of), remainders).ravel()
            distances = distances[: np.searchsorted(distances, last - anchor, side="right")]
            self._take(distances.size // _FOR_ONE + 1)
            if distances.size:
                yield Batch(anchor, distances)

    def _take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise TooMany("more amounts than may be quoted could be best")

    def _sieve(self, stretch: Stretch, stride: int) -> _Sieve | None:
        """Return the rounding that sieves best; None where quoting all is quicker."""
        pieces, place = stretch.model.pieces, self._place
        worth, behind = self._before, False
        if pieces[place].of in {1, stride} and self._behind > worth:
            worth, behind = self._behind, True
        if worth <= _SELECTIVE * stretch.room:
            return None
        allowed = _MARGIN * stretch.room / worth + 2.0**-40

        def walk_at(amount: int) -> Walk:
            if behind:
                return walk_behind(stretch.model, place, amount, stride)
            return walk_before(pieces[place - 1], amount, stride)

        # As far as the walk stays straight to within what is allowed.
        bend = max(walk_at(stretch.first).bend, walk_at(stretch.last).bend)
        straight = stretch.last
        if bend:
            # Not shorter than a list: what it bends in there is allowed besides.
            straight = max(int(sqrt(allowed / bend)) + 1, LARGEST_LIST)
        too_bent = bend * straight * straight * _SELECTIVE > 1
        return None if too_bent else _Sieve(walk_at, allowed, straight)

    def _sieved(self, sieve: _Sieve, first: int, stride: int, count: int) -> Iterator[Batch]:
        for start in range(0, count, sieve.straight):
            anchor = first + start * stride
            size = min(sieve.straight, count - start)
            walk = sieve.walk_at(anchor)
            self._take(_ANEW_COSTS)
            if walk.are_listed_sooner(sieve.allowed, size):
                yield from self._listed(anchor, stride, walk.listed(sieve.allowed, size))
                continue
            steps = walk.steps(sieve.allowed, size)
            while some := list(islice(steps, _SOME)):
                self._take(_SIEVED_COSTS * len(some))
                yield Batch(anchor, np.array(some, dtype=np.float64) * stride)

    def _listed(
        self, anchor: int, stride: int, parts: Iterable[NDArray[np.float64]]
    ) -> Iterator[Batch]:
        """Yield the steps of a walk in batches that are worth a look of their own."""
        found: list[NDArray[np.float64]] = []
        size = 0
        for part in parts:
            self._take(min(part.size * _SIEVED_COSTS, _LIST_COSTS + part.size // _FOR_ONE) + 1)
            found.append(part)
            size += part.size
            if size >= _SOME:
                yield Batch(anchor, np.concatenate(found) * stride)
                found, size = [], 0
        if size:
            yield Batch(anchor, np.concatenate(found) * stride)


def _multiples(size: int, stride: int) -> NDArray[np.float64]:
    if stride == 1 and size <= _LARGEST_BATCH:
        return _STEPS[:size]
    return np.arange(0, size * stride, stride, dtype=np.float64)
