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
from aineon.ledger.requests import ModeRequest, RequestKind, RequestState, RequestTable
from aineon.ledger.saved_settings import SettingChange
from aineon.primitives import Book, ManualClock
from aineon.runtime import switching
from aineon.runtime.desk import Desk, OpenControl, open_desk
from aineon.runtime.handover import engine_environment
from aineon.runtime.house import House as SettingsHouse
from aineon.runtime.live_asked import LiveInMaking, as_live
from aineon.runtime.live_word import written_phrase
from aineon.runtime.processes import Child
from aineon.runtime.settings import Settings, load_given
from aineon.runtime.supervisor import Crew, Reborn, supervise
from aineon.runtime.switching import Maker, Making, Modes
from tests.runtime.test_supervisor import ENDS, RUNS, Stage, stop_when, until

SIMULATION, REHEARSAL = Book.SIMULATION, Book.REHEARSAL
PHRASE = written_phrase(1, "0x" + "e8" * 20)


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
        self.house: SettingsHouse | None = None
        self.live: Callable[[ModeRequest], Making] | None = None

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
            modes = Modes(self.makers, first, desk, say, self.house, self.live)
            return supervise(modes, say)

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
        ("live", "the mode 'live' is not one of rehearsal, simulation"),
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


# --- settings that were saved, and nodes -------------------------------------------------------


class Renewed(Made):
    """A composition whose first rank can be started anew with other settings."""

    def __init__(self, stage: Stage, book: Book, settings: Settings) -> None:
        super().__init__(stage, book)
        self.settings = settings

    def tend(self, now: float) -> Crew | None:
        self.looks += 1
        if self.looks < 2:
            return None
        first = self.child(f"{self.book.value}-0")
        chain = self.stage.child("chain", RUNS, essential=True)
        return Crew(
            [[first], [chain]],
            5.0,
            self.stage.said.append,
            settings=self.settings,
            anew=self.anew,
        )

    def anew(self, settings: Settings) -> Reborn:
        if settings.max_hops == 6:
            raise StartError("the data folder is gone.")
        return Reborn([self.child(f"{self.book.value}-{settings.max_hops}")], settings)

    def child(self, name: str) -> Child:
        return self.stage.child(name, self.source, essential=True)


@pytest.fixture
def settled(house: House) -> House:
    """A house with settings that can be saved, whose simulation has a chain beside it."""
    env = {"AINEON_DATA_DIR": str(house.stage.folder)}
    settings = load_given(env=env)
    house.makers[SIMULATION] = lambda: Renewed(house.stage, SIMULATION, settings)
    house.house = SettingsHouse(settings, house.stage.said.append)
    return house


def save_hops(house: House, text: str) -> None:
    table = house.store.saved_settings
    known = table.all().get("MAX_HOPS")
    version = 0 if known is None else known.version
    table.change((SettingChange("MAX_HOPS", text, version),), "anna", 1.0)


def wish(house: House, kind: RequestKind) -> ModeRequest:
    house.requests.ask("simulation", "anna", 1.0, kind)
    until(lambda: not latest(house, kind).is_open)
    return latest(house, kind)


def latest(house: House, kind: RequestKind) -> ModeRequest:
    found = house.requests.latest(kind)
    assert found is not None
    return found


def test_the_engine_is_started_anew_with_what_is_saved_and_the_chain_goes_on(
    settled: House,
) -> None:
    def script() -> None:
        settled.stage.wait_for("simulation-0.started", "chain.started")
        save_hops(settled, "3")
        assert not settled.stage.has("simulation-0.stopped")
        answer = wish(settled, RequestKind.SETTINGS)
        assert answer.state is RequestState.DONE
        assert answer.answer == "the engine was started anew; changed: MAX_HOPS"
        settled.stage.wait_for("simulation-0.stopped", "simulation-3.started")
        assert not settled.stage.has("chain.stopped")
        # The mode's own requests are told apart from these.
        assert settled.requests.latest() is None

    assert settled.play(script) == 0
    with ControlStore.open(settled.url) as control:
        audit = control.audit(settled.stage.folder / "control.anchor")
        assert audit.latest("settings.change") is not None


def test_what_cannot_be_started_anew_leaves_everything_as_it_is(settled: House) -> None:
    def script() -> None:
        settled.stage.wait_for("simulation-0.started")
        save_hops(settled, "6")
        answer = wish(settled, RequestKind.SETTINGS)
        assert answer.state is RequestState.REFUSED
        assert answer.answer == "the data folder is gone; the engine goes on as it was"
        assert not settled.stage.has("simulation-0.stopped")

    assert settled.play(script) == 0


def test_settings_wait_while_a_mode_is_being_made(settled: House) -> None:
    settled.makers[REHEARSAL] = lambda: NeverReady(settled.stage, REHEARSAL)

    def script() -> None:
        settled.stage.wait_for("simulation-0.started")
        settled.ask("rehearsal")
        until(lambda: settled.answer().state is RequestState.TAKEN)
        answer = wish(settled, RequestKind.SETTINGS)
        assert answer.answer == "the rehearsal is being made ready; ask again then"

    assert settled.play(script) == 0


def test_nodes_are_asked_beside_everything_else(
    settled: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()

    def look(settings: Settings) -> str:
        assert asked.wait(30)
        return "node-1: healthy, chain 1"

    monkeypatch.setattr(switching, "look_at_nodes", look)

    def script() -> None:
        settled.stage.wait_for("simulation-0.started")
        settled.requests.ask("simulation", "anna", 1.0, RequestKind.NODES)
        until(lambda: latest(settled, RequestKind.NODES).state is RequestState.TAKEN)
        # Requests are seen to although the nodes have not answered.
        settled.ask("lively")
        settled.answered()
        asked.set()
        until(lambda: not latest(settled, RequestKind.NODES).is_open)
        answer = latest(settled, RequestKind.NODES)
        assert (answer.state, answer.answer) == (RequestState.DONE, "node-1: healthy, chain 1")

    assert settled.play(script) == 0


def test_without_a_node_the_test_says_so(settled: House) -> None:
    def script() -> None:
        settled.stage.wait_for("simulation-0.started")
        answer = wish(settled, RequestKind.NODES)
        assert answer.state is RequestState.REFUSED
        assert answer.answer.startswith("no node is given")

    assert settled.play(script) == 0


def test_the_checklist_of_live_mode_is_looked_at_and_names_what_is_missing(
    settled: House,
) -> None:
    def script() -> None:
        settled.stage.wait_for("simulation-0.started")
        answer = wish(settled, RequestKind.LIVE)
        assert answer.state is RequestState.DONE
        lines = answer.answer.splitlines()
        assert all(line.startswith(("met: ", "not met: ")) for line in lines)
        assert any("AINEON_EXECUTOR is not set" in line for line in lines)
        assert any(line.startswith("not met: sign-in: no admin") for line in lines)
        assert any(line.startswith("not met: nodes: no node is given") for line in lines)

    assert settled.play(script) == 0


# --- live mode ---------------------------------------------------------------------------------


def ask_for_live(house: House, word: str = "a phrase") -> None:
    house.requests.ask("live", "anna", 1.0, word=word, proof="a voucher")


def test_to_live_mode_and_back_on_the_word_of_whoever_asked(house: House) -> None:
    asked: list[ModeRequest] = []

    def live(request: ModeRequest) -> Made:
        asked.append(request)
        return Made(house.stage, Book.LIVE)

    house.live = live

    def script() -> None:
        house.stage.wait_for("simulation.started")
        ask_for_live(house)
        house.stage.wait_for("simulation.stopped", "live.started")
        house.answered()
        assert house.answer().answer == "live mode was begun"
        (house.stage.folder / "simulation.started").unlink()
        house.ask("simulation")
        house.stage.wait_for("live.stopped", "simulation.started")
        house.answered()

    assert house.play(script) == 0
    assert [(each.who, each.word, each.proof) for each in asked] == [
        ("anna", "a phrase", "a voucher")
    ]


def test_live_mode_that_may_not_start_leaves_the_simulation_as_it_is(settled: House) -> None:
    """The whole look: without a user, a code and a contract nothing starts."""
    assert settled.house is not None
    settings, said = settled.house.settings, settled.stage.said.append

    def nobody(_: Settings, __: object) -> Crew:
        raise AssertionError("it was started")

    settled.live = lambda request: LiveInMaking(settings, request, nobody, said)

    def script() -> None:
        settled.stage.wait_for("simulation-0.started")
        for word, reason in (("yes", "is none"), (PHRASE, "anna may not have live mode start")):
            ask_for_live(settled, word)
            settled.answered()
            told = settled.answer()
            assert told.state is RequestState.REFUSED
            assert reason in told.answer
            assert told.answer.endswith("the simulation goes on")
        assert not settled.stage.has("simulation-0.stopped")

    assert settled.play(script) == 0


def test_the_settings_of_live_mode_reach_the_engine(settled: House) -> None:
    assert settled.house is not None
    played = as_live(settled.house.settings, PHRASE)
    assert played.mode is Book.LIVE
    told = engine_environment({}, played)
    assert (told["AINEON_MODE"], told["AINEON_LIVE_CONFIRMATION"]) == ("live", PHRASE)
