"""What other searchers took."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from aineon.ledger.records import TakingRecord
from aineon.ledger.views import Booked, TakingsTotal
from app import format as fmt
from app.components import tables


def words(total: TakingsTotal) -> str:
    """Return what they took in all, in a sentence."""
    told = (
        f"Other searchers took {fmt.ether(total.wei)} in {total.count:,} takings before their "
        f"gas, {total.provenance.value}"
    )
    return f"{told}; the worth of {total.unknown:,} is not known." if total.unknown else f"{told}."


def draw(rows: Sequence[Booked[TakingRecord]]) -> None:
    """Draw what other searchers took."""
    tables.show(
        [
            {
                "Block": row.record.block_number,
                "Searcher": row.record.searcher,
                "Worth (ETH)": fmt.decimal(row.record.profit_wei),
                "Took": fmt.decimal(row.record.profit, row.record.profit_token.decimals),
                "Token": str(row.record.profit_token),
                "Figures": row.provenance.value,
                "Reference": row.record.reference,
            }
            for row in rows
        ],
        "Nobody else has taken anything that this feed shows.",
        alt="What other searchers took",
        **{
            "Worth (ETH)": tables.ether_column("Worth (ETH)", "before their gas"),
            "Took": st.column_config.NumberColumn(format="%.6f"),
        },
    )
