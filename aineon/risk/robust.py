"""RobustScore: how far a value lies from what was usual lately.

The z-score of a value is its distance from the median in units of 1.4826 times the median
absolute deviation (MAD), which for normal data is a standard deviation (Rousseeuw and Croux,
1993). Unlike mean and standard deviation, a few wild values do not move them.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from typing import Final

SCALE: Final = 1.4826


class RobustScore:
    """The newest values in order, and scores against them.

    Args:
        window: how many of the newest values count.
        warm_up: with fewer values than that there is no score.
        least_spread: share of the median that the spread is never taken to be below; else calm
            times would make a ripple look like a wave.
    """

    def __init__(self, window: int, warm_up: int, least_spread: float) -> None:
        self._window = window
        self._warm_up = warm_up
        self._least_spread = least_spread
        self._newest: deque[float] = deque()
        self._sorted: list[float] = []

    def __len__(self) -> int:
        return len(self._newest)

    @property
    def median(self) -> float | None:
        """The median of the window; None before there is a value."""
        values = self._sorted
        return values[len(values) // 2] if values else None

    def score(self, value: float) -> float | None:
        """Return the z-score of `value`; None during the warm-up."""
        values = self._sorted
        if len(values) < self._warm_up:
            return None
        median = values[len(values) // 2]
        deviation = sorted([abs(each - median) for each in values])[len(values) // 2]
        spread = max(SCALE * deviation, self._least_spread * abs(median))
        return (value - median) / spread if spread else 0.0

    def add(self, value: float) -> None:
        """Let `value` count from now on."""
        self._newest.append(value)
        insort(self._sorted, value)
        if len(self._newest) > self._window:
            oldest = self._newest.popleft()
            del self._sorted[bisect_left(self._sorted, oldest)]
