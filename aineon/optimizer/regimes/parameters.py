"""Parameters: what each regime looks like, and how long it stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aineon.errors import OptimizerError
from aineon.optimizer.regimes.regime import REGIMES

Floats = NDArray[np.float64]
COUNT: Final = len(REGIMES)
_LEAST_SIZE: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """One row a hypothesis, one column a regime (in the order of `REGIMES`).

    Attributes:
        activity, activity_variance: of the number of pools moved in a block.
        size, size_variance: of the logarithm of a block's move (`size_of`).
        drift: how far a trend goes in a block, in basis points; one for each hypothesis.
        variance: of a block's move within a trend, in squared basis points; likewise.
    """

    activity: Floats
    activity_variance: Floats
    size: Floats
    size_variance: Floats
    drift: Floats
    variance: Floats


def size_of(move_bps: float) -> float:
    """The logarithm of a move's size; a tenth of a basis point stands in for none at all."""
    return float(np.log(abs(move_bps) + _LEAST_SIZE))


def transitions(stays: Floats, followers: Floats) -> Floats:
    """Return the chances that the regime of a block (row) is followed by another (column).

    Args:
        stays: expected stays in blocks.
        followers: weights of what comes next; a regime does not follow itself.

    Raises:
        OptimizerError: a stay is shorter than a block, or nothing follows a regime.
    """
    others = followers * (1 - np.eye(COUNT))
    totals = others.sum(axis=1)
    if not ((stays >= 1).all() and (others >= 0).all() and (totals > 0).all()):
        raise OptimizerError("a regime stays less than one block, or nothing follows it")
    leave = 1 / stays
    chances: Floats = others / totals[:, None] * leave[:, None] + np.diag(1 - leave)
    return chances
