"""The journal of the accounts as files: every move of money, with where it can be looked up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from aineon.ledger.accounts.reading import AccountsReader, BookedEntry
from aineon.ledger.explorers import transaction_url
from aineon.ledger.exporting import Export, csv_line, file_name, integer_text, time_text
from aineon.ledger.reading import BookReader
from aineon.primitives import Book, Provenance

FORMAT: Final = "aineon-journal"
FORMAT_VERSION: Final = "1"

MOVE_COLUMNS: Final = (
    "book",
    "provenance",
    "chain_id",
    "entry",
    "reference",
    "kind",
    "at",
    "block",
    "transaction_hash",
    "transaction_link",
    "source",
    "destination",
    "token",
    "token_address",
    "token_decimals",
    "amount",
    "detail",
)
"""The names in every row, in order; one row for each move."""

_PROVENANCE: Final = {Book.REHEARSAL: Provenance.SIMULATED, Book.LIVE: Provenance.LIVE}


def journal_csv(reader: BookReader, now: float) -> Export:
    """Return the journal of the book's newest chain, oldest first, as CSV safe in a spreadsheet."""
    return Export(_name(reader.book, now, "csv"), "text/csv", lambda: _csv_pieces(reader))


def journal_json(reader: BookReader, now: float) -> Export:
    """Return the journal of the book's newest chain, oldest first, as JSON."""
    pieces = _json_pieces
    return Export(_name(reader.book, now, "json"), "application/json", lambda: pieces(reader, now))


def move_rows(entry: BookedEntry) -> Iterator[dict[str, Any]]:
    """Yield the moves of an entry as flat JSON values, integers as text."""
    for move in entry.moves:
        yield {
            "book": entry.book.value,
            "provenance": _provenance(entry.book).value,
            "chain_id": str(entry.chain_id),
            "entry": str(entry.number),
            "reference": entry.reference,
            "kind": entry.kind.value,
            "at": time_text(entry.at),
            "block": str(entry.block),
            "transaction_hash": entry.transaction_hash,
            "transaction_link": transaction_url(entry.chain_id, entry.transaction_hash),
            "source": move.source,
            "destination": move.destination,
            "token": move.token.symbol or move.token.address,
            "token_address": move.token.address,
            "token_decimals": integer_text(move.token.decimals),
            "amount": str(move.amount),
            "detail": entry.detail,
        }


def _csv_pieces(reader: BookReader) -> Iterator[str]:
    yield csv_line(MOVE_COLUMNS)
    for entry in AccountsReader(reader).entries():
        for row in move_rows(entry):
            yield csv_line(row[name] for name in MOVE_COLUMNS)


def _json_pieces(reader: BookReader, now: float) -> Iterator[str]:
    accounts = AccountsReader(reader)
    header = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "book": reader.book.value,
        "provenance": _provenance(reader.book).value,
        "chain_id": integer_text(accounts.chain_id()),
        "exported_at": time_text(now),
        "amounts": "integers in the smallest unit, written as text",
    }
    yield json.dumps(header, indent=1)[:-2] + ',\n "moves": ['
    separator = "\n  "
    for entry in accounts.entries():
        for row in move_rows(entry):
            yield separator + json.dumps(row)
            separator = ",\n  "
    yield "\n ]\n}\n"


def _provenance(book: Book) -> Provenance:
    return _PROVENANCE.get(book, Provenance.SIMULATED)


def _name(book: Book, now: float, ending: str) -> str:
    return file_name(book, _provenance(book), None, "journal", now, ending)
