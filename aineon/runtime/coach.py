"""Coach: along a tape, what the training process does beside an engine."""

from __future__ import annotations

from collections.abc import Sequence

from aineon.optimizer.arms import Channel
from aineon.optimizer.models.ensemble import Ensemble
from aineon.optimizer.tape import Tape
from aineon.optimizer.training.challenging import Lesson, challenge


class TrainingCoach:
    """Trains challengers, and keeps a champion for each channel."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        self._champions: dict[Channel, Ensemble | None] = dict.fromkeys(channels)

    def train(self, known: Tape, now: float, window: float) -> Lesson:
        """Train on what is known by `now`, and let it compete in each channel."""
        if not len(known):
            return Lesson(None, words="no outcome is known yet")
        lesson = challenge(known, self._champions, window)
        for channel, verdict in lesson.verdicts.items():
            if verdict.promoted:
                self._champions[channel] = lesson.trained
        return lesson
