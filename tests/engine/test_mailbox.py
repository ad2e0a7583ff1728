"""The mailbox: nothing that must be seen is skipped, nothing that may be skipped waits."""

from __future__ import annotations

import asyncio

import pytest

from aineon.engine.mailbox import Mailbox
from aineon.errors import FeedError
from aineon.feeds.base import FeedStep
from aineon.market import MarketUpdate
from aineon.primitives import Block


def step(number: int, droppable: bool) -> FeedStep:
    return FeedStep(MarketUpdate(Block(number)), droppable=droppable)


async def take_numbers(mailbox: Mailbox) -> list[int] | None:
    items = await mailbox.take()
    if items is None:
        return None
    return [item.update.block.number for item in items if isinstance(item, FeedStep)]


async def test_droppable_steps_pile_up_and_come_together() -> None:
    mailbox = Mailbox()
    for number in range(3):
        await mailbox.put(step(number, droppable=True))
    assert await take_numbers(mailbox) == [0, 1, 2]


async def test_a_step_that_must_be_seen_waits_until_the_box_is_empty() -> None:
    mailbox = Mailbox()
    await mailbox.put(step(0, droppable=False))
    second = asyncio.create_task(mailbox.put(step(1, droppable=False)))
    await asyncio.sleep(0)
    assert not second.done()
    assert await take_numbers(mailbox) == [0]
    await second
    assert await take_numbers(mailbox) == [1]


async def test_taking_from_an_empty_box_gives_up_after_its_timeout() -> None:
    mailbox = Mailbox()
    assert await mailbox.take(timeout=0.01) == []
    await mailbox.put(step(4, droppable=False))
    assert await take_numbers(mailbox) == [4]


async def test_a_closed_box_is_emptied_first_and_then_tells_the_end() -> None:
    mailbox = Mailbox()
    await mailbox.put(step(0, droppable=True))
    await mailbox.close()
    assert await take_numbers(mailbox) == [0]
    assert await take_numbers(mailbox) is None


async def test_the_feeds_failure_comes_after_its_last_step() -> None:
    mailbox = Mailbox()
    await mailbox.put(step(0, droppable=True))
    await mailbox.close(FeedError("the recording ends in block 3"))
    assert await take_numbers(mailbox) == [0]
    with pytest.raises(FeedError, match="block 3"):
        await mailbox.take()


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancellation_that_comes_together_with_an_item_is_not_lost(turns: int) -> None:
    box = Mailbox()
    taking = asyncio.create_task(box.take(60))
    for _ in range(5):
        await asyncio.sleep(0)
    await box.put(step(1, droppable=True))
    for _ in range(turns):
        await asyncio.sleep(0)
    if taking.cancel():
        with pytest.raises(asyncio.CancelledError):
            await taking
    else:
        assert taking.result()
