"""Learning: what the regimes look like, from the past alone, a little better with every block.

Online expectation-maximisation (O. Cappé, Online EM Algorithm for Hidden Markov Models, 2011)
with filtered chances in the place of smoothed ones: the figures of every regime move towards
what a block shows, by the regime's chance in that block.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Final

import numpy as np

from aineon.optimizer.regimes.parameters import COUNT, Floats, Parameters, size_of, transitions
from aineon.optimizer.regimes.regime import DOWN, QUIET, RANGING, UP, VOLATILE

# What the regimes look like beside a ranging market before anything was learned: activity as a
# share, the size of moves as a logarithm. Round numbers; learning moves them.
_ACTIVITY: Final = np.array([1.15, 1.15, 1.0, 1.4, 0.75])
_SIZE: Final = np.array([0.2, 0.2, 0.0, 0.6, -0.6])
_BY_ACTIVITY: Final = (QUIET, RANGING, UP, VOLATILE)
_DRIFT: Final = 0.18
"""Drift of a trend, in deviations of its moves."""

_LEAST_DRIFT: Final = 0.02
_STAYS: Final = np.array([200.0, 200.0, 300.0, 100.0, 300.0])
_FOLLOWERS: Final = np.array(
    [
        [0.0, 0.2, 1.0, 1.0, 1.0],
        [0.2, 0.0, 1.0, 1.0, 1.0],
        [0.5, 0.5, 0.0, 1.0, 1.0],
        [0.5, 0.5, 1.0, 0.0, 1.0],
        [0.5, 0.5, 1.0, 1.0, 0.0],
    ]
)
TRANSITIONS: Final = transitions(_STAYS, _FOLLOWERS)
"""About an hour in each, less in a trend and still less in a storm, and then any other."""

_LEVELS: Final = np.geomspace(0.68, 1.45, 15)
"""How busy the stretch at the beginning may have been beside a ranging market."""

WEIGHTS: Final = -0.5 * (np.log(_LEVELS) / 0.2) ** 2
"""What is thought of that beforehand: most often a market is ranging."""

_BELIEVED: Final = 1_000.0
"""Blocks that what was thought beforehand counts for."""
_REMEMBERED: Final = 4_000.0
"""Blocks of a regime after which older ones begin to fade, so that a market may change."""
_TREND_PATIENCE: Final = 4.0
"""A drift is small beside the moves around it, and is learned from as many times more blocks."""


def ordinary(activities: Floats, sizes: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Means and variances of activity and size, where all that is known is a ranging market."""
    return (
        np.mean(activities) * _ACTIVITY,
        np.full(COUNT, np.var(activities)),
        np.mean(sizes) + _SIZE,
        np.full(COUNT, np.var(sizes)),
    )


class Learner:
    """The parameters under each hypothesis of how busy the market was at the beginning.

    One stretch alone does not tell whether it was a quiet or a ranging one. So there is one
    hypothesis for every answer, and later stretches, by how they differ, tell which was right.

    Args:
        moves: of the blocks at the beginning, in basis points.
        activities: how many pools moved in them.
    """

    __slots__ = ("_seen", "_trends_seen", "parameters")

    def __init__(self, moves: Sequence[float], activities: Sequence[float]) -> None:
        sizes = np.array([size_of(move) for move in moves])
        level, spread = np.mean(activities), np.var(activities)
        shape = (len(_LEVELS), COUNT)
        places = list(_BY_ACTIVITY)
        size_then = np.interp(_LEVELS, _ACTIVITY[places], _SIZE[places])
        variance = (np.var(moves) + 1e-4) * np.exp(2 * (_SIZE[UP] - size_then))
        self.parameters = Parameters(
            activity=level / _LEVELS[:, None] * _ACTIVITY,
            # A change of regime within the stretch must not pass for noise.
            activity_variance=np.full(shape, min(max(spread, 0.1), 1.5 * level + 0.1)),
            size=np.mean(sizes) - size_then[:, None] + _SIZE,
            size_variance=np.full(shape, np.var(sizes) + 0.1),
            drift=_DRIFT * np.sqrt(variance),
            variance=variance,
        )
        self._seen = np.full(shape, _BELIEVED)
        self._trends_seen = np.full(len(_LEVELS), _TREND_PATIENCE * _BELIEVED)

    def learn(self, chances: Floats, move_bps: float, activity: float) -> None:
        """Take one block in, with the chances of the regimes in it under each hypothesis.

        A block of which something is unknown (nan) teaches nothing.
        """
        if isnan(move_bps) or isnan(activity):
            return
        held = self.parameters
        trending = chances[:, UP] + chances[:, DOWN]
        shares = chances.copy()
        shares[:, UP] = shares[:, DOWN] = trending
        self._seen = np.minimum(self._seen + shares, _REMEMBERED)
        gains = shares / self._seen
        level, level_variance = _moved(held.activity, held.activity_variance, activity, gains)
        size, size_variance = _moved(held.size, held.size_variance, size_of(move_bps), gains)
        self._trends_seen = np.minimum(self._trends_seen + trending, _TREND_PATIENCE * _REMEMBERED)
        gain = trending / self._trends_seen
        variance = held.variance + gain * (move_bps * move_bps - held.variance)
        ahead = (chances[:, UP] - chances[:, DOWN]) * move_bps
        drift = held.drift + (ahead - trending * held.drift) / self._trends_seen
        self.parameters = Parameters(
            activity=level,
            activity_variance=level_variance,
            size=size,
            size_variance=size_variance,
            drift=np.maximum(drift, _LEAST_DRIFT * np.sqrt(variance)),
            variance=variance,
        )


def _moved(mean: Floats, variance: Floats, value: float, gains: Floats) -> tuple[Floats, Floats]:
    """Mean and variance after one more value."""
    apart = value - mean
    return mean + gains * apart, variance + gains * ((1 - gains) * apart * apart - variance)
