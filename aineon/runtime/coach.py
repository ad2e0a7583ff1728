"""Coach: along a tape, what the training process does beside an engine."""

from __future__ import annotations

from collections.abc import Sequence

from aineon.errors import OptimizerError
from aineon.optimizer.arms import Channel
from aineon.optimizer.competing import compete, money
from aineon.optimizer.evaluation.coaching import Lesson, Verdict
from aineon.optimizer.models.curves import Floats
from aineon.optimizer.models.ensemble import Ensemble
from aineon.optimizer.tape import Tape
from aineon.optimizer.training import LEAST_ROWS, fit
from aineon.optimizer.training.drifting import unchanged
from aineon.optimizer.training.material import told_along
from aineon.runtime.training import as_used, judged_from


class TrainingCoach:
    """Trains challengers, and keeps a champion for each channel."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        self._champions: dict[Channel, Ensemble | None] = dict.fromkeys(channels)

    def train(self, known: Tape, now: float, window: float) -> Lesson:
        """Train on what is known by `now`, and let it compete in each channel."""
        if not len(known):
            return Lesson(None, {}, "no outcome is known yet")
        told, _ = told_along(known)
        window = min(window, unchanged(known, told).errors)
        begins = judged_from(known, window)
        rows = int((known.known_at <= begins).sum())
        if rows < LEAST_ROWS:
            return Lesson(None, {}, f"{rows} outcomes are too few to train on")
        trained_on = known.until(begins)
        least = max(LEAST_ROWS, int(window * len(trained_on)))
        try:
            challenger = fit(trained_on.rows(slice(-least, None)), begins)
        except OptimizerError as error:
            return Lesson(None, {}, str(error))
        newest = known.times > begins
        judged, told = known.rows(newest), told[newest]
        verdicts = {
            channel: self._compete(challenger, channel, judged, told) for channel in self._champions
        }
        return Lesson(challenger, verdicts)

    def _compete(
        self, challenger: Ensemble, channel: Channel, judged: Tape, told: Floats
    ) -> Verdict:
        champion = self._champions[channel]
        left = [
            None if each is None else money(as_used(each, judged, told), judged, channel)
            for each in (challenger, champion)
        ]
        assert left[0] is not None
        verdict = compete(left[0], left[1], money(told, judged, channel), judged.times)
        if verdict.promoted:
            self._champions[channel] = challenger
        return Verdict(challenger if verdict.promoted else None, verdict.words)
