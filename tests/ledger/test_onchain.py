"""What a book keeps of attempts on a chain: proofs beside settlements, and what is pending."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aineon.errors import LedgerError, MixedBooks
from aineon.ledger.export import trades_csv, trades_json, transaction_link
from aineon.ledger.reading import BookReader
from aineon.ledger.records import ObservationRecord, SettlementRecord
from aineon.ledger.store import BookStore
from aineon.primitives import Book, LiveMoney, Provenance, RehearsalMoney, SimulatedMoney
from tests.databases import database_url
from tests.ledger.booked import ETHER, NOON, attempt, included, run

HASH = "0x" + "ab" * 32


@pytest.fixture
def store(tmp_path: Path) -> Iterator[BookStore]:
    with BookStore.open(database_url(tmp_path / "rehearsal.db"), Book.REHEARSAL) as opened:
        run_id = opened.begin_run(run())
        opened.write(attempts=[attempt(run_id, name) for name in ("r-1", "r-2", "r-3")])
        yield opened


def observation(attempt_id: str = "r-1", **changes: Any) -> ObservationRecord:
    plain = ObservationRecord(attempt_id, 31_337, HASH, "included", 2, RehearsalMoney(90), NOON)
    return replace(plain, **changes)


def proven(attempt_id: str = "r-1", **changes: Any) -> SettlementRecord:
    plain = included(
        attempt_id,
        gas_cost=RehearsalMoney(7),
        builder_payment=RehearsalMoney(2),
        net=RehearsalMoney(90),
        chain_id=31_337,
        transaction_hash=HASH,
        finalised=True,
        verification="differs",
        verification_detail="node-2 says gas 5 (ours 6)",
    )
    return replace(plain, **changes)


def test_what_is_pending_is_read_oldest_block_first(store: BookStore) -> None:
    store.write(observations=[observation("r-1", block_number=9), observation("r-2", net=None)])
    with BookReader.of(store) as book:
        two, one = book.pending()
    assert (one.attempt.attempt_id, two.attempt.attempt_id) == ("r-1", "r-2")
    assert one.observation == observation("r-1", block_number=9)
    assert two.observation.net is None
    assert one.provenance is Provenance.PENDING
    assert one.attempt.base_token.symbol == "WETH"


def test_what_is_pending_is_replaced_left_and_taken_back(store: BookStore) -> None:
    def pending() -> list[str]:
        with BookReader.of(store) as book:
            return [each.attempt.attempt_id for each in book.pending()]

    store.write(observations=[observation("r-1"), observation("r-2")])
    store.write(observations=[observation("r-2"), observation("r-3")])
    assert pending() == ["r-2", "r-3"]
    store.write()
    assert pending() == ["r-2", "r-3"]
    # What is settled is not pending any more, whether or not that is said.
    store.write(settlements=[proven("r-2")])
    assert pending() == ["r-3"]
    store.write(observations=[])
    assert pending() == []


def test_an_observation_is_checked(store: BookStore) -> None:
    with pytest.raises(MixedBooks, match="RehearsalMoney alone"):
        store.write(observations=[observation(net=SimulatedMoney(1))])
    with pytest.raises(LedgerError, match="outcome 'landed' of attempt r-1"):
        store.write(observations=[observation(outcome="landed")])
    with pytest.raises(LedgerError, match="contradicts what is booked"):
        store.write(observations=[observation("stranger")])


def test_a_proof_stays_with_its_settlement(store: BookStore) -> None:
    store.write(settlements=[proven()])
    with BookReader.of(store) as book:
        (trade,) = book.recent_trades(outcome="included")
    assert trade.settlement == proven()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"finalised": False}, "is not final yet"),
        ({"finalised": 1}, "finalised 1 .* is not a bool"),
        ({"verification": "maybe"}, "verification 'maybe' .* is not one of verified"),
    ],
)
def test_a_doubtful_proof_is_refused(store: BookStore, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(LedgerError, match=words):
        store.write(settlements=[proven(**changes)])


def test_only_what_the_outbox_does_not_know_is_abandoned(store: BookStore) -> None:
    from sqlalchemy import insert

    from aineon.ledger.outbox_tables import OutboxIntentRow
    from aineon.ledger.tables import table_of

    intent = {
        "intent_id": "r-1", "chain_id": 31_337, "sender": "0x" + "01" * 20, "kind": "trade",
        "to_address": "0x" + "02" * 20, "value": 0, "data": b"", "digest": "", "fingerprint": "",
        "attempt_id": "r-1", "cancels": None, "memo": None, "created_at": NOON,
    }  # fmt: skip
    with store.engine.begin() as connection:
        connection.execute(insert(table_of(OutboxIntentRow)).values(**intent))
    assert [each.attempt_id for each in store.unsettled()] == ["r-1", "r-2", "r-3"]
    assert [each.attempt_id for each in store.abandoned()] == ["r-2", "r-3"]
    assert store.unbooked(["r-1", "r-9"]) == {"r-9"}


def test_an_export_names_the_transaction_and_links_on_mainnet_alone(store: BookStore) -> None:
    store.write(settlements=[proven()])
    with BookReader.of(store) as book:
        rows = json.loads(trades_json(book, NOON).text())["trades"]
        table = trades_csv(book, NOON).text()
    row = next(each for each in rows if each["attempt_id"] == "r-1")
    assert (row["chain_id"], row["transaction_hash"]) == ("31337", HASH)
    assert row["transaction_link"] is None
    assert row["verification"] == "differs"
    assert "node-2 says gas 5 (ours 6)" in table
    real = replace(proven(), chain_id=1, net=LiveMoney(ETHER))
    assert transaction_link(real) == f"https://etherscan.io/tx/{HASH}"
    assert transaction_link(replace(real, transaction_hash=None)) is None
