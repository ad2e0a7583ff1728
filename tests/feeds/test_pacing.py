"""PacedFeed: warm-up at once, then one step at a time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from aineon.feeds.base import FeedStep
from aineon.feeds.pacing import PacedFeed
from tests.scripted import CHEAP, ScriptedFeed, first_step, step


async def test_warm_up_comes_at_once_and_the_rest_is_droppable() -> None:
    warm = [replace(first_step(1, CHEAP), warm_up=(1, 2)), replace(step(2), warm_up=(2, 2))]
    feed = PacedFeed(ScriptedFeed([*warm, step(3), step(4)]), seconds=0.02)
    loop = asyncio.get_running_loop()
    started = loop.time()
    came = [(loop.time() - started, item) async for item in feed.steps()]
    items = [item for _, item in came]
    assert items[:2] == warm
    assert [item.droppable for item in items if isinstance(item, FeedStep)] == [
        False,
        False,
        True,
        True,
    ]
    assert came[3][0] - came[1][0] >= 0.039


def test_a_paced_feed_is_otherwise_the_feed_itself() -> None:
    feed = ScriptedFeed([])
    paced = PacedFeed(feed, seconds=1)
    assert (paced.name, paced.provenance, paced.complete) == (
        feed.name,
        feed.provenance,
        feed.complete,
    )
    assert paced.native_token == feed.native_token
    assert paced.base_tokens == feed.base_tokens
