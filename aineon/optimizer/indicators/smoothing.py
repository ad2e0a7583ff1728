"""Smoothing: averages that remember everything, each bar a little less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.indicators.bars import Floats


@dataclass(frozen=True, slots=True)
class Smoothing:
    """How one average comes to be: state = keep · state + gain · input.

    Both weights depend on a pair's age, the bars since its first. The first inputs are gathered
    without forgetting, and from then on every bar has the same weights. So the first values,
    where the conventions of libraries differ, are a matter of two short tables.

    Attributes:
        begins: age of the bar whose input is the first that counts.
        keeps, gains: the weights of the gathered inputs, and last of all those that follow.
    """

    begins: int
    keeps: tuple[float, ...]
    gains: tuple[float, ...]

    @property
    def settled(self) -> int:
        """The age from which on the weights do not change any more."""
        return self.begins + len(self.keeps) - 1


def exponential(period: int, begins: int = 1, seed: int | None = None) -> Smoothing:
    """Exponential average with the weight 2 / (period + 1).

    It starts with the mean of `seed` inputs, by default as many as the period.
    """
    return _from_mean(begins, period if seed is None else seed, 2 / (period + 1))


def wilder(period: int, begins: int = 1) -> Smoothing:
    """Wilder's average: the mean of the first inputs, then a weight of 1 / period.

    Source: J. Welles Wilder, New Concepts in Technical Trading Systems (1978).
    """
    return _from_mean(begins, period, 1 / period)


def wilder_sum(period: int, begins: int = 1) -> Smoothing:
    """Wilder's running sum: one input less than the period, then 1 / period is forgotten."""
    gathered = (1.0,) * (period - 1)
    return Smoothing(begins, (*gathered, 1 - 1 / period), (*gathered, 1.0))


def _from_mean(begins: int, count: int, rate: float) -> Smoothing:
    shares = [1 / place for place in range(1, count + 1)]
    return Smoothing(begins, (*(1 - share for share in shares), 1 - rate), (*shares, rate))


class Smoother:
    """Many averages of many pairs, one row each."""

    __slots__ = ("_gains", "_keeps", "_last", "_settled", "state")

    def __init__(self, rows: Sequence[Smoothing], pairs: int) -> None:
        self._last = max(row.settled for row in rows)
        ages = self._last + 1
        # At the age of 0 (nothing known) and before the first input nothing is kept.
        self._keeps = np.zeros((len(rows), ages))
        self._gains = np.zeros((len(rows), ages))
        for place, row in enumerate(rows):
            self._keeps[place, row.begins : row.settled] = row.keeps[:-1]
            self._gains[place, row.begins : row.settled] = row.gains[:-1]
            self._keeps[place, row.settled :] = row.keeps[-1]
            self._gains[place, row.settled :] = row.gains[-1]
        self._settled = self._keeps[:, -1:], self._gains[:, -1:]
        self.state: Floats = np.zeros((len(rows), pairs))

    def update(self, inputs: Floats, ages: NDArray[np.int64], youngest: int) -> Floats:
        """Take one input for each row and pair, none of them nan, and return the averages."""
        if youngest >= self._last:
            keep, gain = self._settled
        else:
            places = np.minimum(ages, self._last)
            keep, gain = self._keeps[:, places], self._gains[:, places]
        self.state *= keep
        self.state += gain * inputs
        return self.state
