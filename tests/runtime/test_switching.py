"""From one mode to the other: with small programs in place of the real ones."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aineon.errors import LedgerError, StartError
from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.ledger.requests import ModeRequest, RequestState, RequestTable
from aineon.primitives import Book, ManualClock
from aineon.runtime.desk import Desk, OpenControl, open_desk
from aineon.runtime.supervisor import Crew, supervise
from aineon.runtime.switching import Maker, Modes
from tests.runtime.test_supervisor import ENDS, RUNS, Stage, stop_when, until

SIMULATION, REHEARSAL = Book.SIMULATION, Book.REHEARSAL


class Made:
    """A composition of one program, which stands when it is looked at for the second time."""

    words = "it is being made"

    def __init__(self, stage: Stage, book: Book, source: str = RUNS) -> None:
        self.stage = stage
        self.book = book
        self.source = source
        self.looks = 0
        self.given_up = False

    def tend(self, now: float) -> Crew | None:
        self.looks += 1
        if self.looks < 2:
            return None
        child = self.stage.child(self.book.value, self.source, essential=True)
        return Crew([[child]], 5.0, self.stage.said.append)

    def stop(self, hurried: Callable[[], bool]) -> None:
        self.given_up = True


class NotToBeHad(Made):
    """A composition that cannot be made."""

    def tend(self, now: float) -> Crew | None:
        raise StartError("npm is not at hand.")


class NeverReady(Made):
    """A composition that takes for ever."""

    def tend(self, now: float) -> Crew | None:
        return None


class House:
    """A control database, and modes that are played beside it."""

    def __init__(self, folder: Path) -> None:
        self.stage = Stage(folder)
        self.url = sqlite_url(folder / "control.db")
        self.makers: dict[Book, Maker] = {
            book: lambda book=book: Made(self.stage, book)  # type: ignore[misc]
            for book in (SIMULATION, REHEARSAL)
        }
        self.store = ControlStore.open(self.url)

    @property
    def requests(self) -> RequestTable:
        return self.store.requests

    def ask(self, mode: str) -> None:
        self.requests.ask(mode, "anna", 1.0)

    def answer(self) -> ModeRequest:
        latest = self.requests.latest()
        assert latest is not None
        return latest

    def supervise(self, first: Book) -> int:
        """Supervise until it ends by itself, or by a signal."""
        say = self.stage.said.append
        with open_desk(self.url, say, ManualClock(5.0)) as desk:
            return supervise(Modes(self.makers, first, desk, say), say)

    def play(self, script: Callable[[], None]) -> int:
        """Supervise until `script` is through; whatever it asserts counts."""
        failures: list[BaseException] = []

        def follow() -> None:
            try:
                script()
            except BaseException as error:  # noqa: BLE001 (raised where the test is)
                failures.append(error)

        following = threading.Thread(target=follow, daemon=True)
        following.start()
        stop_when(lambda: not following.is_alive())
        code = self.supervise(SIMULATION)
        if failures:
            raise failures[0]
        return code

    def answered(self) -> None:
        until(lambda: not self.answer().is_open)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()


def test_to_the_rehearsal_and_back(house: House) -> None:
    def script() -> None:
        house.stage.wait_for("simulation.started")
        house.ask("rehearsal")
        house.stage.wait_for("simulation.stopped", "rehearsal.started")
        house.answered()
        assert house.answer().state is RequestState.DONE
        (house.stage.folder / "simulation.started").unlink()
        house.ask("simulation")
        house.stage.wait_for("rehearsal.stopped", "simulation.started")
        house.answered()

    assert house.play(script) == 0
    assert house.answer().answer == "the simulation was begun"
    said = house.stage.said
    assert said.index("stopping the simulation") < said.index("the rehearsal begins")


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("live", "live mode stays closed until"),
        ("lively", "the mode 'lively' is not one of rehearsal, simulation"),
        ("rehearsal", "npm is not at hand; the simulation goes on"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(house: House, mode: str, words: str) -> None:
    house.makers[REHEARSAL] = lambda: NotToBeHad(house.stage, REHEARSAL)

    def script() -> None:
        house.stage.wait_for("simulation.started")
        house.ask(mode)
        house.answered()
        assert not house.stage.has("simulation.stopped")

    assert house.play(script) == 0
    assert house.answer().state is RequestState.REFUSED
    assert words in house.answer().answer


def test_an_old_request_does_not_switch_a_new_supervisor(house: House) -> None:
    house.ask("rehearsal")

    def script() -> None:
        house.answered()
        house.stage.wait_for("simulation.started")

    assert house.play(script) == 0
    assert house.answer().state is RequestState.REFUSED
    assert "was started anew" in house.answer().answer
    assert not house.stage.has("rehearsal.started")


def test_going_back_before_it_stands_gives_the_rehearsal_up(house: House) -> None:
    making = NeverReady(house.stage, REHEARSAL)
    house.makers[REHEARSAL] = lambda: making

    def script() -> None:
        house.stage.wait_for("simulation.started")
        house.ask("rehearsal")
        until(lambda: house.answer().state is RequestState.TAKEN)
        assert house.answer().answer == "it is being made"
        house.ask("simulation")
        house.answered()
        assert not house.stage.has("simulation.stopped")

    assert house.play(script) == 0
    assert making.given_up
    assert house.answer().answer == "the simulation goes on"
    assert house.requests.waiting() == ()


def test_what_is_being_made_is_given_up_at_the_end(house: House) -> None:
    making = NeverReady(house.stage, REHEARSAL)
    house.makers[REHEARSAL] = lambda: making

    def script() -> None:
        house.stage.wait_for("simulation.started")
        house.ask("rehearsal")
        until(lambda: house.answer().state is RequestState.TAKEN)

    assert house.play(script) == 0
    assert making.given_up
    assert house.answer().answer == "AINEON was stopped before it was carried out"


def test_a_rehearsal_that_a_button_began_falls_back_when_it_ends(house: House) -> None:
    house.makers[REHEARSAL] = lambda: Made(house.stage, REHEARSAL, ENDS.format(code=1))

    def script() -> None:
        house.stage.wait_for("simulation.started")
        house.ask("rehearsal")
        house.stage.wait_for("simulation.stopped", "rehearsal.started")
        (house.stage.folder / "simulation.started").unlink()
        house.stage.wait_for("simulation.started")

    assert house.play(script) == 0
    told = house.answer()
    assert (told.who, told.mode) == ("aineon", "simulation")
    assert "the rehearsal came to an end by itself" in told.answer


def test_a_rehearsal_that_was_begun_with_ends_everything(house: House) -> None:
    house.makers[REHEARSAL] = lambda: Made(house.stage, REHEARSAL, ENDS.format(code=1))
    assert house.supervise(REHEARSAL) == 1
    assert not house.stage.has("simulation.started")
    assert "nothing goes on without the rehearsal" in house.stage.said


def test_the_mode_to_begin_with_must_be_had(house: House) -> None:
    house.makers[REHEARSAL] = lambda: NotToBeHad(house.stage, REHEARSAL)
    with pytest.raises(StartError, match="npm is not at hand"):
        house.supervise(REHEARSAL)


class Locked:
    """Requests whose database is locked for a while."""

    def __init__(self, requests: RequestTable) -> None:
        self.requests = requests
        self.locked = True

    def __getattr__(self, name: str) -> object:
        if self.locked:
            raise LedgerError("the database is locked")
        return getattr(self.requests, name)


def test_a_locked_database_delays_an_answer_and_loses_none(house: House) -> None:
    house.ask("rehearsal")
    [request] = house.requests.waiting()
    locked = Locked(house.requests)
    desk = Desk(lambda: locked, ManualClock(7.0), house.stage.said.append)  # type: ignore[arg-type,return-value]
    desk.done(request, "begun")
    assert desk.waiting(0.0) == ()
    assert house.stage.said == ["requests of the console have to wait: the database is locked"]
    locked.locked = False
    assert desk.waiting(1.0) == ()
    assert house.answer().answer == "begun"
    assert house.answer().changed_at == 7.0


def test_an_answer_that_came_too_late_holds_nothing_up(house: House) -> None:
    house.ask("rehearsal")
    [request] = house.requests.waiting()
    desk = Desk(lambda: house.requests, ManualClock(7.0), house.stage.said.append)
    house.requests.refuse_open("another supervisor", 6.0)
    desk.done(request, "begun")
    [said] = house.stage.said
    assert said.startswith("an answer came too late: request 1 is refused")
    assert house.answer().answer == "another supervisor"
    house.ask("simulation")
    assert [waiting.mode for waiting in desk.waiting(0.0)] == ["simulation"]


def _removed(house: House) -> Path:
    """Remove the control database's files, as somebody who tidies up would."""
    path = house.stage.folder / "control.db"
    house.store.close()
    for file in house.stage.folder.glob("control.db*"):
        file.unlink()
    return path


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed there")
@pytest.mark.parametrize("by_console", [True, False])
def test_a_control_database_that_is_removed_is_noticed(house: House, by_console: bool) -> None:
    said = house.stage.said
    with open_desk(house.url, said.append, ManualClock(5.0)) as desk:
        assert desk.waiting(0.0) == ()
        assert said == []
        path = _removed(house)
        if not by_console:
            # Whoever comes first makes the new one.
            assert desk.waiting(1.0) == ()
        house.store = ControlStore.open(house.url)
        house.ask("rehearsal")
        [request] = desk.waiting(2.0)
        desk.done(request, "the rehearsal was begun")
        assert house.answer().answer == "the rehearsal was begun"
        assert said == [
            f"the control database {path} was removed or replaced while AINEON runs; requests are "
            "taken from the new one, and the engine still writes into the old one: stop AINEON "
            "and start it again"
        ]
        # Told once.
        assert desk.waiting(3.0) == ()
        assert len(said) == 1


def test_a_control_database_that_cannot_be_opened_anew_is_told_of(house: House) -> None:
    said = house.stage.said
    with open_desk(house.url, said.append, ManualClock(5.0)) as desk:
        path = _removed(house)
        path.mkdir()
        assert desk.waiting(1.0) == ()
        assert desk.waiting(2.0) == ()
        [words] = said
        assert words.startswith("requests of the console have to wait: database")
        path.rmdir()
        house.store = ControlStore.open(house.url)
        house.ask("rehearsal")
        assert [waiting.mode for waiting in desk.waiting(3.0)] == ["rehearsal"]


def test_control_a_database_that_stays_is_opened_once(house: House) -> None:
    control = OpenControl(house.url, house.stage.said.append)
    first = control.requests()
    house.ask("rehearsal")
    assert control.requests().waiting()
    assert control.requests()._engine is first._engine
    assert house.stage.said == []
    control.close()
