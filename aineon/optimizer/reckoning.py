"""Reckoning: what was expected of each opportunity, against what it came to."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from aineon.optimizer.arms import ARMS_BPS, Channel
from aineon.optimizer.bandit.corrections import Corrections
from aineon.optimizer.deciding import KEPT, best_arm, expected, left_at, left_by, miss_cost
from aineon.optimizer.drift import DriftWatch
from aineon.optimizer.drift.transform import transform
from aineon.optimizer.intervals.bands import HOUR, QUARTER_HOUR, SpanBands
from aineon.optimizer.knowing import Asked, Told
from aineon.optimizer.models.curves import Floats
from aineon.optimizer.models.table import LiveTable
from aineon.optimizer.recording import Outcome, Record, most_left
from aineon.optimizer.tape import TapeRow
from aineon.optimizer.telling import BandTold
from aineon.primitives.units import BPS, ETHER

SPANS: Final = (QUARTER_HOUR, HOUR)
"""Seconds of the spans whose net is forecast."""
WITNESS_HOURS: Final = 8.0
"""Half-life of the table whose surprises are watched. What decides adapts within some tens of
outcomes, so a change is gone from its errors before it can be told from chance."""


class Bid(NamedTuple):
    """The bid that leaves most, and what is to be expected of it.

    Attributes:
        arm: its place in `ARMS`.
        chance: that it lands, by the curve.
        lands: the same without the winner's curse: the bid that looks best of sixteen looks
            better than it is.
        expected: ETH that an attempt leaves on average by `lands`.
    """

    arm: int
    chance: float
    lands: float
    expected: float


class Reckoning:
    """Record, corrections of the winner's curse, drift and forecasts.

    Args:
        rule_bps: the plain rule's bid.
        channel: how attempts travel.
        seed: of the draws behind drift's thresholds.
    """

    def __init__(self, rule_bps: int, channel: Channel, seed: int) -> None:
        self._rule = _nearest_arm(rule_bps)
        self._channel = channel
        self._bands = tuple(SpanBands(seconds) for seconds in SPANS)
        self.record = Record()
        self._corrections = Corrections()
        self._witness = LiveTable((WITNESS_HOURS,))
        self.watch = DriftWatch(seed)

    def bid(self, curve: Floats, asked: Asked, arm: int | None = None) -> Bid:
        """Return the best bid by a curve, or what is to be expected of another arm."""
        if arm is None:
            arm = best_arm(curve, asked.net, asked.gas, self._channel).arm
        chance = float(curve[arm])
        lands = min(chance * self._corrections.factor(asked.pair, asked.net), 1.0)
        won, lost = float(KEPT[arm]) * asked.net, miss_cost(asked.gas, self._channel)
        return Bid(arm, chance, lands, expected(lands, won, lost))

    def learn(self, asked: Asked, said: Told, row: TapeRow, landed: Floats) -> None:
        """Take in an outcome, and what was said about it beforehand."""
        self.record.learn(self._outcome(asked, said, landed))
        if said.curve is not None:
            self._expectation(asked, said.curve, row, landed)
            if not row.censored:
                where = transform(self._witness.chances(row.pair, row.net), row.needed)
                self.watch.learn(row.known_at, row.pair, where, novel=said.novel)
        self.witness(row, landed)

    def witness(self, row: TapeRow, landed: Floats) -> None:
        """Take in an outcome about which nothing was decided."""
        self._witness.learn(row.pair, row.net, landed, row.known_at)

    def bands_told(self, now: float) -> tuple[BandTold, ...]:
        """Return the forecasts of the spans that begin at `now`."""
        return tuple(_band_told(bands, now) for bands in self._bands)

    def _outcome(self, asked: Asked, said: Told, landed: Floats) -> Outcome:
        net, gas, channel = asked.net, asked.gas, self._channel
        bid = None if said.curve is None else self.bid(said.curve, asked)
        arm, chance = (self._rule, None) if bid is None else (bid.arm, bid.lands)
        if np.isnan(landed).any():
            return Outcome(arm, chance, landed, {})
        rule = left_at(self._rule, net, gas, channel, landed)
        left = {
            "chosen": rule,
            "rule": rule,
            "table": left_by(said.live.table, net, gas, channel, landed),
            "clairvoyant": most_left(net, landed),
        }
        if said.live.rivals is not None:
            left["rivals"] = left_by(said.live.curve, net, gas, channel, landed)
        curves = said.curves
        if curves is not None:
            left["ensemble"] = left_by(curves.ensemble, net, gas, channel, landed)
            left["mean"] = left_by(curves.mean, net, gas, channel, landed)
        if bid is not None:
            won = left_at(bid.arm, net, gas, channel, landed)
            left["chosen"] = won if bid.expected > 0 else 0.0
        return Outcome(arm, chance, landed, left)

    def _expectation(self, asked: Asked, curve: Floats, row: TapeRow, landed: Floats) -> None:
        """Follow up the best bid, or the one that was made where only that one's end is known."""
        bid = self.bid(curve, asked)
        if np.isnan(landed[bid.arm]) and math.isfinite(row.offered):
            bid = self.bid(curve, asked, _nearest_arm(round(row.offered * BPS)))
        if np.isnan(landed[bid.arm]):
            return
        won = bool(landed[bid.arm] > 0)
        self._corrections.learn(row.pair, asked.net, won, bid.chance, row.known_at)
        left = left_at(bid.arm, asked.net, asked.gas, self._channel, landed)
        attempted = bid.expected > 0
        for bands in self._bands:
            bands.learn(row.time, max(bid.expected, 0.0), left if attempted else 0.0)


def _band_told(bands: SpanBands, now: float) -> BandTold:
    band, coverage = bands.forecast(now), bands.coverage
    low, expected, high = (None, None, None) if band is None else (round(e * ETHER) for e in band)
    return BandTold(
        seconds=round(bands.seconds),
        low_wei=low,
        expected_wei=expected,
        high_wei=high,
        coverage=coverage.share,
        bias=coverage.bias,
        spans=coverage.spans,
    )


def _nearest_arm(bps: int) -> int:
    return min(range(len(ARMS_BPS)), key=lambda arm: abs(ARMS_BPS[arm] - bps))
