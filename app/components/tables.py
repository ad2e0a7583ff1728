"""Tables of pages: exact numbers, one row a thing, words beside every sign."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import streamlit as st

from aineon.ledger.figures import Balances
from aineon.ledger.records import NearMissRecord
from aineon.ledger.views import Booked, Pending, Trade
from app import format as fmt
from app.components import onchain

if TYPE_CHECKING:
    import pyarrow as pa

ROW_HEIGHT = 35
# Streamlit breaks text into lines in rows above four times the size of its letters.
_TALL_ROW_HEIGHT = 66
_MOST_TALL_HEIGHT = 570
_MOST_HEIGHT = 460
# Arrow's longest exact numbers have 76 digits, those behind the point of any row included.
_MOST_DIGITS = 76
IN_FLIGHT = "in flight"
WAITS = "waits for the next block"


def ether_column(label: str, help_text: str | None = None) -> Any:
    """Return how a column of exact ETH amounts is shown; the cell opens to every digit."""
    return st.column_config.NumberColumn(label, format="%.6f", help=help_text)


@dataclass(frozen=True, slots=True)
class Choice:
    """That one row of a table can be chosen: under which key, and what is called then."""

    key: str
    changed: Callable[[], None]


def show(
    rows: Sequence[dict[str, Any]],
    empty: str,
    *,
    alt: str | None = None,
    choice: Choice | None = None,
    row_height: int = ROW_HEIGHT,
    most_height: int = _MOST_HEIGHT,
    **columns: Any,
) -> None:
    """Draw `rows` as a table, or the sentence `empty` where there are none.

    Args:
        rows: what stands in them, by the columns' names.
        empty: a sentence.
        alt: what the table holds, for those who cannot see it.
        choice: where one row can be chosen.
        row_height: in pixels; tall rows break long text into lines.
        most_height: in pixels; longer tables scroll.
        columns: how columns are shown, by their names.
    """
    if not rows:
        st.caption(empty)
        return
    chosen: dict[str, Any] = {}
    if choice is not None:
        chosen = {
            "key": choice.key,
            "on_select": choice.changed,
            "selection_mode": "single-row",
        }
    st.dataframe(
        arrow(rows),
        hide_index=True,
        height=min(most_height, row_height * len(rows) + ROW_HEIGHT + 3),
        row_height=row_height,
        column_config=columns,
        placeholder=fmt.UNKNOWN,
        alt=alt,
        **chosen,
    )


def static(rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw `rows` in full, as text in which Markdown counts; for few rows with long texts."""
    st.table(arrow(rows), border="horizontal", hide_index=True)


def arrow(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return rows as the browser is handed them; numbers too long for a column become text.

    The names of the columns are those of the first row. A frame of pandas in between would take
    four times as long.
    """
    # Loaded where it is needed: a page's title and words do not wait for it.
    import pyarrow as pa

    names = list(rows[0]) if rows else []
    columns = [_column([row[name] for row in rows]) for name in names]
    return pa.table(dict(zip(names, columns, strict=True)))


def _column(values: list[Any]) -> list[Any]:
    exact = [value for value in values if isinstance(value, Decimal)]
    if exact and _digits(exact) > _MOST_DIGITS:
        return [None if value is None else f"{value:f}" for value in values]
    return values


def _digits(values: Sequence[Decimal]) -> int:
    """Return how many digits hold each of `values`, the point being at one place in all."""
    # Zeros behind the point count: a token may call itself divisible by 255 digits.
    behind = max(-int(value.as_tuple().exponent) for value in values)
    before = max(1 + value.adjusted() for value in values)
    return max(0, behind) + max(0, before)


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
        alt="The newest attempts with outcome, net and why",
        row_height=_TALL_ROW_HEIGHT,
        most_height=_MOST_TALL_HEIGHT,
        **{
            **onchain.columns(),
            "Net (ETH)": ether_column("Net (ETH)"),
            "Why": st.column_config.TextColumn(width=400),
        },
    )


def in_flight(trades: Sequence[Trade], now: float) -> None:
    """Draw attempts that were submitted and have not ended."""
    show(
        [
            {
                "Waits": fmt.age(now - trade.attempt.submitted_at),
                "Submitted (UTC)": fmt.time_cell(trade.attempt.submitted_at),
                "Block": trade.attempt.submitted_block,
                "Pair": trade.attempt.pair,
                "Expected net (ETH)": fmt.decimal(trade.attempt.expected_net_wei),
                "Venues": " → ".join(trade.attempt.venues),
                "Figures": trade.provenance.value,
                "Attempt": trade.attempt.attempt_id,
            }
            for trade in trades
        ],
        "Nothing is in flight.",
        alt="Attempts that were submitted and have not ended",
        **{"Expected net (ETH)": ether_column("Expected net (ETH)")},
    )


def pending(seen: Sequence[Pending]) -> None:
    """Draw what is seen in blocks that are not final; nothing where there is none."""
    if not seen:
        return
    st.header("Pending", anchor=False)
    st.caption(
        "Seen in a block that a reorg may still take back; in no sum until the block is final."
    )
    show(
        [onchain.pending_row(one) for one in seen],
        "",
        alt="What is seen in blocks that are not final",
        **{**onchain.columns(), "Net (ETH)": ether_column("Net (ETH)", "if the block stays")},
    )


def trades(trades: Sequence[Trade]) -> None:
    """Draw attempts with what was expected and what came of it."""
    proof = onchain.detailed_cells if onchain.is_on_chain(trades) else _no_cells
    show(
        onchain.without_links([_trade_row(trade, proof(trade)) for trade in trades]),
        "Nothing has been attempted in this run yet.",
        alt="Attempts: what was expected, and what came of it",
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
        alt="Cycles that came closest to paying, and why they did not",
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
        alt="What the trades left, token by token",
        Balance=st.column_config.NumberColumn(format="%.6f"),
    )
    missing = []
    if left.gas_unknown:
        missing.append(f"the gas of {left.gas_unknown} attempts is not known")
    if left.builder_unknown:
        missing.append(f"the builder payment of {left.builder_unknown} attempts is not known")
    if missing:
        st.caption(f"Not taken off: {' and '.join(missing)}.")
