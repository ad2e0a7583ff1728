"""Thresholds that this installation's own quiet stretch gives.

How far the sums of `cusum` swing by chance depends on how well the models fit here, on how errors
of neighbouring outcomes hang together and on how many outcomes a day brings. So no number is
built in: days are drawn from the quiet stretch by blocks of neighbouring outcomes (the moving
block bootstrap of Künsch 1989), the same sums run over each of them, and the highest value of
each day is kept. A threshold is the quantile of these that a day without any change exceeds as
rarely as is wanted.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final, NamedTuple

import numpy as np

from aineon.optimizer.drift.cusum import Floats, Ints, mixed_highest, path, tilt

DAY: Final = 86_400.0
FALSE_ALARMS_A_DAY: Final = 0.05
"""How often each detector may cry wolf, so that all of them stay well below one a day."""
FEWEST_DAYS: Final = 40
"""Drawn days before a threshold says anything."""

LEVEL_STEEPNESS: Final = 4.0
PAIR_STEEPNESS: Final = 4.0
NOVEL_ALLOWED: Final = 0.1
"""Share of novel inputs that is nothing unusual."""

_LEAST: Final = 3.0
"""Where inputs are never novel, a few that are raise no alarm."""
_MOST_DAYS: Final = 200
# More would take longer than a decision may wait. Where a day brings more, a part of one is drawn.
_MOST_OF_A_DAY: Final = 6_000
# Rivals whose habits wander keep errors of hours together: shorter blocks would lose that.
_BLOCK_SECONDS: Final = 4 * 3_600.0


class Stretch(NamedTuple):
    """Outcomes in their order: their transforms, pairs, and whether their input was novel.

    Pairs are numbered from 0 on, without gaps.
    """

    transforms: Floats
    pairs: Ints
    novel: Floats
    seconds: float


class Heights(NamedTuple):
    """One figure for each detector."""

    dearer: float
    cheaper: float
    pairs: float
    inputs: float


def heights(stretch: Stretch) -> Heights:
    """Return the highest sum of each detector over a run of outcomes."""
    values = stretch.transforms
    count = int(stretch.pairs.max(initial=-1)) + 1
    return Heights(
        dearer=float(path(tilt(values, LEVEL_STEEPNESS)).max(initial=0.0)),
        cheaper=float(path(tilt(values, -LEVEL_STEEPNESS)).max(initial=0.0)),
        pairs=mixed_highest(tilt(values, PAIR_STEEPNESS), stretch.pairs, count),
        inputs=float(path(stretch.novel - NOVEL_ALLOWED).max(initial=0.0)),
    )


class Thresholds:
    """The highest sums of drawn days, and what they say about a day without any change.

    Args:
        seed: of the draws; the same stretch and seed give the same thresholds.
    """

    def __init__(self, seed: int) -> None:
        self._dice = np.random.default_rng(seed)
        self._days: deque[Heights] = deque(maxlen=_MOST_DAYS)
        # The share of a day that the latest drawn one is.
        self._share = 1.0
        self._least = Heights(*(math.inf,) * len(Heights._fields))

    @property
    def ready(self) -> bool:
        """Whether enough days were drawn to tell chance from change."""
        return len(self._days) >= FEWEST_DAYS

    @property
    def least(self) -> Heights:
        """The sum of each detector that is an alarm; infinite before `ready`."""
        return self._least

    def draw(self, quiet: Stretch, days: int = 1) -> None:
        """Draw more days from the quiet stretch; one costs a millisecond or two.

        Args:
            quiet: the outcomes to draw from.
            days: how many to draw.
        """
        for _ in range(days):
            drawn = self._day(quiet)
            # A stretch that was calmer than chance can be was lucky, and luck ends.
            self._days.append(Heights(*map(max, heights(drawn), heights(self._fair(drawn)))))
        if self.ready:
            # A part of a day may be exceeded that much more rarely, as alarms add up over parts.
            kept = math.exp(-FALSE_ALARMS_A_DAY * self._share)
            highest = np.quantile(np.array(self._days), kept, axis=0)
            self._least = Heights(*(max(float(each), _LEAST) for each in highest))

    def _fair(self, day: Stretch) -> Stretch:
        """A day of right predictions, on which as many inputs are novel, each by itself.

        Blocks of a stretch repeat its highest sums, and never show a higher one.
        """
        count = len(day.transforms)
        novel = self._dice.random(count) < day.novel.mean()
        return day._replace(transforms=self._dice.random(count), novel=novel.astype(np.float64))

    def _day(self, quiet: Stretch) -> Stretch:
        count = len(quiet.transforms)
        rate = count / max(quiet.seconds, 1.0)
        wanted = min(max(int(rate * DAY), 1), _MOST_OF_A_DAY)
        self._share = wanted / max(rate * DAY, wanted)
        block = min(max(int(rate * _BLOCK_SECONDS), 1), count)
        starts = self._dice.integers(0, count, -(-wanted // block))
        rows = ((starts[:, None] + np.arange(block)) % count).ravel()[:wanted]
        return Stretch(quiet.transforms[rows], quiet.pairs[rows], quiet.novel[rows], DAY)
