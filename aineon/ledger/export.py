"""Exports of trades, with book and provenance in every row (`aineon.ledger.exporting`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from aineon.ledger.explorers import transaction_url
from aineon.ledger.exporting import (
    Export,
    csv_line,
    file_name,
    integer_text,
    time_text,
    wei_text,
)
from aineon.ledger.figures import ProfitSummary
from aineon.ledger.periods import PERIOD_SECONDS, Period
from aineon.ledger.profit import ProfitTracker
from aineon.ledger.reading import BookReader
from aineon.ledger.records import SettlementRecord
from aineon.ledger.views import Scope, Trade
from aineon.primitives import Book, Money

FORMAT: Final = "aineon-trades"
FORMAT_VERSION: Final = "2"


def trades_json(
    reader: BookReader, now: float, scope: Scope | None = None, period: Period = "all"
) -> Export:
    """Return the trades of `scope`, newest first, with their summary, as JSON.

    Of a `period` that ends now: those settled in it, and submitted in it where not yet settled.
    """
    chosen = scope or reader.scope()
    return Export(
        _name(reader.book, chosen, period, now, "json"),
        "application/json",
        lambda: _json_pieces(reader, chosen, period, now),
    )


def trades_csv(
    reader: BookReader, now: float, scope: Scope | None = None, period: Period = "all"
) -> Export:
    """Return the trades of `scope`, newest first, as CSV that is safe in a spreadsheet.

    Of a `period` as in `trades_json`.
    """
    chosen = scope or reader.scope()
    return Export(
        _name(reader.book, chosen, period, now, "csv"),
        "text/csv",
        lambda: _csv_pieces(reader, chosen, period, now),
    )


def trade_row(trade: Trade) -> dict[str, Any]:
    """Return a trade as flat JSON values: integers as text, None where not known."""
    attempt = trade.attempt
    return {
        "book": trade.book.value,
        "provenance": trade.provenance.value,
        "run_id": str(attempt.run_id),
        "attempt_id": attempt.attempt_id,
        "strategy_run": attempt.strategy_run,
        "plan_id": attempt.plan_id,
        "outcome": trade.outcome,
        "pair": attempt.pair,
        "route": attempt.route_text,
        "route_key": attempt.route_key,
        "venues": " ".join(attempt.venues),
        "base_token": attempt.base_token.symbol or attempt.base_token.address,
        "base_token_address": attempt.base_token.address,
        "base_token_decimals": integer_text(attempt.base_token.decimals),
        "submitted_block": str(attempt.submitted_block),
        "submitted_step": str(attempt.submitted_step),
        "submitted_at": time_text(attempt.submitted_at),
        "amount_in": str(attempt.amount_in),
        "expected_out": str(attempt.expected_out),
        "expected_profit": str(attempt.expected_profit),
        "expected_net_wei": integer_text(attempt.expected_net_wei),
        "gas_limit": str(attempt.gas_limit),
        "confidence": attempt.confidence,
        **(dict.fromkeys(_SETTLED) if trade.settlement is None else _settled(trade.settlement)),
    }


_SETTLED: Final = (
    "settled_block",
    "settled_at",
    "amount_out",
    "gross_profit",
    "flash_fee",
    "gas_used",
    "gas_cost_wei",
    "builder_payment_wei",
    "net_wei",
    "reason",
    "chain_id",
    "transaction_hash",
    "transaction_link",
    "verification",
    "verification_detail",
)
TRADE_COLUMNS: Final = (
    "book",
    "provenance",
    "run_id",
    "attempt_id",
    "strategy_run",
    "plan_id",
    "outcome",
    "pair",
    "route",
    "route_key",
    "venues",
    "base_token",
    "base_token_address",
    "base_token_decimals",
    "submitted_block",
    "submitted_step",
    "submitted_at",
    "amount_in",
    "expected_out",
    "expected_profit",
    "expected_net_wei",
    "gas_limit",
    "confidence",
    *_SETTLED,
)
"""The names in every row of an export, in order."""


def _settled(settlement: SettlementRecord) -> dict[str, str | None]:
    values = (
        integer_text(settlement.settled_block),
        time_text(settlement.settled_at),
        integer_text(settlement.amount_out),
        integer_text(settlement.gross_profit),
        integer_text(settlement.flash_fee),
        integer_text(settlement.gas_used),
        wei_text(settlement.gas_cost),
        wei_text(settlement.builder_payment),
        wei_text(settlement.net),
        settlement.reason,
        integer_text(settlement.chain_id),
        settlement.transaction_hash,
        transaction_link(settlement),
        settlement.verification,
        settlement.verification_detail,
    )
    return dict(zip(_SETTLED, values, strict=True))


def transaction_link(settlement: SettlementRecord) -> str | None:
    """Return where everybody can look a transaction up; None on chains that nobody lists."""
    return transaction_url(settlement.chain_id, settlement.transaction_hash)


def summary_row(summary: ProfitSummary) -> dict[str, Any]:
    """Return a summary as flat JSON values: integers as text, None where not known."""
    row: dict[str, Any] = {}
    for name in ProfitSummary.__dataclass_fields__:
        value = getattr(summary, name)
        if isinstance(value, Money):
            row[f"{name}_wei"] = str(value.wei)
        elif name in ("since", "until"):
            row[name] = None if value is None else time_text(value)
        else:
            row[name] = str(value) if isinstance(value, (int, str)) else value
    return row


def _json_pieces(reader: BookReader, scope: Scope, period: Period, now: float) -> Iterator[str]:
    summary = ProfitTracker(reader, scope).summary(period, now)
    header: Mapping[str, Any] = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "book": reader.book.value,
        "provenance": scope.provenance.value,
        "run_id": integer_text(scope.run_id),
        "exported_at": time_text(now),
        "amounts": "integers in the smallest unit, written as text",
        "summary": summary_row(summary),
    }
    yield json.dumps(header, indent=1)[:-2] + ',\n "trades": ['
    separator = "\n  "
    for trade in _trades(reader, scope, period, now):
        yield separator + json.dumps(trade_row(trade))
        separator = ",\n  "
    yield "\n ]\n}\n"


def _csv_pieces(reader: BookReader, scope: Scope, period: Period, now: float) -> Iterator[str]:
    yield csv_line(TRADE_COLUMNS)
    for trade in _trades(reader, scope, period, now):
        row = trade_row(trade)
        yield csv_line(row[name] for name in TRADE_COLUMNS)


def _trades(reader: BookReader, scope: Scope, period: Period, now: float) -> Iterator[Trade]:
    since = None if period == "all" else now - PERIOD_SECONDS[period]
    for trade in reader.trades(scope=scope):
        if since is None or since <= _at(trade) <= now:
            yield trade


def _at(trade: Trade) -> float:
    settled = trade.settlement
    return trade.attempt.submitted_at if settled is None else settled.settled_at


def _name(book: Book, scope: Scope, period: Period, now: float, ending: str) -> str:
    what = "trades" if period == "all" else f"trades-last-{period}"
    return file_name(book, scope.provenance, scope.run_id, what, now, ending)
