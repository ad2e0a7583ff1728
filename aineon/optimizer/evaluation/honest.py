"""Honesty: does the measuring itself know too much?

Where labels are dealt out anew among the rows there is nothing to learn, so whoever ranks better
than chance has looked at what it should not know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from aineon.optimizer.evaluation.calibration import area
from aineon.optimizer.evaluation.coaching import Coach
from aineon.optimizer.evaluation.money import landed
from aineon.optimizer.evaluation.walking import Progress, Steps, walk
from aineon.optimizer.honesty import leaks
from aineon.optimizer.models.curves import Floats
from aineon.optimizer.tape import Tape

SHUFFLED_RETRAIN_MINUTES: Final = 720.0
PLANTED: Final = "planted"


@dataclass(frozen=True, slots=True)
class Honesty:
    """What was found on one tape.

    Attributes:
        area: under the ROC curve where labels were shuffled, the mean over arms.
        leaks: columns that know too much; there should be none.
        planted_caught: whether a column that was made from the future was found.
        cut_equal: whether features of a tape that ends earlier are, bit for bit, those of the
            whole tape up to there; None of a tape without its feed.
    """

    seed: int | None
    area: float | None
    leaks: tuple[str, ...]
    planted_caught: bool
    cut_equal: bool | None


def honesty(
    tape: Tape, coach: Coach, seed: int | None, cut_equal: bool | None, progress: Progress
) -> Honesty:
    """Return what shuffled labels and a planted column show."""
    planted = leaks(with_future(tape))
    return Honesty(
        seed=seed,
        area=shuffled_area(tape, coach, seed or 0, progress),
        leaks=tuple(leaks(tape)),
        planted_caught=PLANTED in planted,
        cut_equal=cut_equal,
    )


def shuffled_area(tape: Tape, coach: Coach, seed: int, progress: Progress) -> float | None:
    """Return the area under the ROC curve along the whole way where labels were shuffled."""
    steps = Steps(retrain_minutes=SHUFFLED_RETRAIN_MINUTES, seed=seed)
    mixed = shuffled(tape, seed)
    done = walk(mixed, replace(steps, channels=steps.channels[:1]), coach, progress)
    return mean_area(done.channels[0].said, landed(mixed))


def shuffled(tape: Tape, seed: int) -> Tape:
    """Return the tape with its outcomes dealt out anew among its rows."""
    deal = np.random.default_rng([seed, 17]).permutation(len(tape))
    chances = None if tape.chances is None else tape.chances[deal]
    return replace(
        tape,
        needed=tape.needed[deal],
        censored=tape.censored[deal],
        offered=tape.offered[deal],
        chances=chances,
    )


def with_future(tape: Tape) -> Tape:
    """Return the tape with one more column, made of the outcome and some noise."""
    noise = np.random.default_rng(19).normal(0.0, 0.05, len(tape))
    column = np.minimum(np.nan_to_num(tape.needed, posinf=1.5), 1.5) + noise
    return replace(
        tape,
        names=(*tape.names, PLANTED),
        features=np.column_stack([tape.features, column]),
    )


def mean_area(said: Floats, happened: Floats) -> float | None:
    """Return the area under the ROC curve as the mean over the arms, of rows with a prediction."""
    told = ~np.isnan(said[:, 0])
    areas = (area(said[told, arm], happened[told, arm] > 0) for arm in range(said.shape[1]))
    known = [each for each in areas if each is not None]
    return float(np.mean(known)) if known else None
