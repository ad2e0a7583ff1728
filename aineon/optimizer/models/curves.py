"""Curves: for each arm the probability that a bid of that share of the profit lands.

A dearer bid never lands less often, so a curve rises. Curves are compared, mixed and corrected
as log-odds, where a small change means the same thing near 0, 1 and in between.
"""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.arms import ARMS

Floats = NDArray[np.float64]

SHARES: Final[Floats] = np.array(ARMS)
LEAST: Final = 1e-4
"""No chance is called smaller, nor a miss: one outcome must never cost a model everything."""


def log_odds(chances: Floats) -> Floats:
    """Return log(p / (1 - p)) of chances that are kept `LEAST` away from 0 and 1."""
    kept = np.clip(chances, LEAST, 1 - LEAST)
    odds: Floats = np.log(kept / (1 - kept))
    return odds


def from_log_odds(odds: Floats) -> Floats:
    """Return the chances whose log-odds are given; no size of them overflows."""
    chances: Floats = 0.5 * (1 + np.tanh(0.5 * odds))
    return chances


DEARNESS: Final[Floats] = log_odds(SHARES)
"""The arms on a scale where rivals' bids lie about evenly."""
SLOPE: Final[Floats] = (DEARNESS - DEARNESS.mean()) / DEARNESS.std()
"""The same scale with mean 0 and deviation 1 over the arms: what tilts a curve."""


def rising(curve: Floats) -> Floats:
    """Return the curve (or a row of them each) that never falls and lies nearest above."""
    highest: Floats = np.maximum.accumulate(curve, axis=-1)
    return highest


USUAL_NET: Final = 0.005
"""ETH: what counts as neither large nor small."""


def sizes(nets: Floats) -> Floats:
    """Return how much larger than usual nets are, in powers of ten, kept within two of them."""
    least = USUAL_NET / 100
    known = np.where(nets > least, nets, least)
    powers: Floats = np.minimum(np.log10(known / USUAL_NET), 2.0)
    return powers


class Chances(Protocol):
    """Whatever can say how likely each arm is to land."""

    def chances(self, vector: Floats, pair: str, net: float, gas: float) -> Floats:
        """Return a rising curve.

        Args:
            vector: the features, nan where one is not known.
            pair: what the opportunity trades, as `Tape.pair_names` has it.
            net: ETH that it leaves after flash fee and gas, before the bid.
            gas: ETH that a failed public attempt costs.
        """
        ...
