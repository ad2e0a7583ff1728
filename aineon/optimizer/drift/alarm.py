"""Alarm: what was noticed, and what is done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Answer:
    """What an alarm asks of those who learn.

    Attributes:
        window: factor on the span of past outcomes that training looks at.
        exploring: factor on the budget for exploring.
        retrain: whether a training is wanted before the next regular one.
        seconds: how long the factors hold, in the market's time.
    """

    window: float
    exploring: float
    retrain: bool
    seconds: float


CALM: Final = Answer(window=1.0, exploring=1.0, retrain=False, seconds=0.0)
"""What is asked where nothing was noticed."""

ANSWERS: Final = {
    # Whoever outbids more, or less, than was learned makes past outcomes worth less.
    "dearer": Answer(window=0.25, exploring=2.0, retrain=True, seconds=4 * 3600.0),
    "cheaper": Answer(window=0.25, exploring=2.0, retrain=True, seconds=4 * 3600.0),
    # Most of the market is what it was, so its past is kept longer.
    "pairs": Answer(window=0.5, exploring=2.0, retrain=True, seconds=4 * 3600.0),
    # Outcomes still fit what was predicted; only the figures behind them look unusual.
    "inputs": Answer(window=1.0, exploring=1.0, retrain=True, seconds=3600.0),
}
"""What each detector's alarm asks for."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that differs from the quiet stretch by more than chance explains.

    Attributes:
        at: seconds, the market's time.
        what: the detector: `dearer`, `cheaper`, `pairs` or `inputs`.
        words: one sentence for people.
    """

    at: float
    what: str
    words: str

    @property
    def answer(self) -> Answer:
        """What is done about it."""
        return ANSWERS[self.what]
