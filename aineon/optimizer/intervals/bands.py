"""SpanBands: what the span that begins now will leave, and how such forecasts did.

The forecast is the rate at which chances to earn came lately (the sum of what each decision was
expected to leave, which swings less than what luck made of it), times what past expectations
were worth: bids are chosen because they look best, so they look better than they are (the
winner's curse).

A single attempt wins its net or nothing, so a band round one says little; sums over a quarter of
an hour or an hour are what can be foretold.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final, NamedTuple

from aineon.optimizer.intervals.conformal import Conformal
from aineon.optimizer.intervals.coverage import Coverage
from aineon.optimizer.intervals.rate import Rate

QUARTER_HOUR: Final = 900.0
HOUR: Final = 3_600.0

_STRIDES: Final = 15
"""Forecasts within one span that are followed up; they overlap, so each tells a little more."""
_WARM_UP: Final = 4
"""Spans before the first forecast counts."""
_TRUST: Final = 4.0
"""Spans of expectations for which they are believed as they are."""
_FADES: Final = 8 * 3_600.0
_MOST_SILENT: Final = 12.0
"""Spans without an outcome that are followed up one stride after the other; more of them are a
clock that jumped, or a market that was not looked at."""


class Band(NamedTuple):
    """ETH that a span leaves: the 90 % band's ends, and the mean that is expected."""

    low: float
    expected: float
    high: float


class _Forecast(NamedTuple):
    start: float
    expected: float
    band: Band | None


class SpanBands:
    """Forecasts of what spans of one length leave.

    Args:
        seconds: the length.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.coverage = Coverage()
        self._stride = seconds / _STRIDES
        self._conformal = Conformal(_STRIDES)
        self._rate: Rate | None = None
        self._next = 0.0
        self._first = 0.0
        self._open: deque[_Forecast] = deque()
        self._came: deque[tuple[float, float]] = deque()
        self._expected_sum = 0.0
        self._came_sum = 0.0
        self._faded_at = 0.0

    def learn(self, at: float, expected: float, came: float) -> None:
        """Take in a decision whose outcome is known.

        Args:
            at: seconds, the market's time, when it was decided; in order.
            expected: ETH that it was expected to leave; 0 where nothing was attempted.
            came: ETH that it left.
        """
        if self._rate is None:
            self._rate = Rate(at)
            self._first = self._faded_at = at
            self._next = at + _WARM_UP * self.seconds
        self.pass_to(at)
        self._rate.add(at, expected)
        self._came.append((at, came))
        self._expected_sum += expected
        self._came_sum += came

    def pass_to(self, now: float) -> None:
        """Make and follow up the forecasts that are due by `now`.

        Where time jumps far ahead, what was forecast before says nothing and is forgotten: the
        work of one call has a bound, whatever a clock says.
        """
        if self._rate is None or not math.isfinite(now):
            return
        if now - self._next > _MOST_SILENT * self.seconds:
            self._open.clear()
            self._came.clear()
            self._next = now
        while self._next <= now:
            self._follow_up(self._next)
            expected = self._expect(self._next)
            self._open.append(_Forecast(self._next, expected, self._band(expected)))
            # Beside a huge number a stride is nothing, and this must end all the same.
            self._next = max(self._next + self._stride, math.nextafter(self._next, math.inf))

    def forecast(self, now: float) -> Band | None:
        """Return what the span that begins at `now` leaves; None before enough was seen."""
        if self._rate is None:
            return None
        return self._band(self._expect(now))

    def _expect(self, now: float) -> float:
        assert self._rate is not None
        self._fade(now)
        usual = self._rate(now) * self.seconds
        trust = _TRUST * usual
        worth = (self._came_sum + trust) / (self._expected_sum + trust) if trust > 0 else 1.0
        return usual * worth

    def _fade(self, now: float) -> None:
        passed = max(now - self._faded_at, 0.0)
        self._faded_at += passed
        keep = 0.5 ** (passed / _FADES)
        self._expected_sum *= keep
        self._came_sum *= keep

    def _band(self, expected: float) -> Band | None:
        ratios = self._conformal.range()
        if ratios is None:
            return None
        return Band(ratios[0] * expected, expected, ratios[1] * expected)

    def _follow_up(self, now: float) -> None:
        """Compare the forecasts whose span ended by `now` with what came."""
        while self._open and self._open[0].start + self.seconds <= now:
            made = self._open.popleft()
            end = made.start + self.seconds
            while self._came and self._came[0][0] < made.start:
                self._came.popleft()
            came = sum(amount for at, amount in self._came if at < end)
            self._judge(made, came)

    def _judge(self, made: _Forecast, came: float) -> None:
        missed = None
        if made.band is not None:
            self.coverage.learn(*made.band, came)
            missed = not made.band.low <= came <= made.band.high
        if made.expected > 0:
            self._conformal.learn(came / made.expected, missed)
