"""Liquidity: how deep the pools are that a route goes through."""

from __future__ import annotations

from math import log, log10, nan
from typing import Final

from aineon.optimizer.features.feature import Feature, Group
from aineon.optimizer.features.pairs import PairTrack

_POOLS = "states of the pools at the end of the block"


def _told(name: str, unit: str, formula: str) -> Feature:
    return Feature(name, unit, formula, _POOLS, Group.LIQUIDITY)


FEATURES: Final = (
    _told(
        "depth_least",
        "log10 ETH",
        "worth of the input at which the average rate of the route's shallowest hop has halved",
    ),
    _told("depth_ratio", "log10", "the deepest hop's depth over the shallowest's"),
    _told("depth_over_mean", "ln", "depth of the pair's deepest pool less its mean, half-life 600"),
    _told("pools_of_pair", "1", "how many pools trade the pair"),
)


def values(
    shares: list[float], amount: float, track: PairTrack | None, now: int
) -> dict[str, float]:
    """The features of a route that takes such `shares` of its hops' depths for `amount` ETH."""
    least, most = max(shares, default=nan), min(shares, default=nan)
    known = track is not None and track.deepest is not None
    return {
        "depth_least": log10(amount / least) if amount > 0 and least > 0 else nan,
        "depth_ratio": log10(least / most) if most > 0 else nan,
        "depth_over_mean": log(track.depth) - track.depth_level.mean(now)
        if track is not None and known
        else nan,
        "pools_of_pair": float(len(track.mids)) if track is not None else nan,
    }
