"""Risk: the limits in force, how much of them is used, and how the last attempts ended."""

from __future__ import annotations

from typing import Any

import streamlit as st

from aineon.ledger.records import Heartbeat
from aineon.ledger.views import Scope
from aineon.primitives.units import GWEI, format_units
from app import format as fmt
from app.components import charts, head, money, runs, safety, tables
from app.components.limits import Limit, limit_in_force, limits_in_force
from app.components.live import live, told_in_words
from app.state import client

REFRESH_SECONDS = 3
BLOCKS_SHOWN = 300
ATTEMPTS_SHOWN = 20
GATES_OF = {
    "min_profit_wei": ("min_profit",),
    "max_gas_price_wei": ("max_gas_price",),
    "confidence_threshold": ("confidence",),
    "max_position_wei": ("max_position",),
    "pair_cooldown_seconds": ("cooldown",),
    "max_concurrent": ("max_concurrent", "pool_in_flight"),
}
MEASURED_ON = {
    "min_profit_wei": "each opportunity's net",
    "confidence_threshold": "each opportunity's confidence",
    "max_position_wei": "each opportunity's size",
    "max_slippage_bps": "each hop of a plan",
    "pair_cooldown_seconds": "each pair after an attempt",
    "max_hops": "each cycle",
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


def draw_limits(scope: Scope | None, heartbeat: Heartbeat | None) -> None:
    stopped: dict[str, int] = {}
    if scope is not None:
        stopped = {one.gate: one.count for one in client().funnel(scope).stopped}
    rows: list[dict[str, Any]] = []
    trading = limits_in_force("Trading limits", heartbeat)
    for limit in [*trading, *limits_in_force("Search", heartbeat)]:
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


def draw_gas(scope: Scope, heartbeat: Heartbeat | None) -> None:
    limit = limit_in_force("max_gas_price_wei", heartbeat)
    steps = client().steps(scope, BLOCKS_SHOWN)
    if not any(step.record.base_fee_wei is not None for step in steps):
        st.caption("The base fee of these blocks is not known.")
        return
    newest_first = [step.record.base_fee_wei for step in steps]
    known = [fee for fee in newest_first if fee is not None]
    st.caption(
        f"Base fee of the newest {len(steps):,} steps, {scope.provenance.value}: from "
        f"{min(known) / GWEI:.2f} to {max(known) / GWEI:.2f} gwei."
    )
    data = (steps[::-1], limit.value)
    charts.draw("base-fee", data, charts.base_fee, "Base fee per block and the limit")


@live(REFRESH_SECONDS)
def body() -> None:
    condition = head.engine_line()
    heartbeat = condition.heartbeat
    safety.stop()
    safety.nodes(heartbeat)
    with told_in_words():
        scope = runs.chosen_scope()
        head.run_line()
        st.subheader("Limits in force", anchor=False)
        draw_limits(scope, heartbeat)
        figures = client().summary(scope, "all")
        fall = client().drawdown(scope)
        columns = money.row("risk")
        with columns[0]:
            note = money.outcomes_note(figures)
            money.figure("Attempts settled", fmt.count(figures.attempts), "", note)
        with columns[1]:
            money.cost("Gas paid", figures.gas, figures.provenance, figures.gas_unknown)
        with columns[2]:
            money.cost("Below the peak now", fall.current, fall.provenance)
        with columns[3]:
            money.cost("Deepest fall", fall.deepest, fall.provenance)
        left, right = st.columns(2, gap="medium")
        with left:
            st.subheader("Last attempts", anchor=False)
            tables.last_trades(client().trades(scope, ATTEMPTS_SHOWN))
        with right:
            st.subheader("Base fee", anchor=False)
            draw_gas(scope, heartbeat)
        return
    st.subheader("Limits in force", anchor=False)
    draw_limits(None, heartbeat)


head.title("Risk", "The limits in force, how much of them is used, and how attempts ended.")
body()
