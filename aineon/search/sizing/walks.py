"""Walks: how what a rounding takes moves from one amount to the next, around a circle.

Rounded next to a fee that is rounded on its own, the circle is as many units long as there are
remainders of the fee. The few steps of a walk that lose almost nothing are found by Euclid's
algorithm (`sieve`), or listed in NumPy where that takes less time.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aineon.search.sizing.model import Model
from aineon.search.sizing.pieces import Piece
from aineon.search.sizing.sieve import steps_into

# As many steps as are listed at once: of more, arrays take longer for each.
LARGEST_LIST = 1 << 15
# Listing takes 1 ns for each step; Euclid's algorithm takes as long as so many steps for each
# arc, and then for each step that it finds.
_ARC_TAKES, _FIND_TAKES = 6000, 150
# An arc of its own for each good remainder pays where it spares so many candidates.
_ARC_PAYS = 60
# What positions on a circle of several units may be wrong by.
_TOLERANCE = 2.0**-20
_UNIT = 1 << 96
_LARGEST_WORD = (1 << 64) - 1
_COUNTS = np.arange(LARGEST_LIST, dtype=np.uint64)
_COUNTS.flags.writeable = False


class Walk(NamedTuple):
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
        arcs, spared, allowed = self._arcs(allowed, count)
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

    def are_listed_sooner(self, allowed: float, count: int) -> bool:
        """Whether `listed` takes less time than `steps`."""
        arcs, spared, allowed = self._arcs(allowed, count)
        found = count * allowed * arcs / spared
        return count < _ARC_TAKES * arcs + _FIND_TAKES * found

    def listed(self, allowed: float, count: int) -> Iterator[NDArray[np.float64]]:
        """Yield the same steps as `steps`, and hardly any besides, in arrays.

        Positions are counted in 2^64ths of a unit, where they run over by themselves.
        """
        allowed += self.bend * count * count
        # What is cut off from a step adds up: no position may seem to lie before the start.
        arc = np.uint64(min(int(allowed * (1 << 64)) + 2 * count, _LARGEST_WORD))
        step = _word(self.step >> 32)
        for first in range(0, count, LARGEST_LIST):
            start = self.start + first * self.step
            positions = _COUNTS[: min(LARGEST_LIST, count - first)] * step
            positions += _word((start >> 32) + count)
            found = np.flatnonzero(positions <= arc)
            if self.spared > 1 and found.size:
                found = found[self._is_spared(found, start, positions[found], allowed)]
            yield found.astype(np.float64) + first

    def _is_spared(
        self, steps: NDArray[np.intp], start: int, lost: NDArray[np.uint64], allowed: float
    ) -> NDArray[np.bool_]:
        """Whether what is lost of a unit and to the fee next to it is no more than is allowed."""
        circle = self.spared * _UNIT
        positions = steps.astype(np.uint64) * _word((self.step % circle << 64) // circle)
        positions += _word((start % circle << 64) // circle)
        part = lost / 2.0**64
        whole = np.rint(positions / 2.0**64 * self.spared - part).astype(np.int64)
        ranks = whole * pow(self.turn, -1, self.spared) % self.spared
        return ranks / self.spared + part <= allowed + _TOLERANCE

    def _arcs(self, allowed: float, count: int) -> tuple[int, int, float]:
        """Return how many arcs are worth a search each, on which circle, and their width."""
        allowed += self.bend * count * count
        arcs = int(allowed * self.spared) + 1
        if arcs > self.spared or count * allowed < arcs * _ARC_PAYS:
            return 1, 1, allowed
        return arcs, self.spared, allowed


def walk_behind(model: Model, place: int, amount: int, stride: int) -> Walk:
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
        return Walk(value, rate, after.of, pow(after.keep, -1, after.of), bend)
    return Walk(value, rate, 1, 0, bend)


def walk_before(piece: Piece, amount: int, stride: int) -> Walk:
    """Return how that moves which is lost when a hop's input is rounded up."""
    at = piece.a - piece.c * amount
    value = (piece.b - piece.d * amount) * _UNIT // at
    steepness = (piece.a * piece.d - piece.b * piece.c) * stride
    rate = -(steepness * _UNIT // (at * at))
    # Larger amounts lie nearer to the pool's end, where the walk bends more: twice as much.
    bend = 2 * steepness / (at * at) * (piece.c * stride / at)
    turn = pow(piece.of, -1, piece.keep) if piece.keep > 1 else 0
    return Walk(value, rate, piece.keep, turn, bend)


def _word(number: int) -> np.uint64:
    return np.uint64(number & _LARGEST_WORD)
