"""OptimizerTold: how the optimizer stands, for the heartbeat and the pages behind it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BinTold:
    """One bin of the calibration curve.

    Attributes:
        predicted: the mean chance that was predicted in it.
        landed: the share that landed.
        count: how many predictions it holds.
    """

    predicted: float
    landed: float
    count: int


@dataclass(frozen=True, slots=True)
class ArmTold:
    """One bid and what came of it.

    Attributes:
        bid_bps: share of the net profit.
        chosen: how often it was the best one.
        would_land: share of the known outcomes at which it would have landed; None of no outcome.
    """

    bid_bps: int
    chosen: int
    would_land: float | None


@dataclass(frozen=True, slots=True)
class WayTold:
    """One way of sending (relay, moment, channel) and how far it carries.

    Attributes:
        reach: the estimated share of blocks in which what is sent that way can land at all.
        low, high: the interval that holds that share with 90 %.
        tried: attempts that were sent that way.
    """

    relay: str
    when: str
    channel: str
    reach: float
    low: float
    high: float
    tried: int


@dataclass(frozen=True, slots=True)
class BandTold:
    """The net expected of a span of time, with its 90 % band and how bands did so far.

    Attributes:
        seconds: the span's length.
        low_wei, expected_wei, high_wei: of the span that begins now; None before enough of them
            were seen to say.
        coverage: the share of past spans whose net fell into their band; None of none.
        bias: by how much the expectations lay above (positive) or below what came, as a share of
            what came; None where nothing came.
        spans: how many past spans that is.
    """

    seconds: int
    low_wei: int | None
    expected_wei: int | None
    high_wei: int | None
    coverage: float | None
    bias: float | None
    spans: int


@dataclass(frozen=True, slots=True)
class AlarmTold:
    """An alarm: something about the market is no more what the models learned.

    Attributes:
        at: seconds, the market's time.
        what: the detector's short name.
        words: one sentence for people.
    """

    at: float
    what: str
    words: str


@dataclass(frozen=True, slots=True)
class CaptureTold:
    """What one way of deciding would have left on the same past opportunities.

    Attributes:
        policy: its name: `chosen`, `rule`, `table`, `ensemble`, `mean`, `clairvoyant`.
        net_wei: the sum over the outcomes that are known.
        share: of what a clairvoyant would have left, who knows every outcome beforehand and so
            is out of reach; None where that is nothing.
    """

    policy: str
    net_wei: int
    share: float | None


@dataclass(frozen=True, slots=True)
class OptimizerTold:
    """How the optimizer stands.

    Attributes:
        leading: what decides at present: `rule`, `table`, `ensemble` or `mean`.
        words: one sentence: why it is not the models; empty where it is.
        labels: outcomes that were learned from.
        decisions: how many were made, by what they stand on.
        attempted: how many of them said to attempt.
        model_version: of the models in use; None of none.
        model_trained_at: seconds, the market's time up to which they were trained.
        calibration: the curve, over the newest outcomes at the bid that was best.
        calibration_error: its mean distance from the diagonal (ECE), 0 to 1.
        captured: policies over the same newest outcomes.
        arms, ways, bands: statistics of bids, ways of sending and forecasts.
        alarms: the newest ones, newest first.
        exploring_left_wei: what may still be spent on exploring today.
        regret_wei: what exploring has cost so far, by the estimates of the moment.
        regime: the market's regime, where one is followed.
        regime_since_block: the block with which it began.
        regime_probabilities: of each regime, as of the newest block; empty where none is followed.
    """

    leading: str
    words: str
    labels: int
    decisions: dict[str, int]
    attempted: int
    model_version: str | None = None
    model_trained_at: float | None = None
    calibration: tuple[BinTold, ...] = ()
    calibration_error: float | None = None
    captured: tuple[CaptureTold, ...] = ()
    arms: tuple[ArmTold, ...] = ()
    ways: tuple[WayTold, ...] = ()
    bands: tuple[BandTold, ...] = ()
    alarms: tuple[AlarmTold, ...] = ()
    exploring_left_wei: int = 0
    regret_wei: int = 0
    regime: str | None = None
    regime_since_block: int | None = None
    regime_probabilities: dict[str, float] = field(default_factory=dict)
