"""Lens: a cycle around one amount, for thousands of neighbouring amounts at once.

Amounts of twenty-five digits do not fit a float, but their distances from a reference do. A
lens holds the reference exactly and maps whole arrays of distances with every rounding in its
place. What floats cannot decide is decided in favour of the profit, so its answers are upper
bounds, and nearly always the exact profits; whoever uses them checks the best by real quotes.
"""

from __future__ import annotations

from typing import NamedTuple

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


class _Curve(NamedTuple):
    """`offset + rate * t / (1 + bend * t)`, the distance on one side for `t` on the other."""

    offset: float
    rate: float
    bend: float


class _Line(NamedTuple):
    offset: float
    rate: float


class Lens:
    """Upper bounds of the profit at whole distances from `amount` at `place`.

    Attributes:
        profit: the reference that all answers of `profits` are relative to.
    """

    __slots__ = ("_down", "_fee", "_up", "profit")

    def __init__(self, chain: Chain, model: Model, place: int, amount: int) -> None:
        self._up: list[tuple[_Curve, _Line | None]] = []
        needed = amount
        for piece in reversed(model.pieces[:place]):
            needed = self._add_up(piece, needed)
        self._down: list[tuple[_Line | None, _Curve]] = []
        for piece in model.pieces[place:]:
            amount = self._add_down(piece, amount)
        fee = -needed * chain.fee_bps // BPS
        self._fee: _Line | None = None
        if chain.fee_bps:
            over = -needed * chain.fee_bps - fee * BPS
            self._fee = _Line(-over / BPS, chain.fee_bps / BPS)
        self.profit = amount - needed + fee

    def _add_up(self, piece: Piece, amount_out: int) -> int:
        wanted = piece.d * amount_out - piece.b
        at = piece.a - piece.c * amount_out
        kept = -(-wanted // at)
        steepness = piece.a * piece.d - piece.b * piece.c
        curve = _Curve((wanted - kept * at) / at, steepness / (at * at), -piece.c / at)
        if piece.of == 1:
            self._up.append((curve, None))
            return piece.origin + kept
        needed = -(-kept * piece.of // piece.keep)
        offset = (kept * piece.of - needed * piece.keep) / piece.keep
        self._up.append((curve, _Line(offset, piece.of / piece.keep)))
        return piece.origin + needed

    def _add_down(self, piece: Piece, amount_in: int) -> int:
        line = None
        kept = amount_in - piece.origin
        if piece.of != 1:
            kept, rest = divmod(kept * piece.keep, piece.of)
            line = _Line(rest / piece.of, piece.keep / piece.of)
        at = piece.c * kept + piece.d
        amount_out, rest = divmod(piece.a * kept + piece.b, at)
        steepness = piece.a * piece.d - piece.b * piece.c
        self._down.append((line, _Curve(rest / at, steepness / (at * at), piece.c / at)))
        return amount_out

    def profits(self, distances: Distances) -> Distances:
        """Return upper bounds of the profits, less `self.profit`, at ascending distances."""
        cost = distances
        for curve, line in self._up:
            cost = _up(_bent(cost, curve), curve.offset)
            if line:
                cost = _up(cost * line.rate, line.offset)
        if self._fee:
            cost = cost + _up(cost * self._fee.rate, self._fee.offset)
        out = distances
        for line, curve in self._down:
            if line:
                out = _down(out * line.rate, line.offset)
            out = _down(_bent(out, curve), curve.offset)
        return out - cost


def _bent(distances: Distances, curve: _Curve) -> Distances:
    bent = distances * curve.bend
    bent += 1.0
    np.divide(distances, bent, out=bent)
    bent *= curve.rate
    return bent


def _slack(values: Distances) -> float:
    return max(abs(float(values[0])), abs(float(values[-1]))) * _RELATIVE + _ABSOLUTE


def _down(values: Distances, offset: float) -> Distances:
    """Round down `values + offset` in place; what is nearly whole counts as whole."""
    values += offset + _slack(values)
    return np.floor(values, out=values)


def _up(values: Distances, offset: float) -> Distances:
    """Round up `values + offset` in place; what is nearly whole counts as whole."""
    values += offset - _slack(values)
    return np.ceil(values, out=values)
