"""One stage for each file of tests; where it cannot be had, the file is skipped with a notice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aineon.errors import Unavailable
from aineon.rehearsal.anvil import Anvil, AnvilOptions
from tests.contracts.executor.scene import Scene, undone
from tests.contracts.executor.stage import Stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """The real protocols on a chain of this file's own; every test leaves them as they were."""
    try:
        chain = Anvil.start(AnvilOptions(base_fee_wei=None))
    except Unavailable as why:
        pytest.skip(f"anvil is not at hand: {why}")
    with chain:
        try:
            built = Stage(chain)
        except Unavailable as why:
            pytest.skip(f"the real contracts are not at hand: {why}")
        yield built


@pytest.fixture
def scene(stage: Stage) -> Iterator[Scene]:
    """The executor as it is deployed, with others' money in it."""
    with undone(stage):
        yield Scene(stage)
