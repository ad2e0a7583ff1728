"""Decision: whether one opportunity is attempted, at what bid, and who said so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aineon.optimizer.arms import Channel


class DecidedBy(StrEnum):
    """What a decision stands on, from the least knowledge to the most."""

    RULE = "rule"
    """The settings' own bid, and every opportunity attempted: too little is known to choose."""
    TABLE = "table"
    """What came of past opportunities of the same pair and size."""
    RIVALS = "rivals"
    """What is thought of each rival that was seen; the table counts as much as it is right."""
    ENSEMBLE = "ensemble"
    """The trained models."""
    MEAN = "mean"
    """The mean of the models' chances and of what would decide without them."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One of the figures that moved a score most.

    Attributes:
        feature: its name in the catalogue of features.
        effect: how much higher the chance to land is than it would be at the feature's usual
            value; negative where it lowers it. From -1 to 1.
    """

    feature: str
    effect: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with one opportunity.

    Attributes:
        attempt: whether it is worth an attempt.
        bid_bps: share of the net profit that is paid to the block's builder, in basis points.
            Where nothing is attempted, the bid that would have been best.
        channel: how the attempt travels.
        lands: the chance, from 0 to 1, that it lands at this bid; None where no chances are known.
        expected_net_wei: what an attempt at this bid leaves on average, after flash fee, gas, bid
            and misses; None where no chances are known.
        band_wei: the interval that holds what this one attempt leaves in 90 % of cases. A single
            attempt wins its net or nothing (or loses its gas), so it is wide by nature. None
            where no chances are known.
        decided_by: what it stands on.
        words: one sentence: why nothing is attempted, or why the plainer way decides; empty where
            neither is so.
        reasons: the figures that moved the score most, the strongest first; empty until they
            are asked for (`Optimizer.explained`), because that costs more than deciding.
        regime: the market's regime, where one is followed.
        model_version: the version of the models that had a say; None where they had none.
        vector: the features as they were when it was decided.
        pair, net_wei, gas_wei: what was asked beside them; None of an amount that is not known.
    """

    attempt: bool
    bid_bps: int
    channel: Channel
    lands: float | None
    expected_net_wei: int | None
    band_wei: tuple[int, int] | None
    decided_by: DecidedBy
    words: str = ""
    reasons: tuple[Reason, ...] = ()
    regime: str | None = None
    model_version: str | None = None
    vector: tuple[float, ...] = ()
    pair: str = ""
    net_wei: int | None = None
    gas_wei: int | None = None
