"""From a walk along a tape to figures: money, calibration, bands, accuracy, speed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np

from aineon.optimizer.arms import Channel
from aineon.optimizer.evaluation import policies
from aineon.optimizer.evaluation.bands import banded
from aineon.optimizer.evaluation.calibration import (
    area,
    calibration_error,
    curve,
    skill,
    skill_of_ceiling,
)
from aineon.optimizer.evaluation.figures import (
    Accuracy,
    Calibrated,
    Captured,
    ChannelFigures,
    SeedFigures,
    Speed,
)
from aineon.optimizer.evaluation.money import (
    Bools,
    at_shares,
    best_bids,
    clairvoyant,
    costs,
    greedy,
    landed,
    redraw,
    scored,
    truth,
    worth,
)
from aineon.optimizer.evaluation.resampling import HOUR, Figure, Hours
from aineon.optimizer.evaluation.walking import ChannelWalk, Walk
from aineon.optimizer.models.curves import Floats
from aineon.optimizer.tape import Tape

FOLD_HOURS: Final = 6.0
REDRAWS: Final = 200


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which rows of a tape count, and which were there to learn from.

    Attributes:
        learning_hours: at the tape's beginning; what happens in them is told apart.
    """

    learning_hours: float

    def counted(self, tape: Tape) -> Bools:
        """Return the rows that count and whose bids' worth is known."""
        return scored(tape) & ~self.learning(tape)

    def learning(self, tape: Tape) -> Bools:
        """Return the rows of the first hours."""
        return tape.times < self.end(tape)

    def end(self, tape: Tape) -> float:
        """Return the time at which the rows begin to count."""
        start = float(tape.times[0]) if len(tape) else 0.0
        return start + self.learning_hours * HOUR


def figures_of(tape: Tape, walk: Walk, stretch: Stretch, seed: int | None) -> SeedFigures:
    """Return what a walk came to."""
    counted = stretch.counted(tape)
    rows = tape.rows(counted)
    hours = float(np.ptp(rows.times)) / HOUR if len(rows) else 0.0
    return SeedFigures(
        seed=seed,
        rows=len(rows),
        learning_rows=int(stretch.learning(tape).sum()),
        hours=hours,
        left_out=int((~scored(tape)).sum()),
        chances_known=tape.chances is not None,
        channels=tuple(
            _channel(tape, walk, each, counted, stretch, seed or 0) for each in walk.channels
        ),
        trainings=walk.trainings,
    )


def _channel(
    tape: Tape, walk: Walk, done: ChannelWalk, counted: Bools, stretch: Stretch, seed: int
) -> ChannelFigures:
    rows = tape.rows(counted)
    early = stretch.learning(tape) & scored(tape)
    attempted_early = np.where(early, done.bids, np.nan)[early]
    first = tape.rows(early)
    return ChannelFigures(
        channel=done.channel.value,
        captured=captured(rows, _policies(rows, walk, done, counted), done.channel, seed),
        redrawn=redrawn(rows, done.bids[counted], done.channel, seed),
        learning=Hours(first.times, seed).share(
            worth(first, attempted_early, done.channel), _most(first, done.channel)
        ),
        calibrated=calibrated(rows, done.said[counted]),
        accuracy=accuracy(rows, done.bids[counted], done.said[counted]),
        bands=banded(tape, done.bids, done.channel, done.forecasts, stretch.end(tape)),
        decided_by=dict(Counter(np.array(done.decided_by)[counted].tolist())),
        alarms_at=tuple(alarm.at for alarm in done.alarms),
        speed=_speed(done.seconds[counted]),
    )


def _policies(rows: Tape, walk: Walk, done: ChannelWalk, counted: Bools) -> dict[str, Floats]:
    channel, gas = done.channel, costs(rows, done.channel)
    found = {
        policies.OPTIMIZER: done.bids[counted],
        policies.FIXED: policies.fixed(rows, channel),
        policies.THRESHOLD: policies.threshold(rows, channel),
        policies.TABLE: greedy(walk.table[counted], rows.net, gas),
        policies.FOLLOWED: greedy(walk.rivals[counted], rows.net, gas),
    }
    for name, said in ((policies.ENSEMBLE, walk.ensemble), (policies.MEAN, walk.mean)):
        # Where there was no ensemble yet, what decides without one stood in for it.
        stood = np.where(np.isnan(said), walk.rivals, said)[counted]
        found[name] = greedy(stood, rows.net, gas)
    found[policies.ALWAYS] = policies.always(rows)
    confident = policies.confident(rows)
    if confident is not None:
        found[policies.CONFIDENT] = confident
    return found


def captured(
    rows: Tape, found: dict[str, Floats], channel: Channel, seed: int
) -> tuple[Captured, ...]:
    """Return what each policy's bids got, `policies.OPTIMIZER` being the one to compare with."""
    hours = Hours(rows.times, seed)
    most = _most(rows, channel)
    own = worth(rows, found[policies.OPTIMIZER], channel)
    lines = []
    for name, bids in found.items():
        gained = worth(rows, bids, channel)
        attempted = ~np.isnan(bids)
        lands = rows.needed[attempted] <= bids[attempted]
        lines.append(
            Captured(
                policy=name,
                eth=float(gained.sum()),
                share=hours.share(gained, most),
                ahead=None if name == policies.OPTIMIZER else hours.share(own - gained, most),
                attempted=float(attempted.mean()) if len(rows) else 0.0,
                landed=float(lands.mean()) if attempted.any() else None,
            )
        )
    known = clairvoyant(rows)
    lines.append(
        Captured(
            policy=policies.CLAIRVOYANT,
            eth=float(known.sum()),
            share=hours.share(known, most),
            ahead=hours.share(own - known, most),
            attempted=float((known > 0).mean()) if len(rows) else 0.0,
            landed=None,
        )
    )
    return tuple(lines)


def redrawn(rows: Tape, bids: Floats, channel: Channel, seed: int) -> Figure | None:
    """Return the share of the best policy's money over redraws, and how much one draw varies.

    Both meet the same draws. None where the chances are not known.
    """
    if rows.chances is None or not len(rows):
        return None
    dice = np.random.default_rng([seed, 13])
    best = best_bids(rows, channel)
    shares = []
    for _ in range(REDRAWS):
        drawn = redraw(rows, dice)
        whole = worth(drawn, best, channel).sum()
        if whole > 0:
            shares.append(float(worth(drawn, bids, channel).sum() / whole))
    return Figure(float(np.mean(shares)), float(np.std(shares, ddof=1))) if shares else None


def calibrated(rows: Tape, said: Floats) -> Calibrated:
    """Return how true predicted curves were; rows without a prediction are left out."""
    told = ~np.isnan(said[:, 0])
    rows, said = rows.rows(told), said[told]
    was, happened = truth(rows), landed(rows)
    knows = rows.chances is not None
    by_arm = was.mean(axis=0) if len(rows) else None
    return Calibrated(
        skill=skill(said, was),
        of_ceiling=skill_of_ceiling(said, was) if knows else None,
        of_ceiling_by_arm=skill_of_ceiling(said, was, by_arm) if knows else None,
        error=calibration_error(said, was),
        error_of_outcomes=calibration_error(said, happened),
        folds=_folds(rows, said, was),
        curve=curve(said, was),
    )


def _folds(rows: Tape, said: Floats, was: Floats) -> tuple[float, ...]:
    if not len(rows):
        return ()
    fold = np.floor((rows.times - rows.times[0]) / (FOLD_HOURS * HOUR))
    # What is left at the end is part of the last whole stretch.
    whole = max(int(np.ptp(rows.times) // (FOLD_HOURS * HOUR)), 1)
    fold = np.minimum(fold, whole - 1)
    errors = (calibration_error(said[fold == at], was[fold == at]) for at in range(whole))
    return tuple(error for error in errors if error is not None)


def accuracy(rows: Tape, bids: Floats, said: Floats) -> Accuracy | None:
    """Return how often "it lands" was right at the bids that were made; None of no bid."""
    made = ~np.isnan(bids) & ~np.isnan(said[:, 0])
    if not made.any():
        return None
    lands = rows.needed[made] <= bids[made]
    chance = at_shares(said[made], bids[made])
    base = float(lands.mean())
    return Accuracy(
        told=float(((chance >= 0.5) == lands).mean()),
        base_rate=base,
        always_fail=1 - base,
        area=area(chance, lands),
        error=calibration_error(chance, at_shares(truth(rows)[made], bids[made])),
    )


def _most(rows: Tape, channel: Channel) -> Floats:
    """What the best knowing policy gets; without true chances, what knowing the dice gets."""
    if rows.chances is None:
        return clairvoyant(rows)
    return worth(rows, best_bids(rows, channel), channel)


def _speed(seconds: Floats) -> Speed:
    median, worst = np.percentile(seconds * 1000, [50, 99])
    return Speed(float(median), float(worst))


def captured_by(tape: Tape, done: ChannelWalk, stretch: Stretch) -> float:
    """Return the share of the best policy's money that one walk captured."""
    counted = stretch.counted(tape)
    rows = tape.rows(counted)
    most = float(_most(rows, done.channel).sum())
    own = float(worth(rows, done.bids[counted], done.channel).sum())
    return own / most if most > 0 else float("nan")
