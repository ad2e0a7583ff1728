"""Drifting: since when the past looks like the present, for the training process.

ADWIN (Bifet and Gavaldà 2007, as river has it) keeps the longest stretch of the newest values
whose mean no cut in two contradicts. It runs over where needed bids fell in what was predicted
(see `drift.transform`), and over the share of each input's figures that lie outside of what the
older half knows. Features one by one are not looked at: in a quiet market most of them wander,
and more than half would be called changed every day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aineon.optimizer.drift.transform import transform
from aineon.optimizer.models.curves import Floats
from aineon.optimizer.novelty import Ranges
from aineon.optimizer.tape import Tape

DELTA: Final = 1e-3
"""How sure a change must be: the chance of one that is none."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The share of the newest rows that look alike; 1 where nothing changed.

    Attributes:
        errors: by where needed bids fell in what was predicted: what was learned before them
            misleads.
        inputs: by how many figures are novel: what was learned before them says little.
    """

    errors: float
    inputs: float


def unchanged(tape: Tape, told: Floats) -> Unchanged:
    """Return how much of a tape looks like its end.

    Args:
        tape: past opportunities.
        told: what a live table said of each row beforehand (`material.told_along`), or a table
            that forgets more slowly: one that adapts at once shows a change for minutes only.
    """
    where = np.array(
        [
            np.nan if censored else transform(curve, float(needed))
            for curve, needed, censored in zip(told, tape.needed, tape.censored, strict=True)
        ]
    )
    older = Ranges.of(tape.names, tape.features[: len(tape) // 2])
    novel = np.array([older.novel(row).mean() for row in tape.features])
    return Unchanged(_newest_share(where[~np.isnan(where)]), _newest_share(novel))


def _newest_share(values: Floats) -> float:
    """The share of the newest values, each from 0 to 1, that have one and the same mean."""
    # Seconds and many megabytes, which the processes that decide must never pay.
    from river.drift import ADWIN

    if not len(values):
        return 1.0
    detector = ADWIN(delta=DELTA)  # type: ignore[no-untyped-call]
    for value in values:
        detector.update(float(value))  # type: ignore[no-untyped-call]
    return min(float(detector.width) / len(values), 1.0)
