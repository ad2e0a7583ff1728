"""Conformal bands: from how past forecasts did, without believing in any distribution.

The ratio of what came to what was expected is kept for the newest forecasts. A band is the
shortest range that holds enough of these ratios (split conformal: Vovk, Gammerman and Shafer
2005), times what is expected now. Money comes in few large wins, so the shortest range is far
from symmetric, and often begins at the smallest ratio.

The past is not the future, so the share that the range must hold follows what bands did: each
miss widens the next ones, each hit narrows them a little (adaptive conformal inference: Gibbs
and Candès 2021).
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from typing import Final

MISSES: Final = 0.10
"""The share of forecasts that may miss: what a 90 % band means."""
FEWEST: Final = 9
"""Forecasts of separate stretches of time before a band is given: of fewer, not even the whole
range holds 90 %."""

_KEPT: Final = 1_500
_STEP: Final = 0.005
_LEAST_MISSES: Final = 0.01
_MOST_MISSES: Final = 0.15


class Conformal:
    """The newest ratios, and the range that holds the wanted share of them.

    Args:
        overlap: how many forecasts look at the same stretch of time; so many of them tell as
            much as one does.
    """

    def __init__(self, overlap: int = 1) -> None:
        self._overlap = overlap
        self._newest: deque[float] = deque()
        self._sorted: list[float] = []
        self._misses = MISSES

    def range(self) -> tuple[float, float] | None:
        """Return the lowest and highest ratio of the band; None before there are enough."""
        count = len(self._sorted)
        alone = count / self._overlap
        if alone < FEWEST:
            return None
        held = min(math.ceil(count * (alone + 1) / alone * (1 - self._misses)), count)
        first = min(
            range(count - held + 1),
            key=lambda low: self._sorted[low + held - 1] - self._sorted[low],
        )
        return self._sorted[first], self._sorted[first + held - 1]

    def learn(self, ratio: float, missed: bool | None) -> None:
        """Take in what came of a forecast.

        Args:
            ratio: what came over what was expected.
            missed: whether its band failed to hold it; None where it had no band.
        """
        self._newest.append(ratio)
        insort(self._sorted, ratio)
        if len(self._newest) > _KEPT:
            oldest = self._newest.popleft()
            del self._sorted[bisect_left(self._sorted, oldest)]
        if missed is not None:
            moved = self._misses + _STEP * (MISSES - missed)
            self._misses = min(max(moved, _LEAST_MISSES), _MOST_MISSES)
