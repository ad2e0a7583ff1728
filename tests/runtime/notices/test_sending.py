"""Sending notices: to a receiver on loopback, to one that refuses, and to one that is silent."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aineon.errors import LedgerError, SettingRefused
from aineon.ledger.control import ControlStore
from aineon.ledger.notices import KeptNotice, NoticeState, NoticeTable
from aineon.primitives import Book, ManualClock
from aineon.runtime.notices.addresses import require_known, targets_from
from aineon.runtime.notices.dispatcher import Dispatcher
from aineon.runtime.notices.kinds import NoticeKind
from aineon.runtime.notices.outside import REFUSED
from aineon.runtime.notices.sending import Letter, Pace, Worker, deliver, message
from aineon.runtime.notices.telling import Notices
from aineon.runtime.settings import Settings, load_given
from tests.runtime.notices.receiver import Receiver, receiving

AT_ONCE = Pace(between=0.0, again=(0.0, 0.0))


@pytest.fixture(scope="module")
def apprise_is_loaded() -> None:
    """It takes a second to import; once for all."""
    targets_from(["json://127.0.0.1:1/"])[0].service()


@pytest.fixture
def receiver(apprise_is_loaded: None) -> Iterator[Receiver]:
    with receiving() as found:
        yield found


class House:
    """A control database, settings and a dispatcher over both."""

    def __init__(self, folder: Path, control: ControlStore) -> None:
        self.folder = folder
        self.table: NoticeTable = control.notices
        self.clock = ManualClock(1000.0)
        self.said: list[str] = []
        self.settings = Settings()
        self.dispatcher = Dispatcher(
            lambda: self.settings, lambda: self.table, self.clock, self.said.append, AT_ONCE
        )

    def use(self, *urls: str, **env: str) -> None:
        if urls:
            env["AINEON_NOTIFY_URLS"] = " ".join(urls)
        # The receiver is on this machine.
        env.setdefault("AINEON_NOTIFY_INSIDE", "on")
        self.settings = load_given(env={"AINEON_DATA_DIR": str(self.folder), **env})

    def leave(self, words: str, kind: NoticeKind = NoticeKind.STOP, mode: str = "live") -> int:
        return self.table.leave(kind.value, mode, words, self.clock.now())

    def settled(self, number: int) -> KeptNotice:
        until(lambda: self._found(number).state is not NoticeState.WAITING)
        return self._found(number)

    def _found(self, number: int) -> KeptNotice:
        return next(each for each in self.table.newest(100) if each.number == number)


@pytest.fixture
def house(tmp_path: Path, apprise_is_loaded: None) -> Iterator[House]:
    with ControlStore.open(f"sqlite:///{tmp_path / 'control.db'}") as control:
        made = House(tmp_path, control)
        yield made
        made.dispatcher.close()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_a_notice_gets_there_with_its_book_in_front(house: House, receiver: Receiver) -> None:
    house.use(receiver.url)
    number = house.leave("The stop was set by *anna* @everyone")
    house.dispatcher.look()
    assert receiver.wait_for(1) == ["[LIVE] The stop was set by ∗anna∗ (at)everyone"]
    assert house.settled(number).state is NoticeState.SENT
    [target] = house.table.targets()
    assert (target.name, target.reached_at) == ("1 json", 1000.0)


def test_a_notice_is_taken_once_however_often_one_looks(house: House, receiver: Receiver) -> None:
    house.use(receiver.url)
    receiver.hold = threading.Event()
    number = house.leave("one")
    for _ in range(5):
        house.dispatcher.look()
    receiver.hold.set()
    house.settled(number)
    assert receiver.messages == ["[LIVE] one"]


def test_one_that_refuses_is_told_and_the_other_gets_everything(
    house: House, receiver: Receiver
) -> None:
    with receiving() as refusing:
        refusing.status = 500
        house.use(refusing.url, receiver.url)
        number = house.leave("two targets")
        house.dispatcher.look()
        found = house.settled(number)
    assert receiver.messages == ["[LIVE] two targets"]
    assert len(refusing.messages) == 3
    assert found.state is NoticeState.FAILED
    assert found.detail.startswith("1 json: ")
    refused, took = house.table.targets()
    assert refused.fails
    assert not took.fails
    for words in (found.detail, refused.words, *house.said):
        assert "canary" not in words
        assert "127.0.0.1" not in words


def test_one_that_never_answers_holds_up_nobody(house: House, receiver: Receiver) -> None:
    with receiving() as deaf:
        deaf.hold = threading.Event()
        house.use(deaf.url, receiver.url)
        for words in ("one", "two", "three"):
            house.leave(words)
        house.dispatcher.look()
        last = receiver.wait_for(1)
        until(lambda: "[LIVE] three" in "\n".join(receiver.messages))
        # Looking again returns at once, although the first target still hangs.
        house.dispatcher.look()
        assert last
        deaf.hold.set()


def test_nobody_there(house: House, receiver: Receiver) -> None:
    house.use(f"json://127.0.0.1:{_closed_port()}/x")
    found_at = house.leave("is anybody there?")
    house.dispatcher.look()
    assert house.settled(found_at).state is NoticeState.FAILED


def _closed_port() -> int:
    with receiving() as gone:
        return gone.port


@pytest.mark.parametrize(
    ("env", "kind", "age", "why"),
    [
        ({"AINEON_NOTIFY_KINDS": "trade"}, NoticeKind.STOP, 0, "its kind is switched off"),
        ({"AINEON_NOTIFY_KINDS": "none"}, NoticeKind.STOP, 0, "its kind is switched off"),
        ({}, NoticeKind.STOP, 3601, "it had waited for an hour"),
    ],
)
def test_what_is_not_sent(
    house: House, receiver: Receiver, env: dict[str, str], kind: NoticeKind, age: int, why: str
) -> None:
    house.use(receiver.url, **env)
    number = house.leave("not sent", kind)
    house.clock.advance(age)
    house.dispatcher.look()
    found = house.settled(number)
    assert (found.state, found.detail) == (NoticeState.DROPPED, why)
    assert receiver.messages == []


def test_a_test_is_sent_whatever_is_switched_off(house: House, receiver: Receiver) -> None:
    house.use(receiver.url, AINEON_NOTIFY_KINDS="none")
    number = house.leave("a test", NoticeKind.TEST)
    house.dispatcher.look()
    assert house.settled(number).state is NoticeState.SENT


def test_without_a_target_nothing_waits(house: House) -> None:
    number = house.leave("to whom?")
    house.dispatcher.look()
    assert house.settled(number).detail == "there is no target"


def test_other_targets_are_used_from_the_next_look_on(house: House, receiver: Receiver) -> None:
    with receiving() as former:
        house.use(former.url)
        house.leave("first")
        house.dispatcher.look()
        former.wait_for(1)
        house.use(receiver.url, former.url)
        house.leave("second")
        house.dispatcher.look()
        receiver.wait_for(1)
        assert [each.name for each in house.table.targets()] == ["1 json", "2 json"]


def test_secrets_of_the_settings_are_masked(house: House, receiver: Receiver) -> None:
    house.use(receiver.url, INFURA_API_KEY="canary-of-infura-1234")
    house.leave("it said canary-of-infura-1234 at the end")
    house.dispatcher.look()
    assert receiver.wait_for(1) == ["[LIVE] it said ∗∗∗∗∗∗∗∗ at the end"]


def test_many_at_once_are_one_message() -> None:
    letters = [Letter(n, f"[LIVE] {n}") for n in range(25)]
    lines = message(letters).splitlines()
    assert lines[0] == "15 earlier notices are on the Settings page."
    assert lines[1:] == [f"[LIVE] {n}" for n in range(15, 25)]


def test_addresses_that_are_not_known_are_refused_without_being_shown() -> None:
    with pytest.raises(SettingRefused, match="target 2 nonsense is not an address") as refused:
        require_known(targets_from(["json://127.0.0.1:1/", "nonsense://canary/secret"]))
    assert "canary" not in str(refused.value)
    assert "canary" not in repr(targets_from(["nonsense://canary/secret"]))


def test_a_defect_of_a_service_is_a_failure_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    [target] = targets_from(["json://user:canary-password@127.0.0.1:1/canary-path"])

    class Broken:
        def notify(self, **_: str) -> bool:
            raise ValueError("cannot reach user:canary-password@host/canary-path")

    monkeypatch.setattr(type(target), "service", lambda _: Broken())
    words = deliver(target, "x")
    assert words.startswith("ValueError: cannot reach")
    assert "canary" not in words


class _Knocking:
    """A service that knocks inside, and says whether the message was taken."""

    def __init__(self, took: bool) -> None:
        self.calls = 0
        self._took = took

    def notify(self, **_: str) -> bool:
        self.calls += 1
        with contextlib.suppress(PermissionError):
            socket.create_connection(("127.0.0.1", 9))
        return self._took


def test_what_was_taken_is_not_failed_by_a_door_that_stayed_shut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [target] = targets_from(["json://127.0.0.1:1/"])
    monkeypatch.setattr(type(target), "service", lambda _: _Knocking(took=True))
    assert deliver(target, "x") == ""
    monkeypatch.setattr(type(target), "service", lambda _: _Knocking(took=False))
    assert deliver(target, "x") == REFUSED


def test_what_is_refused_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    [target] = targets_from(["json://127.0.0.1:1/"])
    service = _Knocking(took=False)
    monkeypatch.setattr(type(target), "service", lambda _: service)
    told: list[str] = []
    done = threading.Event()

    def outcome(_: object, __: object, words: str) -> None:
        told.append(words)
        done.set()

    worker = Worker(target, outcome, AT_ONCE)
    worker.put(Letter(1, "x"))
    assert done.wait(30)
    worker.close(30)
    assert (told, service.calls) == ([REFUSED], 1)


def test_telling_never_waits_and_never_fails(tmp_path: Path) -> None:
    said: list[str] = []
    with ControlStore.open(f"sqlite:///{tmp_path / 'control.db'}") as control:
        notices = Notices(control.notices, Book.REHEARSAL, ManualClock(5.0), said.append)
        notices.tell(NoticeKind.DRIFT, "the market has changed")
        notices.close()
        [found] = control.notices.waiting()
        assert (found.kind, found.mode, found.at) == ("drift", "rehearsal", 5.0)
    assert said == []


class _Broken:
    def leave(self, *_: object) -> int:
        raise LedgerError("the disk is full")


def test_a_notice_that_cannot_be_left_is_said_and_nothing_more() -> None:
    said: list[str] = []
    notices = Notices(_Broken(), Book.LIVE, ManualClock(5.0), said.append)  # type: ignore[arg-type]
    notices.tell(NoticeKind.STOP, "stopped")
    notices.close()
    assert said == ["a notice is lost: the disk is full"]
