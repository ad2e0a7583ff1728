"""A cycle without rounding: one ratio of straight lines per region of inputs, in integers."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt, sqrt

from aineon.search.sizing.chain import Chain
from aineon.search.sizing.pieces import ENDLESS, Piece, PieceFinder

_MOST_REGIONS_TRIED = 256
# Jumps to where the optimum of a region would be; after them, halving: it always ends.
_JUMPS = 12


class Model:
    """`(a*x + b) / (c*x + d)`: what an input from `first` to `last` gives, before rounding.

    Attributes:
        pieces: one for each hop.
        first, last: the inputs for which those pieces hold.
        peak: the input of most profit, did this curve hold everywhere; may be negative.
    """

    __slots__ = (
        "_a",
        "_b",
        "_c",
        "_d",
        "_left_edge",
        "_reach",
        "_right_edge",
        "_root",
        "_unit",
        "_unit_cost",
        "first",
        "last",
        "peak",
        "pieces",
    )

    def __init__(self, chain: Chain, finders: Sequence[PieceFinder], amount_in: int) -> None:
        self.pieces: list[Piece] = []
        self.first, self.last = 1, chain.most
        a, b, c, d = 1, 0, 0, 1
        amount = amount_in
        for place, find in enumerate(finders):
            if place:
                amount = amount and chain.outputs[place - 1](amount)
            piece = find(amount or 1)
            self.pieces.append(piece)
            first, last, origin, keep, of, e, f, g, h, _, _ = piece
            if first > 1:
                self.first = max(self.first, chain.back(place, first))
            if last < ENDLESS and last < chain.most_at[place]:
                self.last = min(self.last, chain.back(place, last + 1) - 1)
            if of != 1 or origin:
                e, g = e * keep, g * keep
                f = f * of - e * origin
                h = h * of - g * origin
            if place:
                a, b, c, d = e * a + f * c, e * b + f * d, g * a + h * c, g * b + h * d
            else:
                a, b, c, d = e, f, g, h
        self._a, self._b, self._c, self._d = a, b, c, d
        self._unit_cost, self._unit = chain.unit_cost, chain.unit
        # A cycle of straight lines has no peak of its own; so little bend puts it far away.
        c = self._c = c or 1
        steepness = a * d - b * c
        # Twice the root of what the slope is compared with: it gives the peak and its height.
        self._root = isqrt(4 * self._unit * self._unit_cost * steepness)
        self.peak = (self._root // (2 * self._unit_cost) - d) // c
        self._reach: tuple[int, int] | None = None
        self._left_edge: int | None = None
        self._right_edge: int | None = None

    def height(self) -> tuple[int, int]:
        """Return the profit at `peak`, did the curve hold there: a ratio, rounded up."""
        a, c, g, unit = self._a, self._c, self._unit_cost, self._unit
        if self._reach is None:
            self._reach = unit * a + g * self._d - self._root, unit * c
        return self._reach

    def bound(self) -> int:
        """Return an integer that no profit of the region exceeds."""
        if not self.first < self.peak < self.last:
            return self.profit_bound(min(max(self.peak, self.first), self.last)) + 1
        above, unit = self.height()
        return above // unit

    def above(self, level: int) -> float:
        """Return how far the curve stands above `level` at its peak."""
        above, unit = self.height()
        return (above - level * unit) / unit

    def width(self, drop: float) -> float:
        """Return about how many inputs around the peak lose no more than `drop`."""
        return sqrt(2 * drop * (self._root / self._c) * self._unit) / self._unit_cost

    def room(self, level: int, first: int, last: int) -> float:
        """Return how far the curve stands above `level`, at most, from one input to another."""
        if first <= self.peak + 1 and last >= self.peak:
            return self.above(level)
        g, unit = self._unit_cost, self._unit
        amount_in = last if self.peak > last else first
        below = self._c * amount_in + self._d
        out = unit * (self._a * amount_in + self._b)
        return (out - (g * amount_in + level * unit) * below) / (unit * below)

    def profit_bound(self, amount_in: int) -> int:
        """Return the profit of an input before rounding, rounded down."""
        below = self._c * amount_in + self._d
        out = self._unit * (self._a * amount_in + self._b) - self._unit_cost * amount_in * below
        return out // (self._unit * below)

    @property
    def left_edge(self) -> int:
        """What `profit_bound` says of `first`."""
        if self._left_edge is None:
            self._left_edge = self.profit_bound(self.first)
        return self._left_edge

    @property
    def right_edge(self) -> int:
        """What `profit_bound` says of `last`."""
        if self._right_edge is None:
            self._right_edge = self.profit_bound(self.last)
        return self._right_edge

    def level_set(self, level: int) -> tuple[int, int] | None:
        """Return the inputs whose profit before rounding reaches `level`; None where none does.

        Both ends may lie one unit too far out, never too far in.
        """
        c, g, unit = self._c, self._unit_cost, self._unit
        linear = unit * (self._a - level * c) - g * self._d
        square = linear * linear + 4 * g * unit * c * (self._b - level * self._d)
        if square < 0:
            return None
        root, below = isqrt(square) + 1, 2 * g * c
        first = max((linear - root) // below, self.first)
        last = min((linear + root) // below + 1, self.last)
        return (first, last) if first <= last else None


def slopes(model: Model, amounts: Sequence[int]) -> list[float]:
    """Return each hop's marginal rate at these amounts."""
    found = []
    for piece, amount in zip(model.pieces, amounts, strict=False):
        _, _, origin, keep, of, _, _, c, d, steepness, _ = piece
        if of == 1:
            at = c * (amount - origin) + d
            found.append(steepness / (at * at))
        else:
            at = c * ((amount - origin) * keep // of) + d
            found.append(keep * steepness / (of * at * at))
    return found


def locate(chain: Chain, finders: Sequence[PieceFinder], start: int) -> tuple[Model, int]:
    """Return the model of the region with the most profit before rounding, and its best input.

    The curve is concave, so a region whose own optimum lies to its left (right) has the
    overall one there too. Where two regions point at each other the border between them is it.
    """
    low, high = 1, chain.most
    amount_in = min(max(start, low), high)
    for attempt in range(_MOST_REGIONS_TRIED):
        model = Model(chain, finders, amount_in)
        peak = model.peak
        if peak < model.first:
            high = min(high, model.first - 1)
        elif peak > model.last:
            low = max(low, model.last + 1)
        else:
            return model, peak
        if low > high:
            break
        amount_in = min(max(peak, low), high) if attempt < _JUMPS else (low + high) // 2
    return model, min(max(peak, model.first), model.last)
