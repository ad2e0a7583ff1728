"""One cycle of training: from the samples of a book to a champion, and who may become one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aineon.errors import OptimizerError
from aineon.ledger.control import ControlStore
from aineon.ledger.store import BookStore
from aineon.optimizer.models.ensemble import Ensemble
from aineon.optimizer.models.registry import Registry
from aineon.optimizer.models.storing import save
from aineon.optimizer.tape import Tape
from aineon.optimizer.training import LEAST_ROWS
from aineon.primitives import Book
from aineon.runtime.model_places import models_folder
from aineon.runtime.settings import Settings
from aineon.runtime.training import Bench, last_cycle
from tests.runtime.trainings import RUN, TAPE, beat, samples_of, untrained


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
