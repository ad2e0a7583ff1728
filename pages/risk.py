"""Risk: the limits in force, how much of them is used, and how the last attempts ended."""

from __future__ import annotations

import streamlit as st

from aineon.errors import AineonError
from aineon.ledger.heartbeat import Heartbeat
from aineon.ledger.views import Scope
from aineon.primitives.units import GWEI
from app import fees_ahead
from app import format as fmt
from app.components import (
    attention,
    charts,
    head,
    limit_table,
    market_charts,
    money,
    risk,
    runs,
    safety,
    tables,
)
from app.components.limits import limit_in_force
from app.components.live import live, told_in_words
from app.condition import Condition
from app.state import client

REFRESH_SECONDS = 3
BLOCKS_SHOWN = 300
ATTEMPTS_SHOWN = 20
INCLUDED_LOOKED_THROUGH = 200


def draw_alerts(condition: Condition) -> None:
    st.header("Alerts", anchor=False)
    try:
        scope = runs.chosen_scope()
    except AineonError:
        scope = None
    attention.draw(attention.needs_of(client(), condition, scope))


def draw_gas(scope: Scope, heartbeat: Heartbeat | None) -> None:
    st.header("Base fee", anchor=False)
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
    ahead = client().fees_ahead(scope, BLOCKS_SHOWN)
    st.caption(fees_ahead.words(ahead, GWEI))
    data = (steps[::-1], ahead, limit.value)
    charts.draw("base-fee", data, market_charts.base_fee, "Base fee per block and the limit")


def draw_slippage(scope: Scope) -> None:
    st.header("Expected against realised", anchor=False)
    newest = client().trades(scope, INCLUDED_LOOKED_THROUGH)
    included = tuple(trade for trade in newest if trade.outcome == "included")
    risk.slippage_words(client().risk_figures(scope))
    if included:
        alt = "Expected and realised net of included trades"
        charts.draw("slippage", included, charts.expected_and_realised, alt)


def draw_falls(scope: Scope) -> None:
    figures, fall = client().summary(scope, "all"), client().drawdown(scope)
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


@live(REFRESH_SECONDS)
def body() -> None:
    condition = head.engine_line()
    heartbeat = condition.heartbeat
    draw_alerts(condition)
    with st.container():
        safety.stop()
        safety.breaker()
        safety.weather(heartbeat)
        safety.nodes(heartbeat)
    st.header("Limits in force", anchor=False)
    try:
        scope = runs.chosen_scope()
    except AineonError:
        limit_table.draw(None, heartbeat)
        with told_in_words():
            runs.chosen_scope()
        return
    head.run_line()
    limit_table.draw(scope, heartbeat)
    draw_falls(scope)
    risk.figures(scope, heartbeat)
    risk.exposure(heartbeat)
    left, right = st.columns(2, gap="medium")
    with left:
        draw_slippage(scope)
    with right:
        draw_gas(scope, heartbeat)
    st.header("Last attempts", anchor=False)
    tables.last_trades(client().trades(scope, ATTEMPTS_SHOWN))


head.title("Risk", "The limits in force, how much of them is used, and how attempts ended.")
body()
