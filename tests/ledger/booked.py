"""Records for tests of the ledger, plain unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from aineon.ledger.reading import BookReader
from aineon.ledger.records import (
    AttemptRecord,
    NearMissRecord,
    OpportunityRecord,
    PriceRecord,
    RunRecord,
    SettlementRecord,
    StepRecord,
    TakingRecord,
)
from aineon.ledger.store import BookStore
from aineon.ledger.tables import BookMeta, BookModel
from aineon.primitives import Book, Provenance, SimulatedMoney, Token
from tests.databases import database_url, is_on_server

WETH = Token("0x" + "c0" * 20, "WETH", 18)
USDC = Token("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "USDC", 6)
NOON = 1_800_000_000.0 - 1_800_000_000 % 3600
ETHER = 10**18


def book_url(folder: Path) -> str:
    return database_url(folder / "simulation.db")


def open_book(folder: Path, **options: Any) -> BookStore:
    return BookStore.open(book_url(folder), Book.SIMULATION, **options)


_SPARE: dict[Book, list[str]] = {book: [] for book in Book}
_NUMBERS = count()


@contextmanager
def scratch_book(book: Book = Book.SIMULATION) -> Iterator[BookStore]:
    """Lend an empty book of nobody's: in memory, or on the server, where it is used again.

    Creating one there takes half a second, too long for each example of a property.
    """
    if not is_on_server():
        with BookStore.open("sqlite://", book) as store:
            yield store
        return
    spare = _SPARE[book]
    url = spare.pop() if spare else database_url(Path(f"scratch-{next(_NUMBERS)}"))
    with BookStore.open(url, book) as store:
        yield store
        _empty(store)
    spare.append(url)


def _empty(store: BookStore) -> None:
    tables = {table.name for table in BookModel.metadata.sorted_tables} - {BookMeta.__tablename__}
    with store.engine.begin() as connection:
        names = ", ".join(sorted(tables))
        connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")


def reader_of(store: BookStore) -> BookReader:
    """Return a reader that has no connections of its own, and so need not be closed."""
    return BookReader(store.place, store.engine, store.book, owns_engine=False)


def run(**changes: Any) -> RunRecord:
    plain = RunRecord("sandbox", Provenance.SIMULATED, 7, "seeded", NOON, WETH)
    return replace(plain, **changes)


def step(run_id: int, number: int = 1, **changes: Any) -> StepRecord:
    counts = {"detected": 2, "sized": 1}
    plain = StepRecord(run_id, number, 0, None, 30 * 10**9, 3, counts, 0.01, NOON)
    return replace(plain, **changes)


def opportunity(run_id: int, number: int = 1, **changes: Any) -> OpportunityRecord:
    plain = OpportunityRecord(
        run_id=run_id,
        block_number=number,
        step=0,
        at=NOON,
        route_key="a>b>a",
        route_text="WETH -[uniswap_v2]-> USDC -[sushiswap]-> WETH",
        pair="WETH/USDC",
        venues=("uniswap_v2", "sushiswap"),
        hops=2,
        base_token=WETH,
        amount_in=10 * ETHER,
        amount_out=10 * ETHER + 7,
        gross_profit=7,
        flash_fee=1,
        gas_units=250_000,
        gas_cost=2,
        net_profit=4,
        net_wei=4,
        confidence=0.8,
        stage="scored",
        gate="min_profit",
        reason="net 4 wei is below 0.01 ETH",
        attempt_id=None,
    )
    return replace(plain, **changes)


def attempt(run_id: int, attempt_id: str = "sim-1", **changes: Any) -> AttemptRecord:
    plain = AttemptRecord(
        run_id=run_id,
        attempt_id=attempt_id,
        plan_id="0f" * 16,
        route_key="a>b>a",
        route_text="WETH -[uniswap_v2]-> USDC -[sushiswap]-> WETH",
        pair="WETH/USDC",
        venues=("uniswap_v2", "sushiswap"),
        base_token=WETH,
        amount_in=10 * ETHER,
        expected_out=10 * ETHER + 100,
        expected_profit=99,
        expected_net_wei=90,
        gas_limit=400_000,
        confidence=0.9,
        submitted_block=1,
        submitted_step=0,
        submitted_at=NOON,
        provenance=Provenance.SIMULATED,
    )
    return replace(plain, **changes)


def included(attempt_id: str = "sim-1", gross: int = 100, **changes: Any) -> SettlementRecord:
    """An included attempt: flash fee 1, gas 7, builder payment 2."""
    plain = SettlementRecord(
        attempt_id=attempt_id,
        outcome="included",
        reason="included in block 2",
        settled_block=2,
        settled_at=NOON + 12,
        amount_out=10 * ETHER + gross,
        gross_profit=gross,
        flash_fee=1,
        gas_used=250_000,
        gas_cost=SimulatedMoney(7),
        builder_payment=SimulatedMoney(2),
        net=SimulatedMoney(gross - 10),
    )
    return replace(plain, **changes)


def reverted(attempt_id: str = "sim-1", gas: int = 7, **changes: Any) -> SettlementRecord:
    plain = SettlementRecord(
        attempt_id=attempt_id,
        outcome="reverted",
        reason="a competitor was first",
        settled_block=2,
        settled_at=NOON + 12,
        amount_out=None,
        gross_profit=None,
        flash_fee=0,
        gas_used=100_000,
        gas_cost=SimulatedMoney(gas),
        builder_payment=SimulatedMoney(0),
        net=SimulatedMoney(-gas),
    )
    return replace(plain, **changes)


def unresolved(attempt_id: str = "sim-1", **changes: Any) -> SettlementRecord:
    plain = SettlementRecord(
        attempt_id=attempt_id,
        outcome="unresolved",
        reason="no next state",
        settled_block=None,
        settled_at=NOON + 12,
        amount_out=None,
        gross_profit=None,
        flash_fee=0,
        gas_used=None,
        gas_cost=None,
        builder_payment=None,
        net=None,
    )
    return replace(plain, **changes)


def taking(run_id: int, **changes: Any) -> TakingRecord:
    plain = TakingRecord(run_id, 1, 0, "sandbox:searcher-2", "searcher-2", WETH, 500, 500)
    return replace(plain, **changes)


def near_miss(run_id: int, number: int = 1, **changes: Any) -> NearMissRecord:
    plain = NearMissRecord(
        run_id=run_id,
        block_number=number,
        step=0,
        at=NOON,
        route_key="a>b>a",
        route_text="WETH -[uniswap_v2]-> USDC -[sushiswap]-> WETH",
        pair="WETH/USDC",
        venues=("uniswap_v2", "sushiswap"),
        hops=2,
        base_token=WETH,
        rate=0.9987,
        verdict="below_par",
        reason="rates multiply to 0.998700: 13.00 bps short of breaking even",
        amount_in=0,
        gross_profit=0,
        flash_fee=0,
        gas_units=250_000,
        gas_cost=None,
    )
    return replace(plain, **changes)


def price(run_id: int, **changes: Any) -> PriceRecord:
    plain = PriceRecord(run_id, 1, NOON, "WETH/USDC", "uniswap_v2", "0x" + "11" * 20, 3000.5)
    return replace(plain, **changes)


def trade(store: BookStore, run_id: int, settlement: SettlementRecord, **changes: Any) -> None:
    """Book an attempt together with its settlement."""
    store.write(
        attempts=[attempt(run_id, settlement.attempt_id, **changes)], settlements=[settlement]
    )
