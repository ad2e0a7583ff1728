"""Forward: the chances of each regime, from all that was seen so far and nothing later.

The forward variable of a hidden Markov model, normalised in every step (L. R. Rabiner, A
Tutorial on Hidden Markov Models, Proceedings of the IEEE 77, 1989), for several hypotheses of
what the regimes look like at once. Those that foretell the blocks better count for more.
"""

from __future__ import annotations

from math import isnan
from typing import Final

import numpy as np

from aineon.optimizer.regimes.parameters import Floats, Parameters, size_of
from aineon.optimizer.regimes.regime import DOWN, UP

SIZE_WEIGHT: Final = 0.25
"""How much a move's size counts. A pool follows the market over several blocks, so the sizes of
neighbouring moves say in part the same; with full weight it would be believed several times."""

_FORGETTING: Final = 0.9995
"""What is kept of the evidence for a hypothesis from block to block: a market's own level moves."""

_LEAST: Final = 1e-12
"""No regime is ever ruled out, or one strange block would do it for good."""


def evidence(parameters: Parameters, move_bps: float, activity: float) -> Floats:
    """Return the logarithms of how well each regime explains a block, up to a constant.

    What is unknown (nan) says nothing.
    """
    total = np.zeros(parameters.activity.shape)
    if not isnan(activity):
        apart = activity - parameters.activity
        spread = parameters.activity_variance
        total -= 0.5 * (apart * apart / spread + np.log(spread))
    if not isnan(move_bps):
        apart = size_of(move_bps) - parameters.size
        spread = parameters.size_variance
        total -= SIZE_WEIGHT * 0.5 * (apart * apart / spread + np.log(spread))
        # Likelihood ratio of a walk with a drift against one without, their variance being equal.
        drift, variance = parameters.drift, parameters.variance
        total[:, UP] += (move_bps - 0.5 * drift) * drift / variance
        total[:, DOWN] -= (move_bps + 0.5 * drift) * drift / variance
    return total


class Forward:
    """Chances of the regimes under each hypothesis, and the weights of the hypotheses.

    Args:
        transitions: see `aineon.optimizer.regimes.parameters.transitions`.
        weights: logarithms of what is thought of each hypothesis beforehand.
    """

    __slots__ = ("_matrix", "_weights", "chances")

    def __init__(self, transitions: Floats, weights: Floats) -> None:
        self._matrix = transitions
        self._weights = weights.copy()
        count = len(transitions)
        self.chances: Floats = np.full((len(weights), count), 1 / count)

    def update(self, logarithms: Floats) -> Floats:
        """Take one block's evidence; return the chances over all hypotheses."""
        joint = (self.chances @ self._matrix) * np.exp(logarithms - logarithms.max())
        joint += _LEAST
        explained = joint.sum(axis=1, keepdims=True)
        self.chances = joint / explained
        self._weights *= _FORGETTING
        self._weights += np.log(explained[:, 0])
        self._weights -= self._weights.max()
        shares = np.exp(self._weights)
        chances: Floats = shares @ self.chances / shares.sum()
        return chances
