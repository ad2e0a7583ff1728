"""Calibration: are the predicted chances those with which bids land?

Every row counts with every arm: what is predicted is a curve over the bids. Where a tape knows the
true chances, predictions are compared with them, which takes the luck of the draw out and leaves
the mistake; elsewhere they are compared with what happened.

Brier 1950 (the score); Guo et al. 2017 (expected calibration error over 15 equal bins).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS: Final = 15


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of a calibration curve: how many, what was said on average, and what was so."""

    count: int
    said: float
    was: float


def curve(said: Floats, was: Floats, bins: int = BINS) -> tuple[Bin, ...]:
    """Return the calibration curve of predictions; empty bins are left out."""
    flat_said, flat_was = said.ravel(), was.ravel()
    place = np.minimum((flat_said * bins).astype(np.int64), bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums = np.bincount(place, weights=flat_said, minlength=bins)
    true = np.bincount(place, weights=flat_was, minlength=bins)
    return tuple(
        Bin(int(counts[at]), float(sums[at] / counts[at]), float(true[at] / counts[at]))
        for at in range(bins)
        if counts[at]
    )


def calibration_error(said: Floats, was: Floats) -> float | None:
    """Return the expected calibration error; None where nothing was predicted."""
    bins = curve(said, was)
    total = sum(each.count for each in bins)
    if not total:
        return None
    return sum(each.count * abs(each.said - each.was) for each in bins) / total


def brier(said: Floats, was: Floats) -> float | None:
    """Return the expected Brier score of predictions, `was` being true chances or 0 and 1."""
    if not said.size:
        return None
    return float(((said - was) ** 2 + was * (1 - was)).mean())


def skill(said: Floats, was: Floats, base: Floats | float | None = None) -> float | None:
    """Return the Brier skill over always saying the base rate (1 perfect, 0 no better).

    Args:
        said: predicted chances, rows by arms.
        was: the true ones, or outcomes.
        base: the base rate, or one for each arm; None for that of all.
    """
    score = brier(said, was)
    if score is None:
        return None
    rate = np.broadcast_to(np.asarray(was.mean() if base is None else base), was.shape)
    plain = brier(rate, was)
    return None if not plain else 1 - score / plain


def skill_of_ceiling(said: Floats, was: Floats, base: Floats | float | None = None) -> float | None:
    """Return the skill as a share of what knowing the true chances would reach.

    None where it is not known: `was` holds outcomes alone, whose ceiling would be knowing them.
    """
    own, ceiling = skill(said, was, base), skill(was, was, base)
    return None if own is None or not ceiling else own / ceiling


def area(scores: Floats, positive: NDArray[np.bool_]) -> float | None:
    """Return the area under the ROC curve (ties count half); None where one class is missing."""
    count, of_all = int(positive.sum()), len(scores)
    if count in {0, of_all}:
        return None
    _, place, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2)[place]
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (of_all - count)))
