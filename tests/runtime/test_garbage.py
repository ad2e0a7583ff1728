"""What a process has loaded is kept out of collections, once."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from aineon.engine.events import EngineState, StateChanged, StepProcessed
from aineon.runtime.garbage import FreezeWhenLoaded
from tests.scripted import block


@pytest.fixture(autouse=True)
def _unfrozen() -> Iterator[None]:
    thresholds = gc.get_threshold()
    frozen = gc.get_freeze_count() > 0
    gc.unfreeze()
    yield
    gc.unfreeze()
    if frozen:
        # What froze the modules did so to spare all tests that follow.
        gc.freeze()
    gc.set_threshold(*thresholds)


def test_it_freezes_when_the_first_step_has_brought_the_pools() -> None:
    freezer = FreezeWhenLoaded()
    freezer.follow(StateChanged(EngineState.STARTING))
    assert gc.get_freeze_count() == 0
    step = StepProcessed(block(1), 0, 2, (), {})
    often = gc.get_threshold()[0]
    freezer.follow(step)
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold()[0] > often


def test_it_freezes_once() -> None:
    freezer = FreezeWhenLoaded()
    freezer.follow(StepProcessed(block(1), 0, 2, (), {}))
    gc.unfreeze()
    freezer.follow(StepProcessed(block(2), 0, 2, (), {}))
    assert gc.get_freeze_count() == 0
