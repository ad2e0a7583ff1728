"""Opportunities as rows, with their age and why not; one of them can be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from aineon.ledger.records import OpportunityRecord
from aineon.ledger.views import Booked
from app import format as fmt
from app.components import optimizer_score, tables
from app.components.optimizer_told import decider

PARAMETER: Final = "opportunity"
TABLES: Final = ("latest", "stopped")
"""The names of the tables of which a row can be chosen."""

_DRAWN: Final = "opportunities_drawn:"
_PATTERNS: Final = {
    "Size": "%.4f",
    "Gross": "%.6f",
    "Flash fee": "%.6f",
    "Gas": "%.6f",
    "Net": "%.6f",
    "Confidence": "%.3f",
    "Chance": "percent",
}

Rows = Sequence[Booked[OpportunityRecord]]


def show(rows: Rows, empty: str, now: float, alt: str) -> None:
    """Draw opportunities with their figures in the base token, and where they stopped."""
    tables.show(_cells(rows, now), empty, alt=alt, **_columns())


def choose(name: str, rows: Rows, empty: str, now: float, alt: str) -> None:
    """Draw opportunities of which one can be chosen; its number stays in the page's address.

    While one is chosen the rows stand still, so that none slips away under the pointer.
    """
    key = f"choose_{name}"
    if not _selected(key):
        st.session_state[_DRAWN + name] = tuple(rows)
    held: Rows = st.session_state.get(_DRAWN + name, tuple(rows))
    tables.show(
        _cells(held, now),
        empty,
        alt=alt,
        choice=tables.Choice(key, lambda: _keep(key, st.session_state[_DRAWN + name])),
        **_columns(),
    )
    st.caption(
        ":material/pause: These rows stand still while one of them is chosen; take the tick away, "
        "and they go on."
        if _selected(key)
        else "Tick a row to see its route, and what each cost takes away of its profit."
    )


def chosen_number() -> int | None:
    """Return the number that the page's address names; None where it names none."""
    text = st.query_params.get(PARAMETER, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def offer_to_forget() -> None:
    """Offer to take the number out of the page's address; a tick is taken away in its row."""
    if not any(_selected(f"choose_{name}") for name in TABLES):
        st.button("Show the best of these again", key="forget_opportunity", on_click=_forget)


def _forget() -> None:
    st.query_params.pop(PARAMETER, None)


def _selected(key: str) -> list[int]:
    state = st.session_state.get(key)
    return [] if state is None else list(state["selection"]["rows"])


def _keep(key: str, drawn: Rows) -> None:
    picked = [drawn[index] for index in _selected(key) if index < len(drawn)]
    if picked:
        st.query_params[PARAMETER] = str(picked[0].number)
    else:
        _forget()


def _columns() -> dict[str, Any]:
    numbers = {name: st.column_config.NumberColumn(format=how) for name, how in _PATTERNS.items()}
    return {
        **numbers,
        "Net (ETH)": tables.ether_column("Net (ETH)", "after the builder payment too"),
        "Expected (ETH)": tables.ether_column(
            "Expected (ETH)",
            "estimated by the optimizer: on average, at its own bid, misses counted",
        ),
        "Why not": st.column_config.TextColumn(width=380),
    }


def _cells(rows: Rows, now: float) -> list[dict[str, Any]]:
    return [_row(row, now) for row in rows]


def _row(row: Booked[OpportunityRecord], now: float) -> dict[str, Any]:
    seen = row.record
    decimals = seen.base_token.decimals
    return {
        "Age": fmt.age(now - row.at),
        "Net (ETH)": fmt.decimal(seen.net_wei),
        "Pair": seen.pair,
        "Stopped by": fmt.gate_words(seen.gate),
        "Why not": seen.reason or "submitted",
        "Chance": seen.lands,
        "Bid": optimizer_score.bid(seen.bid_bps),
        "Expected (ETH)": fmt.decimal(seen.expected_net_wei),
        "Decided by": fmt.UNKNOWN if seen.decided_by is None else decider(seen.decided_by),
        "Confidence": seen.confidence,
        "Size": fmt.decimal(seen.amount_in, decimals),
        "Token": str(seen.base_token),
        "Gross": fmt.decimal(seen.gross_profit, decimals),
        "Flash fee": fmt.decimal(seen.flash_fee, decimals),
        "Gas": fmt.decimal(seen.gas_cost, decimals),
        "Net": fmt.decimal(seen.net_profit, decimals),
        "Venues": " → ".join(seen.venues),
        "Stage": seen.stage,
        "Block": seen.block_number,
        "Seen (UTC)": fmt.time_cell(row.at)[5:],
        "Figures": row.provenance.value,
        "Route": seen.route_text,
        "Number": row.number,
    }
