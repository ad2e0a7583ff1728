"""The journal as a file: every move, labelled, linked, and safe in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from aineon.ledger.accounts.export import MOVE_COLUMNS, journal_csv, journal_json, move_rows
from aineon.ledger.accounts.reading import AccountsReader
from aineon.ledger.explorers import transaction_url
from aineon.primitives import Book
from tests.ledger.accounts.chain import attempted, begin, hash_of, settled
from tests.ledger.booked import NOON, reader_of, scratch_book


def test_every_move_is_a_row_with_its_book_and_provenance() -> None:
    with scratch_book(Book.REHEARSAL) as store:
        run_id = begin(store)
        numbers = range(1, 4)
        store.write(
            attempts=[attempted(run_id, number) for number in numbers],
            settlements=[settled(number) for number in numbers],
        )
        reader = reader_of(store)
        written = journal_csv(reader, NOON)
        rows = list(csv.DictReader(io.StringIO(written.text())))
        content = json.loads(journal_json(reader, NOON).text())
    assert "REHEARSAL-SIMULATED-journal" in written.file_name
    assert tuple(rows[0]) == MOVE_COLUMNS
    assert len(rows) == len(content["moves"]) == 3 * 4
    assert {row["book"] for row in rows} == {"rehearsal"}
    assert {row["provenance"] for row in rows} == {"simulated"}
    assert {row["transaction_hash"] for row in rows} == set(map(hash_of, numbers))
    assert {row["transaction_link"] for row in rows} == {""}
    moved = [(row["source"].partition(":")[0], row["amount"]) for row in rows[:4]]
    assert moved == [("income", "1"), ("income", "2"), ("income", "97"), ("wallet", "7")]
    assert content["format"] == "aineon-journal"


def test_what_is_on_a_listed_chain_is_linked() -> None:
    with scratch_book(Book.REHEARSAL) as store:
        run_id = begin(store)
        store.write(attempts=[attempted(run_id, 1)], settlements=[settled(1)])
        (entry,) = AccountsReader(reader_of(store)).recent_entries()
    assert {row["transaction_link"] for row in move_rows(entry)} == {None}
    listed = {row["transaction_link"] for row in move_rows(replace(entry, chain_id=1))}
    assert listed == {f"https://etherscan.io/tx/{hash_of(1)}"}


@pytest.mark.parametrize(
    ("chain_id", "transaction_hash", "url"),
    [
        (1, "0xab", "https://etherscan.io/tx/0xab"),
        (11_155_111, "0xab", "https://sepolia.etherscan.io/tx/0xab"),
        (8_453, "0xab", "https://basescan.org/tx/0xab"),
        (1, None, None),
        (None, "0xab", None),
        (31_337, "0xab", None),
        (31_337_000_000_001, "0xab", None),
    ],
)
def test_links_by_chain(
    chain_id: int | None, transaction_hash: str | None, url: str | None
) -> None:
    assert transaction_url(chain_id, transaction_hash) == url
