"""Tables of pages: exact numbers, one row a thing, words beside every sign."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import streamlit as st

from aineon.ledger.figures import Balances
from aineon.ledger.records import NearMissRecord, OpportunityRecord, TakingRecord
from aineon.ledger.views import Booked, Funnel, Pending, Trade
from app import format as fmt
from app.components import onchain

if TYPE_CHECKING:
    import pandas as pd

_ROW_HEIGHT = 35
_MOST_HEIGHT = 460
# Arrow's longest exact numbers have 76 digits, those behind the point of any row included.
_MOST_DIGITS = 76
_TOKEN_DECIMALS = 18
IN_FLIGHT = "in flight"
WAITS = "waits for the next block"


def ether_column(label: str, help_text: str | None = None) -> Any:
    """Return how a column of exact ETH amounts is shown; the cell opens to every digit."""
    return st.column_config.NumberColumn(label, format="%.6f", help=help_text)


def show(rows: Sequence[dict[str, Any]], empty: str, **columns: Any) -> None:
    """Draw `rows` as a table, or the sentence `empty` where there are none."""
    if not rows:
        st.caption(empty)
        return
    st.dataframe(
        _frame(rows),
        hide_index=True,
        height=min(_MOST_HEIGHT, _ROW_HEIGHT * (len(rows) + 1) + 3),
        row_height=_ROW_HEIGHT,
        column_config=columns,
        placeholder=fmt.UNKNOWN,
    )


def _frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return rows as a frame; numbers too long for an exact column become text."""
    # Loaded where it is needed: a page's title and words do not wait for it.
    import pandas as pd

    frame = pd.DataFrame(list(rows))
    for name in frame.columns:
        exact = [value for value in frame[name] if isinstance(value, Decimal)]
        if exact and max(map(_digits, exact)) > _MOST_DIGITS:
            frame[name] = [None if value is None else f"{value:f}" for value in frame[name]]
    return frame


def _digits(value: Decimal) -> int:
    return max(len(value.as_tuple().digits), 1 + max(0, value.adjusted())) + _TOKEN_DECIMALS


def last_trades(trades: Sequence[Trade]) -> None:
    """Draw the newest attempts in few columns."""
    proof = onchain.cells if onchain.is_on_chain(trades) else _no_cells
    rows = onchain.without_links(
        [
            {
                "Time (UTC)": fmt.time_cell(trade.attempt.submitted_at)[5:],
                "Outcome": trade.outcome or IN_FLIGHT,
                "Net (ETH)": fmt.decimal(fmt.wei_of(trade.net)),
                "Figures": trade.provenance.value,
                "Pair": trade.attempt.pair,
                **proof(trade),
                "Why": trade.settlement.reason if trade.settlement else WAITS,
            }
            for trade in trades
        ]
    )
    show(
        rows,
        "Nothing has been attempted in this run yet.",
        **{
            **onchain.columns(),
            "Net (ETH)": ether_column("Net (ETH)"),
            "Why": st.column_config.TextColumn(width="large"),
        },
    )


def pending(seen: Sequence[Pending]) -> None:
    """Draw what is seen in blocks that are not final; nothing where there is none."""
    if not seen:
        return
    st.subheader("Pending", anchor=False)
    st.caption(
        "Seen in a block that a reorg may still take back; in no sum until the block is final."
    )
    show(
        [onchain.pending_row(one) for one in seen],
        "",
        **{**onchain.columns(), "Net (ETH)": ether_column("Net (ETH)", "if the block stays")},
    )


def trades(trades: Sequence[Trade]) -> None:
    """Draw attempts with what was expected and what came of it."""
    proof = onchain.detailed_cells if onchain.is_on_chain(trades) else _no_cells
    show(
        onchain.without_links([_trade_row(trade, proof(trade)) for trade in trades]),
        "Nothing has been attempted in this run yet.",
        **{
            **onchain.columns(),
            "Expected net (ETH)": ether_column("Expected net (ETH)"),
            "Net (ETH)": ether_column("Net (ETH)", "after flash fee, gas and builder payment"),
            "Gas (ETH)": st.column_config.NumberColumn(format="%.6f"),
            "Builder (ETH)": st.column_config.NumberColumn(format="%.6f"),
            "Size": st.column_config.NumberColumn(format="%.4f"),
            "Confidence": st.column_config.NumberColumn(format="%.3f"),
            "Reason": st.column_config.TextColumn(width=380),
        },
    )


def _no_cells(trade: Trade) -> dict[str, Any]:
    return {}


def _trade_row(trade: Trade, proof: dict[str, Any]) -> dict[str, Any]:
    attempt, settled = trade.attempt, trade.settlement
    return {
        "Submitted (UTC)": fmt.time_cell(attempt.submitted_at),
        "Block": attempt.submitted_block,
        "Outcome": trade.outcome or IN_FLIGHT,
        "Expected net (ETH)": fmt.decimal(attempt.expected_net_wei),
        "Net (ETH)": fmt.decimal(fmt.wei_of(trade.net)),
        "Gas (ETH)": fmt.decimal(fmt.wei_of(settled.gas_cost)) if settled else None,
        "Builder (ETH)": fmt.decimal(fmt.wei_of(settled.builder_payment)) if settled else None,
        "Figures": trade.provenance.value,
        **proof,
        "Pair": attempt.pair,
        "Size": fmt.decimal(attempt.amount_in, attempt.base_token.decimals),
        "Token": str(attempt.base_token),
        "Venues": " → ".join(attempt.venues),
        "Confidence": attempt.confidence,
        "Reason": settled.reason if settled else WAITS,
        "Attempt": attempt.attempt_id,
        "Net (wei)": str(trade.net.wei) if trade.net else None,
    }


def gates(funnel: Funnel) -> None:
    """Draw what stopped opportunities, the gate that stopped most first."""
    show(
        [
            {
                "What stopped them": fmt.gate_words(stopped.gate),
                "Opportunities": stopped.count,
                "Share": 100 * stopped.count / max(1, funnel.opportunities),
                "Newest reason": stopped.reason,
                "Gate": stopped.gate,
            }
            for stopped in funnel.stopped
        ],
        "Nothing has been stopped.",
        **{
            "Share": st.column_config.NumberColumn(format="%.1f %%"),
            "Newest reason": st.column_config.TextColumn(width=420),
        },
    )


def stages(funnel: Funnel) -> None:
    """Draw how many opportunities passed each stage of the funnel."""
    first = max(1, funnel.counts.get("detected", 0))
    show(
        [
            {
                "Stage": stage,
                "Passed": funnel.counts.get(stage, 0),
                "Of detected": 100 * funnel.counts.get(stage, 0) / first,
                "Meaning": meaning,
            }
            for stage, meaning in fmt.STAGES.items()
        ],
        "",
        **{"Of detected": st.column_config.NumberColumn(format="%.2f %%")},
    )


def opportunities(rows: Sequence[Booked[OpportunityRecord]], empty: str) -> None:
    """Draw opportunities with their figures in the base token, and where they stopped."""
    numbers = {
        name: st.column_config.NumberColumn(format=pattern)
        for name, pattern in {
            "Size": "%.4f",
            "Gross": "%.6f",
            "Flash fee": "%.6f",
            "Gas": "%.6f",
            "Net": "%.6f",
            "Confidence": "%.3f",
        }.items()
    }
    show(
        [_opportunity_row(row) for row in rows],
        empty,
        **numbers,
        **{
            "Net (ETH)": ether_column("Net (ETH)", "after the builder payment too"),
            "Reason": st.column_config.TextColumn(width=380),
        },
    )


def _opportunity_row(row: Booked[OpportunityRecord]) -> dict[str, Any]:
    seen = row.record
    decimals = seen.base_token.decimals
    return {
        "Block": seen.block_number,
        "Seen (UTC)": fmt.time_cell(row.at)[5:],
        "Net (ETH)": fmt.decimal(seen.net_wei),
        "Stopped by": fmt.gate_words(seen.gate),
        "Pair": seen.pair,
        "Size": fmt.decimal(seen.amount_in, decimals),
        "Token": str(seen.base_token),
        "Gross": fmt.decimal(seen.gross_profit, decimals),
        "Flash fee": fmt.decimal(seen.flash_fee, decimals),
        "Gas": fmt.decimal(seen.gas_cost, decimals),
        "Net": fmt.decimal(seen.net_profit, decimals),
        "Confidence": seen.confidence,
        "Venues": " → ".join(seen.venues),
        "Stage": seen.stage,
        "Reason": seen.reason or "submitted",
        "Figures": row.provenance.value,
        "Route": seen.route_text,
    }


def near_misses(rows: Sequence[Booked[NearMissRecord]]) -> None:
    """Draw the cycles that came closest in the newest scan, and why each was not attempted."""
    show(
        [
            {
                "Block": row.record.block_number,
                "Rate": row.record.rate,
                "Short by": max(0.0, (1 - row.record.rate) * 10_000),
                "Why not": row.record.reason,
                "Pair": row.record.pair,
                "Best size": fmt.decimal(row.record.amount_in, row.record.base_token.decimals),
                "Token": str(row.record.base_token),
                "Gas": fmt.decimal(row.record.gas_cost, row.record.base_token.decimals),
                "Venues": " → ".join(row.record.venues),
                "Figures": row.provenance.value,
                "Route": row.record.route_text,
            }
            for row in rows
        ],
        "No cycle came near a profit in the newest scan.",
        **{
            "Rate": st.column_config.NumberColumn(
                format="%.6f", help="what one unit brings back after the pools' fees"
            ),
            "Short by": st.column_config.NumberColumn(format="%.2f bps"),
            "Why not": st.column_config.TextColumn(width=380),
            "Best size": st.column_config.NumberColumn(format="%.4f"),
            "Gas": st.column_config.NumberColumn(format="%.6f"),
        },
    )


def takings(rows: Sequence[Booked[TakingRecord]]) -> None:
    """Draw what other searchers took."""
    show(
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
        **{
            "Worth (ETH)": ether_column("Worth (ETH)", "before their gas"),
            "Took": st.column_config.NumberColumn(format="%.6f"),
        },
    )


def balances(left: Balances) -> None:
    """Draw what the trades left, token by token."""
    show(
        [
            {
                "Token": "ETH" if one.token is None else fmt.token_name(one.token),
                "Balance": fmt.decimal(one.amount, one.decimals),
                "Exact": f"{one.amount:,} smallest units",
                "Figures": left.provenance.value,
            }
            for one in left.balances
        ],
        "The trades have left nothing yet.",
        Balance=st.column_config.NumberColumn(format="%.6f"),
    )
    missing = []
    if left.gas_unknown:
        missing.append(f"the gas of {left.gas_unknown} attempts is not known")
    if left.builder_unknown:
        missing.append(f"the builder payment of {left.builder_unknown} attempts is not known")
    if missing:
        st.caption(f"Not taken off: {' and '.join(missing)}.")
