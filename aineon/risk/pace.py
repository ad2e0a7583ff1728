"""Pace: how many attempts were made in the last minute and hour, in the market's own time."""

from __future__ import annotations

from collections import deque
from typing import Final

from aineon.risk.limits import Limits, Refusal

MINUTE: Final = 60.0
HOUR: Final = 3600.0


class Pace:
    """Remembers when attempts were made, for an hour."""

    def __init__(self) -> None:
        self._hour: deque[float] = deque()
        self._minute: deque[float] = deque()
        self._now = float("-inf")

    def attempted(self, now: float) -> None:
        """Count an attempt at `now`."""
        self.pass_to(now)
        self._minute.append(now)
        self._hour.append(now)

    def pass_to(self, now: float) -> None:
        """Forget what is older than an hour at `now`.

        Time that goes backwards (a reorganisation, a recording played again) forgets nothing.
        """
        self._now = max(self._now, now)
        for times, span in ((self._minute, MINUTE), (self._hour, HOUR)):
            while times and times[0] <= self._now - span:
                times.popleft()

    @property
    def last_minute(self) -> int:
        """Attempts of the last minute."""
        return len(self._minute)

    @property
    def last_hour(self) -> int:
        """Attempts of the last hour."""
        return len(self._hour)

    def check(self, limits: Limits) -> Refusal | None:
        """Return the limit that one more attempt would break."""
        return _over(
            "rate_minute", self.last_minute, "minute", limits.max_attempts_per_minute
        ) or _over("rate_hour", self.last_hour, "hour", limits.max_attempts_per_hour)


def _over(gate: str, made: int, span: str, limit: int | None) -> Refusal | None:
    if limit is None or made < limit:
        return None
    return Refusal(gate, f"{made} attempts were made in the last {span}; the limit is {limit}")
