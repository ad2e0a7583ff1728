"""Rates: how much comes in a second, by the newest past more than by the older."""

from __future__ import annotations

import math
from typing import Final

HALF_LIVES: Final = (3_600.0, 4 * 3_600.0)
"""Seconds. Short ones follow a busy hour, long ones do not mistake one win for a trend."""


class Rate:
    """The mean of rates with several half-lives."""

    def __init__(self, start: float) -> None:
        self._start = self._time = start
        self._sums = [0.0] * len(HALF_LIVES)

    def add(self, at: float, amount: float) -> None:
        """Count `amount` at a moment; one before the last counts as the last."""
        self._pass_to(at)
        self._sums = [each + amount for each in self._sums]

    def __call__(self, at: float) -> float:
        """Return how much comes in a second by what is known at `at`; 0 before any time passed."""
        self._pass_to(at)
        age = self._time - self._start
        if age <= 0:
            return 0.0
        rates = [
            total / (life / math.log(2) * -math.expm1(-age * math.log(2) / life))
            for total, life in zip(self._sums, HALF_LIVES, strict=True)
        ]
        return sum(rates) / len(rates)

    def _pass_to(self, at: float) -> None:
        passed = max(at - self._time, 0.0)
        self._time += passed
        self._sums = [
            each * 0.5 ** (passed / life) for each, life in zip(self._sums, HALF_LIVES, strict=True)
        ]
