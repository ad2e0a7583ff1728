"""Lens: a cycle around one amount, for thousands of neighbouring amounts at once.

Amounts of twenty-five digits do not fit a float, but their distances from a reference do. A
lens holds the reference exactly and maps whole arrays of distances with every rounding in its
place. What floats cannot decide is decided in favour of the profit, so its answers are upper
bounds, and nearly always the exact profits; whoever uses them checks the best by real quotes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aineon.primitives.units import BPS
from aineon.search.sizing.chain import Chain
from aineon.search.sizing.model import Model
from aineon.search.sizing.pieces import Piece

Distances = NDArray[np.float64]

# Four operations in double precision are good for this part of the largest value met ...
_RELATIVE = 2.0**-50
# ... and fractions computed from integers for this.
_ABSOLUTE = 2.0**-40

# What happens to a distance `t` before one rounding: it becomes `t / (flat + bent * t) + offset`;
# on a straight line, where `bent` is 0, `t * flat + offset`.
_Numbers = tuple[float, float, float]


class Lens:
    """Upper bounds of the profit at whole distances from `amount` at `place`.

    Attributes:
        profit: the reference that all answers of `profits` are relative to.
    """

    __slots__ = ("_down", "_fee", "_up", "profit")

    def __init__(self, chain: Chain, model: Model, place: int, amount: int) -> None:
        self._up: list[_Numbers] = []
        self._down: list[_Numbers] = []
        pieces = model.pieces
        needed = amount
        for index in range(place - 1, -1, -1):
            needed = self._add_up(pieces[index], needed)
        for index in range(place, len(pieces)):
            amount = self._add_down(pieces[index], amount)
        fee = 0
        self._fee: tuple[float, float] | None = None
        if chain.fee_bps:
            fee = -needed * chain.fee_bps // BPS
            over = -needed * chain.fee_bps - fee * BPS
            self._fee = chain.fee_bps / BPS, -over / BPS
        self.profit = amount - needed + fee

    def _add_up(self, piece: Piece, amount_out: int) -> int:
        _, _, origin, keep, of, a, b, c, d, steepness, _ = piece
        at = a - c * amount_out
        kept, missing = divmod(b - d * amount_out, at)
        self._up.append(_curve(at, -c, steepness, -missing / at))
        if of == 1:
            return origin - kept
        needed, missing = divmod(kept * of, keep)
        self._up.append((of / keep, 0.0, -missing / keep))
        return origin - needed

    def _add_down(self, piece: Piece, amount_in: int) -> int:
        _, _, origin, keep, of, a, b, c, d, steepness, _ = piece
        kept = amount_in - origin
        if of != 1:
            kept, rest = divmod(kept * keep, of)
            self._down.append((keep / of, 0.0, rest / of))
        at = c * kept + d
        amount_out, rest = divmod(a * kept + b, at)
        self._down.append(_curve(at, c, steepness, rest / at))
        return amount_out

    def profits(self, distances: Distances) -> Distances:
        """Return upper bounds of the profits, less `self.profit`, at ascending distances."""
        cost = distances
        for numbers in self._up:
            cost = _moved(cost, numbers)
            cost += numbers[2] - _slack(cost)
            np.ceil(cost, cost)
        if self._fee:
            rate, offset = self._fee
            fee = cost * rate
            fee += offset - _slack(fee)
            cost = cost + np.ceil(fee, fee)
        out = distances
        for numbers in self._down:
            out = _moved(out, numbers)
            out += numbers[2] + _slack(out)
            np.floor(out, out)
        return out - cost


def _curve(at: int, bend: int, steepness: int, offset: float) -> _Numbers:
    if not bend:
        return steepness / (at * at), 0.0, offset
    return at * at / steepness, bend * at / steepness, offset


def _moved(distances: Distances, numbers: _Numbers) -> Distances:
    flat, bent, _ = numbers
    if not bent:
        return distances * flat
    moved = distances * bent
    moved += flat
    return np.divide(distances, moved, moved)


def _slack(values: Distances) -> float:
    """Return how far the true values may lie from these; nearly whole then counts as whole."""
    return max(abs(values.item(0)), abs(values.item(-1))) * _RELATIVE + _ABSOLUTE
