"""Performance: what the attempts came to, over time and one by one."""

from __future__ import annotations

import streamlit as st

from aineon.ledger.figures import ProfitSummary
from aineon.ledger.periods import Period
from aineon.ledger.views import Scope
from app import format as fmt
from app.components import (
    breakdown,
    charts,
    downloads,
    head,
    money,
    performance,
    periods,
    runs,
    tables,
)
from app.components.live import live, told_in_words
from app.state import client

REFRESH_SECONDS = 4
TRADES_SHOWN = 100
RUNS_SHOWN = 50


def draw_totals(figures: ProfitSummary) -> None:
    where = figures.provenance
    columns = money.row("totals")
    with columns[0]:
        money.profit("Net profit", figures.net, where, _unknown_words(figures.unknown))
    with columns[1]:
        money.profit("Gross, less flash fees", figures.gross, where)
    with columns[2]:
        money.cost("Gas paid", figures.gas, where, figures.gas_unknown)
        if figures.failed:
            st.caption(f"{fmt.ether(figures.failed_gas)} of it by {figures.failed} failed attempts")
    with columns[3]:
        money.cost("Builder payments", figures.builder_payments, where, figures.builder_unknown)
    columns = money.row("attempts")
    with columns[0]:
        money.figure(
            "Success rate",
            fmt.percent(figures.success_rate),
            "Included attempts among those whose outcome is known.",
            money.outcomes_note(figures),
        )
    with columns[1]:
        money.profit("Average attempt", figures.average_net, where)
    with columns[2]:
        money.profit("Best attempt", figures.best_net, where)
    with columns[3]:
        money.profit("Worst attempt", figures.worst_net, where)


def _unknown_words(unknown: int) -> str:
    return f"without {unknown} not known" if unknown else ""


def draw_curve(scope: Scope, period: Period) -> None:
    st.header("Equity and drawdown", anchor=False)
    curve, fall = client().curve(scope, periods.start(period)), client().drawdown(scope)
    if not curve.points:
        st.caption("No attempt was settled in this time, so there is no curve.")
    else:
        now_below = (
            "at its peak now" if not fall.current.wei else f"{fmt.ether(fall.current)} below"
        )
        st.caption(
            f"{curve.trades:,} settled attempts, {curve.provenance.value}; over all time: peak "
            f"{fmt.ether(fall.peak)}, {now_below}; {performance.fall_words(fall)}."
        )
        alt = "Running total of the net profit and its drawdown"
        charts.draw(f"equity-{period}", curve, charts.equity, alt)
    st.caption(f"{performance.sharpe_words(client().sharpe_told(scope))}.")


def draw_series(scope: Scope, period: Period) -> None:
    st.header("Net by time", anchor=False)
    bucket = periods.pick_bucket()
    series = client().series(scope, bucket, periods.start(period))
    if not any(one.attempts for one in series):
        st.caption("No attempt was settled in this time.")
        return
    data = tuple((one.since, one.net, one.attempts, one.included) for one in series)
    name = f"bars-{bucket}-{period}"
    charts.draw(name, (data, series), lambda kept: charts.profit_bars(kept[1]), "Net by time")


@live(REFRESH_SECONDS)
def body() -> None:
    head.engine_line()
    with told_in_words():
        scope = runs.chosen_scope()
        head.run_line()
        period = periods.pick()
        draw_totals(client().summary(scope, period))
        left, right = st.columns([3, 2], gap="medium")
        with left:
            draw_curve(scope, period)
        with right:
            draw_series(scope, period)
        breakdown.draw(client().breakdown(scope, periods.start(period)))
        st.header("Balances", anchor=False)
        st.caption(
            "What the trades of the run left, token by token; a token that no trade ended in is "
            "not listed."
        )
        tables.balances(client().balances(scope))
        with st.container():
            tables.pending(client().pending(scope))
            performance.accounts(client().accounts(), client().reconciliation())
        performance.strategy_runs(
            client().strategy_runs(scope), client().recent_strategy_runs(scope, RUNS_SHOWN)
        )
        st.header("Trades", anchor=False)
        trades = client().trades(scope, TRADES_SHOWN)
        st.caption(
            f"The newest {len(trades):,} attempts, {scope.provenance.value}: what was expected "
            "beside what came of it. The files below hold all of them, to the last wei."
        )
        tables.trades(trades)


head.title("Performance", "What the attempts came to, over time and one by one.")
body()
# Outside of what renews itself: a button that is drawn anew forgets the file of the last click.
with told_in_words():
    downloads.offer(runs.chosen_scope())
