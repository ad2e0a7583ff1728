"""Training as a program of its own: its cycles, its priority, its place beside the others."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aineon.errors import OptimizerError
from aineon.runtime import trainer
from aineon.runtime.processes import Child
from aineon.runtime.settings import load_settings
from aineon.runtime.supervisor import players, trainer_programs
from aineon.runtime.trainer import Cycles


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
