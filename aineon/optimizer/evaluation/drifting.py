"""Recovery: how soon after the competition changed the optimizer knows what it is about.

It is compared with models that were trained after the change: each stretch of the time after it is
predicted by models that saw the other stretches, which no engine could have at that moment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from aineon.optimizer.evaluation.calibration import brier, calibration_error
from aineon.optimizer.evaluation.money import Bools, truth
from aineon.optimizer.evaluation.resampling import HOUR
from aineon.optimizer.evaluation.walking import ChannelWalk
from aineon.optimizer.models.curves import SHARES, Floats
from aineon.optimizer.models.ensemble import Ensemble
from aineon.optimizer.tape import Tape

SETTLING_HOURS: Final = 4.0
WATCHED_HOURS: Final = 12.0
ERROR: Final = 0.03
WINDOW_HOURS: Final = 2.0
WINDOW_LABELS: Final = 300
STEP_LABELS: Final = 50
CLOSE: Final = 1.05
STRETCHES: Final = 3

Fit = Callable[[Tape, float], Ensemble]


@dataclass(frozen=True, slots=True)
class Recovery:
    """What followed one change on one tape.

    Attributes:
        kind: what changed.
        error_before: calibration error in the same number of hours before it.
        error_at_first: in its first four hours.
        error_later: in hours 4 to 12 after it.
        hours_to_error: until the newest two hours are calibrated to 0.03; None: not seen.
        labels_to_brier: until the newest 300 labels are predicted within 5 % of the Brier score of
            models trained after the change; None: not seen.
        brier_ratio: the Brier score over that of those models, in hours 4 to 12.
        minutes_to_alarm: until the first alarm; None: there was none.
        false_alarms, quiet_days: alarms before the change, and how long that was.
    """

    seed: int
    kind: str
    channel: str
    error_before: float | None
    error_at_first: float | None
    error_later: float | None
    hours_to_error: float | None
    labels_to_brier: int | None
    brier_ratio: float | None
    minutes_to_alarm: float | None
    false_alarms: int
    quiet_days: float


def recovery(
    tape: Tape,
    done: ChannelWalk,
    reference: Floats,
    kind: str,
    seed: int,
    change: float,
    quiet: float,
) -> Recovery:
    """Return what followed a change.

    Args:
        tape: what was walked along.
        done: the walk.
        reference: chances of models trained after the change; nan before it.
        kind: what changed.
        seed: of the market.
        change: seconds, the market's time of the change.
        quiet: seconds, the time from which on alarms before it count as false ones.
    """
    was, since = truth(tape), (tape.times - change) / HOUR
    told = ~np.isnan(done.said[:, 0])
    late = told & (since >= SETTLING_HOURS) & (since < WATCHED_HOURS)
    alarms = [alarm.at for alarm in done.alarms]
    after = [at for at in alarms if at >= change]
    own, other = brier(done.said[late], was[late]), brier(reference[late], was[late])
    return Recovery(
        seed=seed,
        kind=kind,
        channel=done.channel.value,
        error_before=_error(done.said, was, told & (since < 0) & (since >= -WATCHED_HOURS)),
        error_at_first=_error(done.said, was, told & (since >= 0) & (since < SETTLING_HOURS)),
        error_later=_error(done.said, was, late),
        hours_to_error=_hours_to_error(done.said, was, told, since),
        labels_to_brier=_labels_to_brier(done.said, reference, was, told & (since >= 0)),
        brier_ratio=own / other if own is not None and other else None,
        minutes_to_alarm=(after[0] - change) / 60 if after else None,
        false_alarms=sum(quiet <= at < change for at in alarms),
        quiet_days=max(change - quiet, 0.0) / (24 * HOUR),
    )


def trained_after(tape: Tape, change: float, fit: Fit) -> Floats:
    """Return chances from models that were trained after the change, nan before it.

    Rows next to the stretch that is predicted are not trained on.
    """
    said = np.full((len(tape), len(SHARES)), np.nan)
    after = np.flatnonzero(tape.times >= change)
    for stretch in np.array_split(after, STRETCHES):
        if not len(stretch):
            continue
        begin, end = tape.times[stretch[0]], tape.known_at[stretch[-1]]
        apart = (tape.known_at < begin) | (tape.times > end)
        others = after[apart[after]]
        model = fit(tape.rows(others), float(tape.known_at[-1]))
        for row in stretch:
            said[row] = model.chances(
                tape.features[row],
                tape.pair_names[tape.pairs[row]],
                float(tape.net[row]),
                float(tape.gas[row]),
            )
    return said


def _error(said: Floats, was: Floats, rows: Bools) -> float | None:
    return calibration_error(said[rows], was[rows])


def _hours_to_error(said: Floats, was: Floats, told: Bools, since: Floats) -> float | None:
    end = float(since[-1]) if len(since) else 0.0
    for until in np.arange(WINDOW_HOURS, end + 1e-9, 0.25):
        rows = told & (since >= until - WINDOW_HOURS) & (since < until)
        error = calibration_error(said[rows], was[rows])
        if error is not None and error <= ERROR:
            return float(until)
    return None


def _labels_to_brier(said: Floats, reference: Floats, was: Floats, rows: Bools) -> int | None:
    chosen = np.flatnonzero(rows)
    for until in range(WINDOW_LABELS, len(chosen) + 1, STEP_LABELS):
        window = chosen[until - WINDOW_LABELS : until]
        own, other = brier(said[window], was[window]), brier(reference[window], was[window])
        if own is not None and other and own <= CLOSE * other:
            return until
    return None
