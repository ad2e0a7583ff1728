"""What a window of bars gives: bands, and where the close lies in what came before."""

from __future__ import annotations

from typing import Final

import numpy as np

from aineon.optimizer.indicators.bars import Floats
from aineon.optimizer.indicators.ratios import share
from aineon.optimizer.indicators.windows import Windows

_HIGH, _LOW, _CLOSE, _TYPICAL = range(4)
_CLOSE_AND_TYPICAL: Final = slice(_CLOSE, _TYPICAL + 1)
# The product with a row of weights is a mean, in a third of the time.
_EACH_ALIKE: Final = np.full(20, 1 / 20)
_NOISE: Final = 1e-14
"""Deviation, in shares of the price, under which a price has not moved: what rounding leaves."""

ROWS: Final = 9
"""How many values `update` writes: those of the catalogue from "sma_20" to "roc"."""


class Ranges:
    """Bollinger bands, commodity channel, stochastics, Williams %R, Aroon, rate of change."""

    __slots__ = ("_ends", "_places", "_rows", "_smoothed", "_windows")

    def __init__(self, pairs: int) -> None:
        self._windows = Windows(4, 20, pairs)
        self._rows = np.ones((4, pairs))
        self._ends = np.ones((2, pairs))
        self._places = (np.ones(pairs),) * 2
        self._smoothed = (np.ones(pairs),) * 2

    def update(self, now: Floats, out: Floats) -> None:
        """Take high, low and close (rows of `now`); percentages are written as shares."""
        rows = self._rows
        rows[:3] = now
        np.divide(now[_HIGH] + now[_LOW] + now[_CLOSE], 3.0, out=rows[_TYPICAL])
        self._windows.push(rows)
        self._bands(rows[_TYPICAL], out)
        self._place(now[_CLOSE], out)
        out[7] = self._newest()
        out[8] = now[_CLOSE] / self._windows.last(_CLOSE, 11)[0] - 1.0

    def _bands(self, typical: Floats, out: Floats) -> None:
        """Means and deviations of the close and the typical price, both at once."""
        window = self._windows.last(_CLOSE_AND_TYPICAL, 20)
        mean = _EACH_ALIKE @ window
        apart = window - mean[:, None]
        np.square(apart[0], out=apart[0])
        np.abs(apart[1], out=apart[1])
        variance, spread = _EACH_ALIKE @ apart
        width = 2.0 * np.sqrt(variance)
        out[0] = mean[0]
        np.add(mean[0], width, out=out[1])
        np.subtract(mean[0], width, out=out[2])
        # A mean of equal prices is off by a rounding, which must not become a full deviation.
        spread *= spread > _NOISE * typical
        out[3] = share(typical - mean[1], 0.015 * spread)

    def _place(self, close: Floats, out: Floats) -> None:
        """Where the close lies in the range of 14 bars: smoothed from below, and from above."""
        ends = self._ends
        np.maximum.reduce(self._windows.last(_HIGH, 14), out=ends[0])
        np.minimum.reduce(self._windows.last(_LOW, 14), out=ends[1])
        below, place = share(close - ends, ends[0] - ends[1])
        smoothed = (self._places[0] + self._places[1] + place) / 3.0
        out[4] = smoothed
        out[5] = (self._smoothed[0] + self._smoothed[1] + smoothed) / 3.0
        out[6] = below
        self._places = self._places[1], place
        self._smoothed = self._smoothed[1], smoothed

    def _newest(self) -> Floats:
        """Aroon's oscillator; of equal extremes the newest counts."""
        highs = self._windows.last(_HIGH, 15)[::-1]
        lows = self._windows.last(_LOW, 15)[::-1]
        oscillator: Floats = (lows.argmin(axis=0) - highs.argmax(axis=0)) / 14
        return oscillator
