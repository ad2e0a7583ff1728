"""Coaching: models trained on what is known, and adopted where they win against those in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from aineon.optimizer.arms import Channel
from aineon.optimizer.models.ensemble import Ensemble
from aineon.optimizer.tape import Tape


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a competition came to.

    Attributes:
        adopted: the models to use from now on; None where those in use stay.
        words: why.
    """

    adopted: Ensemble | None
    words: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one training came to.

    Attributes:
        trained: the models that were made; None where there was too little to train on.
        verdicts: of each channel, because what earns most depends on what a miss costs.
        words: why nothing was trained; empty where something was.
    """

    trained: Ensemble | None
    verdicts: Mapping[Channel, Verdict]
    words: str = ""


class Coach(Protocol):
    """Trains models along a walk."""

    def train(self, known: Tape, now: float, window: float) -> Lesson:
        """Train on what is known by `now`, and say where the result is to be used.

        Args:
            known: opportunities whose outcome is known.
            now: seconds, the market's time.
            window: share of them that is to be looked at, less than all after an alarm.
        """
        ...
