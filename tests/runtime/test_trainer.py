"""Training beside the engine: cycles, champions, and what reaches a running engine."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from aineon.errors import OptimizerError
from aineon.ledger.commands import CommandState
from aineon.ledger.control import ControlStore
from aineon.ledger.heartbeat import Heartbeat
from aineon.ledger.records import RunRecord, SampleRecord
from aineon.ledger.store import BookStore
from aineon.optimizer.arms import ARMS
from aineon.optimizer.features.catalogue import NAMES
from aineon.optimizer.models.ensemble import Ensemble, Stack
from aineon.optimizer.models.inputs import Inputs
from aineon.optimizer.models.line import Line
from aineon.optimizer.models.live import Live
from aineon.optimizer.models.network import Network
from aineon.optimizer.models.registry import POINTER, Registry
from aineon.optimizer.models.storing import save
from aineon.optimizer.models.trees import Trees
from aineon.optimizer.optimizer import Optimizer, feature_set
from aineon.optimizer.tape import Tape
from aineon.optimizer.training import LEAST_ROWS
from aineon.primitives import Book, ManualClock, Provenance
from aineon.primitives.units import ETHER
from aineon.runtime import trainer
from aineon.runtime.auditing import audit_of
from aineon.runtime.books import Books
from aineon.runtime.model_desk import ModelDesk
from aineon.runtime.model_places import ROLL_BACK, models_folder
from aineon.runtime.processes import Child
from aineon.runtime.settings import Settings, load_settings
from aineon.runtime.supervisor import players, trainer_programs
from aineon.runtime.trainer import Cycles
from aineon.runtime.training import REPORT, Bench, last_cycle
from tests.optimizer.synthetic import synthetic_tape

RUN = RunRecord("sandbox", Provenance.SIMULATED, 7, "", 1_700_000_000.0)


# --- cycles --------------------------------------------------------------------------------


def test_a_cycle_comes_each_period_and_the_first_at_once() -> None:
    cycles = Cycles(900.0, now=50.0)
    assert cycles.wait(50.0) == 0
    cycles.begun(50.0)
    assert cycles.left_out(80.0) == 0
    assert cycles.wait(80.0) == 870.0
    cycles.begun(500.0)
    assert cycles.wait(500.0) == 900.0, "after an alarm's the next one is a period away"


@pytest.mark.parametrize(("ends", "left_out", "next_at"), [(951, 1, 1850), (2750, 2, 2750)])
def test_a_late_cycle_is_left_out_and_not_made_up_for(
    ends: float, left_out: int, next_at: float
) -> None:
    cycles = Cycles(900.0, now=50.0)
    cycles.begun(50.0)
    assert cycles.left_out(ends) == left_out
    assert ends + cycles.wait(ends) == next_at


class Enough(BaseException):
    """The test has seen enough cycles; nothing but the test catches it."""


def test_whatever_fails_in_a_cycle_the_next_one_comes() -> None:
    came: Iterator[Callable[[], str]] = iter([fails, lambda: "promoted", breaks])
    seen: list[str] = []

    def cycle() -> str:
        seen.append("cycle")
        work = next(came, None)
        if work is None:
            raise Enough
        return work()

    bench: Any = SimpleNamespace(cycle=cycle, is_wanted=lambda: False)
    with pytest.raises(Enough):
        trainer.train_for_ever(bench, 1e-9, lambda _: None)
    assert len(seen) == 4


def fails() -> str:
    raise OptimizerError("there is too little to train on")


def breaks() -> str:
    raise ValueError("Input X contains NaN")


def test_what_nobody_foresaw_is_logged_and_named(caplog: pytest.LogCaptureFixture) -> None:
    bench: Any = SimpleNamespace(cycle=breaks, is_wanted=breaks)
    assert trainer._cycle(bench) == "nothing could be trained: ValueError: Input X contains NaN"
    assert not trainer._is_wanted(bench)
    assert [record.exc_info is not None for record in caplog.records] == [True, True]
    bench = SimpleNamespace(cycle=fails)
    assert trainer._cycle(bench) == "nothing could be trained: there is too little to train on"


# --- the bench -----------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(env={}, data_dir=str(tmp_path), feed="sandbox")


def samples_of(tape: Tape, run_id: int) -> list[SampleRecord]:
    """The rows of a tape as a book has them, with as many features as the catalogue has."""
    vectors = np.zeros((len(tape), len(NAMES)))
    vectors[:, : tape.features.shape[1]] = tape.features
    return [
        SampleRecord(
            run_id=run_id,
            block_number=int(tape.blocks[row]),
            at=float(tape.times[row]),
            known_at=float(tape.known_at[row]),
            pair=tape.pair_names[tape.pairs[row]],
            vector=vectors[row].astype("<f8").tobytes(),
            feature_set=feature_set(NAMES),
            net_wei=round(tape.net[row] * ETHER),
            gas_wei=round(tape.gas[row] * ETHER),
            needed_payment_wei=(
                round(tape.needed[row] * tape.net[row] * ETHER)
                if np.isfinite(tape.needed[row])
                else None
            ),
            reachable=bool(np.isfinite(tape.needed[row])),
            won=None,
            offered_bps=None,
            censored=False,
            decided_by="table",
            lands=None,
            provenance=Provenance.SIMULATED,
        )
        for row in range(len(tape))
    ]


TAPE = synthetic_tape(3, 900)


def leaf(outputs: int) -> Trees:
    """A tree that says nothing."""
    none = np.zeros(1, dtype=np.int64)
    return Trees(none, none, np.zeros(1), np.zeros((1, 2), np.int64), np.zeros((1, outputs)), 0)


def untrained(rows: int = 420) -> Ensemble:
    """An ensemble that repeats the live table; nobody had to train it."""
    inputs = Inputs.of(TAPE)
    return Ensemble(
        trained_at=float(TAPE.times[0]),
        began_at=float(TAPE.times[0]),
        rows=rows,
        inputs=inputs,
        line=Line(np.zeros((3, inputs.width + 1))),
        forest=leaf(len(ARMS)),
        boosting=leaf(1),
        boosting_start=0.0,
        network=Network((np.zeros((inputs.width + 2, 1)),), (np.zeros(1),)),
        stack=Stack(
            np.array([1.0, 0, 0, 0, 0]),
            0.0,
            0.0,
            0.0,
            0.0,
            np.array([-9.0, 9]),
            np.array([-9.0, 9]),
        ),
        live=Live(),
        importance=np.zeros(len(TAPE.names)),
        metrics={},
    )


@pytest.fixture
def book(settings: Settings) -> Iterator[BookStore]:
    with BookStore.open(settings.book_url, Book.SIMULATION) as store:
        run_id = store.begin_run(RUN)
        store.write(samples=samples_of(TAPE, run_id))
        yield store


def test_before_anything_was_learned_nothing_is_trained(settings: Settings) -> None:
    BookStore.open(settings.book_url, Book.SIMULATION).close()
    assert Bench(settings).cycle() == "nothing was learned since the last cycle"
    assert not models_folder(settings, RUN).exists()


def test_a_challenger_that_wins_is_the_champion_and_one_that_loses_confirms_it(
    settings: Settings, book: BookStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = models_folder(settings, RUN)
    asked: list[tuple[int, float]] = []

    def fit(tape: Tape, now: float) -> Ensemble:
        asked.append((len(tape), now))
        return untrained()

    monkeypatch.setattr("aineon.optimizer.training.challenging.fit", fit)
    monkeypatch.setattr("aineon.optimizer.training.challenging.as_used", as_clairvoyant)
    words = Bench(settings).cycle()
    [(rows, now)] = asked
    told = last_cycle(folder)
    assert told is not None
    assert (told.words, told.promoted, told.confirmed) == (words, True, True)
    assert words.startswith("promoted: it leaves more than the table")
    assert told.champion == Registry(folder).champion()
    assert rows == told.rows
    assert 0 < told.judged <= len(TAPE) - rows
    assert TAPE.times[-1] - now >= 4 * 3600 - 1, "it competes in hours that it never saw"
    # The same once more does not beat itself.
    bench = Bench(settings)
    assert "not promoted" in bench.cycle()
    told = last_cycle(folder)
    assert told is not None
    assert (told.promoted, told.champion) == (False, Registry(folder).champion())
    assert told.confirmed, "it left more than the table in hours that it never saw"
    assert bench.cycle() == "nothing was learned since the last cycle"
    assert len(asked) == 2


def test_a_training_does_not_undo_what_the_operator_did_meanwhile(
    settings: Settings,
    book: BookStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    registry = Registry(models_folder(settings, RUN))
    first, second = (save(untrained(rows), registry.folder) for rows in (420, 421))
    registry.promote(first, 0.0, "the first", over=None)
    registry.promote(second, 1.0, "better", over=first)

    def fit(tape: Tape, now: float) -> Ensemble:
        registry.roll_back(first, 2.0, "ada")
        return untrained(422)

    # Any other than the models in use knows everything, so it wins.
    def as_used(models: Ensemble, rows: Tape, told: Any) -> Any:
        return (as_clairvoyant if models.rows == 422 else as_fool)(models, rows, told)

    monkeypatch.setattr("aineon.optimizer.training.challenging.fit", fit)
    monkeypatch.setattr("aineon.optimizer.training.challenging.as_used", as_used)
    words = Bench(settings).cycle()
    told = last_cycle(registry.folder)
    assert told is not None
    assert registry.champion() == first
    assert words == told.words
    assert words == (
        f"not promoted: it competed with model {second}, and model {first} became the champion "
        f"meanwhile (rolled back from {second} by ada)"
    )
    assert (told.promoted, told.confirmed) == (False, False)
    assert words in caplog.text
    # Nobody interferes with the next one, which competes with the models that are in use now.
    monkeypatch.setattr(
        "aineon.optimizer.training.challenging.fit", lambda tape, now: untrained(422)
    )
    assert Bench(settings).cycle().startswith("promoted:")
    assert registry.predecessor() == first


def as_fool(ensemble: Ensemble, rows: Tape, told: Any) -> Any:
    """Curves that promise everything to the least bid."""
    return np.ones_like(told)


def as_clairvoyant(ensemble: Ensemble, rows: Tape, told: Any) -> Any:
    """Curves that know every outcome."""
    arms = np.linspace(0.02, 0.99, told.shape[1])
    return (rows.needed[:, None] <= arms).astype(np.float64)


@pytest.mark.parametrize(
    ("trained_at", "as_used", "confirmed"),
    [
        (float(TAPE.times[0]), as_clairvoyant, True),
        (float(TAPE.times[0]), as_fool, False),
        (float(TAPE.times[-1]), as_clairvoyant, False),
    ],
)
def test_a_champion_is_confirmed_by_outcomes_that_it_did_not_know(
    settings: Settings,
    book: BookStore,
    monkeypatch: pytest.MonkeyPatch,
    trained_at: float,
    as_used: Callable[..., Any],
    confirmed: bool,
) -> None:
    registry = Registry(models_folder(settings, RUN))
    version = save(replace(untrained(), trained_at=trained_at), registry.folder)
    registry.promote(version, 0.0, "it was better", over=None)
    monkeypatch.setattr(
        "aineon.optimizer.training.challenging.fit", lambda tape, now: untrained(421)
    )
    monkeypatch.setattr("aineon.optimizer.training.challenging.as_used", as_used)
    Bench(settings).cycle()
    told = last_cycle(registry.folder)
    assert told is not None
    assert (told.promoted, told.champion, told.confirmed) == (False, version, confirmed)


def test_a_champion_that_knows_what_comes_does_not_compete(
    settings: Settings, book: BookStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry(models_folder(settings, RUN))
    future = replace(untrained(), trained_at=float(TAPE.known_at[-1]) + 1)
    registry.promote(save(future, registry.folder), 0.0, "it was better", over=None)
    monkeypatch.setattr(
        "aineon.optimizer.training.challenging.fit", lambda tape, now: untrained(421)
    )
    monkeypatch.setattr("aineon.optimizer.training.challenging.as_used", as_clairvoyant)
    words = Bench(settings).cycle()
    assert words.startswith("promoted: it leaves more than the table")
    assert "champion" not in words
    assert registry.load_champion() is not None
    assert [each.version for each in registry.history()][-1] != registry.predecessor()


def test_too_few_outcomes_are_said_to_be_too_few(settings: Settings) -> None:
    with BookStore.open(settings.book_url, Book.SIMULATION) as store:
        store.write(samples=samples_of(TAPE.rows(slice(0, 30)), store.begin_run(RUN)))
    assert "too few to train on" in Bench(settings).cycle()
    assert Registry(models_folder(settings, RUN)).champion() is None
    told = last_cycle(models_folder(settings, RUN))
    assert told is not None
    assert not told.confirmed


def test_an_alarm_asks_for_a_training_once_and_shortens_what_is_trained_on(
    settings: Settings, book: BookStore, control: ControlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def fit(tape: Tape, now: float) -> Ensemble:
        asked.append(len(tape))
        raise OptimizerError("enough for now")

    monkeypatch.setattr("aineon.optimizer.training.challenging.fit", fit)
    bench = Bench(settings)
    assert not bench.is_wanted()
    assert bench.cycle() == "nothing could be trained: enough for now"
    alarm = {"at": float(TAPE.known_at[-1]) - 60, "what": "dearer", "words": "others bid more"}
    beat(control, {"alarms": [alarm]})
    assert bench.is_wanted()
    assert "enough for now" in Bench(settings).cycle()
    assert bench.cycle() == "nothing was learned since the last cycle"
    assert not bench.is_wanted(), "it was answered"
    for odd in ({"alarms": [{"at": 1.0}]}, {"alarms": "none"}, {"alarms": {"at": 1}}):
        beat(control, odd)
        assert not bench.is_wanted()
    beat(control, {"alarms": [{**alarm, "at": 0.0, "what": "something of another version"}, alarm]})
    assert not bench.is_wanted()
    assert asked[1] == max(asked[0] // 4, LEAST_ROWS)


def beat(control: ControlStore, told: dict[str, Any]) -> None:
    control.beat(
        Heartbeat(
            "running", "", "simulation", "sandbox", "simulated", 1, 1, 0.0, 0.0, optimizer=told
        )
    )


def test_models_of_another_market_lie_elsewhere(settings: Settings) -> None:
    runs = [
        RUN,
        replace(RUN, seed=8),
        replace(RUN, detail="rivals: mixed"),
        replace(RUN, feed="chain", seed=None),
        replace(RUN, feed="replay", seed=None, detail="../../etc/a day.json.gz"),
    ]
    folders = [models_folder(settings, run) for run in runs]
    assert len(set(folders)) == len(runs)
    assert folders[0].name.startswith("sandbox-7-")
    assert folders[-1].name.startswith("replay-etc-a-day-json-gz-"), "a name leads nowhere else"


# --- the desk ------------------------------------------------------------------------------


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


@pytest.fixture
def control(settings: Settings) -> Iterator[ControlStore]:
    with ControlStore.open(settings.control_url) as store:
        yield store


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


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such priorities")
@pytest.mark.parametrize(("leads", "whole"), [(True, "19"), (False, "0")])
def test_training_gives_way_to_other_sessions_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leads: bool, whole: str
) -> None:
    """Linux may weigh sessions, and the supervisor gives each program one of its own."""
    nice: list[int] = []
    session = tmp_path / "autogroup"
    session.write_text("0")
    monkeypatch.setattr(trainer, "AUTOGROUP", session)
    monkeypatch.setattr("os.nice", nice.append)
    monkeypatch.setattr("os.getsid", lambda _: os.getpid() + (not leads))
    trainer.forgo_priority()
    assert (nice, session.read_text()) == ([19], whole), "a shell's other programs stay as they are"


# --- the supervisor ------------------------------------------------------------------------


def test_training_is_a_program_of_its_own_that_holds_no_secret(tmp_path: Path) -> None:
    env = {"PRIVATE_KEY": "0x" + "1f" * 32, "AINEON_DATA_DIR": str(tmp_path)}
    settings = load_settings(env=env)
    [program] = trainer_programs(settings)
    assert program.environment["OMP_NUM_THREADS"] == "1"
    assert program.secrets is None
    assert not any("1f1f" in value for value in program.environment.values())
    assert not program.essential
    assert program.waits_seconds > 0
    names = [child.program.name for child in players(settings, Path(), lambda _: None).children]
    assert names == ["engine", "console", "training"]


@pytest.mark.parametrize("switched", [{"optimizer": "off"}, {"optimizer_training": "off"}])
def test_nobody_trains_who_is_told_not_to(switched: dict[str, str]) -> None:
    assert trainer_programs(load_settings(env={}, **switched)) == ()


def test_training_lets_the_others_start_in_peace(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    [program] = trainer_programs(load_settings(env={}))
    for each in (program, replace(program, name="engine", waits_seconds=0.0)):
        child = Child(each, 1.0, lambda _: None)
        monkeypatch.setattr(child, "_start", partial(started.append, each.name))
        for now in (1000.0, 1000.0 + program.waits_seconds - 1):
            child.tend(now)
        if each is program:
            assert started == []
            child.tend(1000.0 + program.waits_seconds)
    assert started == ["training", "engine", "engine"], "what does not wait begins at once"
