from __future__ import annotations

import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from aineon.errors import ChampionChanged, ModelRefused, OptimizerError
from aineon.optimizer.models import registry as registry_module
from aineon.optimizer.models.registry import LOCK, POINTER, Registry
from aineon.optimizer.models.storing import ARRAYS, save, versions
from aineon.primitives.file_lock import locked
from tests.optimizer.trained import ensemble


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path)


def saved(registry: Registry, number: int) -> str:
    """A model of its own for each number."""
    model = replace(ensemble(), trained_at=ensemble().trained_at + number)
    return save(model, registry.folder)


def test_an_empty_folder_has_no_champion(registry: Registry) -> None:
    assert registry.champion() is None
    assert registry.load_champion() is None
    assert registry.stamp() is None
    assert registry.history() == ()
    assert registry.predecessor() is None


def test_who_is_promoted_leads_and_is_remembered(registry: Registry) -> None:
    first, second = saved(registry, 1), saved(registry, 2)
    registry.promote(first, 100.0, "the first", over=None)
    stamp = registry.stamp()
    registry.promote(second, 200.0, "better by 3 %", over=first)
    assert registry.champion() == second
    assert registry.predecessor() == first
    assert registry.stamp() != stamp or stamp is None
    assert [(each.version, each.at) for each in registry.history()] == [
        (first, 100.0),
        (second, 200.0),
    ]
    champion = registry.load_champion()
    assert champion is not None
    assert champion.trained_at == ensemble().trained_at + 2


def test_a_damaged_model_is_not_promoted_and_the_champion_stays(registry: Registry) -> None:
    good, bad = saved(registry, 1), saved(registry, 2)
    registry.promote(good, 100.0, "the first", over=None)
    (registry.folder / bad / ARRAYS).write_bytes(b"")
    with pytest.raises(ModelRefused):
        registry.promote(bad, 200.0, "better", over=good)
    assert registry.champion() == good


def test_rolling_back_leads_to_a_former_champion_and_says_so(registry: Registry) -> None:
    first, second = saved(registry, 1), saved(registry, 2)
    registry.promote(first, 100.0, "the first", over=None)
    registry.promote(second, 200.0, "better", over=first)
    registry.roll_back(first, 300.0, "ada")
    assert registry.champion() == first
    assert registry.predecessor() == second
    assert registry.history()[-1].words == f"rolled back from {second} by ada"
    # Asked for once more, it changes nothing.
    registry.roll_back(first, 400.0, "ada")
    assert len(registry.history()) == 3


def test_a_challenger_replaces_only_whom_it_competed_with(registry: Registry) -> None:
    first, second, third = (saved(registry, number) for number in (1, 2, 3))
    registry.promote(first, 100.0, "the first", over=None)
    for over in (None, third):
        with pytest.raises(ChampionChanged, match=rf"model {first} became the champion meanwhile"):
            registry.promote(second, 200.0, "better", over=over)
    registry.promote(second, 200.0, "better", over=first)
    assert registry.roll_back(first, 300.0, "ada") == second
    with pytest.raises(ChampionChanged, match=r"\(rolled back from .* by ada\)"):
        registry.promote(third, 400.0, "better", over=second)
    assert registry.champion() == first


def test_who_names_a_champion_or_deletes_models_is_the_only_one(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = saved(registry, 1), saved(registry, 2)
    registry.promote(first, 100.0, "the first", over=None)
    registry.promote(second, 200.0, "better", over=first)
    monkeypatch.setattr(registry_module, "_PATIENCE", 0.0)
    # Another process has the file open as this one does: the lock belongs to who opened it.
    with locked(registry.folder / LOCK, 0.0):
        for change in (
            lambda: registry.promote(first, 300.0, "better", over=second),
            lambda: registry.roll_back(first, 300.0, "ada"),
            registry.prune,
        ):
            with pytest.raises(OptimizerError, match="at this moment; try again"):
                change()
        assert registry.champion() == second, "it can be read all the time"
    registry.roll_back(first, 300.0, "ada")
    assert registry.champion() == first


def test_what_cannot_be_done_is_named_for_what_it_is(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock's trouble is the lock's alone: an `OSError` behind it has a cause of its own."""
    version = saved(registry, 1)

    def fails(error: OSError) -> Callable[..., None]:
        def fail(*_: object) -> None:
            raise error

        return fail

    def promote() -> None:
        registry.promote(version, 100.0, "the first", over=None)

    full = OSError(errno.ENOSPC, "No space left on device")
    slow = TimeoutError(errno.ETIMEDOUT, "Connection timed out")
    for error in (full, slow):
        with monkeypatch.context() as patch:
            patch.setattr(registry_module, "replace_private", fails(error))
            with pytest.raises(OptimizerError, match=rf"champion.json cannot.*{error.strerror}"):
                promote()
        with monkeypatch.context() as patch:
            patch.setattr(registry_module, "remove_unfinished", fails(error))
            with pytest.raises(OSError, match=error.strerror):
                registry.prune()
    (registry.folder / LOCK).unlink()
    (registry.folder / LOCK).mkdir()
    with pytest.raises(OptimizerError, match=r"champion.lock cannot be locked: Is a directory"):
        promote()


def test_a_reign_is_never_lost_to_another_one_at_the_same_time(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "_PATIENCE", 60.0)
    versions = [saved(registry, number) for number in range(6)]
    registry.promote(versions[0], 0.0, "the first", over=None)

    def promoted(version: str) -> bool:
        try:
            Registry(registry.folder).promote(version, 1.0, "better", over=versions[0])
        except ChampionChanged:
            return False
        return True

    with ThreadPoolExecutor(5) as pool:
        done = list(pool.map(promoted, versions[1:]))
    assert sum(done) == 1, "all of them competed with the first"
    assert registry.champion() == versions[1 + done.index(True)]
    assert len(registry.history()) == 2


def test_nothing_leads_to_a_model_that_never_was_in_use(registry: Registry) -> None:
    first, never = saved(registry, 1), saved(registry, 2)
    registry.promote(first, 100.0, "the first", over=None)
    with pytest.raises(ModelRefused, match="never was in use"):
        registry.roll_back(never, 200.0, "ada")
    assert registry.champion() == first


def test_rolling_back_to_a_model_that_is_gone_is_refused(registry: Registry) -> None:
    first, second = saved(registry, 1), saved(registry, 2)
    registry.promote(first, 100.0, "the first", over=None)
    registry.promote(second, 200.0, "better", over=first)
    (registry.folder / first / ARRAYS).unlink()
    with pytest.raises(ModelRefused):
        registry.roll_back(first, 300.0, "ada")
    assert registry.champion() == second


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"history": [{}]}', '{"history": [{"version": 1, "at": NaN}]}']
)
def test_a_damaged_pointer_is_refused_and_the_next_promotion_mends_it(
    registry: Registry, text: str
) -> None:
    version = saved(registry, 1)
    (registry.folder / POINTER).write_text(text)
    for ask in (registry.champion, registry.load_champion, registry.prune):
        with pytest.raises(ModelRefused):
            ask()
    registry.promote(version, 100.0, "a new beginning", over=registry.standing())
    assert registry.champion() == version


def test_pruning_keeps_champion_predecessor_and_the_newest(registry: Registry) -> None:
    models = [saved(registry, number) for number in range(6)]
    registry.promote(models[0], 1.0, "the first", over=None)
    registry.promote(models[1], 2.0, "better", over=models[0])
    registry.prune(kept=2)
    assert versions(registry.folder) == [models[0], models[1], models[4], models[5]]


def test_nothing_is_left_beside_the_pointer(registry: Registry) -> None:
    version = saved(registry, 1)
    registry.promote(version, 1.0, "the first", over=None)
    assert {each.name for each in registry.folder.iterdir()} == {version, POINTER, LOCK}


def test_pruning_removes_what_an_ended_save_left_but_not_what_is_being_written(
    registry: Registry,
) -> None:
    registry.promote(saved(registry, 1), 1.0, "the first", over=None)
    old, fresh = registry.folder / ".model-old", registry.folder / ".model-fresh"
    for place in (old, fresh):
        place.mkdir()
        (place / ARRAYS).write_bytes(b"half")
    past = fresh.stat().st_mtime - 2 * 3600
    os.utime(old, (past, past))
    registry.prune()
    assert fresh.is_dir()
    assert not old.exists()
