"""Challenging: the one recipe by which new models are made and may replace those in use.

A challenger is trained on all but the newest hours, and competes in them with the live table and
with the champion, neither of which knew them beforehand. The training process runs this beside an
engine and the evaluation along a tape, so that what is measured is what is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from aineon.errors import OptimizerError
from aineon.optimizer.arms import Channel
from aineon.optimizer.competing import Verdict, compete, money
from aineon.optimizer.models.curves import Floats
from aineon.optimizer.models.ensemble import Ensemble
from aineon.optimizer.tape import Tape
from aineon.optimizer.training.drifting import unchanged
from aineon.optimizer.training.fitting import LEAST_ROWS, fit
from aineon.optimizer.training.material import told_along

_HOUR: Final = 3_600.0
_LEAST_JUDGED: Final = 4 * _HOUR
_MOST_JUDGED: Final = 12 * _HOUR
_SHARE_JUDGED: Final = 0.2


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one training came to.

    Attributes:
        trained: the models that were made; None where there was too little to train on.
        verdicts: of each channel, because what earns most depends on what a miss costs; none
            where nothing was trained.
        words: why nothing was trained; empty where something was.
        rows: opportunities from before the newest hours, and `judged` those in them.
    """

    trained: Ensemble | None
    verdicts: Mapping[Channel, Verdict] = field(default_factory=dict)
    words: str = ""
    rows: int = 0
    judged: int = 0


def challenge(
    known: Tape, champions: Mapping[Channel, Ensemble | None], window: float = 1.0
) -> Lesson:
    """Train a challenger on what is known, and let it compete with a champion for each channel.

    Args:
        known: opportunities whose outcome is known, one at least.
        champions: the models in use where attempts travel that way; None where there are none.
        window: share of the newest outcomes that is looked at, less than 1 after an alarm.
    """
    told, _ = told_along(known)
    # What was learned before the needed bids changed misleads.
    window = min(window, unchanged(known, told).errors)
    begins = judged_from(known, window)
    newest = known.times > begins
    rows, judged = int((known.known_at <= begins).sum()), int(newest.sum())
    if rows < LEAST_ROWS:
        hours = (float(known.times[-1]) - begins) / _HOUR
        words = (
            f"{rows} outcomes from before the last {hours:.0f} hours are too few to train on; "
            f"{LEAST_ROWS} are needed"
        )
        return Lesson(None, words=words, rows=rows, judged=judged)
    trained_on = known.until(begins)
    least = max(LEAST_ROWS, int(window * len(trained_on)))
    try:
        challenger = fit(trained_on.rows(slice(-least, None)), begins)
    except OptimizerError as error:
        return Lesson(None, words=f"nothing could be trained: {error}", rows=rows, judged=judged)
    verdicts = {
        channel: _verdict(challenger, champion, known.rows(newest), told[newest], channel)
        for channel, champion in champions.items()
    }
    return Lesson(challenger, verdicts, rows=rows, judged=judged)


def _verdict(
    challenger: Ensemble, champion: Ensemble | None, rows: Tape, told: Floats, channel: Channel
) -> Verdict:
    before = None
    if champion is not None:
        before = money(as_used(champion, rows, told), rows, channel)
        # What it was trained on says nothing about it.
        before[rows.times <= champion.trained_at] = np.nan
    left = money(as_used(challenger, rows, told), rows, channel)
    return compete(left, before, money(told, rows, channel), rows.times)


def as_used(ensemble: Ensemble, rows: Tape, told: Floats) -> Floats:
    """Return what decides until money says otherwise: the ensemble, told what the table said."""
    said = [
        ensemble.chances(
            rows.features[row],
            rows.pair_names[rows.pairs[row]],
            float(rows.net[row]),
            float(rows.gas[row]),
            told[row],
        )
        for row in range(len(rows))
    ]
    curves: Floats = np.array(said).reshape(told.shape)
    return curves


def judged_from(tape: Tape, window: float = 1.0) -> float:
    """Return the time at which the hours begin that a challenger competes in."""
    span = window * float(tape.times[-1] - tape.times[0])
    judged = min(max(_SHARE_JUDGED * span, _LEAST_JUDGED), _MOST_JUDGED)
    return float(tape.times[-1]) - judged
