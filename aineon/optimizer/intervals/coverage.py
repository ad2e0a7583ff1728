"""Coverage: how often bands held what they were to hold, and how far their middle was off."""

from __future__ import annotations


class Coverage:
    """Counts forecasts against what came."""

    def __init__(self) -> None:
        self.spans = 0
        self._held = 0
        self._expected = 0.0
        self._came = 0.0

    def learn(self, low: float, expected: float, high: float, came: float) -> None:
        """Take in one forecast and what came."""
        self.spans += 1
        self._held += low <= came <= high
        self._expected += expected
        self._came += came

    @property
    def share(self) -> float | None:
        """The share of forecasts whose band held what came; None of none."""
        return self._held / self.spans if self.spans else None

    @property
    def bias(self) -> float | None:
        """How far expectations lay above what came, as a share of it; None where nothing came."""
        return self._expected / self._came - 1 if self._came > 0 else None
