"""Risk: the limits in force, how much of them is used, and how the last attempts ended."""

from __future__ import annotations

import streamlit as st

from aineon.ledger.records import Heartbeat
from aineon.ledger.views import Scope
from aineon.primitives.units import GWEI
from app import format as fmt
from app.components import charts, head, limit_table, money, risk, runs, safety, tables
from app.components.limits import limit_in_force
from app.components.live import live, told_in_words
from app.state import client

REFRESH_SECONDS = 3
BLOCKS_SHOWN = 300
ATTEMPTS_SHOWN = 20


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
    safety.breaker()
    safety.weather(heartbeat)
    safety.nodes(heartbeat)
    with told_in_words():
        scope = runs.chosen_scope()
        head.run_line()
        st.subheader("Limits in force", anchor=False)
        limit_table.draw(scope, heartbeat)
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
        risk.figures(scope, heartbeat)
        risk.exposure(heartbeat)
        left, right = st.columns(2, gap="medium")
        with left:
            st.subheader("Last attempts", anchor=False)
            tables.last_trades(client().trades(scope, ATTEMPTS_SHOWN))
        with right:
            st.subheader("Base fee", anchor=False)
            draw_gas(scope, heartbeat)
        return
    st.subheader("Limits in force", anchor=False)
    limit_table.draw(None, heartbeat)


head.title("Risk", "The limits in force, how much of them is used, and how attempts ended.")
body()
