"""A cycle without rounding: one ratio of straight lines per region of inputs, in integers."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

from aineon.primitives.units import BPS
from aineon.search.sizing.chain import Chain
from aineon.search.sizing.pieces import Piece, PieceFinder

_MOST_REGIONS_TRIED = 256
# Jumps to where the optimum of a region would be; after them, halving: it always ends.
_JUMPS = 12


class Model:
    """`(a*x + b) / (c*x + d)`: what an input from `first` to `last` gives, before rounding.

    Attributes:
        pieces: one for each hop.
        first, last: the inputs for which those pieces hold.
    """

    __slots__ = ("_a", "_b", "_c", "_d", "_unit_cost", "first", "last", "pieces")

    def __init__(self, chain: Chain, finders: Sequence[PieceFinder], amount_in: int) -> None:
        self.pieces: list[Piece] = []
        self.first, self.last = 1, chain.most
        self._unit_cost = chain.unit_cost
        a, b, c, d = 1, 0, 0, 1
        amount = amount_in
        for place, find in enumerate(finders):
            piece = find(amount or 1)
            self.pieces.append(piece)
            amount = amount and chain.outputs[place](amount)
            if piece.first > 1:
                self.first = max(self.first, chain.back(place, piece.first))
            if piece.last < chain.most_at[place]:
                self.last = min(self.last, chain.back(place, piece.last + 1) - 1)
            if piece.of == 1 and not piece.origin:
                e, f, g, h = piece.a, piece.b, piece.c, piece.d
            else:
                e, g = piece.a * piece.keep, piece.c * piece.keep
                f = piece.b * piece.of - e * piece.origin
                h = piece.d * piece.of - g * piece.origin
            a, b, c, d = e * a + f * c, e * b + f * d, g * a + h * c, g * b + h * d
        self._a, self._b, self._c, self._d = a, b, c, d

    def peak(self) -> int:
        """Return the input of most profit, did this curve hold everywhere; may be negative."""
        steepness = self._a * self._d - self._b * self._c
        return (isqrt(steepness * BPS // self._unit_cost) - self._d) // self._c

    def bound(self) -> int:
        """Return an integer that no profit of the region exceeds."""
        peak = self.peak()
        if not self.first < peak < self.last:
            return self.profit_bound(min(max(peak, self.first), self.last)) + 1
        steepness = self._a * self._d - self._b * self._c
        loss = isqrt(4 * BPS * self._unit_cost * steepness)
        return (BPS * self._a + self._unit_cost * self._d - loss) // (BPS * self._c)

    def room(self, level: int, first: int, last: int) -> float:
        """Return how far the curve stands above `level`, at most, from one input to another."""
        g = self._unit_cost
        peak = self.peak()
        if first <= peak + 1 and last >= peak:
            steepness = self._a * self._d - self._b * self._c
            loss = isqrt(4 * BPS * g * steepness)
            above = BPS * self._a + g * self._d - loss - level * BPS * self._c
            return above / (BPS * self._c)
        amount_in = last if peak > last else first
        denominator = BPS * (self._c * amount_in + self._d)
        out = BPS * (self._a * amount_in + self._b)
        return (out - (g * amount_in + level * BPS) * (denominator // BPS)) / denominator

    def profit_bound(self, amount_in: int) -> int:
        """Return the profit of an input before rounding, rounded down."""
        denominator = self._c * amount_in + self._d
        out = BPS * (self._a * amount_in + self._b) - self._unit_cost * amount_in * denominator
        return out // (BPS * denominator)

    def level_set(self, level: int) -> tuple[int, int] | None:
        """Return the inputs whose profit before rounding reaches `level`; None where none does.

        Both ends may lie one unit too far out, never too far in.
        """
        g = self._unit_cost
        linear = BPS * (self._a - level * self._c) - g * self._d
        constant = BPS * (self._b - level * self._d)
        square = linear * linear + 4 * g * self._c * constant
        if square < 0:
            return None
        root = isqrt(square) + 1
        first = max((linear - root) // (2 * g * self._c), self.first)
        last = min((linear + root) // (2 * g * self._c) + 1, self.last)
        return (first, last) if first <= last else None


def slopes(model: Model, amounts: Sequence[int]) -> list[float]:
    """Return each hop's marginal rate at these amounts."""
    found = []
    for piece, amount in zip(model.pieces, amounts, strict=False):
        kept = (amount - piece.origin) * piece.keep // piece.of
        at = piece.c * kept + piece.d
        steepness = piece.a * piece.d - piece.b * piece.c
        found.append(piece.keep * steepness / (piece.of * at * at))
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
        peak = model.peak()
        if peak < model.first:
            high = min(high, model.first - 1)
        elif peak > model.last:
            low = max(low, model.last + 1)
        else:
            break
        if low > high:
            break
        amount_in = min(max(peak, low), high) if attempt < _JUMPS else (low + high) // 2
    return model, min(max(peak, model.first), model.last)
