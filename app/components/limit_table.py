"""The table of limits: in force, used, left, and how much each has stopped."""

from __future__ import annotations

from typing import Any

from aineon.ledger.records import Heartbeat
from aineon.ledger.views import Scope
from aineon.primitives.units import format_units
from app import format as fmt
from app.components import tables
from app.components.limits import Limit, limits_in_force
from app.state import client

GATES_OF = {
    "min_profit_wei": ("min_profit",),
    "max_gas_price_wei": ("max_gas_price",),
    "confidence_threshold": ("confidence",),
    "max_position_wei": ("max_position",),
    "pair_cooldown_seconds": ("cooldown",),
    "max_concurrent": ("max_concurrent", "pool_in_flight"),
    "max_daily_loss_wei": ("daily_loss",),
    "max_exposure_wei": ("max_exposure", "exposure_unknown"),
    "max_token_exposure_wei": ("max_token_exposure",),
    "max_venue_exposure_wei": ("max_venue_exposure",),
    "max_price_impact_bps": ("slippage",),
    "max_attempts_per_minute": ("rate_minute",),
    "max_attempts_per_hour": ("rate_hour",),
    "allowed_venues": ("venue_not_allowed",),
    "denied_venues": ("venue_denied",),
    "allowed_tokens": ("token_not_allowed",),
    "denied_tokens": ("token_denied",),
}
MEASURED_ON = {
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


def gas_price_wei(heartbeat: Heartbeat | None) -> int | None:
    """The base fee now plus the priority fee that is set; None where the fee is not known."""
    if heartbeat is None or heartbeat.base_fee_wei is None:
        return None
    return heartbeat.base_fee_wei + client().settings.priority_fee_wei


def used_and_left(limit: Limit, heartbeat: Heartbeat | None) -> tuple[str, str]:
    """What a limit is measured against now, and what is left of it."""
    if heartbeat is None or limit.value is None:
        return fmt.UNKNOWN, fmt.UNKNOWN
    told = heartbeat.risk
    for use in () if told is None else told.limits:
        if use.field == limit.field:
            return use.used, use.left
    if limit.field == "max_concurrent":
        return f"{heartbeat.in_flight} in flight", f"{limit.value - heartbeat.in_flight} more"
    if limit.field == "max_gas_price_wei":
        price = gas_price_wei(heartbeat)
        if price is None:
            return "gas price not known", fmt.UNKNOWN
        left = limit.value - price
        word = "below" if left >= 0 else "above: nothing is attempted"
        return f"{fmt.gwei(price)} now", f"{format_units(abs(left), 9, 3)} gwei {word}"
    return MEASURED_ON.get(limit.field, fmt.UNKNOWN), fmt.UNKNOWN


def draw(scope: Scope | None, heartbeat: Heartbeat | None) -> None:
    """Draw each limit in force, what is used of it, and what it stopped in `scope`."""
    stopped: dict[str, int] = {}
    if scope is not None:
        stopped = {one.gate: one.count for one in client().funnel(scope).stopped}
    rows: list[dict[str, Any]] = []
    groups = ("Trading limits", "Risk limits", "Search")
    for limit in [each for group in groups for each in limits_in_force(group, heartbeat)]:
        used, left = used_and_left(limit, heartbeat)
        gates = GATES_OF.get(limit.field)
        rows.append(
            {
                "Limit": limit.label,
                "In force": limit.text,
                "Now": used,
                "Headroom": left,
                "Stopped by it": sum(stopped.get(gate, 0) for gate in gates) if gates else None,
                "Told by": "engine" if limit.from_engine else "settings",
            }
        )
    tables.show(rows, "")
