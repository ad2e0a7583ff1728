"""What reaches a running engine: the past, the champion, the way back."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from aineon.ledger.commands import CommandState
from aineon.ledger.control import ControlStore
from aineon.ledger.records import SampleRecord
from aineon.ledger.store import BookStore
from aineon.optimizer.features.catalogue import NAMES
from aineon.optimizer.models.ensemble import Ensemble
from aineon.optimizer.models.registry import POINTER, Registry
from aineon.optimizer.models.storing import save
from aineon.optimizer.optimizer import Optimizer
from aineon.primitives import Book, ManualClock
from aineon.runtime.auditing import audit_of
from aineon.runtime.books import Books
from aineon.runtime.model_desk import ModelDesk
from aineon.runtime.model_places import ROLL_BACK, models_folder
from aineon.runtime.settings import Settings
from aineon.runtime.training import REPORT
from tests.runtime.trainings import RUN, TAPE, samples_of, untrained


class Watched(Optimizer):
    """Takes down what it is given."""

    def __init__(self) -> None:
        super().__init__(1000, NAMES)
        self.adopted: list[str | None] = []
        self.given: Any = None
        self.confirmed: list[float] = []
        self.taught: list[SampleRecord] = []

    def dismiss(self) -> None:
        self.adopted.append(None)

    def ranges_seen(self) -> Any:
        return "looked through in the desk's thread"

    def adopt(self, models: Ensemble, version: str | None = None, ranges: Any = None) -> None:
        self.adopted.append(version)
        self.given = ranges

    def confirm(self, at: float) -> None:
        self.confirmed.append(at)

    def learn(self, sample: SampleRecord) -> None:
        self.taught.append(sample)


class Place:
    """The optimizer's place in an engine that stands still."""

    def __init__(self, began: float | None) -> None:
        self.began = self.now = began
        self.optimizer: Any = Watched()
        self.beside: Any = {}
        self.since: list[SampleRecord] = []

    def expect_past(self) -> None:
        pass

    def missed(self) -> Iterator[SampleRecord]:
        return iter(self.since)

    def hand_in(self, change: Any) -> None:
        change(self)

    def go_on_with(self, optimizer: Any) -> None:
        self.optimizer = optimizer


NOW = 1_700_000_500.0


def desk_of(settings: Settings, book: BookStore, control: ControlStore, place: Place) -> ModelDesk:
    run: Any = None
    books = Books(control, book, run, RUN)
    learning: Any = place
    return ModelDesk(settings, learning, Watched, books, ManualClock(NOW))


def test_a_running_engine_gets_the_past_the_champion_and_the_way_back(
    settings: Settings, book: BookStore, control: ControlStore
) -> None:
    place = Place(began=float(TAPE.known_at[99]))
    desk = desk_of(settings, book, control, place)
    place.since = samples_of(TAPE.rows(slice(100, 103)), 1)
    desk._relearn()
    learned = place.optimizer.taught
    assert len(learned) == int((TAPE.known_at <= TAPE.known_at[99]).sum()) + 3
    assert learned[-3:] == place.since, "what came meanwhile is not left to the engine's thread"
    desk._pick_up()
    assert place.optimizer.adopted == [], "there is no champion yet"
    registry = Registry(models_folder(settings, RUN))
    first = save(untrained(), registry.folder)
    second = save(untrained(421), registry.folder)
    for at, version in enumerate((first, second)):
        registry.promote(version, float(at), "it was better", over=registry.standing())
    desk._pick_up()
    desk._pick_up()
    assert place.optimizer.adopted == [second]
    assert place.optimizer.given == place.optimizer.ranges_seen()
    desk._hear()
    assert [each["version"] for each in place.beside["history"]] == [second, first]
    ask = control.commands.ask
    done = ask(ROLL_BACK, {"version": first}, "ada", NOW - 5.0, book=Book.SIMULATION)
    foreign = ask(ROLL_BACK, {"version": first}, "ada", NOW - 5.0, book=Book.LIVE)
    unknown = ask(
        ROLL_BACK,
        {"version": "20990101T000000Z-0123456789ab"},
        "ada",
        NOW - 5.0,
        book=Book.SIMULATION,
    )
    nothing = ask(ROLL_BACK, {}, "ada", NOW - 5.0, book=Book.SIMULATION)
    old = ask(ROLL_BACK, {"version": second}, "ada", NOW - 601.0, book=Book.SIMULATION)
    desk._answer_all()
    answers = {each: control.commands.find(each) for each in (done, foreign, unknown, nothing, old)}
    states = [each.state for each in answers.values() if each is not None]
    assert states == [CommandState.DONE, *[CommandState.REFUSED] * 4]
    assert registry.champion() == first
    assert registry.history()[-1].words == f"rolled back from {second} by ada"
    audited = audit_of(settings, control).last(5)
    assert [
        (each.decision.who, each.decision.action, each.decision.subject) for each in audited
    ] == [
        ("ada", "model.change", first),
        ("ada", "model.refuse", first),
        ("ada", "model.refuse", "20990101T000000Z-0123456789ab"),
        ("ada", "model.refuse", "no version"),
        ("ada", "model.refuse", second),
    ]
    told = [(each.details["request"], each.details["words"]) for each in audited]
    assert told == [(number, each.answer) for number, each in answers.items() if each is not None]
    assert told[0][1] == f"model {first} is in use again, and {second} no more"
    desk._pick_up()
    assert place.optimizer.adopted == [second, first]


def test_markets_with_names_alike_have_folders_of_their_own(settings: Settings) -> None:
    long = "x" * 100
    markets = [replace(RUN, detail=detail) for detail in ("a_b", "a-b", long + "1", long + "2")]
    assert len({models_folder(settings, market) for market in markets}) == len(markets)


@pytest.mark.parametrize(
    ("said", "confirmed"), [({}, []), ({"confirmed": False}, []), ({"confirmed": True}, [77.0])]
)
def test_only_a_champion_that_held_in_a_comparison_is_confirmed(
    settings: Settings,
    book: BookStore,
    control: ControlStore,
    said: dict[str, bool],
    confirmed: list[float],
) -> None:
    registry = Registry(models_folder(settings, RUN))
    version = save(untrained(), registry.folder)
    registry.promote(version, 0.0, "it was better", over=None)
    # The first is a report as it was written before it told of this.
    report = {
        "at": 1.0,
        "seconds": 2.0,
        "known_at": 77.0,
        "rows": 3,
        "judged": 4,
        "promoted": False,
        "champion": version,
        "words": "too few to train on",
    }
    (registry.folder / REPORT).write_text(json.dumps(report | said))
    place = Place(began=float(TAPE.times[-1]))
    desk = desk_of(settings, book, control, place)
    desk._pick_up()
    desk._hear()
    assert place.beside["training"]["words"] == "too few to train on"
    assert place.optimizer.confirmed == confirmed


def test_models_that_know_what_comes_wait_until_it_has_come(
    settings: Settings, book: BookStore, control: ControlStore
) -> None:
    registry = Registry(models_folder(settings, RUN))
    models = replace(untrained(), trained_at=float(TAPE.times[500]))
    version = save(models, registry.folder)
    registry.promote(version, 0.0, "it was better", over=None)
    place = Place(began=float(TAPE.times[0]))
    desk = desk_of(settings, book, control, place)
    for now, adopted in ((0, []), (499, []), (500, [version]), (501, [version])):
        place.now = float(TAPE.times[now])
        desk._pick_up()
        desk._hear()
        assert [each for each in place.optimizer.adopted if each] == adopted
        refused = place.beside["models_refused"]
        assert ("was trained on what this market is still to show" in refused) == (not adopted)


async def test_a_damaged_model_stops_nothing(
    settings: Settings, book: BookStore, control: ControlStore
) -> None:
    folder = models_folder(settings, RUN)
    folder.mkdir(parents=True)
    (folder / POINTER).write_text("{no pointer")
    place = Place(began=0.0)
    desk = desk_of(settings, book, control, place)
    number = control.commands.ask(
        ROLL_BACK, {"version": "x"}, "ada", NOW - 5.0, book=Book.SIMULATION
    )
    market: Any = None
    task = asyncio.create_task(desk.run(market))
    for _ in itertools.count():
        command = control.commands.find(number)
        assert command is not None
        assert not task.done()
        if not command.is_open:
            break
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert command.state is CommandState.REFUSED
    assert not any(place.optimizer.adopted), "whether it was dismissed already is a race"


def test_a_refused_model_is_read_once_and_says_why(
    settings: Settings,
    book: BookStore,
    control: ControlStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    registry = Registry(models_folder(settings, RUN))
    version = save(untrained(), registry.folder)
    registry.promote(version, 0.0, "it was better", over=None)
    (registry.folder / version / "arrays.npz").write_bytes(b"something else")
    place = Place(began=float(TAPE.times[-1]))
    # What is said of it holds for models that were adopted earlier as well.
    place.optimizer.adopt(None, "an earlier one")
    desk = desk_of(settings, book, control, place)
    for _ in range(3):
        desk._pick_up()
        desk._hear()
    assert place.optimizer.adopted == ["an earlier one", None]
    assert place.beside["models_refused"].startswith("the models are refused (")
    assert len(caplog.records) == 1
