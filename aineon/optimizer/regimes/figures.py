"""Figures: how well regimes are told, and what they are good for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from statistics import median
from typing import Final

import numpy as np

from aineon.errors import OptimizerError
from aineon.optimizer.regimes.ceiling import HiddenRegime, exact_chances, law_of, told_chances
from aineon.optimizer.regimes.filtering import RegimeFilter
from aineon.optimizer.regimes.labelling import Labeller
from aineon.optimizer.regimes.parameters import Floats
from aineon.optimizer.regimes.regime import Observation, Regime

LEARNING_BLOCKS: Final = 600
"""Blocks at the beginning that are learned from and not counted: two hours."""

BLOCKS_AN_HOUR: Final = 300
_BLOCKS_A_MINUTE: Final = 5
_BPS: Final = 1e4
_DIRECTION: Final = {Regime.TRENDING_UP: 1.0, Regime.TRENDING_DOWN: -1.0}
_UNREST: Final = {
    Regime.QUIET: 0.0,
    Regime.RANGING: 1.0,
    Regime.TRENDING_UP: 2.0,
    Regime.TRENDING_DOWN: 2.0,
    Regime.VOLATILE: 3.0,
}


@dataclass(frozen=True, slots=True)
class RegimeFigures:
    """How well regimes were told on one stretch.

    Attributes:
        accuracy: balanced: the mean, over the true regimes that occurred, of the share of their
            blocks that had the right label. The direction of a trend counts.
        ceiling: the same of the better of the two filters that are told the truth (see
            `ceiling`), with the same hesitation of the label.
        delay_minutes: median time from a true change to the right label, changes that were
            missed counting as endless; None where more than half were missed, or none happened.
        switches_an_hour: how often the label changed.
        told_ceiling, exact_ceiling: of each of the two; the second is None without outside prices.
        true_switches_an_hour: how often the truth changed.
        foresight: correlation of the label's direction (+1, −1, else 0) with the price's change
            over the next hour; None where there is none to be had.
        foresight_of_unrest: correlation of the label's unrest (quiet, ranging, trending,
            volatile: 0 to 3) with how far prices move, block by block, within the next hour.
    """

    accuracy: float
    ceiling: float
    delay_minutes: float | None
    switches_an_hour: float
    told_ceiling: float
    exact_ceiling: float | None
    true_switches_an_hour: float
    foresight: float | None
    foresight_of_unrest: float | None


def regime_figures(
    observations: Sequence[Observation],
    truth: Sequence[Regime],
    hidden: Iterable[HiddenRegime],
    outside: Sequence[float] | None = None,
) -> RegimeFigures:
    """Return how well a new `RegimeFilter` tells the regimes of a generated stretch.

    Args:
        observations: of each block.
        truth: its regime.
        hidden: the generator's regimes, as plain numbers.
        outside: logarithm of the outside price in each block, where it is known.

    Raises:
        OptimizerError: the lengths differ, the stretch is no longer than what is learned from,
            or the regimes are not the four that there are.
    """
    count = len(observations)
    if len(truth) != count or (outside is not None and len(outside) != count):
        raise OptimizerError("observations, truth and outside prices differ in length")
    if count <= LEARNING_BLOCKS:
        raise OptimizerError(f"there are {count} blocks; allowed are {LEARNING_BLOCKS + 1} or more")
    law = law_of(hidden)
    counted = slice(LEARNING_BLOCKS, None)
    right = truth[counted]
    follower = RegimeFilter()
    labels = [follower.update(observation).regime for observation in observations][counted]
    told = _accuracy_of(told_chances(observations, truth, law), right)
    exact = None if outside is None else _accuracy_of(exact_chances(outside, law), right)
    prices = np.array([observation.price for observation in observations])[counted]
    return RegimeFigures(
        accuracy=balanced_accuracy(labels, right),
        ceiling=told if exact is None else max(told, exact),
        delay_minutes=delay_minutes(labels, right),
        switches_an_hour=switches_an_hour(labels),
        told_ceiling=told,
        exact_ceiling=exact,
        true_switches_an_hour=switches_an_hour(right),
        foresight=foresight_of_direction(labels, prices),
        foresight_of_unrest=foresight_of_unrest(labels, prices),
    )


def balanced_accuracy(labels: Sequence[Regime | None], truth: Sequence[Regime]) -> float:
    """The mean, over the true regimes that occurred, of the share of blocks told right."""
    shares = []
    for regime in dict.fromkeys(truth):
        found = [
            label is regime for label, true in zip(labels, truth, strict=True) if true is regime
        ]
        shares.append(sum(found) / len(found))
    return sum(shares) / len(shares)


def delay_minutes(labels: Sequence[Regime | None], truth: Sequence[Regime]) -> float | None:
    """Median minutes from a true change to the right label; see `RegimeFigures`."""
    starts = [at for at in range(1, len(truth)) if truth[at] is not truth[at - 1]]
    if not starts:
        return None
    delays = []
    for start, end in zip(starts, [*starts[1:], len(truth)], strict=True):
        found = (at - start for at in range(start, end) if labels[at] is truth[start])
        delays.append(next(found, inf))
    middle = median(delays)
    return middle / _BLOCKS_A_MINUTE if isfinite(middle) else None


def switches_an_hour(labels: Sequence[Regime | None]) -> float:
    """How often a label differs from the one before."""
    changes = sum(one is not other for one, other in zip(labels, labels[1:], strict=False))
    return changes * BLOCKS_AN_HOUR / len(labels)


def _accuracy_of(chances: Floats, right: Sequence[Regime]) -> float:
    labeller = Labeller()
    labels = [labeller.update(row) for row in chances]
    return balanced_accuracy(labels[LEARNING_BLOCKS:], right)


def foresight_of_direction(labels: Sequence[Regime | None], prices: Floats) -> float | None:
    """Correlation of the label's direction with the change of the price over the next hour."""
    logs = np.log(prices)
    ahead = logs[BLOCKS_AN_HOUR:] - logs[:-BLOCKS_AN_HOUR]
    return _correlation([_DIRECTION.get(label, 0.0) for label in labels if label], ahead)


def foresight_of_unrest(labels: Sequence[Regime | None], prices: Floats) -> float | None:
    """Correlation of the label's unrest with how far prices move within the next hour."""
    path = np.concatenate(([0.0], np.cumsum(np.abs(np.diff(np.log(prices))))))
    ahead = path[BLOCKS_AN_HOUR:] - path[:-BLOCKS_AN_HOUR]
    return _correlation([_UNREST[label] for label in labels if label], ahead)


def _correlation(told: Sequence[float], ahead: Floats) -> float | None:
    before = np.array(told[: len(ahead)])
    fits = len(before) == len(ahead) > 1 and np.isfinite(ahead).all()
    if not fits or before.std() == 0 or ahead.std() == 0:
        return None
    return float(np.corrcoef(before, ahead)[0, 1])
