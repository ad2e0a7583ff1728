"""What attempts came to by venue, pair, shape of route, and hour of the day."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from aineon.ledger.breakdown import Breakdown, GroupFigures
from app import format as fmt
from app.components import charts, tables

_PAIRS_SHOWN = 50


def draw(found: Breakdown) -> None:
    """Draw each way to divide the attempts on a tab of its own."""
    st.header("Where it came from", anchor=False)
    if not found.shapes:
        st.caption("No attempt was settled in this time.")
        return
    since = "the first attempt" if found.since is None else fmt.time_utc(found.since)
    st.caption(f"Net after gas, reverts and fees, {found.provenance.value}, since {since}.")
    venues, pairs, shapes, hours = st.tabs(["Venues", "Pairs", "Route shapes", "Hours of the day"])
    with venues:
        _table("Venue", found.venues)
        st.caption(
            "An attempt counts for every venue that its route leads through, so venues add up to "
            "more than the whole."
        )
    with pairs:
        _table("Pair", found.pairs[:_PAIRS_SHOWN])
        if len(found.pairs) > _PAIRS_SHOWN:
            st.caption(f"The first {_PAIRS_SHOWN} of {len(found.pairs):,} pairs.")
    with shapes:
        _table("Route shape", found.shapes)
    with hours:
        alt = "Net by hour of the day"
        charts.draw("hours", found.hours, charts.by_hour, alt)
        _table("Hour (UTC)", found.hours)


def _table(what: str, groups: Sequence[GroupFigures]) -> None:
    tables.show(
        [
            {
                what: one.name,
                "Net (ETH)": fmt.decimal(fmt.wei_of(one.net)),
                "Attempts": one.attempts,
                "Included": one.included,
                "Success": None if one.success_rate is None else 100 * one.success_rate,
                "Average net (ETH)": fmt.decimal(fmt.wei_of(one.average_net)),
                "Gas (ETH)": fmt.decimal(fmt.wei_of(one.gas)),
                "Net not known": one.attempts - one.known,
            }
            for one in groups
        ],
        "No attempt was settled in this time.",
        alt=f"Net by {what.lower()}",
        **{
            "Net (ETH)": tables.ether_column("Net (ETH)"),
            "Average net (ETH)": tables.ether_column("Average net (ETH)", "of those known"),
            "Gas (ETH)": tables.ether_column("Gas (ETH)"),
            "Success": st.column_config.NumberColumn(format="%.1f %%"),
        },
    )
