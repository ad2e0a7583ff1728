"""The whole rehearsal: it starts, makes blocks, says when it fails, and leaves nothing behind."""

from __future__ import annotations

import asyncio

import psutil
import pytest

from aineon.errors import RehearsalError
from aineon.rehearsal.rehearsal import Rehearsal

pytestmark = pytest.mark.usefixtures("at_hand")


async def test_it_makes_blocks_by_itself_and_ends_without_a_trace() -> None:
    before = set(psutil.Process().children(recursive=True))
    async with await Rehearsal.start(seed=2) as rehearsal:
        assert rehearsal.relay.head == rehearsal.world.head()
        task = rehearsal.run(block_seconds=0.001)
        with pytest.raises(RehearsalError, match="runs already"):
            rehearsal.run()
        start = rehearsal.relay.head
        while rehearsal.relay.head < start + 3:
            done, _ = await asyncio.wait([task], timeout=0.01)
            assert not done
    assert task.done()
    assert set(psutil.Process().children(recursive=True)) <= before
    assert not rehearsal.world.anvil.is_running


async def test_a_node_that_dies_fails_the_task() -> None:
    async with await Rehearsal.start(seed=2) as rehearsal:
        task = rehearsal.run(block_seconds=0.001)
        rehearsal.world.anvil.close()
        with pytest.raises(RehearsalError, match="does not answer"):
            await task
