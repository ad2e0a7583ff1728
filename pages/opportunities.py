"""Opportunities: what was found, how far each came, and what the others took."""

from __future__ import annotations

import streamlit as st

from aineon.ledger.records import OpportunityRecord, PriceRecord
from aineon.ledger.views import Booked, Scope
from app import format as fmt
from app.components import charts, head, runs, tables
from app.components.live import live, told_in_words
from app.state import client

REFRESH_SECONDS = 3
LOOKED_THROUGH = 400
SHOWN = 100
BEST_STOPPED_SHOWN = 20
TAKINGS_SHOWN = 30
PRICES_SHOWN = 1_000
ANY = "Any"


def draw_list(scope: Scope) -> None:
    stopped = {fmt.gate_words(one.gate): one.gate for one in client().funnel(scope).stopped}
    columns = st.columns(3)
    with columns[0]:
        gate = choose("Stopped by", "gate", sorted(stopped))
    found = client().opportunities(scope, LOOKED_THROUGH, stopped.get(gate))
    with columns[1]:
        pair = choose("Pair", "pair", sorted({row.record.pair for row in found}))
    with columns[2]:
        venue = choose("Venue", "venue", sorted({v for row in found for v in row.record.venues}))
    rows = [row for row in found if matches(row.record, pair, venue)]
    st.caption(
        f"{min(len(rows), SHOWN):,} of the newest {len(found):,} opportunities, "
        f"{scope.provenance.value}. Size, gross, flash fee, gas and net are in the token named "
        "beside them; net in ETH is after the builder payment."
    )
    tables.opportunities(rows[:SHOWN], "No opportunity matches.")


def choose(label: str, key: str, options: list[str]) -> str:
    """Offer a filter whose choice stays in the page's address."""
    chosen = st.session_state.get(key, ANY)
    # What was chosen stays on offer while nothing new matches it.
    offered = [ANY, *options, *([chosen] if chosen not in (ANY, *options) else [])]
    return st.selectbox(label, offered, key=key, bind="query-params") or ANY


def matches(seen: OpportunityRecord, pair: str, venue: str) -> bool:
    return pair in (ANY, seen.pair) and (venue == ANY or venue in seen.venues)


def draw_spread(scope: Scope) -> None:
    pairs = client().price_pairs(scope)
    if not pairs:
        st.caption("No prices have been sampled in this run yet.")
        return
    pair = st.selectbox("Pair of the chart", pairs, key="chart_pair", bind="query-params")
    prices = client().prices(scope, pair or pairs[0], PRICES_SHOWN)
    st.caption(spread_words(prices))
    charts.draw("spread", prices, charts.spread, f"Prices of {pair} by pool, against the middle")


def spread_words(prices: tuple[Booked[PriceRecord], ...]) -> str:
    if not prices:
        return "No prices have been sampled for this pair yet."
    block = prices[-1].record.block_number
    last = [price.record for price in prices if price.record.block_number == block]
    low = min(last, key=lambda record: record.price)
    high = max(last, key=lambda record: record.price)
    bps = (high.price / low.price - 1) * 10_000
    return (
        f"Sampled spot prices, {prices[-1].provenance.value}. Block {block:,}: {low.price:,.6g} "
        f"on {fmt.plain(charts.pool_name(low))}, {high.price:,.6g} on "
        f"{fmt.plain(charts.pool_name(high))}: a spread of {bps:.1f} bps, before the fees of two "
        "swaps."
    )


@live(REFRESH_SECONDS)
def body() -> None:
    head.engine_line()
    with told_in_words():
        scope = runs.chosen_scope()
        head.run_line()
        st.subheader("Latest opportunities", anchor=False)
        draw_list(scope)
        left, right = st.columns(2, gap="medium")
        with left:
            st.subheader("Funnel", anchor=False)
            tables.stages(client().funnel(scope))
        with right:
            st.subheader("What stopped them", anchor=False)
            tables.gates(client().funnel(scope))
        st.subheader("Near misses", anchor=False)
        st.caption(
            "Cycles of the newest scan that came closest to paying and were not attempted: what "
            "one unit brings back after fees, and why that was not enough."
        )
        tables.near_misses(client().near_misses(scope))
        st.subheader("Best that were stopped", anchor=False)
        st.caption("Stopped before they were submitted, and would have left most; best first.")
        tables.opportunities(
            client().best_stopped(scope, BEST_STOPPED_SHOWN), "Nothing has been stopped."
        )
        left, right = st.columns(2, gap="medium")
        with left:
            st.subheader("Prices by pool", anchor=False)
            draw_spread(scope)
        with right:
            st.subheader("What other searchers took", anchor=False)
            total = client().takings_total(scope)
            st.caption(
                f"{total.count:,} takings worth {fmt.ether(total.wei)} before their gas, "
                f"{total.provenance.value}"
                + (f"; the worth of {total.unknown:,} is not known." if total.unknown else ".")
            )
            tables.takings(client().takings(scope, TAKINGS_SHOWN))


head.title("Opportunities", "What was found, how far each came, and what others took.")
body()
