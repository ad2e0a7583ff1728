"""Exports of withdrawals, with book and provenance in every row (`aineon.ledger.exporting`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from aineon.ledger.explorers import transaction_url
from aineon.ledger.exporting import Export, csv_line, file_name, integer_text, time_text
from aineon.primitives import Book, Provenance
from aineon.primitives.units import format_units
from aineon.treasury.store import TreasuryView
from aineon.treasury.withdrawal import Withdrawal

FORMAT: Final = "aineon-withdrawals"
FORMAT_VERSION: Final = "1"
_MOST: Final = 1_000_000


def withdrawals_csv(view: TreasuryView, now: float) -> Export:
    """Return all withdrawals of a book, newest first, as CSV that is safe in a spreadsheet."""
    return Export(_name(view.book, now, "csv"), "text/csv", lambda: _csv_pieces(view))


def withdrawals_json(view: TreasuryView, now: float) -> Export:
    """Return all withdrawals of a book, newest first, as JSON."""
    return Export(
        _name(view.book, now, "json"), "application/json", lambda: _json_pieces(view, now)
    )


def withdrawal_row(withdrawal: Withdrawal) -> dict[str, str | None]:
    """Return a withdrawal as flat JSON values: integers as text, None where not known."""
    each = withdrawal
    decimals = each.asset.decimals
    return {
        "book": each.book.value,
        "provenance": _provenance(each.book).value,
        "id": each.id,
        "version": str(each.version),
        "state": each.state.value,
        "reason": each.reason,
        "waits_because": each.waits_because,
        "asset": str(each.asset),
        "asset_address": each.asset.address,
        "amount": None
        if decimals is None
        else format_units(each.amount, decimals).replace(",", ""),
        "amount_smallest_units": str(each.amount),
        "worth_wei": integer_text(each.worth_wei),
        "destination": each.destination,
        "strategy": each.strategy.value,
        "origin": each.origin.value,
        "rule_id": each.rule_id,
        "batch_id": each.batch_id,
        "requested_by": each.requested_by,
        "edited_by": each.edited_by,
        "created_at": time_text(each.created_at),
        "changed_at": time_text(each.changed_at),
        "cooling_until": None if each.cooling_until is None else time_text(each.cooling_until),
        "chain_id": str(each.chain_id),
        "transaction_hash": each.transaction_hash,
        "transaction_url": transaction_url(each.chain_id, each.transaction_hash),
        "block_number": integer_text(each.block_number),
        "gas_wei": integer_text(each.gas_wei),
        "digest": each.digest,
    }


def _csv_pieces(view: TreasuryView) -> Iterator[str]:
    rows = [withdrawal_row(each) for each in _all(view)]
    yield csv_line(rows[0] if rows else ["book", "provenance", "id"])
    for row in rows:
        yield csv_line(row.values())


def _json_pieces(view: TreasuryView, now: float) -> Iterator[str]:
    head: dict[str, Any] = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "book": view.book.value,
        "provenance": _provenance(view.book).value,
        "made_at": time_text(now),
    }
    yield json.dumps(
        head | {"withdrawals": [withdrawal_row(each) for each in _all(view)]}, indent=1
    )


def _all(view: TreasuryView) -> tuple[Withdrawal, ...]:
    with view.reading() as treasury:
        return treasury.newest(_MOST)


def _provenance(book: Book) -> Provenance:
    return Provenance.LIVE if book is Book.LIVE else Provenance.SIMULATED


def _name(book: Book, now: float, ending: str) -> str:
    return file_name(book, _provenance(book), None, "withdrawals", now, ending)
