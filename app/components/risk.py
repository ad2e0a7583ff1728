"""Risk figures: what is in flight, how deep it goes, and what the worst of the past lost."""

from __future__ import annotations

import streamlit as st

from aineon.ledger.heartbeat import Heartbeat
from aineon.ledger.views import Scope
from aineon.primitives import Money, Provenance
from aineon.risk.figures import NEWEST_TRADES, RiskFigures, Slippage, TailRisk
from app import format as fmt
from app.components import money, tables
from app.state import client


def figures(scope: Scope, heartbeat: Heartbeat | None) -> None:
    """Draw the risk figures of `scope`, each with its sample."""
    st.header("Risk figures", anchor=False)
    found = client().risk_figures(scope)
    where = found.provenance
    columns = money.row("risk-figures")
    with columns[0]:
        _loss("Value at risk (95 %)", found.trades.value_at_risk, found.trades, "trades", where)
    with columns[1]:
        _loss("Expected shortfall", found.trades.expected_shortfall, found.trades, "trades", where)
    with columns[2]:
        _loss("Daily value at risk", found.days.value_at_risk, found.days, "days", where)
    with columns[3]:
        _slippage(found.slippage, where)
    _depth(heartbeat)


def exposure(heartbeat: Heartbeat | None) -> None:
    """Draw what is in flight, by token and by venue."""
    if heartbeat is None or heartbeat.risk is None:
        return
    st.header("Exposure in flight", anchor=False)
    rows = [
        {"Of": each.kind, "Name": each.name, "Worth": fmt.ether(each.worth_wei)}
        for each in heartbeat.risk.exposure
    ]
    tables.show(rows, "Nothing is in flight.", alt="Worth in flight by token and by venue")


def slippage_words(found: RiskFigures) -> None:
    """Say what the included trades were predicted to bring, and what they brought."""
    slippage = found.slippage
    if slippage.predicted is None or slippage.realised is None:
        st.caption("No trade was included of which both are known, so there is nothing to compare.")
        return
    st.caption(
        f"The included among the newest {NEWEST_TRADES} settled attempts were expected to leave "
        f"{fmt.signed_ether(slippage.predicted)} and left {fmt.signed_ether(slippage.realised)}, "
        f"{found.provenance.value}. Below the dashed line a trade left less than expected."
    )


def _loss(label: str, loss: Money | None, tail: TailRisk, what: str, where: Provenance) -> None:
    note = f"{tail.sample:,} {what}, {where.value}"
    if tail.unknown:
        note += f", without {tail.unknown:,} not known"
    if loss is None:
        money.figure(label, fmt.UNKNOWN, "", f"{note}; {tail.least} are needed")
        return
    value = fmt.ether(loss.wei) if loss.wei > 0 else "no loss"
    money.figure(label, value, "", note)


def _slippage(slippage: Slippage, provenance: Provenance) -> None:
    note = f"{slippage.sample:,} included, {provenance.value}"
    if slippage.median_bps is None or slippage.worst_bps is None:
        money.figure("Slippage", fmt.UNKNOWN, "", f"{note}; {slippage.least} are needed")
        return
    worst = f"worst {slippage.worst_bps:+.2f} bps; {note}"
    money.figure("Slippage", f"{slippage.median_bps:+.2f} bps", "", worst)


def _depth(heartbeat: Heartbeat | None) -> None:
    told = None if heartbeat is None else heartbeat.risk
    if told is None or told.depth_median is None or told.depth_worst is None:
        return
    st.caption(
        f"Liquidity: the newest {told.depths} attempts took {told.depth_median:.2%} of a pool's "
        f"depth in the median and {told.depth_worst:.2%} at most; the depth is the input at which "
        "the average rate has halved."
    )
