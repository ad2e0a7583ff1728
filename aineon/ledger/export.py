"""Exports of trades that still say what they are once they have left the console.

Every row carries its book and provenance, the file name says SIMULATED (or whatever the
figures are) and REHEARSAL in capitals, and integers are text, because JSON readers and
spreadsheets round wei.

A CSV cell never begins with `=`, `+`, `-`, `@`, a tab or a line break, which
spreadsheets take for a formula. A negative number gets a space in front, which number parsers
skip; any other text that begins so gets an apostrophe.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aineon.errors import LedgerError
from aineon.ledger.figures import ProfitSummary
from aineon.ledger.profit import ProfitTracker
from aineon.ledger.reading import BookReader
from aineon.ledger.records import SettlementRecord
from aineon.ledger.views import Scope, Trade
from aineon.primitives import Book, Money

FORMAT: Final = "aineon-trades"
FORMAT_VERSION: Final = "1"

_MAINNET: Final = 1
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Export:
    """A file to be offered or written.

    Attributes:
        file_name: suggested name, e.g. `aineon-SIMULATED-trades-20261123T101500Z.json`.
        media_type: for downloads.
        pieces: calls it to get the text, piece by piece.
    """

    file_name: str
    media_type: str
    pieces: Callable[[], Iterator[str]]

    def text(self) -> str:
        """Return the whole file's text."""
        return "".join(self.pieces())

    def save(self, folder: Path) -> Path:
        """Write the file into `folder` and return its path; half a file is never left.

        Raises:
            LedgerError: it cannot be written.
        """
        path = folder / self.file_name
        unfinished = path.with_name(f".{path.name}.part")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with unfinished.open("w", encoding="utf-8", newline="") as file:
                file.writelines(self.pieces())
            unfinished.replace(path)
        except OSError as error:
            raise LedgerError(
                f"export {path} cannot be written: {error.strerror or error}; name a folder "
                "with free space that this user may write to"
            ) from error
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
        return path


def trades_json(reader: BookReader, now: float, scope: Scope | None = None) -> Export:
    """Return the trades of `scope`, newest first, with their summary, as JSON."""
    chosen = scope or reader.scope()
    return Export(
        _file_name(reader.book, chosen, now, "json"),
        "application/json",
        lambda: _json_pieces(reader, chosen, now),
    )


def trades_csv(reader: BookReader, now: float, scope: Scope | None = None) -> Export:
    """Return the trades of `scope`, newest first, as CSV that is safe in a spreadsheet."""
    chosen = scope or reader.scope()
    return Export(
        _file_name(reader.book, chosen, now, "csv"), "text/csv", lambda: _csv_pieces(reader, chosen)
    )


def trade_row(trade: Trade) -> dict[str, Any]:
    """Return a trade as flat JSON values: integers as text, None where not known."""
    attempt = trade.attempt
    return {
        "book": trade.book.value,
        "provenance": trade.provenance.value,
        "run_id": str(attempt.run_id),
        "attempt_id": attempt.attempt_id,
        "plan_id": attempt.plan_id,
        "outcome": trade.outcome,
        "pair": attempt.pair,
        "route": attempt.route_text,
        "route_key": attempt.route_key,
        "venues": " ".join(attempt.venues),
        "base_token": attempt.base_token.symbol or attempt.base_token.address,
        "base_token_address": attempt.base_token.address,
        "base_token_decimals": _integer(attempt.base_token.decimals),
        "submitted_block": str(attempt.submitted_block),
        "submitted_step": str(attempt.submitted_step),
        "submitted_at": _time(attempt.submitted_at),
        "amount_in": str(attempt.amount_in),
        "expected_out": str(attempt.expected_out),
        "expected_profit": str(attempt.expected_profit),
        "expected_net_wei": _integer(attempt.expected_net_wei),
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
        _integer(settlement.settled_block),
        _time(settlement.settled_at),
        _integer(settlement.amount_out),
        _integer(settlement.gross_profit),
        _integer(settlement.flash_fee),
        _integer(settlement.gas_used),
        _wei(settlement.gas_cost),
        _wei(settlement.builder_payment),
        _wei(settlement.net),
        settlement.reason,
        _integer(settlement.chain_id),
        settlement.transaction_hash,
        transaction_link(settlement),
        settlement.verification,
        settlement.verification_detail,
    )
    return dict(zip(_SETTLED, values, strict=True))


def transaction_link(settlement: SettlementRecord) -> str | None:
    """Return where everybody can look a transaction up; None on chains that nobody lists."""
    if settlement.chain_id != _MAINNET or settlement.transaction_hash is None:
        return None
    return f"https://etherscan.io/tx/{settlement.transaction_hash}"


def summary_row(summary: ProfitSummary) -> dict[str, Any]:
    """Return a summary as flat JSON values: integers as text, None where not known."""
    row: dict[str, Any] = {}
    for name in ProfitSummary.__dataclass_fields__:
        value = getattr(summary, name)
        if isinstance(value, Money):
            row[f"{name}_wei"] = str(value.wei)
        elif name in ("since", "until"):
            row[name] = None if value is None else _time(value)
        else:
            row[name] = str(value) if isinstance(value, (int, str)) else value
    return row


def safe_cell(value: Any) -> str:
    """Return a value as a CSV cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    # Some programs drop the blanks in front before they look for a formula.
    if not (text.lstrip(" ") or " ").startswith(_FORMULA_STARTS):
        return text
    return f" {text}" if _NUMBER.fullmatch(text) else f"'{text}"


def _json_pieces(reader: BookReader, scope: Scope, now: float) -> Iterator[str]:
    summary = ProfitTracker(reader, scope).summary("all", now)
    header: Mapping[str, Any] = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "book": reader.book.value,
        "provenance": scope.provenance.value,
        "run_id": _integer(scope.run_id),
        "exported_at": _time(now),
        "amounts": "integers in the smallest unit, written as text",
        "summary": summary_row(summary),
    }
    yield json.dumps(header, indent=1)[:-2] + ',\n "trades": ['
    separator = "\n  "
    for trade in reader.trades(scope=scope):
        yield separator + json.dumps(trade_row(trade))
        separator = ",\n  "
    yield "\n ]\n}\n"


def _csv_pieces(reader: BookReader, scope: Scope) -> Iterator[str]:
    yield _csv_line(TRADE_COLUMNS)
    for trade in reader.trades(scope=scope):
        row = trade_row(trade)
        yield _csv_line([safe_cell(row[name]) for name in TRADE_COLUMNS])


def _csv_line(cells: Any) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _file_name(book: Book, scope: Scope, now: float, ending: str) -> str:
    moment = datetime.fromtimestamp(now, UTC)
    run = "" if scope.run_id is None else f"run{scope.run_id}-"
    what = scope.provenance.value.upper()
    if book is Book.REHEARSAL:
        what = f"REHEARSAL-{what}"
    return f"aineon-{what}-trades-{run}{moment:%Y%m%dT%H%M%SZ}.{ending}"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _integer(value: int | None) -> str | None:
    return None if value is None else str(value)


def _wei(value: Money | None) -> str | None:
    return None if value is None else str(value.wei)
