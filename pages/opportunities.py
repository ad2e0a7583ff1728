"""Opportunities: what was found, how far each came, and what the others took."""

from __future__ import annotations

import streamlit as st

from aineon.ledger.records import OpportunityRecord, PriceRecord
from aineon.ledger.views import Booked, Scope
from app import format as fmt
from app.components import (
    charts,
    funnel,
    head,
    market_charts,
    opportunities,
    opportunity,
    runs,
    tables,
    takings,
)
from app.components.live import live, told_in_words
from app.state import client

REFRESH_SECONDS = 3
LOOKED_THROUGH = 250
SHOWN = 100
BEST_STOPPED_SHOWN = 20
TAKINGS_SHOWN = 30
PRICES_SHOWN = 1_000
ANY = "Any"


def draw_list(scope: Scope) -> list[Booked[OpportunityRecord]]:
    stopped = {fmt.gate_words(one.gate): one.gate for one in client().funnel(scope).stopped}
    columns = st.columns(3)
    with columns[0]:
        gate = choose("Stopped by", "gate", sorted(stopped))
    found = client().opportunities(scope, LOOKED_THROUGH, stopped.get(gate))
    with columns[1]:
        pair = choose("Pair", "pair", sorted({row.record.pair for row in found}))
    with columns[2]:
        venue = choose("Venue", "venue", sorted({v for row in found for v in row.record.venues}))
    rows = [row for row in found if matches(row.record, pair, venue)][:SHOWN]
    whence = found[0].provenance if found else scope.provenance
    st.caption(
        f"{len(rows):,} of the newest {len(found):,} opportunities, {whence.value}. "
        "Size, gross, flash fee, gas and net are in the token named beside them; net in ETH is "
        "after the builder payment."
    )
    now = client().clock.now()
    opportunities.choose("latest", rows, "No opportunity matches.", now, "Latest opportunities")
    return rows


def choose(label: str, key: str, options: list[str]) -> str:
    """Offer a filter whose choice stays in the page's address."""
    chosen = st.session_state.get(key, ANY)
    # What was chosen stays on offer while nothing new matches it.
    offered = [ANY, *options, *([chosen] if chosen not in (ANY, *options) else [])]
    return st.selectbox(label, offered, key=key, bind="query-params") or ANY


def matches(seen: OpportunityRecord, pair: str, venue: str) -> bool:
    return pair in (ANY, seen.pair) and (venue == ANY or venue in seen.venues)


def draw_chosen(rows: list[Booked[OpportunityRecord]]) -> None:
    number = opportunities.chosen_number()
    priced = [row for row in rows if row.record.net_wei is not None]
    if number is not None:
        st.header("The chosen opportunity", anchor=False)
        opportunities.offer_to_forget()
        row = client().opportunity(number)
        if row is None:
            st.caption(f"Opportunity {number:,} is not, or no longer, in this book.")
            return
    elif priced:
        st.header("The best of these", anchor=False)
        row = max(priced, key=lambda each: (each.record.net_wei or 0, each.number))
    else:
        return
    opportunity.draw(row)


def draw_spread(scope: Scope) -> None:
    pairs = client().price_pairs(scope)
    if not pairs:
        st.caption("No prices have been sampled in this run yet.")
        return
    pair = st.selectbox("Pair of the chart", pairs, key="chart_pair", bind="query-params")
    prices = client().prices(scope, pair or pairs[0], PRICES_SHOWN)
    st.caption(spread_words(prices))
    alt = f"Prices of {pair} by pool, against the middle"
    charts.draw(f"spread-{pair}", prices, market_charts.spread, alt)


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
        f"on {fmt.plain(market_charts.pool_name(low))}, {high.price:,.6g} on "
        f"{fmt.plain(market_charts.pool_name(high))}: a spread of {bps:.1f} bps, before the fees "
        "of two swaps."
    )


@live(REFRESH_SECONDS)
def body() -> None:
    head.engine_line()
    with told_in_words():
        scope = runs.chosen_scope()
        head.run_line()
        st.header("Latest opportunities", anchor=False)
        draw_chosen(draw_list(scope))
        st.header("Funnel", anchor=False)
        counted = client().funnel(scope)
        st.caption(funnel.why_words(counted))
        funnel.stages(counted)
        funnel.gates(counted)
        st.header("Near misses", anchor=False)
        st.caption(
            "Cycles of the newest scan that came closest to paying and were not attempted: what "
            "one unit brings back after fees, and why that was not enough."
        )
        tables.near_misses(client().near_misses(scope))
        st.header("Best that were stopped", anchor=False)
        st.caption("Stopped before they were submitted, and would have left most; best first.")
        best, now = client().best_stopped(scope, BEST_STOPPED_SHOWN), client().clock.now()
        opportunities.choose("stopped", best, "Nothing has been stopped.", now, "Best stopped")
        left, right = st.columns(2, gap="medium")
        with left:
            st.header("Prices by pool", anchor=False)
            draw_spread(scope)
        with right:
            st.header("What other searchers took", anchor=False)
            st.caption(takings.words(client().takings_total(scope)))
            takings.draw(client().takings(scope, TAKINGS_SHOWN))


head.title("Opportunities", "What was found, how far each came, and what others took.")
body()
