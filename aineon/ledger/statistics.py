"""Statistics of profit: floats, for people and never for booking."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

LEAST_BUCKETS: Final = 10
"""Fewer buckets than that say nothing of how profit varies."""

_YEAR_SECONDS: Final = 365 * 86_400


class SharpeFigures(NamedTuple):
    """Mean and sample standard deviation of a series, and their ratio; None where there is none."""

    mean: float | None
    deviation: float | None
    ratio: float | None
    annualised: float | None


def sharpe_of(nets: Sequence[int], bucket_seconds: int) -> SharpeFigures:
    """Return the Sharpe figures of nets by bucket (W. F. Sharpe 1994, without a benchmark)."""
    count = len(nets)
    if not count:
        return SharpeFigures(None, None, None, None)
    mean = sum(nets) / count
    if count < 2:
        return SharpeFigures(mean, None, None, None)
    # Exact up to the root: sums of squares of wei are far beyond what floats can tell apart.
    squares = count * sum(net * net for net in nets) - sum(nets) ** 2
    deviation = math.sqrt(squares / (count * (count - 1)))
    if not squares or count < LEAST_BUCKETS:
        return SharpeFigures(mean, deviation, None, None)
    ratio = mean / deviation
    return SharpeFigures(mean, deviation, ratio, ratio * math.sqrt(_YEAR_SECONDS / bucket_seconds))
