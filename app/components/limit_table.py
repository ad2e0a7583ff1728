"""The table of limits: in force, used, left, and how much each has stopped."""

from __future__ import annotations

from typing import Any

import streamlit as st

from aineon.ledger.heartbeat import Heartbeat
from aineon.ledger.views import Scope
from app.components import tables
from app.components.limit_use import use_of
from app.components.limits import limits_in_force
from app.state import client

GROUPS = ("Trading limits", "Risk limits", "Search")
ATTEMPTS_LOOKED_AT = 50
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


def gas_price_wei(heartbeat: Heartbeat | None) -> int | None:
    """The base fee now plus the priority fee that is set; None where the fee is not known."""
    if heartbeat is None or heartbeat.base_fee_wei is None:
        return None
    return heartbeat.base_fee_wei + client().settings.priority_fee_wei


def draw(scope: Scope | None, heartbeat: Heartbeat | None) -> None:
    """Draw each limit in force, what is used of it, and what it stopped in `scope`."""
    stopped: dict[str, int] = {}
    newest = ()
    if scope is not None:
        stopped = {one.gate: one.count for one in client().funnel(scope).stopped}
        newest = client().trades(scope, ATTEMPTS_LOOKED_AT)
    rows: list[dict[str, Any]] = []
    price = gas_price_wei(heartbeat)
    for limit in [each for group in GROUPS for each in limits_in_force(group, heartbeat)]:
        use = use_of(limit, heartbeat, price, newest)
        gates = GATES_OF.get(limit.field)
        rows.append(
            {
                "Limit": limit.label,
                "In force": limit.text,
                "Used": None if use.share is None else 100 * use.share,
                "Now": use.used,
                "Headroom": use.left,
                "Stopped by it": sum(stopped.get(gate, 0) for gate in gates) if gates else None,
                "Told by": "engine" if limit.from_engine else "settings",
            }
        )
    tables.show(
        rows,
        "",
        alt="Every limit in force: what is used of it, and what is left",
        most_height=len(rows) * tables.ROW_HEIGHT * 2,
        Used=st.column_config.ProgressColumn(
            format="%.1f %%",
            min_value=0,
            max_value=100,
            width="medium",
            help="Of the limit. A limit on what is least allowed is used to the full where "
            f"the closest of the newest {ATTEMPTS_LOOKED_AT} attempts just reached it.",
        ),
    )
