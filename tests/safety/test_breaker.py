"""The breaker's state: only legal moves, a halt latches, and what cannot be read never runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aineon.errors import BreakerMoved, IllegalBreakerMove, LedgerError, SafetyError
from aineon.ledger.control import ControlStore
from aineon.primitives import Book, ManualClock
from aineon.safety import (
    Breaker,
    BreakerChange,
    BreakerKeeper,
    BreakerStanding,
    BreakerState,
    MemoryKeeper,
)
from aineon.safety.breaker import LEGAL, RESET, UNREADABLE
from tests.databases import database_url

RUNNING, DEGRADED, PAUSED, HALTED = BreakerState


class Flaky(MemoryKeeper):
    """A keeper that can be broken for reading, and for writing."""

    reads = writes = True

    def latest(self) -> BreakerChange | None:
        if not self.reads:
            raise LedgerError("the database is locked")
        return super().latest()

    def append(self, change: BreakerChange) -> None:
        if not self.writes:
            raise LedgerError("the disk is full")
        super().append(change)


def breaker_of(keeper: BreakerKeeper) -> Breaker:
    return Breaker(keeper, ManualClock(100.0))


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(database_url(tmp_path / "control.db")) as opened:
        yield opened


def test_it_runs_at_first_and_every_move_is_kept_with_its_reason() -> None:
    breaker = breaker_of(MemoryKeeper())
    assert breaker.standing == BreakerStanding()
    breaker.move(DEGRADED, "gas_price", "12 deviations", "risk")
    breaker.move(PAUSED, "head_lag", "80 s", "risk")
    assert [(m.old, m.new, m.cause, m.reason, m.who, m.at) for m in breaker.history()] == [
        (DEGRADED, PAUSED, "head_lag", "80 s", "risk", 100.0),
        (RUNNING, DEGRADED, "gas_price", "12 deviations", "risk", 100.0),
    ]


@pytest.mark.parametrize("old", BreakerState)
@pytest.mark.parametrize("new", BreakerState)
def test_only_the_table_is_legal(old: BreakerState, new: BreakerState) -> None:
    keeper = MemoryKeeper()
    if old is not RUNNING:
        keeper.append(BreakerChange(RUNNING, old, "made", "made", "test", 1.0))
    change = BreakerChange(old, new, "x", "x", "test", 2.0)
    if (old, new) in LEGAL:
        keeper.append(change)
    else:
        with pytest.raises(IllegalBreakerMove, match=f"is {old} and cannot become {new}"):
            keeper.append(change)


def test_it_never_goes_straight_from_paused_to_running() -> None:
    breaker = breaker_of(MemoryKeeper())
    breaker.move(PAUSED, "head_lag", "80 s", "risk")
    with pytest.raises(IllegalBreakerMove):
        breaker.move(RUNNING, "calm", "fine", "risk")
    breaker.move(DEGRADED, "calm", "fine", "risk")
    assert breaker.move(RUNNING, "calm", "fine", "risk").state is RUNNING


def test_a_halt_latches_and_survives_a_restart(control: ControlStore) -> None:
    keeper = control.breaker(Book.REHEARSAL)
    breaker_of(keeper).move(HALTED, "daily_loss", "1.2 ETH", "risk")
    again = breaker_of(control.breaker(Book.REHEARSAL))
    assert again.standing.state is HALTED
    for state in (RUNNING, DEGRADED, PAUSED):
        with pytest.raises(IllegalBreakerMove):
            again.move(state, "calm", "fine", "risk")
    assert again.standing.state is HALTED
    # Another book's breaker is another breaker.
    assert breaker_of(control.breaker(Book.SIMULATION)).standing.state is RUNNING


def test_a_reset_takes_a_name_and_what_was_seen(control: ControlStore) -> None:
    breaker = breaker_of(control.breaker(Book.LIVE))
    breaker.move(HALTED, "daily_loss", "1.2 ETH", "risk")
    seen = breaker.standing
    with pytest.raises(SafetyError, match="in somebody's name"):
        breaker.reset("  ", seen)
    breaker.move(HALTED, "defect", "KeyError", "engine")
    with pytest.raises(SafetyError, match="was not looked at yet: halted: KeyError"):
        breaker.reset("ada", seen)
    assert breaker.reset("ada", breaker.standing).state is PAUSED
    newest = breaker.history()[0]
    assert (newest.cause, newest.who, newest.reason) == (RESET, "ada", "reset after: KeyError")


def test_only_a_halted_one_is_reset() -> None:
    breaker = breaker_of(MemoryKeeper())
    with pytest.raises(SafetyError, match="is running; only a halted one is reset"):
        breaker.reset("ada", breaker.standing)


def test_the_same_cause_is_kept_once() -> None:
    breaker = breaker_of(MemoryKeeper())
    for _ in range(3):
        breaker.move(HALTED, "daily_loss", "more and more", "risk")
    assert len(breaker.history()) == 1


def test_what_cannot_be_read_is_paused_and_never_running() -> None:
    keeper = Flaky()
    keeper.reads = False
    breaker = breaker_of(keeper)
    standing = breaker.standing
    assert (standing.state, standing.is_known) == (PAUSED, False)
    assert standing.change is not None
    assert standing.change.cause == UNREADABLE
    # It cannot be eased, because nobody knows from what.
    assert breaker.move(DEGRADED, "calm", "fine", "risk").state is PAUSED
    with pytest.raises(SafetyError, match="cannot be reset"):
        breaker.reset("ada", standing)
    # Control: as soon as it can be read, it is what it was.
    keeper.reads = True
    assert breaker.look() == BreakerStanding()


@pytest.mark.parametrize("fault", ["reads", "writes"])
def test_a_trip_that_cannot_be_written_holds_and_is_written_later(fault: str) -> None:
    keeper = Flaky()
    breaker = breaker_of(keeper)
    setattr(keeper, fault, False)
    standing = breaker.move(HALTED, "daily_loss", "1.2 ETH", "risk")
    assert (standing.state, standing.is_known) == (HALTED, False)
    assert breaker.look().state is HALTED
    setattr(keeper, fault, True)
    standing = breaker.look()
    assert (standing.state, standing.is_known) == (HALTED, True)
    assert breaker_of(keeper).standing.state is HALTED


def test_a_database_that_is_gone_pauses(tmp_path: Path) -> None:
    with ControlStore.open(database_url(tmp_path / "control.db")) as control:
        breaker = breaker_of(control.breaker(Book.SIMULATION))
        assert breaker.look().state is RUNNING
        with control.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE breaker_changes")
        assert breaker.look().state is PAUSED


def test_two_engines_cannot_contradict_each_other(control: ControlStore) -> None:
    keeper = control.breaker(Book.LIVE)
    one, other = breaker_of(keeper), breaker_of(keeper)
    one.move(PAUSED, "head_lag", "80 s", "risk")
    with pytest.raises(BreakerMoved, match="is paused"):
        keeper.append(BreakerChange(RUNNING, DEGRADED, "x", "x", "x", 1.0))
    # The other one looks before it moves.
    assert other.move(DEGRADED, "calm", "fine", "risk").state is DEGRADED
    assert one.look().state is DEGRADED


class BreakerMachine(RuleBasedStateMachine):
    """Moves at random, with faults: the history is legal, and a halt ends by a reset alone."""

    def __init__(self) -> None:
        super().__init__()
        self.keeper = Flaky()
        self.breaker = breaker_of(self.keeper)
        self.must_be_halted = False

    @rule(new=st.sampled_from(BreakerState), cause=st.sampled_from(["a", "b"]))
    def move(self, new: BreakerState, cause: str) -> None:
        try:
            standing = self.breaker.move(new, cause, "figures", "test")
        except IllegalBreakerMove:
            return
        if new is HALTED:
            assert standing.state is HALTED
            self.must_be_halted = True

    @rule()
    def restart(self) -> None:
        # What was never written is lost with the process; that is why it is written first.
        written = self.keeper._changes[-1].new if self.keeper._changes else RUNNING
        self.breaker = breaker_of(self.keeper)
        self.must_be_halted = written is HALTED

    @rule(what=st.sampled_from(["reads", "writes"]), works=st.booleans())
    def fault(self, what: str, works: bool) -> None:
        setattr(self.keeper, what, works)

    @precondition(lambda self: self.keeper.reads and self.keeper.writes)
    @rule()
    def reset(self) -> None:
        standing = self.breaker.look()
        if standing.state is HALTED:
            assert self.breaker.reset("ada", standing).state is PAUSED
            self.must_be_halted = False

    @invariant()
    def a_halt_holds(self) -> None:
        state = self.breaker.look().state
        if self.must_be_halted:
            assert not state.lets_through
            if self.keeper.reads:
                assert state is HALTED
        if not self.keeper.reads:
            assert not state.lets_through

    @invariant()
    def the_history_is_legal(self) -> None:
        changes = self.keeper._changes
        for before, after in zip([None, *changes], changes, strict=False):
            assert (after.old, after.new) in LEGAL
            assert after.old is (RUNNING if before is None else before.new)
            if after.old is HALTED and after.new is not HALTED:
                assert (after.cause, after.who) == (RESET, "ada")


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


class Forgetful(Flaky):
    """The control: it keeps what it is told, legal or not."""

    def append(self, change: BreakerChange) -> None:
        self._changes.append(change)


def test_the_machine_finds_a_keeper_that_keeps_anything() -> None:
    """Control: the invariant fails where an illegal move was kept."""
    machine = BreakerMachine()
    machine.keeper = Forgetful()
    machine.keeper.append(BreakerChange(HALTED, RUNNING, "calm", "x", "x", 1.0))
    with pytest.raises(AssertionError):
        machine.the_history_is_legal()
