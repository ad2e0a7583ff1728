from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from aineon.errors import ModelRefused
from aineon.optimizer.models.registry import POINTER, Registry
from aineon.optimizer.models.storing import ARRAYS, save, versions
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
    registry.promote(first, 100.0, "the first")
    stamp = registry.stamp()
    registry.promote(second, 200.0, "better by 3 %")
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
    registry.promote(good, 100.0, "the first")
    (registry.folder / bad / ARRAYS).write_bytes(b"")
    with pytest.raises(ModelRefused):
        registry.promote(bad, 200.0, "better")
    assert registry.champion() == good


def test_rolling_back_leads_to_a_former_champion_and_says_so(registry: Registry) -> None:
    first, second = saved(registry, 1), saved(registry, 2)
    registry.promote(first, 100.0, "the first")
    registry.promote(second, 200.0, "better")
    registry.roll_back(first, 300.0, "ada")
    assert registry.champion() == first
    assert registry.predecessor() == second
    assert registry.history()[-1].words == f"rolled back from {second} by ada"
    # Asked for once more, it changes nothing.
    registry.roll_back(first, 400.0, "ada")
    assert len(registry.history()) == 3


def test_nothing_leads_to_a_model_that_never_was_in_use(registry: Registry) -> None:
    first, never = saved(registry, 1), saved(registry, 2)
    registry.promote(first, 100.0, "the first")
    with pytest.raises(ModelRefused, match="never was in use"):
        registry.roll_back(never, 200.0, "ada")
    assert registry.champion() == first


def test_rolling_back_to_a_model_that_is_gone_is_refused(registry: Registry) -> None:
    first, second = saved(registry, 1), saved(registry, 2)
    registry.promote(first, 100.0, "the first")
    registry.promote(second, 200.0, "better")
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
    registry.promote(version, 100.0, "a new beginning")
    assert registry.champion() == version


def test_pruning_keeps_champion_predecessor_and_the_newest(registry: Registry) -> None:
    models = [saved(registry, number) for number in range(6)]
    registry.promote(models[0], 1.0, "the first")
    registry.promote(models[1], 2.0, "better")
    registry.prune(kept=2)
    assert versions(registry.folder) == [models[0], models[1], models[4], models[5]]


def test_nothing_is_left_beside_the_pointer(registry: Registry) -> None:
    version = saved(registry, 1)
    registry.promote(version, 1.0, "the first")
    assert {each.name for each in registry.folder.iterdir()} == {version, POINTER}


def test_pruning_removes_what_an_ended_save_left_but_not_what_is_being_written(
    registry: Registry,
) -> None:
    registry.promote(saved(registry, 1), 1.0, "the first")
    old, fresh = registry.folder / ".model-old", registry.folder / ".model-fresh"
    for place in (old, fresh):
        place.mkdir()
        (place / ARRAYS).write_bytes(b"half")
    past = fresh.stat().st_mtime - 2 * 3600
    os.utime(old, (past, past))
    registry.prune()
    assert fresh.is_dir()
    assert not old.exists()
