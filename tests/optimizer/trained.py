"""One small trained ensemble, shared by the tests of a process."""

from __future__ import annotations

from functools import cache
from unittest.mock import patch

from aineon.optimizer.models.ensemble import Ensemble
from aineon.optimizer.tape import Tape
from aineon.optimizer.training import fit, members
from tests.optimizer.synthetic import synthetic_tape

ROWS = 300


def quick_fit(some: Tape, now: float) -> Ensemble:
    """`fit` with few trees: a test is about what is done, and not about how well."""
    with (
        patch.dict(members._FOREST, n_estimators=8),
        patch.dict(members._SCOUTS, n_estimators=4),
        patch.dict(members._BOOSTING, max_iter=12),
        patch.dict(members._NETWORK, max_iter=4),
    ):
        return fit(some, now)


@cache
def tape() -> Tape:
    """A tape with little on it."""
    return synthetic_tape(7, ROWS)


@cache
def ensemble() -> Ensemble:
    """What was learned from all of `tape()`."""
    return quick_fit(tape(), float(tape().known_at[-1]))
