"""Spread: how far apart prices stand, and what of it the pools' fees leave."""

from __future__ import annotations

from math import log, nan
from typing import Final

from aineon.optimizer.features.feature import Feature, Group
from aineon.optimizer.features.pairs import PairTrack
from aineon.search import Route

_BPS: Final = 1e4
_POOLS = "states of the pools at the end of the block"


def _told(name: str, unit: str, formula: str) -> Feature:
    return Feature(name, unit, formula, _POOLS, Group.SPREAD)


FEATURES: Final = (
    _told("edge", "bps", "ln of the route's marginal rates after fees, multiplied"),
    _told("fees", "bps", "ln of the route's spot prices multiplied, less edge"),
    _told("dispersion", "bps", "ln of the pair's highest mid price over its lowest"),
    _told("dispersion_over_mean", "1", "dispersion over its mean in time, half-life 200 blocks"),
    _told("mid_off_mean", "bps", "ln mid of the pair's deepest pool less its mean, half-life 50"),
)


def values(route: Route, track: PairTrack | None, now: int) -> dict[str, float]:
    """The features of a route whose most traded pair is `track`."""
    edge, spot = 0.0, 0.0
    for pool, token_in, token_out in route:
        edge += _log(pool.local_curve(token_in, token_out).rate)
        spot += _log(pool.spot_price(token_in, token_out))
    told = {"edge": _BPS * edge, "fees": _BPS * (spot - edge)}
    if track is None:
        return {**dict.fromkeys((each.name for each in FEATURES), nan), **told}
    mean = track.dispersion_level.mean(now)
    return {
        **told,
        "dispersion": _BPS * track.dispersion,
        "dispersion_over_mean": track.dispersion / mean if mean > 0 else nan,
        "mid_off_mean": _BPS * (track.mid - track.mid_level.mean(now)),
    }


def _log(value: float) -> float:
    return log(value) if value > 0 else nan
