"""Purged walk-forward folds: a model is judged on what came after all that it was trained on.

Neighbouring opportunities share a market, so a random split would let a model look at the answer
from both sides. Here the judged rows are always newer, and a row is trained on only where its
outcome was known before the first judged decision was made: what lies between is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aineon.errors import OptimizerError
from aineon.optimizer.tape import Tape

FOLDS: Final = 4


class Fold(NamedTuple):
    """Rows to train on, and the newer rows to judge on."""

    train: NDArray[np.int64]
    judge: NDArray[np.int64]


def folds(tape: Tape, count: int = FOLDS, embargo: float = 0.0) -> Iterator[Fold]:
    """Yield folds whose judged rows are the `count` newest of `count + 1` equal parts.

    Args:
        tape: what is cut.
        count: how many folds.
        embargo: seconds that must lie between an outcome that was trained on and the first judged
            decision.

    Raises:
        OptimizerError: a count or an embargo that makes no sense.
    """
    if count < 1 or not embargo >= 0:
        raise OptimizerError(
            f"{count} folds with an embargo of {embargo} s cannot be made; allowed are 1 or more, "
            "and 0 s or more"
        )
    borders = np.linspace(0, len(tape), count + 2).astype(np.int64)
    for begin, end in zip(borders[1:-1], borders[2:], strict=True):
        if begin == end:
            continue
        known = tape.known_at[:begin] <= tape.times[begin] - embargo
        yield Fold(np.flatnonzero(known), np.arange(begin, end))
