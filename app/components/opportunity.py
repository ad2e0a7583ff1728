"""One opportunity in full: its route, its size, and what each cost leaves of its profit."""

from __future__ import annotations

import streamlit as st

from aineon.ledger.profit import WRAPPED_ETHER
from aineon.ledger.records import OpportunityRecord
from aineon.ledger.views import Booked
from app import format as fmt
from app.components import charts, money, optimizer_score, tables, waterfall, way
from app.components.figures import label
from app.state import client

_WAY_HEIGHT = 150


def draw(row: Booked[OpportunityRecord]) -> None:
    """Draw the opportunity `row`."""
    seen = row.record
    st.caption(_words(row))
    _figures(row)
    optimizer_score.draw(row)
    left, right = st.columns(2, gap="medium")
    with left:
        _route(seen)
    with right:
        _costs(seen)


def _words(row: Booked[OpportunityRecord]) -> str:
    seen = row.record
    words = (
        f"Number {row.number:,}, {fmt.plain(seen.pair)}, block {seen.block_number:,}, seen "
        f"{fmt.time_utc(row.at)}, {row.provenance.value}. It came as far as: {seen.stage}. "
    )
    if seen.attempt_id is not None:
        return words + f"It was attempted as {fmt.plain(seen.attempt_id)}."
    gate = fmt.plain(fmt.gate_words(seen.gate).lower())
    return words + f"Stopped by: {gate}. Why not: {fmt.plain(seen.reason)}."


def _figures(row: Booked[OpportunityRecord]) -> None:
    seen = row.record
    columns = money.row("opportunity")
    with columns[0]:
        size = fmt.amount(seen.amount_in, seen.base_token.decimals)
        money.figure("Size", size, "", fmt.plain(label(str(seen.base_token))))
    with columns[1]:
        confidence = fmt.UNKNOWN if seen.confidence is None else f"{seen.confidence:.3f}"
        about = "From 0 to 1: depth, spread and age of the route's pools, by fixed rules."
        money.figure("Confidence", confidence, about, "by rules, no AI score")
    with columns[2]:
        gross = fmt.signed(seen.gross_profit, seen.base_token.decimals)
        money.figure("Gross", gross, "", fmt.plain(label(str(seen.base_token))))
    with columns[3]:
        note = f"{'not known' if seen.net_wei is None else row.provenance.value}"
        net = fmt.signed_ether(seen.net_wei)
        money.figure("Net", net, f"Exactly {fmt.exact_ether(seen.net_wei)}.", note)


def _route(seen: OpportunityRecord) -> None:
    legs = way.legs_of(seen)
    if not legs:
        st.caption(f"Route: {fmt.plain(seen.route_text)}")
        return
    words = "; ".join(
        f"{leg.token_in} to {leg.token_out} on {'+'.join(leg.venues)}" for leg in legs
    )
    charts.draw("way", legs, way.drawn, f"Route: {words}", _WAY_HEIGHT)
    tables.show(
        [
            {
                "Hop": number,
                "From": leg.token_in,
                "To": leg.token_out,
                "Venue": " + ".join(leg.venues),
                "Pool": " + ".join(leg.pools),
            }
            for number, leg in enumerate(legs, start=1)
        ],
        "",
        alt="The hops of the route",
    )


def _costs(seen: OpportunityRecord) -> None:
    decimals = seen.base_token.decimals
    if decimals is None:
        st.caption("The token's decimals are not known, so its amounts cannot be drawn.")
        return
    steps = waterfall.steps_of(seen, seen.net_wei if _is_ether(seen) else None)
    told = ", ".join(f"{step.name} {fmt.signed(step.amount, decimals)}" for step in steps)
    symbol = label(str(seen.base_token))
    st.caption(
        "From gross profit to net. The pools' own fees are in the gross profit already. "
        + waterfall.missing_words(steps)
    )
    charts.draw(
        "waterfall",
        (steps, symbol, decimals),
        lambda data: waterfall.waterfall(*data),
        f"From gross profit to net, in {symbol}: {told}",
    )


def _is_ether(seen: OpportunityRecord) -> bool:
    named = {
        run.record.native_token.address
        for run in client().runs()
        if run.number == seen.run_id and run.record.native_token is not None
    }
    return seen.base_token.address in named | WRAPPED_ETHER
