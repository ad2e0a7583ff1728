"""Telling: how the risk desk stands, for the heartbeat and the pages behind it."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Final

from aineon.ledger.heartbeat import ExposureTold, LimitTold, ReadingTold, RiskTold
from aineon.primitives.units import format_ether
from aineon.risk.desk import RiskDesk

_MOST_TOLD: Final = 12
_DIGITS: Final = 6


def told(desk: RiskDesk) -> RiskTold:
    """Return how `desk` stands."""
    standing = desk.breaker
    depths = list(desk.depths)
    return RiskTold(
        breaker=standing.state.value,
        reason="" if standing.change is None else standing.change.reason,
        limits=tuple(_limits(desk)),
        readings=tuple(
            ReadingTold(each.cause, each.level.value, each.words) for each in desk.readings
        ),
        exposure=tuple(_exposure(desk))[:_MOST_TOLD],
        resting=tuple(
            f"{address} {words}" for address, words in list(desk.jumps.resting.items())[:_MOST_TOLD]
        ),
        depths=len(depths),
        depth_median=median(depths) if depths else None,
        depth_worst=max(depths, default=None),
    )


def _limits(desk: RiskDesk) -> Iterator[LimitTold]:
    limits, exposure, pace = desk.limits, desk.exposure, desk.pace
    amounts = {
        "max_daily_loss_wei": (desk.day.loss_wei, limits.max_daily_loss_wei),
        "max_exposure_wei": (exposure.total_wei, limits.max_exposure_wei),
        "max_token_exposure_wei": (
            max(exposure.tokens.values(), default=0),
            limits.max_token_exposure_wei,
        ),
        "max_venue_exposure_wei": (
            max(exposure.venues.values(), default=0),
            limits.max_venue_exposure_wei,
        ),
    }
    for field, (used, limit) in amounts.items():
        if limit is not None:
            yield LimitTold(field, _ether(used), _ether(max(limit - used, 0)), _share(used, limit))
    counts = {
        "max_attempts_per_minute": (pace.last_minute, limits.max_attempts_per_minute),
        "max_attempts_per_hour": (pace.last_hour, limits.max_attempts_per_hour),
    }
    for field, (made, most) in counts.items():
        if most is not None:
            left = f"{max(most - made, 0)} more"
            yield LimitTold(field, f"{made} made", left, _share(made, most))


def _exposure(desk: RiskDesk) -> Iterator[ExposureTold]:
    for token, worth in sorted(desk.exposure.tokens.items(), key=lambda each: -each[1]):
        yield ExposureTold("token", str(token), worth)
    for venue, worth in sorted(desk.exposure.venues.items(), key=lambda each: -each[1]):
        yield ExposureTold("venue", venue, worth)


def _share(used: int, limit: int) -> float | None:
    return used / limit if limit else None


def _ether(wei: int) -> str:
    return f"{format_ether(wei, _DIGITS)} ETH"
