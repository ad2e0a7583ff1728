"""Which amounts of a stretch can be best: those that lose little to the next rounding.

A profit lies below the smooth curve by what all roundings lose. Where the curve itself stands
only a little above the level wanted (the *room*), an amount that loses more to one single
rounding need not be quoted. Two such roundings are predictable without quoting: the fee that a
pool rounds on its own, which spares every so-many-th amount, and the next conversion before or
behind, whose losses walk around a circle (`sieve`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from itertools import islice
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aineon.search.sizing.model import Model
from aineon.search.sizing.pieces import Piece
from aineon.search.sizing.sieve import steps_into

# Up to so many amounts room need not be known for each stretch: they are all looked at.
FEW_ENOUGH = 600
# Stretches up to this many amounts are looked at whole: NumPy takes 20 ns for each, a sieve 2 µs
# for each that it lets pass, and 50 µs to begin.
SIEVE_FROM = 4000
_LARGEST_BATCH = 1 << 14
# How many a sieve finds before they are looked at; the first few often are enough.
_SOME = 512
# Finding one by a sieve takes as long as looking at so many without.
_SIEVED_COSTS = 8
# Beginning a sieve anew takes as long as looking at so many; where walks bend soon, that adds up.
_ANEW_COSTS = 64
# A sieve that lets more than one in so many pass is not worth its while.
_SELECTIVE = 8
# An arc of its own for each good remainder pays where it spares so many candidates.
_ARC_PAYS = 60
_UNIT = 1 << 96
_STEPS = np.arange(FEW_ENOUGH, dtype=np.float64)
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


class _Walk(NamedTuple):
    """How the loss of a rounding moves, in 2^96ths of a unit: linear but for `bend`.

    Attributes:
        spared, turn: a fee rounded next to it spares one in `spared` whole amounts; the one
            that loses `i` times as much as the next best stands at `i * turn` of the circle.
            1 and 0 where there is no such fee.
        bend: by how many units the square of the distance bends it.
    """

    start: int
    step: int
    spared: int
    turn: int
    bend: float

    def steps(self, allowed: float, count: int) -> Iterator[int]:
        """Yield the steps below `count` that lose at most `allowed`, ascending; not less."""
        allowed += self.bend * count * count
        arcs = int(allowed * self.spared) + 1
        if arcs > self.spared or count * allowed < arcs * _ARC_PAYS:
            arcs, spared = 1, 1
        else:
            spared = self.spared
        found = [
            steps_into(
                self.start - (index * self.turn % spared) * _UNIT,
                self.step,
                spared * _UNIT,
                int((allowed - index / spared) * _UNIT) + 1,
                count,
            )
            for index in range(arcs)
        ]
        return merge(*found) if arcs > 1 else found[0]


class _Sieve(NamedTuple):
    """A walk from any amount, the loss that is allowed, and how many steps it stays straight."""

    walk_at: Callable[[int], _Walk]
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

    def batches(self, stretch: Stretch) -> Iterator[Batch]:
        """Yield all amounts that may reach the level, ascending.

        Raises:
            TooMany: there are more than may be named.
        """
        piece = stretch.model.pieces[self._place]
        stride, first = 1, stretch.first
        if piece.of > 1 and self._own > _MARGIN * stretch.room * piece.of:
            stride = piece.of
            first += (piece.origin - first) % stride
        count = (stretch.last - first) // stride + 1
        if count <= 0:
            return
        if count > SIEVE_FROM and (sieve := self._sieve(stretch, stride)):
            yield from self._sieved(sieve, first, stride, count)
            return
        self._take(count)
        for start in range(0, count, _LARGEST_BATCH):
            size = min(_LARGEST_BATCH, count - start)
            yield Batch(first + start * stride, _multiples(size, stride))

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

        def walk_at(amount: int) -> _Walk:
            if behind:
                return _walk_behind(stretch.model, place, amount, stride)
            return _walk_before(pieces[place - 1], amount, stride)

        # As far as the walk stays straight to within what is allowed.
        bend = max(walk_at(stretch.first).bend, walk_at(stretch.last).bend)
        straight = int(sqrt(allowed / bend)) + 1 if bend else stretch.last
        return None if straight < FEW_ENOUGH else _Sieve(walk_at, allowed, straight)

    def _sieved(self, sieve: _Sieve, first: int, stride: int, count: int) -> Iterator[Batch]:
        for start in range(0, count, sieve.straight):
            self._take(_ANEW_COSTS)
            anchor = first + start * stride
            size = min(sieve.straight, count - start)
            steps = sieve.walk_at(anchor).steps(sieve.allowed, size)
            while some := list(islice(steps, _SOME)):
                self._take(_SIEVED_COSTS * len(some))
                yield Batch(anchor, np.array(some, dtype=np.float64) * stride)


def _multiples(size: int, stride: int) -> NDArray[np.float64]:
    if stride == 1 and size <= FEW_ENOUGH:
        return _STEPS[:size]
    return np.arange(0, size * stride, stride, dtype=np.float64)


def _walk_behind(model: Model, place: int, amount: int, stride: int) -> _Walk:
    """Return how that moves which is lost when a hop's output is rounded down."""
    piece = model.pieces[place]
    kept = (amount - piece.origin) * piece.keep // piece.of
    step = piece.keep * (stride // piece.of)
    at = piece.c * kept + piece.d
    value = (piece.a * kept + piece.b) * _UNIT // at
    steepness = (piece.a * piece.d - piece.b * piece.c) * step
    rate = steepness * _UNIT // (at * at)
    bend = steepness / (at * at) * (piece.c * step / at)
    if place + 1 < len(model.pieces) and model.pieces[place + 1].of > 1:
        after = model.pieces[place + 1]
        value -= after.origin * _UNIT
        return _Walk(value, rate, after.of, pow(after.keep, -1, after.of), bend)
    return _Walk(value, rate, 1, 0, bend)


def _walk_before(piece: Piece, amount: int, stride: int) -> _Walk:
    """Return how that moves which is lost when a hop's input is rounded up."""
    at = piece.a - piece.c * amount
    value = (piece.b - piece.d * amount) * _UNIT // at
    steepness = (piece.a * piece.d - piece.b * piece.c) * stride
    rate = -(steepness * _UNIT // (at * at))
    # Larger amounts lie nearer to the pool's end, where the walk bends more: twice as much.
    bend = 2 * steepness / (at * at) * (piece.c * stride / at)
    turn = pow(piece.of, -1, piece.keep) if piece.keep > 1 else 0
    return _Walk(value, rate, piece.keep, turn, bend)
