"""The command line asks, waits and shows; it never writes a book."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyotp
import pytest

from aineon.access.passwords import PasswordHasher
from aineon.access.roles import Role
from aineon.access.users import UserStore
from aineon.cli import treasury_desk
from aineon.cli.proving import proof_of
from aineon.errors import ApprovalRefused, DestinationRefused, LedgerError, MixedBooks
from aineon.ledger.control import ControlStore
from aineon.ledger.heartbeat import Heartbeat
from aineon.primitives import ETHER, Book, SystemClock
from aineon.runtime.access import access_of
from aineon.runtime.auditing import audit_of
from aineon.runtime.settings import Settings
from aineon.treasury import (
    Approvers,
    Desk,
    Holdings,
    Payment,
    Purpose,
    Service,
    TreasuryStore,
    WithdrawalState,
)
from aineon.treasury.confirming import OwnFactor
from aineon.treasury.house import sweep_digest
from aineon.treasury.service import Automatic
from tests.databases import server_of
from tests.treasury.desks import DAY, SAFE, SAVINGS, WEI, AuditInMemory, Bench, house
from tests.treasury.template import open_book

FINE = {"amount": "2", "destination": SAVINGS}


class Lines(list[str]):
    def __call__(self, line: str) -> None:
        self.append(line)

    @property
    def text(self) -> str:
        return "\n".join(self)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, mode=Book.REHEARSAL, database_url=server_of(tmp_path))


@pytest.fixture
def engine(tmp_path: Path, settings: Settings) -> Iterator[Bench]:
    """A book of the rehearsal with a desk, as the engine would keep it."""
    book = open_book(tmp_path, Book.REHEARSAL, settings.book_url)
    audit = AuditInMemory()
    desk = Desk(TreasuryStore(book), house(approvers=Approvers.SINGLE), audit)
    now = SystemClock().now()
    desk.add_destination(SAVINGS, "savings", who="anna", at=now - 2 * DAY)
    desk.add_destination(SAFE, "safe", who="anna", at=now - 2 * DAY, purpose=Purpose.SAFE)
    yield Bench(desk, audit, book, now)
    book.close()


def beat(settings: Settings, age: float = 0.0, mode: Book = Book.REHEARSAL) -> None:
    now = SystemClock().now() - age
    heartbeat = Heartbeat("running", "", mode.value, "chain", "simulated", 1, 1, now, now)
    with ControlStore.open(settings.control_url) as control:
        control.beat(heartbeat)


@contextmanager
def running(engine: Bench, settings: Settings) -> Iterator[None]:
    """An engine that tends its treasury until the block ends."""
    beat(settings)
    over = threading.Event()

    async def tend() -> None:
        with ControlStore.open(settings.control_url) as control:
            service = Service(engine.desk, control.commands, Automatic())
            while not over.is_set():
                await service.tend(SystemClock().now(), Holdings({ETHER: 9 * WEI}))
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=lambda: asyncio.run(tend()))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_request_is_answered_and_approved(engine: Bench, settings: Settings) -> None:
    said = Lines()
    with running(engine, settings):
        assert treasury_desk.ask(settings, "withdrawal.request", FINE, said, patience=60) == 0
        [made] = engine.desk.store.in_states(tuple(WithdrawalState))
        assert f"Withdrawal {made.id}" in said[-1]
        with pytest.raises(ApprovalRefused, match="not the beginning"):
            treasury_desk.approve_shown(settings, made.id, "00000000", said)
        assert treasury_desk.approve_shown(settings, made.id, made.digest[:8], said) == 0
        assert "no second person approved" in said[-1]
    assert treasury_desk.list_withdrawals(settings, 5, said) == 0
    assert "2 ETH of 1,000 ETH, 1 of 20 withdrawals" in said.text
    assert treasury_desk.show_withdrawal(settings, made.id, said) == 0
    assert f"digest     {made.digest}" in said.text
    assert ", alone, version 1" in said.text


def test_why_it_waits_is_said(engine: Bench, settings: Settings) -> None:
    """Control: of one that does not wait, nothing is said."""
    said = Lines()
    with running(engine, settings):
        assert treasury_desk.ask(settings, "withdrawal.request", FINE, said, patience=60) == 0
        [made] = engine.desk.store.in_states(tuple(WithdrawalState))
        treasury_desk.approve_shown(settings, made.id, made.digest[:8], said)
    assert "waits since" not in said.text
    engine.desk.dispatch.note_waiting({made.id: "gas costs more than is allowed"}, 1_800_000_000.0)
    assert treasury_desk.list_withdrawals(settings, 5, said) == 0
    assert "waits since 2027-01-15 08:00:00 UTC: gas costs more than is allowed" in said.text
    assert treasury_desk.show_withdrawal(settings, made.id, said) == 0
    assert "waits      since 2027-01-15" in said.text
    engine.desk.dispatch.note_waiting({}, 1_800_000_100.0)
    assert engine.desk.store.get(made.id).waits_because is None


def test_a_refusal_is_said(engine: Bench, settings: Settings) -> None:
    said = Lines()
    with running(engine, settings):
        body = FINE | {"amount": "1e400"}
        assert treasury_desk.ask(settings, "withdrawal.request", body, said, patience=60) == 1
    assert said[-1].startswith("Refused: amount '1e400' is not a plain decimal number")


def test_without_an_engine_the_request_waits(engine: Bench, settings: Settings) -> None:
    said = Lines()
    for age in (None, 3600.0):
        if age is not None:
            beat(settings, age)
        assert treasury_desk.ask(settings, "withdrawal.request", FINE, said) == 3
        assert "No engine is running" in said[-1]
    with ControlStore.open(settings.control_url) as control:
        assert len(control.commands.waiting()) == 2


def test_an_engine_that_is_busy_is_not_waited_for_for_ever(
    engine: Bench, settings: Settings
) -> None:
    beat(settings)
    said = Lines()
    done = treasury_desk.ask(settings, "withdrawal.request", FINE, said, patience=0.01)
    assert (done, "has not answered request 1 yet" in said[-1]) == (3, True)


def test_play_money_is_not_asked_for(settings: Settings) -> None:
    play = settings.model_copy(update={"mode": Book.SIMULATION})
    with pytest.raises(MixedBooks, match="play money"):
        treasury_desk.ask(play, "withdrawal.request", FINE, Lines())
    with pytest.raises(MixedBooks, match="play money"):
        treasury_desk.list_withdrawals(play, 5, Lines())
    with ControlStore.open(play.control_url) as control:
        assert control.commands.waiting() == ()


def test_in_simulation_the_engines_own_book_is_meant(engine: Bench, settings: Settings) -> None:
    play = settings.model_copy(update={"mode": Book.SIMULATION})
    beat(play, mode=Book.REHEARSAL)
    said = Lines()
    assert treasury_desk.show_destinations(play, said) == 0
    assert "savings" in said.text


def test_the_allow_list_is_shown(engine: Bench, settings: Settings) -> None:
    said = Lines()
    fresh = "0x" + "ab12cd34" * 5
    engine.desk.add_destination(fresh, "fresh", who="bert", at=engine.at, share=5)
    assert treasury_desk.show_destinations(settings, said) == 0
    assert [line.split()[0] for line in said] == [SAVINGS, SAFE, fresh]
    assert "can be paid" in said[0]
    assert "safe address" in said[1]
    assert "share 5  fresh (by bert)" in said[2]
    assert "from " in said[2]


def test_a_sweep_is_shown_and_confirmed(engine: Bench, settings: Settings) -> None:
    said = Lines()
    digest = sweep_digest(Book.REHEARSAL, SAFE)
    with pytest.raises(ApprovalRefused):
        treasury_desk.sweep_shown(settings, "12345678", said)
    with running(engine, settings):
        assert treasury_desk.sweep_shown(settings, digest[:8], said) == 0
    assert "leaves for the safe address: 9 ETH" in said[-1]
    engine.desk.remove_destination(SAFE, who="anna", at=engine.at)
    with pytest.raises(DestinationRefused, match="no safe address"):
        treasury_desk.sweep_shown(settings, digest[:8], said)


def test_whoever_has_a_second_factor_gives_a_code_of_it(
    engine: Bench, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A voucher for it goes to the engine; the code is nowhere kept, and is taken once."""
    monkeypatch.setattr(treasury_desk, "_whoever", lambda: "anna")
    now, said = SystemClock().now(), Lines()
    with ControlStore.open(settings.control_url) as control:
        access = access_of(settings, control, SystemClock())
        users = UserStore(control, audit_of(settings, control), PasswordHasher(4))
        users.add("anna", "a long and winding password", Role.SUPER_ADMIN, who="tests", at=now)
        secret = access.second_factor.enrol_begin("anna", now - 60).secret
        code = pyotp.TOTP(secret).at
        access.second_factor.enrol_confirm("anna", code(int(now) - 60), now - 60)
        factor = OwnFactor(access.second_factor)
        desk = Desk(engine.desk.store, engine.desk.house, engine.audit, factor)
        made = desk.request(Payment(ETHER, 2 * WEI, SAVINGS), who="bert", at=now)
        approve = partial(treasury_desk.approve_shown, settings, made.id, made.digest[:8], said)
        monkeypatch.setattr("sys.stdin", io.StringIO())
        with pytest.raises(ApprovalRefused, match="by --code"):
            approve()
        with pytest.raises(ApprovalRefused, match="no one-time code of anna"):
            approve("000000")
        with running(replace(engine, desk=desk), settings):
            right = code(int(SystemClock().now()))
            assert approve(right) == 0
            with pytest.raises(ApprovalRefused, match="each is taken once"):
                approve(right)
        [left] = control.commands.newest({"withdrawal.approve"}, 9)
    assert "no second person approved" in said.text
    assert right not in str(left)


def test_control_without_a_second_factor_a_code_is_not_asked_for(
    engine: Bench, settings: Settings
) -> None:
    with pytest.raises(ApprovalRefused, match="leave --code out"):
        proof_of(settings, "bert", "ab" * 32, "abababab", "123456")
    assert proof_of(settings, "bert", "ab" * 32, "abababab", None) == "abababab"


def test_rules_are_added_shown_and_removed(engine: Bench, settings: Settings) -> None:
    said = Lines()
    assert treasury_desk.show_rules(settings, said) == 0
    assert "no rules" in said[-1]
    body = {"origin": "scheduled", "schedule": "0 6 * * 1", "amount": "1", "destination": SAVINGS}
    with running(engine, settings):
        assert treasury_desk.ask(settings, "rule.add", body, said, patience=60) == 0
        assert treasury_desk.show_rules(settings, said) == 0
        [rule] = engine.desk.store.rules()
        assert said[-1].startswith(f"{rule.id}  1 ETH at 0 6 * * 1 to {SAVINGS} (by ")
        gone = {"id": rule.id}
        assert treasury_desk.ask(settings, "rule.remove", gone, said, patience=60) == 0
    assert engine.desk.store.rules() == ()


def test_there_is_no_book_yet(settings: Settings) -> None:
    with pytest.raises(LedgerError, match="does not exist yet|is still empty"):
        treasury_desk.list_withdrawals(settings, 5, Lines())
