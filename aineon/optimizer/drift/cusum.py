"""CUSUM charts: sums of small evidence that stay near zero while nothing changes.

Each label adds the log-likelihood ratio of "changed" to "as it was", and a sum below zero is
zero again (Page 1954). A change in some pairs only is seen by the mixture of one sum for each
pair, in which a share of them is taken to be affected (Xie and Siegmund 2013). Whether the
ratios fit the real distribution matters little: thresholds come from what the same sums did
over a quiet stretch (`thresholds`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

AFFECTED: Final = 0.25
"""Share of the pairs that a change in some pairs is taken to affect."""


def tilt(values: Floats, steepness: float) -> Floats:
    """Return the log-likelihood ratio of values from 0 to 1: density exp(s u) against uniform.

    A positive `steepness` looks for values that grew, a negative one for values that fell.
    """
    weight = np.log(np.expm1(steepness) / steepness)
    ratios: Floats = steepness * values - weight
    return ratios


def path(evidence: Floats) -> Floats:
    """Return the sum after each piece of evidence."""
    total = np.cumsum(evidence)
    sums: Floats = total - np.minimum(np.minimum.accumulate(total), 0.0)
    return sums


def mixed(sums: Floats) -> Floats:
    """Return the mixture of the pairs' sums, which lie along the last axis.

    It is counted from what pairs at zero give, so it is at least 0.
    """
    # Where a sum is large, its exponential overflows long before the sum means anything more.
    share = np.log1p(AFFECTED * np.expm1(np.minimum(sums, 200.0)))
    mixture: Floats = share.sum(axis=-1)
    return mixture


def mixed_highest(evidence: Floats, pairs: Ints, count: int) -> float:
    """Return the highest mixture that a run of labels reaches.

    Args:
        evidence: of each label, oldest first.
        pairs: which pair each is of, from 0 to `count` - 1.
        count: how many pairs there are.
    """
    mixture = np.zeros(len(evidence))
    for pair in range(count):
        at = np.flatnonzero(pairs == pair)
        if not at.size:
            continue
        steps = np.log1p(AFFECTED * np.expm1(np.minimum(path(evidence[at]), 200.0)))
        # A pair's sum stays until its next label: its changes, added up, are its course.
        mixture[at] += np.diff(steps, prepend=0.0)
    return float(np.cumsum(mixture).max(initial=0.0))
