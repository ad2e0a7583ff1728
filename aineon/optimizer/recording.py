"""Record: how decisions did lately, against what else could have decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from aineon.optimizer.arms import ARMS, ARMS_BPS
from aineon.optimizer.deciding import KEPT
from aineon.optimizer.models.curves import Floats
from aineon.optimizer.telling import ArmTold, BinTold, CaptureTold
from aineon.primitives.units import ETHER

NEWEST: Final = 2_000
"""Outcomes that the figures look back on."""

_BINS: Final = 10
_FEWEST_CAPTURED: Final = 30


class Outcome(NamedTuple):
    """One opportunity whose outcome is known.

    Attributes:
        arm: the bid that was best by what led.
        chance: what led predicted for that bid; None where the rule did.
        landed: for each arm 1 (would have landed), 0 (not) or nan (unknown).
        left: ETH that each policy would have left; empty where some arm is unknown.
    """

    arm: int
    chance: float | None
    landed: Floats
    left: Mapping[str, float]


POLICIES: Final = ("chosen", "rule", "table", "clairvoyant", "rivals", "ensemble", "mean")
"""Ways of deciding that are compared, in the order in which they are told."""


class Record:
    """The newest outcomes, in arrays that a heartbeat can sum up at once."""

    def __init__(self) -> None:
        self._count = 0
        self._arms = np.zeros(NEWEST, dtype=np.int64)
        self._chances = np.full(NEWEST, np.nan)
        self._landed = np.full((NEWEST, len(ARMS)), np.nan)
        self._left = np.full((NEWEST, len(POLICIES)), np.nan)

    def learn(self, outcome: Outcome) -> None:
        """Take in one more; it takes the place of the oldest."""
        place = self._count % NEWEST
        self._count += 1
        self._arms[place] = outcome.arm
        self._chances[place] = np.nan if outcome.chance is None else outcome.chance
        self._landed[place] = outcome.landed
        self._left[place] = [outcome.left.get(name, np.nan) for name in POLICIES]

    def calibration(self) -> tuple[BinTold, ...]:
        """Return the calibration curve at the bids that were best: bins of equal width."""
        landed = self._landed[np.arange(NEWEST), self._arms]
        known = ~(np.isnan(self._chances) | np.isnan(landed))
        chances, landed = self._chances[known], landed[known]
        bins = np.minimum((chances * _BINS).astype(np.int64), _BINS - 1)
        counts = np.bincount(bins, minlength=_BINS)
        sums = [np.bincount(bins, each, _BINS) for each in (chances, landed)]
        return tuple(
            BinTold(float(said / count), float(came / count), int(count))
            for count, said, came in zip(counts, *sums, strict=True)
            if count
        )

    def calibration_error(self) -> float | None:
        """Return the mean distance of predicted chances from landed shares; None of no outcome."""
        bins = self.calibration()
        total = sum(each.count for each in bins)
        if not total:
            return None
        return sum(each.count * abs(each.predicted - each.landed) for each in bins) / total

    def captured(self) -> tuple[CaptureTold, ...]:
        """Return what policies would have left over the same outcomes.

        One that began later than the others is compared once it has spoken about all of them.
        """
        known = self._left[~np.isnan(self._left[:, 0])]
        if len(known) < _FEWEST_CAPTURED:
            return ()
        sums = known.sum(axis=0)
        most = float(sums[POLICIES.index("clairvoyant")])
        return tuple(
            CaptureTold(
                name, round(float(total) * ETHER), float(total) / most if most > 0 else None
            )
            for name, total in zip(POLICIES, sums, strict=True)
            if not np.isnan(total)
        )

    def arms(self) -> tuple[ArmTold, ...]:
        """Return how often each arm was best, and would have landed."""
        rows = min(self._count, NEWEST)
        if not rows:
            return ()
        chosen = np.bincount(self._arms[:rows], minlength=len(ARMS))
        counts = (~np.isnan(self._landed)).sum(axis=0)
        sums = np.nansum(self._landed, axis=0)
        return tuple(
            ArmTold(
                bps,
                int(chosen[arm]),
                float(sums[arm] / counts[arm]) if counts[arm] else None,
            )
            for arm, bps in enumerate(ARMS_BPS)
        )


def most_left(net: float, landed: Floats) -> float:
    """Return the ETH that whoever knew the outcome would have left: the cheapest arm that wins."""
    winning = np.flatnonzero(landed > 0)
    return float(KEPT[winning[0]]) * net if winning.size else 0.0
