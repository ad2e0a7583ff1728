"""PacedFeed: lets a feed that could run at any speed keep time with a clock on the wall."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from aineon.feeds.base import Feed, FeedItem, FeedPaused, Rewind
from aineon.primitives import Provenance, Token


class PacedFeed:
    """Delivers `feed`'s warm-up steps at once, then one step every `seconds`.

    Paced steps are droppable: time does not wait for the engine.
    """

    def __init__(self, feed: Feed, seconds: float) -> None:
        self._feed = feed
        self._seconds = seconds

    @property
    def name(self) -> str:
        return self._feed.name

    @property
    def provenance(self) -> Provenance:
        return self._feed.provenance

    @property
    def base_tokens(self) -> Sequence[Token]:
        return self._feed.base_tokens

    @property
    def native_token(self) -> Token | None:
        return self._feed.native_token

    @property
    def complete(self) -> bool:
        return self._feed.complete

    async def steps(self) -> AsyncIterator[FeedItem]:
        """Deliver the steps in their own time."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        async for step in self._feed.steps():
            if isinstance(step, Rewind | FeedPaused) or step.warm_up is not None:
                yield step
                due = loop.time()
                continue
            due = max(due + self._seconds, loop.time())
            await asyncio.sleep(due - loop.time())
            yield replace(step, droppable=True)
