"""Standard errors of shares of money, by drawing whole hours anew.

Money is heavy-tailed and opportunities of one hour resemble each other, so hours are drawn and
not rows, and what is compared is drawn together (Künsch 1989, the block bootstrap).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HOUR: Final = 3600.0
DRAWS: Final = 2000


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and its standard error; None where it cannot be known."""

    value: float
    error: float | None


class Hours:
    """The hours of some rows, drawn anew again and again with the same dice for every figure."""

    def __init__(self, times: Floats, seed: int, draws: int = DRAWS) -> None:
        hours = np.floor((times - times[0]) / HOUR) if len(times) else times
        self._hour = np.unique(hours, return_inverse=True)[1]
        self.count = int(self._hour.max()) + 1 if len(times) else 0
        dice = np.random.default_rng([seed, 11])
        if self.count:
            picks = dice.integers(0, self.count, (draws, self.count))
            self._times_drawn = np.stack(
                [np.bincount(pick, minlength=self.count) for pick in picks]
            ).astype(np.float64)

    def share(self, part: Floats, whole: Floats) -> Figure | None:
        """Return the sum of `part` over that of `whole`; None where the whole is nothing."""
        parts, wholes = self._sums(part), self._sums(whole)
        if self.count == 0 or wholes.sum() <= 0:
            return None
        value = float(parts.sum() / wholes.sum())
        drawn_whole = self._times_drawn @ wholes
        good = drawn_whole > 0
        if self.count < 2 or not good.any():
            return Figure(value, None)
        drawn = (self._times_drawn @ parts)[good] / drawn_whole[good]
        return Figure(value, float(drawn.std(ddof=1)))

    def _sums(self, figures: Floats) -> Floats:
        sums: Floats = np.bincount(self._hour, figures, self.count).astype(np.float64)
        return sums


def mean_of_seeds(figures: list[Figure]) -> Figure | None:
    """Return the mean over seeds; its error is taken from how much the seeds differ."""
    if not figures:
        return None
    values = np.array([figure.value for figure in figures])
    if len(values) > 1:
        return Figure(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))
    return Figure(float(values[0]), figures[0].error)
