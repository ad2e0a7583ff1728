"""DriftWatch: follows the outcomes, and raises an alarm where they leave what is usual here."""

from __future__ import annotations

import math
from collections import deque
from typing import Final, NamedTuple

import numpy as np

from aineon.optimizer.drift.alarm import CALM, Alarm, Answer
from aineon.optimizer.drift.cusum import mixed, tilt
from aineon.optimizer.drift.thresholds import (
    DAY,
    LEVEL_STEEPNESS,
    NOVEL_ALLOWED,
    PAIR_STEEPNESS,
    Heights,
    Stretch,
    Thresholds,
)
from aineon.optimizer.pair_rows import MOST_PAIRS, PairRows

FEWEST: Final = 600
"""Quiet outcomes before thresholds are drawn from them."""
MOST: Final = 6_000
"""Quiet outcomes that are kept."""
WAITS: Final = 3_600.0
"""Seconds after which an outcome counts as quiet, if no alarm came meanwhile."""
RESTS: Final = 7_200.0
"""Seconds for which nothing more is said after an alarm: models need them to learn."""

HARDER: Final = 0.5
"""By this share thresholds are higher for each alarm of the last day: where there was one, the
market is less quiet than the stretch that thresholds come from."""

_FIRST_DRAWS: Final = 1
_EVERY: Final = 16
_SHOWN: Final = 20
_WORDS: Final = {
    "dearer": "bids that were needed to land are higher than predicted",
    "cheaper": "bids that were needed to land are lower than predicted",
    "pairs": "some pairs need higher bids than predicted, or land no more at all",
    "inputs": "many opportunities lie outside of what the models have seen",
}


class _Seen(NamedTuple):
    at: float
    transform: float
    pair: int
    novel: float


class DriftWatch:
    """Watches the transforms of needed bids, by all and by pair, and how novel inputs are.

    Until the quiet stretch is long enough to know what is usual, it says nothing.

    Args:
        seed: of the draws behind the thresholds.
        most_pairs: pairs that have a sum of their own; see `PairRows`.
    """

    def __init__(self, seed: int = 0, most_pairs: int = MOST_PAIRS) -> None:
        self._thresholds = Thresholds(seed)
        self._pairs = PairRows(most=most_pairs)
        self._met = 0
        self._waiting: deque[_Seen] = deque()
        self._quiet: deque[_Seen] = deque(maxlen=MOST)
        self._sums = [0.0, 0.0, 0.0]
        # Of each row its pair's sum, and the number of that pair among all that were ever met.
        self._by_pair = np.zeros(0)
        self._numbers = np.zeros(0, dtype=np.int64)
        self._labels = 0
        self._now = -math.inf
        self._silent_until = -math.inf
        self.alarms: deque[Alarm] = deque(maxlen=_SHOWN)

    @property
    def ready(self) -> bool:
        """Whether it knows what is usual here."""
        return self._thresholds.ready

    @property
    def heights(self) -> Heights:
        """How high the sums stand."""
        dearer, cheaper, inputs = self._sums
        return Heights(dearer, cheaper, float(mixed(self._by_pair)), inputs)

    @property
    def thresholds(self) -> Heights:
        """How high they would have to stand for an alarm."""
        return self._thresholds.least

    def answer(self, now: float) -> Answer:
        """Return what the newest alarm asks for, while it holds."""
        if self.alarms:
            newest = self.alarms[-1]
            if 0 <= now - newest.at < newest.answer.seconds:
                return newest.answer
        return CALM

    def learn(self, at: float, pair: str, transform: float, *, novel: bool) -> Alarm | None:
        """Take in one outcome; return the alarm that it raises.

        Args:
            at: seconds, the market's time; an earlier one than the last counts as the last.
            pair: what was traded.
            transform: see `transform.transform`; nan where the needed bid is unknown.
            novel: whether the input lay outside of what the models have seen.
        """
        if math.isnan(transform):
            return None
        self._now = max(self._now, at)
        row = self._row(pair)
        seen = _Seen(self._now, transform, int(self._numbers[row]), float(novel))
        self._settle()
        if self._now < self._silent_until:
            return None
        self._waiting.append(seen)
        self._add(seen, row)
        self._calibrate()
        return self._alarm()

    def _row(self, pair: str) -> int:
        """The row of a pair, whose sum is zero where it is a new one."""
        row = self._pairs.told(pair)
        if row.at == len(self._by_pair):
            self._by_pair = np.append(self._by_pair, 0.0)
            self._numbers = np.append(self._numbers, 0)
        if row.is_new:
            self._by_pair[row.at], self._numbers[row.at] = 0.0, self._met
            self._met += 1
        return row.at

    def _settle(self) -> None:
        """Let those that waited long enough without an alarm count as quiet."""
        while self._waiting and self._waiting[0].at <= self._now - WAITS:
            self._quiet.append(self._waiting.popleft())

    def _add(self, seen: _Seen, row: int) -> None:
        value = np.array(seen.transform)
        evidence = (
            float(tilt(value, LEVEL_STEEPNESS)),
            float(tilt(value, -LEVEL_STEEPNESS)),
            seen.novel - NOVEL_ALLOWED,
        )
        self._sums = [
            max(0.0, total + each) for total, each in zip(self._sums, evidence, strict=True)
        ]
        own = self._by_pair[row] + float(tilt(value, PAIR_STEEPNESS))
        self._by_pair[row] = max(0.0, own)

    def _calibrate(self) -> None:
        if len(self._quiet) < FEWEST:
            return
        self._labels += 1
        draws = int(self._labels % _EVERY == 0) if self.ready else _FIRST_DRAWS
        if draws:
            self._thresholds.draw(self._stretch(), draws)

    def _stretch(self) -> Stretch:
        rows = np.array(self._quiet)
        seconds = float(rows[-1, 0] - rows[0, 0])
        # Rests between quiet times are no time in which outcomes came.
        seconds -= RESTS * self._rests_within(float(rows[0, 0]))
        _, pairs = np.unique(rows[:, 2], return_inverse=True)
        return Stretch(rows[:, 1], pairs, rows[:, 3], seconds)

    def _rests_within(self, since: float) -> int:
        return sum(alarm.at >= since for alarm in self.alarms)

    def _alarm(self) -> Alarm | None:
        standing, least = self.heights, self.thresholds
        harder = 1 + HARDER * sum(alarm.at > self._now - DAY for alarm in self.alarms)
        for what, height, most in zip(Heights._fields, standing, least, strict=True):
            if height > harder * most:
                return self._raised(what)
        return None

    def _raised(self, what: str) -> Alarm:
        alarm = Alarm(self._now, what, _WORDS[what])
        self.alarms.append(alarm)
        # What waits may be of the changed market already, so it never counts as quiet.
        self._waiting.clear()
        self._sums = [0.0, 0.0, 0.0]
        self._by_pair[:] = 0.0
        self._silent_until = self._now + RESTS
        return alarm
