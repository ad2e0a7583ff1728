"""Faults in a row are counted over restarts: from the book, up to what has tripped already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aineon.ledger.reading import BookReader
from aineon.ledger.records import SettlementRecord
from aineon.ledger.store import BookStore
from aineon.primitives import ManualClock, Provenance
from aineon.risk import Limits
from aineon.risk.breaker import FAULTS, FAULTS_IN_A_ROW, Ended
from aineon.risk.day import Day
from aineon.risk.desk import RiskDesk
from aineon.risk.faults import faults_booked
from aineon.safety import Breaker, BreakerState, MemoryKeeper
from tests.ledger import booked

LIMITS = Limits(0, 0, 0.0, 0)


class Life:
    """A book and a breaker that outlive the engines that are started on them."""

    def __init__(self, store: BookStore) -> None:
        self.store = store
        self.clock = ManualClock(booked.NOON)
        self.keeper = MemoryKeeper()
        self.run = store.begin_run(booked.run(started_at=booked.NOON))
        self.count = 0
        self.start()

    def start(self) -> None:
        """Start an engine, which forgets all that is not kept."""
        self.forget()
        reader = BookReader.of(self.store)
        faults = faults_booked(reader, Provenance.SIMULATED, self.breaker)
        reader.close()
        self.desk.open(self.clock.now(), faults)

    def forget(self) -> None:
        """Start an engine as one was that did not look into the book."""
        self.breaker = Breaker(self.keeper, self.clock)
        self.desk = RiskDesk(LIMITS, self.breaker, Day(self.clock))

    def book(self, at_fault: bool | None, outcome: str = "reverted") -> SettlementRecord:
        """Book a settlement, and die before the breaker is told."""
        self.count += 1
        self.clock.advance(12)
        make = booked.included if outcome == "included" else booked.reverted
        record = make(f"sim-{self.count}", settled_at=self.clock.now(), at_fault=at_fault)
        booked.trade(self.store, self.run, record)
        return record

    def settle(self, at_fault: bool | None, outcome: str = "reverted") -> None:
        record = self.book(at_fault, outcome)
        landed = outcome == "included"
        self.desk.settled(Ended(record.attempt_id, 0, landed, bool(at_fault)))

    @property
    def state(self) -> BreakerState:
        return self.breaker.look().state


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    with booked.open_book(tmp_path) as store:
        yield Life(store)


def test_a_restart_after_each_fault_trips_at_the_same_count(life: Life) -> None:
    for _ in range(FAULTS):
        assert life.state is BreakerState.RUNNING
        life.settle(True)
        life.start()
    assert life.state is BreakerState.HALTED
    assert [move.cause for move in life.breaker.history()] == [FAULTS_IN_A_ROW]


def test_control_an_engine_that_does_not_look_into_the_book_never_trips(life: Life) -> None:
    for _ in range(3 * FAULTS):
        life.settle(True)
        life.forget()
    assert life.state is BreakerState.RUNNING


def test_lost_races_neither_count_nor_end_the_count_and_a_landing_ends_it(life: Life) -> None:
    for _ in range(2 * FAULTS):
        life.settle(True)
        life.settle(False)
        life.settle(None)
        life.start()
        life.settle(False, "included")
        life.start()
    assert life.state is BreakerState.RUNNING
    for _ in range(FAULTS):
        life.settle(False)
        life.settle(True)
        life.start()
    assert life.state is BreakerState.HALTED


def test_a_fault_that_was_booked_and_never_told_trips_at_the_start(life: Life) -> None:
    for _ in range(FAULTS):
        life.book(True)
    assert life.state is BreakerState.RUNNING
    life.start()
    assert life.state is BreakerState.HALTED


def test_what_an_operator_has_reset_does_not_count_again(life: Life) -> None:
    for _ in range(FAULTS):
        life.settle(True)
    life.breaker.reset("ada", life.breaker.look())
    life.start()
    assert life.state is BreakerState.PAUSED
    for _ in range(FAULTS - 1):
        life.settle(True)
        life.start()
        assert life.state is BreakerState.PAUSED
    life.settle(True)
    assert life.state is BreakerState.HALTED


def test_settlements_from_before_faults_were_kept_are_not_known(life: Life) -> None:
    for _ in range(2 * FAULTS):
        life.book(None)
    life.start()
    assert life.state is BreakerState.RUNNING
