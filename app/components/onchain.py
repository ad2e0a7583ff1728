"""What a chain says of attempts: transactions, what they were compared with, what is pending."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from aineon.ledger.export import transaction_link
from aineon.ledger.views import Pending, Trade
from app import format as fmt

# So narrow that a hash is cut in its cell; pointing at it, opening or copying gives all of it.
_HASH_WIDTH = 110


def is_on_chain(trades: Sequence[Trade]) -> bool:
    """Whether any of `trades` was settled by a chain."""
    return any(trade.settlement and trade.settlement.chain_id is not None for trade in trades)


def cells(trade: Trade) -> dict[str, Any]:
    """Return the cells of a trade that a chain settled."""
    settled = trade.settlement
    if settled is None:
        return {"Checked": None, "Transaction": None, "Look up": None}
    return {
        "Checked": settled.verification,
        "Transaction": settled.transaction_hash,
        "Look up": transaction_link(settled),
    }


def detailed_cells(trade: Trade) -> dict[str, Any]:
    """Return the same cells, with what an independent source said: both figures if they differ."""
    detail = trade.settlement.verification_detail if trade.settlement else None
    return {**cells(trade), "Compared": detail}


def columns() -> dict[str, Any]:
    """Return how these cells are shown."""
    return {
        "Checked": st.column_config.TextColumn(
            help="verified: an independent source says the same; differs: it says otherwise; "
            "unverified: none could be asked"
        ),
        "Transaction": st.column_config.TextColumn(width=_HASH_WIDTH),
        "Look up": st.column_config.LinkColumn(display_text="look up"),
        "Compared": st.column_config.TextColumn(width=320),
    }


def without_links(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave the links out where no row has one: nobody lists that chain."""
    if any(row.get("Look up") for row in rows):
        return rows
    return [{name: cell for name, cell in row.items() if name != "Look up"} for row in rows]


def pending_row(seen: Pending) -> dict[str, Any]:
    """Return the row of an attempt whose block a reorg may still take back."""
    attempt, observed = seen.attempt, seen.observation
    return {
        "Seen (UTC)": fmt.time_cell(observed.at),
        "Block": observed.block_number,
        "Outcome": f"{observed.outcome}, if the block stays",
        "Net (ETH)": fmt.decimal(fmt.wei_of(observed.net)),
        "Figures": seen.provenance.value,
        "Pair": attempt.pair,
        "Transaction": observed.transaction_hash,
        "Attempt": attempt.attempt_id,
    }
