"""RivalMix: from which distributions the rivals of a sandbox are drawn, and the named mixes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from aineon.errors import ConfigurationError
from aineon.primitives.units import ETHER


@dataclass(frozen=True, slots=True)
class RivalMix:
    """How many rivals there are and what they are like.

    A rival's bid is a share of what a gap leaves after gas, `1 / (1 + e^-x)`, where x is the
    rival's level + slope * ln(net / 0.005 ETH) + its liking for the pair + its boldness * unrest
    + its own drift + everybody's tide + noise. Spreads are deviations of bell-shaped numbers.
    Drifts and tides are pulled back to zero (Ornstein-Uhlenbeck), with the deviation that they
    reach in the long run and the hours after which 1/e of a deviation is left.

    Attributes:
        rivals: how many; one more, the sweeper, knows every pair, is slow and wants little.
        liked: share of the time for which a rival looks at a pair at all.
        liking_hours: how long such a stretch lasts on average.
        latency_ms, latency_spread, latency_drift: age at which half of a rival's chances to
            notice a gap have passed: its median, the logarithm's spread from rival to rival,
            and the logarithm's drift.
        least_profit_wei, least_profit_spread, appetite_drift: the least net profit that a rival
            gets up for, likewise.
        level, level_spread: what rivals bid for 0.005 ETH.
        slope, slope_spread: how much more of its share a larger gap is worth to them.
        pair_spread: how much a rival's bids differ from pair to pair.
        boldness, boldness_spread: how unrest of the market changes their bids.
        drift, drift_hours: of each rival's bids, appetite and latency.
        tide, tide_hours: of everybody's bids.
        noise: from and to which deviation a rival's bids scatter.
        reach: from and to which share of blocks a rival's builders build.
        own_reach: share of blocks whose builder takes AINEON's bundles.
    """

    name: str
    rivals: int
    liked: float
    liking_hours: float
    latency_ms: float
    latency_spread: float
    latency_drift: float
    least_profit_wei: int
    least_profit_spread: float
    appetite_drift: float
    level: float
    level_spread: float
    slope: float
    slope_spread: float
    pair_spread: float
    boldness: float
    boldness_spread: float
    drift: float
    drift_hours: float
    tide: float
    tide_hours: float
    noise: tuple[float, float]
    reach: tuple[float, float]
    own_reach: float


_MIXED = RivalMix(
    name="mixed",
    rivals=6,
    liked=0.85,
    liking_hours=11.0,
    latency_ms=1200.0,
    latency_spread=0.7,
    latency_drift=0.3,
    least_profit_wei=ETHER // 800,
    least_profit_spread=0.7,
    appetite_drift=0.35,
    level=0.5,
    level_spread=0.5,
    slope=0.17,
    slope_spread=0.1,
    pair_spread=0.4,
    boldness=0.1,
    boldness_spread=0.27,
    drift=0.27,
    drift_hours=5.0,
    tide=0.2,
    tide_hours=8.0,
    noise=(0.8, 1.4),
    reach=(0.8, 0.97),
    own_reach=0.9,
)

_ALL = (
    replace(
        _MIXED,
        name="steady",
        liking_hours=48.0,
        latency_drift=0.05,
        appetite_drift=0.05,
        drift=0.05,
        drift_hours=24.0,
        tide=0.0,
    ),
    _MIXED,
    replace(
        _MIXED,
        name="restless",
        liking_hours=3.0,
        latency_drift=0.5,
        appetite_drift=0.7,
        boldness_spread=0.5,
        drift=0.5,
        drift_hours=2.0,
        tide=0.35,
        tide_hours=4.0,
    ),
    replace(_MIXED, name="crowded", rivals=8, liked=0.9, latency_ms=800.0, level=0.6),
    replace(_MIXED, name="sparse", rivals=4, liked=0.65, latency_ms=3000.0, level=0.4),
)

MIXES: Mapping[str, RivalMix] = MappingProxyType({mix.name: mix for mix in _ALL})
"""The mixes by name."""


def mix_named(name: str) -> RivalMix:
    """Return a mix by its name.

    Raises:
        ConfigurationError: there is none of that name.
    """
    if name not in MIXES:
        raise ConfigurationError(
            f"the sandbox's mix of rivals is {name!r}; allowed are {', '.join(MIXES)}"
        )
    return MIXES[name]
