"""How profit came about: its falls, how it varies, strategy runs, and the accounts behind it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from aineon.ledger.accounts import NATIVE
from aineon.ledger.accounts.reading import AccountBalance, Reconciliation
from aineon.ledger.figures import (
    Drawdown,
    ProfitSummary,
    Sharpe,
    StrategyFigures,
    StrategySummary,
)
from app import format as fmt
from app.components import money, tables

_VERDICTS = {
    "agreed": "Books and chain agree",
    "opened": "The chain's balances were taken over into the books",
    "surplus": "The chain had more than the books; it was booked as funding",
    "unread": "Not everything could be compared",
    "shortfall": "MONEY IS MISSING: the emergency stop was set",
}


def totals(figures: ProfitSummary) -> None:
    """Draw what the attempts of a period came to."""
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


def fall_words(fall: Drawdown) -> str:
    """Return the deepest fall of the running total in words, with its dates."""
    if fall.deepest_at is None:
        return "it never fell below a peak"
    began = "the start" if fall.deepest_from is None else fmt.time_utc(fall.deepest_from)
    ended = "not made good yet"
    if fall.recovered_at is not None:
        ended = f"made good at {fmt.time_utc(fall.recovered_at)}"
    return (
        f"deepest fall {fmt.ether(fall.deepest)}, from {began} to "
        f"{fmt.time_utc(fall.deepest_at)}, {ended}"
    )


def sharpe_words(figures: Sharpe) -> str:
    """Return how much the net varies for what it brings, in words."""
    if figures.ratio is None or figures.annualised is None:
        return (
            f"Sharpe ratio: not known; {figures.buckets} whole {figures.bucket}s have ended, and "
            f"at least {figures.least_buckets} in which profit varies are needed"
        )
    return (
        f"Sharpe ratio {figures.ratio:.3f} by {figures.bucket}, over {figures.buckets} whole "
        f"{figures.bucket}s ({figures.annualised:.2f} annualised)"
    )


def strategy_runs(whole: StrategySummary, newest: Sequence[StrategyFigures]) -> None:
    """Draw strategy runs, each counted as one, however many transactions it took."""
    st.header("Strategy runs", anchor=False)
    st.caption(
        "Attempts that were submitted as one count as one: of two transactions one may lose what "
        "the other one earns."
    )
    columns = money.row("strategies")
    with columns[0]:
        open_runs = whole.runs - whole.known
        note = f"{open_runs} not settled or not known" if open_runs else "all known"
        money.figure("Strategy runs", f"{whole.runs:,}", "", note)
    with columns[1]:
        rate = fmt.percent(whole.success_rate)
        money.figure("Profitable runs", rate, "Runs with a net above zero among those known.")
    with columns[2]:
        money.profit("Best run", whole.best_net, whole.provenance)
    with columns[3]:
        money.profit("Worst run", whole.worst_net, whole.provenance)
    tables.show(
        [
            {
                "Submitted (UTC)": fmt.time_cell(one.submitted_at),
                "Block": one.submitted_block,
                "Attempts": one.submitted,
                "Included": one.included,
                "Net (ETH)": fmt.decimal(fmt.wei_of(one.net)),
                "Gas (ETH)": fmt.decimal(one.gas.wei),
                "Builder (ETH)": fmt.decimal(one.builder_payments.wei),
                "Figures": one.provenance.value,
                "Strategy run": one.strategy_run,
            }
            for one in newest
        ],
        "No strategy run has been submitted yet.",
        **{name: tables.ether_column(name) for name in ("Net (ETH)", "Gas (ETH)", "Builder (ETH)")},
    )


def accounts(balances: Sequence[AccountBalance], latest: Reconciliation | None) -> None:
    """Draw the accounts of a chain and how they compare with it; nothing in a simulation."""
    if not balances:
        return
    st.header("Accounts", anchor=False)
    if latest is None:
        st.caption("Not compared with the chain yet.")
    elif latest.verdict == "shortfall":
        st.error(f"{_VERDICTS[latest.verdict]}. {fmt.plain(latest.words)}.")
    else:
        st.caption(f"{_VERDICTS[latest.verdict]}: {fmt.plain(latest.words)}.")
    tables.show(
        [
            {
                "Account": one.account,
                "Token": "ETH" if one.token == NATIVE else fmt.token_name(one.token),
                "Balance": fmt.decimal(one.amount, one.token.decimals),
                "Smallest units": f"{one.amount:,}",
                "Entries": one.entries,
            }
            for one in balances
        ],
        "",
        Balance=st.column_config.NumberColumn(format="%.6f"),
    )
