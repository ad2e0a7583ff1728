"""Performance: what the attempts came to, over time and one by one."""

from __future__ import annotations

import streamlit as st

from aineon.ledger.periods import Period
from aineon.ledger.views import Scope
from app import format as fmt
from app.components import (
    breakdown,
    charts,
    downloads,
    head,
    optimizer,
    optimizer_versions,
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
PROFIT, OPTIMIZER = "Profit", "Optimizer"
SECTIONS = (PROFIT, OPTIMIZER)
_SECTION = "performance_section"


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
    points = client().curve(scope, periods.start(period)).points
    if not points:
        st.caption("No attempt was settled in this time.")
        return
    first, last = points[0].at, points[-1].at
    since, words = periods.bars_from(bucket, periods.start(period), first, last)
    if words:
        st.caption(words)
    series = client().series(scope, bucket, since)
    data = tuple((one.since, one.net, one.attempts, one.included) for one in series)
    name = f"bars-{bucket}-{period}"
    charts.draw(name, (data, series), lambda kept: charts.profit_bars(kept[1]), "Net by time")


def section() -> str:
    """Offer the page's sections; the choice stays in the page's address."""
    chosen = st.segmented_control(
        "Section", SECTIONS, default=PROFIT, key=_SECTION, bind="query-params", required=True
    )
    return chosen or PROFIT


def show_profit(scope: Scope) -> None:
    period = periods.picked()
    performance.totals(client().summary(scope, period))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        draw_curve(scope, period)
    with right:
        draw_series(scope, period)
    breakdown.draw(client().breakdown(scope, periods.start(period)))
    st.header("Balances", anchor=False)
    st.caption(
        "What the trades of the run left, token by token; a token that no trade ended in is not "
        "listed."
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
        "beside what came of it. The files below hold those of the picked period, to the "
        "last wei."
    )
    tables.trades(trades)


@live(REFRESH_SECONDS)
def body() -> None:
    heartbeat = head.engine_line().heartbeat
    with told_in_words():
        scope = runs.chosen_scope()
        head.run_line()
        if (st.session_state.get(_SECTION) or PROFIT) == OPTIMIZER:
            optimizer.draw(heartbeat, client().samples(scope))
            optimizer_versions.listed()
        else:
            show_profit(scope)


head.title("Performance", "What the attempts came to, over time and one by one.")
chosen_section = section()
# Outside of what renews itself: the files below are of the period that was picked, too.
if chosen_section == PROFIT:
    periods.pick()
body()
# Outside of what renews itself: a button that is drawn anew forgets the file of the last click,
# and a form what was chosen in it.
with told_in_words():
    if chosen_section == OPTIMIZER:
        optimizer_versions.form()
    else:
        downloads.offer(runs.chosen_scope(), periods.picked())
