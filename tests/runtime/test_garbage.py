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
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_it_freezes_when_the_first_step_has_brought_the_pools() -> None:
    freezer = FreezeWhenLoaded()
    freezer.follow(StateChanged(EngineState.STARTING))
    assert gc.get_freeze_count() == 0
    step = StepProcessed(block(1), 0, 2, (), {})
    freezer.follow(step)
    assert gc.get_freeze_count() > 0


def test_it_freezes_once() -> None:
    freezer = FreezeWhenLoaded()
    freezer.follow(StepProcessed(block(1), 0, 2, (), {}))
    gc.unfreeze()
    freezer.follow(StepProcessed(block(2), 0, 2, (), {}))
    assert gc.get_freeze_count() == 0
