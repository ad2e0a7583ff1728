"""How much of a limit is used: what the engine tells, or what came closest to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from aineon.ledger.heartbeat import Heartbeat
from aineon.ledger.profit import WRAPPED_ETHER
from aineon.ledger.views import Trade
from app import format as fmt
from app.components.limits import Limit


@dataclass(frozen=True, slots=True)
class Use:
    """What is used of a limit and what is left, in words.

    Attributes:
        share: used over limit, from 0 on; None where nothing can be used up, or it is not known.
    """

    used: str
    left: str
    share: float | None = None


MEASURED_ON: Final = {
    "min_profit_wei": "each opportunity's net",
    "confidence_threshold": "each opportunity's confidence",
    "max_position_wei": "each opportunity's size",
    "max_slippage_bps": "each hop of a plan",
    "pair_cooldown_seconds": "each pair after an attempt",
    "max_hops": "each cycle",
    "max_price_impact_bps": "each hop of an opportunity",
    "allowed_venues": "each pool of a route",
    "denied_venues": "each pool of a route",
    "allowed_tokens": "each token of a route",
    "denied_tokens": "each token of a route",
}
"""What the limits are held against that are not used up."""


def use_of(
    limit: Limit, heartbeat: Heartbeat | None, gas_price_wei: int | None, newest: Sequence[Trade]
) -> Use:
    """Return how much of `limit` is used now.

    Args:
        limit: with its value, where it can be read.
        heartbeat: what the engine says; None where nothing is known.
        gas_price_wei: what gas costs now; None where not known.
        newest: attempts, of which the one that came closest to the limit is named.
    """
    if heartbeat is None:
        return Use(fmt.UNKNOWN, fmt.UNKNOWN)
    if limit.value is None:
        return _not_used_up(limit)
    for told in () if heartbeat.risk is None else heartbeat.risk.limits:
        if told.field == limit.field:
            return Use(told.used, told.left, told.share)
    if limit.field == "max_concurrent":
        return _in_flight(limit.value, heartbeat.in_flight)
    if limit.field == "max_gas_price_wei":
        return _gas(limit.value, gas_price_wei)
    closest = _CLOSEST.get(limit.field)
    return (closest and closest(limit.value, newest)) or _not_used_up(limit)


def _not_used_up(limit: Limit) -> Use:
    return Use(MEASURED_ON.get(limit.field, fmt.UNKNOWN), fmt.UNKNOWN)


def _in_flight(most: int, now: int) -> Use:
    return Use(f"{now} in flight", f"{most - now} more", now / most if most else None)


def _gas(most: int, now: int | None) -> Use:
    if now is None:
        return Use("gas price not known", fmt.UNKNOWN)
    word = "below" if now <= most else "above: nothing is attempted"
    left = f"{fmt.gwei(abs(most - now))} {word}"
    return Use(f"{fmt.gwei(now)} now", left, now / most if most else None)


def _least_profit(least: int, newest: Sequence[Trade]) -> Use | None:
    known = [trade.attempt.expected_net_wei for trade in newest]
    nets = [net for net in known if net is not None and net > 0]
    if not nets:
        return None
    net = min(nets)
    return Use(f"least attempted {fmt.ether(net)}", f"{fmt.ether(net - least)} above", least / net)


def _least_confidence(least: float, newest: Sequence[Trade]) -> Use | None:
    known = [trade.attempt.confidence for trade in newest]
    found = [each for each in known if each is not None and each > 0]
    if not found:
        return None
    low = min(found)
    return Use(f"least attempted {low:.3f}", f"{low - least:.3f} above", least / low)


def _largest_size(most: int, newest: Sequence[Trade]) -> Use | None:
    sizes = [
        trade.attempt.amount_in
        for trade in newest
        if trade.attempt.base_token.address in WRAPPED_ETHER
        or trade.attempt.base_token.symbol == "WETH"
    ]
    if not sizes or not most:
        return None
    size = max(sizes)
    return Use(f"largest attempted {fmt.ether(size)}", fmt.ether(most - size), size / most)


_CLOSEST: Final[dict[str, Callable[[int, Sequence[Trade]], Use | None]]] = {
    "min_profit_wei": _least_profit,
    "confidence_threshold": _least_confidence,
    "max_position_wei": _largest_size,
}
