"""Which amounts of a stretch can be best: those that lose little to the next rounding.

A profit lies below the smooth curve by what all roundings lose. Where the curve itself stands
only a little above the level wanted (the *room*), an amount that loses more to one single
rounding need not be quoted. Two such roundings are predictable without quoting: the fee that a
pool rounds on its own, which spares every so-many-th amount, and the next conversion before or
behind, whose losses walk around a circle (`sizing_sieve`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aineon.errors import AineonError
from aineon.search.sizing_model import Model
from aineon.search.sizing_pieces import Piece
from aineon.search.sizing_sieve import steps_into

# Stretches up to this many amounts are quoted whole: setting up a sieve costs as much.
_SMALL = 600
_LARGEST_BLOCK = 1 << 14
# How many a sieve finds before they are looked at; the first few often are enough.
_SOME = 512
# A sieve that lets more than one in so many pass is not worth its while.
_SELECTIVE = 8
_MOST_BLOCKS = 400
_UNIT = 1 << 96
# Rates are taken at the peak; nearby they differ by less.
_MARGIN = 1.25


class TooMany(AineonError):
    """A stretch has more candidates than may be quoted."""


class Stretch(NamedTuple):
    """Amounts from `first` to `last` at one place, all within one model.

    Attributes:
        room: how far the smooth curve stands above the level wanted, at most.
    """

    model: Model
    first: int
    last: int
    room: float


class Block(NamedTuple):
    """Candidates: `anchor` plus each of the ascending `distances`."""

    anchor: int
    distances: NDArray[np.float64]


class _Walk(NamedTuple):
    """How the loss of a rounding moves, in 2^96ths of a unit: linear but for `bend`.

    Attributes:
        circle: one unit, or as many as a fee, rounded after (or before) it, spares one of.
        bend: by how many units the square of the distance bends it.
    """

    start: int
    step: int
    circle: int
    bend: float


class Candidates:
    """Finds candidates at one place of a cycle.

    Attributes:
        left: how many more may be named before `TooMany` is raised.
    """

    def __init__(self, place: int, worth: Sequence[float], most: int) -> None:
        self._place = place
        self._own = worth[place]
        # The worth of a unit behind and before; before the first place there is nothing.
        self._behind = worth[place + 1]
        self._before = worth[place - 1] if place else 0.0
        self.left = most

    def blocks(self, stretch: Stretch) -> Iterator[Block]:
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
        losses = []
        if count > _SMALL:
            if piece.of in {1, stride}:
                losses.append((self._behind, True))
            losses.append((self._before, False))
            worth, behind = max(losses)
            if worth > _SELECTIVE * stretch.room:
                yield from self._sieved(stretch, first, stride, count, worth, behind)
                return
        self._take(count)
        for start in range(0, count, _LARGEST_BLOCK):
            size = min(_LARGEST_BLOCK, count - start)
            distances = np.arange(0, size * stride, stride, dtype=np.float64)
            yield Block(first + start * stride, distances)

    def _take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise TooMany("more amounts than may be quoted could be best")

    def _sieved(
        self, stretch: Stretch, first: int, stride: int, count: int, worth: float, behind: bool
    ) -> Iterator[Block]:
        allowed = _MARGIN * stretch.room / worth + 2.0**-40
        model, place = stretch.model, self._place
        done = blocks = 0
        while done < count:
            amount = first + done * stride
            walk = (
                _walk_behind(model, place, amount, stride, allowed)
                if behind
                else _walk_before(model.pieces[place - 1], amount, stride, allowed)
            )
            # As far as the walk stays straight to within what is allowed.
            size = count - done
            if walk.bend * size * size > allowed:
                size = int(sqrt(allowed / walk.bend)) + 1
            blocks += 1
            if blocks > _MOST_BLOCKS:
                raise TooMany("the curve bends too much for a sieve")
            arc = int((allowed + walk.bend * size * size) * _UNIT) + 1
            steps = steps_into(walk.start, walk.step, walk.circle, arc, size)
            while some := list(islice(steps, _SOME)):
                self._take(len(some))
                yield Block(amount, np.array(some, dtype=np.float64) * stride)
            done += size


def _walk_behind(model: Model, place: int, amount: int, stride: int, allowed: float) -> _Walk:
    """Return how that moves which is lost when a hop's output is rounded down."""
    piece = model.pieces[place]
    kept = (amount - piece.origin) * piece.keep // piece.of
    step = piece.keep * (stride // piece.of)
    at = piece.c * kept + piece.d
    value = (piece.a * kept + piece.b) * _UNIT // at
    steepness = (piece.a * piece.d - piece.b * piece.c) * step
    circle = _UNIT
    if place + 1 < len(model.pieces):
        after = model.pieces[place + 1]
        # Every other whole output loses at least 1/of of a unit to the next hop's fee.
        if allowed * after.of < 1:
            circle *= after.of
            value -= after.origin * _UNIT
    rate = steepness * _UNIT // (at * at)
    return _Walk(value % circle, rate, circle, steepness / (at * at) * (piece.c * step / at))


def _walk_before(piece: Piece, amount: int, stride: int, allowed: float) -> _Walk:
    """Return how that moves which is lost when a hop's input is rounded up."""
    at = piece.a - piece.c * amount
    value = (piece.b - piece.d * amount) * _UNIT // at
    steepness = (piece.a * piece.d - piece.b * piece.c) * stride
    # Every other whole amount after the fee needs at least 1/keep of a unit more before it.
    circle = _UNIT * piece.keep if allowed * piece.keep < 1 else _UNIT
    rate = -(steepness * _UNIT // (at * at))
    # Larger amounts lie nearer to the pool's end, where the walk bends more: twice as much.
    return _Walk(value % circle, rate, circle, 2 * steepness / (at * at) * (piece.c * stride / at))
