"""Memory: how the last gaps ended, to be asked about gaps like one that stands open now."""

from __future__ import annotations

from math import inf, isnan, nan
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SIMILAR: Final = 0.5
"""Deviation of the natural logarithm of sizes that count as alike: a factor of 1.65."""

# The columns are such that a figure is a product with the weights: a vector of features has many
# of them, and a call of numpy costs more than the hundred numbers it works on.
_BLOCK, _SIZE, _PRICE, _KNOWN, _PAID, _TIP, _TAKEN = range(7)


class Memory:
    """The last `size` gaps that ended: when, how large, and what the first place took.

    A gap's price is the share of its net profit that the winner paid: 0 where nobody took it, nan
    where somebody did and it is not known for how much.
    """

    __slots__ = ("_columns", "_count", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._count = 0
        self._columns: Floats = np.empty((7, size))

    def add(self, block: int, log_size: float, price: float, taken: bool) -> None:
        """Keep how a gap ended in `block`; the oldest one is forgotten."""
        known = not isnan(price)
        price = price if known else 0.0
        paid = known and taken
        # No size is like an unknown one.
        size = inf if isnan(log_size) else log_size
        row = (block, size, price, known, paid, price if paid else 0.0, taken)
        self._columns[:, self._count % self._size] = row
        self._count += 1

    def asked(self, now: int) -> Recollection:
        """What is remembered, as it looks from block `now`."""
        return Recollection(self._columns[:, : min(self._count, self._size)], now)


class Recollection:
    """A memory looked at from one block: weighted means and quantiles.

    Weights halve every `half_life` blocks; what was never seen, or cannot be told, is nan.
    """

    __slots__ = ("_ages", "_columns", "_order")

    def __init__(self, columns: Floats, now: int) -> None:
        self._columns = columns
        self._ages = now - columns[_BLOCK]
        self._order: NDArray[np.intp] | None = None

    def weights(self, half_life: float) -> Floats:
        """The weight of each gap by its age."""
        weights: Floats = np.exp2(self._ages / -half_life)
        return weights

    def alike(self, half_life: float, log_size: float) -> Floats:
        """The weight of each gap by its age, and by how near its size is."""
        apart = (self._columns[_SIZE] - log_size) / SIMILAR
        weights: Floats = np.exp2(self._ages / -half_life - apart * apart * _HALVING)
        return weights

    def tip_and_taken(self, weights: Floats) -> tuple[float, float]:
        """The mean share that winners paid, and which share of the gaps somebody took."""
        paid, tips, taken = (self._columns[_PAID:] @ weights).tolist()
        mass = float(weights.sum())
        return tips / paid if paid > 0.0 else nan, taken / mass if mass > 0.0 else nan

    def tips(self, shares: tuple[float, ...], weights: Floats) -> list[float]:
        """Quantiles of what winners paid."""
        return self._quantiles(shares, weights * self._columns[_PAID])

    def prices(self, shares: tuple[float, ...], weights: Floats) -> list[float]:
        """Quantiles of what first places cost, those that nobody took being had for nothing."""
        return self._quantiles(shares, weights * self._columns[_KNOWN])

    def _quantiles(self, shares: tuple[float, ...], weights: Floats) -> list[float]:
        """The least prices up to which so much of the weight lies."""
        if self._order is None:
            self._order = self._columns[_PRICE].argsort(kind="stable")
        reached = weights[self._order].cumsum()
        mass = reached[-1] if len(reached) else nan
        if not mass > 0.0:
            return [nan] * len(shares)
        places = reached.searchsorted([share * mass for share in shares])
        found: list[float] = self._columns[_PRICE][self._order[places]].tolist()
        return found


_HALVING: Final = 0.5 / np.log(2.0).item()
"""Makes a power of two of the bell curve exp(-d²/2)."""
