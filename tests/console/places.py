"""Folders with an engine's heartbeat and book in them, in every state that pages meet."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.ledger.heartbeat import Heartbeat, NodeTold
from aineon.ledger.records import ObservationRecord
from aineon.ledger.store import BookStore
from aineon.primitives import MONEY_OF, Book, Provenance, SimulatedMoney
from aineon.runtime.settings import PARAMETERS, Settings
from aineon.safety.stop import StopReason
from tests.ledger import booked

__all__ = ["PARAMETERS"]

PAGES = ("overview", "performance", "opportunities", "risk", "withdrawals", "settings")
ETHER = 10**18
MILLI = 10**15


def heartbeat(**changes: Any) -> Heartbeat:
    now = time.time()
    plain = Heartbeat(
        state="running",
        detail="",
        mode="simulation",
        feed="sandbox",
        provenance="simulated",
        run_id=1,
        pid=1,
        started_at=now - 60,
        beat_at=now,
        block_number=41,
        block_time=1_767_228_600.0,
        base_fee_wei=12 * 10**9,
        pools=24,
        in_flight=1,
        scans_dropped=2,
        last_scan_seconds=0.05,
        limits=Settings().limits_in_force(),
    )
    return replace(plain, **changes)


def beat(folder: Path, **changes: Any) -> None:
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        control.beat(heartbeat(**changes))


def open_book(folder: Path, book: Book = Book.SIMULATION) -> BookStore:
    return BookStore.open(sqlite_url(folder / f"{book.value}.db"), book)


def fill(store: BookStore) -> int:
    """Book a run with trades of every outcome, opportunities, takings and prices."""
    now = time.time()
    run_id = store.begin_run(booked.run(started_at=now - 60, detail=""))
    not_priced = {"net_wei": None, "net_profit": None, "gas_cost": None}
    counts = {"detected": 5, "sized": 5, "scored": 5, "passed risk": 4, "planned": 4}
    counts |= {"preflight ok": 4, "submitted": 4, "landed": 1}
    store.write(
        step=booked.step(run_id, 40, counts=counts, at=now - 2, base_fee_wei=12 * 10**9),
        opportunities=[
            booked.opportunity(run_id, 40, at=now - 2),
            booked.opportunity(run_id, 40, at=now - 2, **not_priced),
        ],
        takings=[booked.taking(run_id, block_number=40)],
        prices=[
            booked.price(run_id, at=now - 2),
            booked.price(run_id, at=now - 2, venue="sushiswap", price=3010.0),
        ],
    )
    trades = [
        booked.included(
            "sim-1",
            gross=50 * MILLI,
            flash_fee=0,
            gas_cost=SimulatedMoney(5 * MILLI),
            builder_payment=SimulatedMoney(5 * MILLI),
            net=SimulatedMoney(40 * MILLI),
        ),
        booked.reverted("sim-2", gas=3 * MILLI),
        booked.unresolved("sim-3"),
    ]
    for trade in trades:
        booked.trade(store, run_id, replace(trade, settled_at=now - 2), submitted_at=now - 3)
    store.write(attempts=[booked.attempt(run_id, "sim-4", submitted_at=now - 1)])
    return run_id


def absent(folder: Path) -> None:
    """Nothing has ever been started here."""


def empty(folder: Path) -> None:
    beat(folder, state="starting", run_id=None, block_number=None, base_fee_wei=None)
    open_book(folder).close()


def warming_up(folder: Path) -> None:
    beat(folder, state="warming up", warm_up_done=40, warm_up_total=100)
    with open_book(folder) as store:
        store.begin_run(booked.run(started_at=time.time()))


def busy(folder: Path) -> None:
    beat(folder)
    with open_book(folder) as store:
        fill(store)


HASH = "0x" + "ab" * 32


def busy_rehearsal(folder: Path) -> None:
    """A rehearsal with trades that a chain settled, one that is pending, and two nodes."""
    nodes = (NodeTold("node-1", "healthy"), NodeTold("node-2", "stale", "its head is 40 s old"))
    beat(folder, mode="rehearsal", feed="chain", nodes=nodes)
    with open_book(folder, Book.REHEARSAL) as store:
        fill_from_chain(store)


def fill_from_chain(store: BookStore, chain_id: int = 31_337_000_000_001) -> None:
    """Book a run on a chain: each thing that an independent source may say, and one pending."""
    now = time.time()
    money = MONEY_OF[store.book]
    where = Provenance.LIVE if store.book is Book.LIVE else Provenance.SIMULATED
    run_id = store.begin_run(
        booked.run(feed="chain", seed=None, started_at=now - 60, detail="", provenance=where)
    )
    said = {
        "verified": "node-2 counts the same",
        "differs": "receipts say 40000000000000000 wei, node-2 says 39000000000000000 wei",
        "unverified": "nobody else could be asked",
    }
    for number, (verification, detail) in enumerate(said.items(), start=1):
        settled = booked.included(
            f"chain-{number}",
            gross=50 * MILLI,
            flash_fee=0,
            gas_cost=money(5 * MILLI),
            builder_payment=money(5 * MILLI),
            net=money(40 * MILLI),
            settled_at=now - 2,
            chain_id=chain_id,
            transaction_hash=HASH if number == len(said) else f"0x{number:064x}",
            finalised=True,
            verification=verification,
            verification_detail=detail,
        )
        store.write(
            attempts=[
                booked.attempt(run_id, f"chain-{number}", submitted_at=now - 3, provenance=where)
            ],
            settlements=[settled],
        )
    store.write(
        attempts=[booked.attempt(run_id, "chain-9", submitted_at=now - 1, provenance=where)],
        observations=[
            ObservationRecord("chain-9", chain_id, HASH, "included", 77, money(30 * MILLI), now - 1)
        ],
    )


def latch(folder: Path, reason: str) -> None:
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        control.stops.latch(StopReason("database", reason, "operator", time.time()))


def quiet(seconds: float) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        busy(folder)
        beat(folder, beat_at=time.time() - seconds)

    return write


def ended(state: str, detail: str = "") -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        busy(folder)
        beat(folder, state=state, detail=detail, beat_at=time.time() - 600)

    return write


def paused(reason: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        busy(folder)
        beat(folder, state="paused", detail=reason)

    return write


def no_database(folder: Path) -> None:
    for name in ("control.db", "simulation.db"):
        (folder / name).write_bytes(b"this is no database, whatever its name says " * 100)


def fill_nothing(store: BookStore) -> int:
    """Begin a run in which nothing happens."""
    return store.begin_run(booked.run(started_at=time.time(), detail=""))
