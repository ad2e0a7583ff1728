"""Coaching: models trained on what is known, and adopted where they win against those in use."""

from __future__ import annotations

from typing import Protocol

from aineon.optimizer.tape import Tape
from aineon.optimizer.training.challenging import Lesson


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
