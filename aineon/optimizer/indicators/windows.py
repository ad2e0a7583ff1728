"""Windows: the last bars of every pair, oldest first."""

from __future__ import annotations

import numpy as np

from aineon.optimizer.indicators.bars import Floats


class Windows:
    """The last `length` rows of several series.

    Every row is written twice, one length apart, so that any number of last rows lies in one
    piece and is looked at without being copied.
    """

    __slots__ = ("_end", "_length", "_rows")

    def __init__(self, series: int, length: int, pairs: int) -> None:
        self._length = length
        self._rows = np.ones((series, 2 * length, pairs))
        self._end = length

    def push(self, rows: Floats) -> None:
        """Take the newest value of each series and pair."""
        self._end = self._end % self._length + self._length
        self._rows[:, self._end] = rows
        self._rows[:, self._end - self._length] = rows
        self._end += 1

    def last(self, series: int | slice, count: int) -> Floats:
        """The last `count` rows, oldest first; a view, good until the next push."""
        return self._rows[series, self._end - count : self._end]
