"""Mailbox: hands steps from the feed to the engine; where they pile up, the newest one wins."""

from __future__ import annotations

import asyncio
from collections import deque

from aineon.feeds.base import FeedItem, FeedStep


class Mailbox:
    """A queue between one feed and one engine.

    A droppable step never waits: the feed goes on, and the engine finds several steps at once
    and scans only after the last of them. Any other step waits until the engine has taken what
    came before, so that not one of its states is skipped.
    """

    def __init__(self) -> None:
        self._items: deque[FeedItem] = deque()
        self._changed = asyncio.Condition()
        self._closed = False
        self._error: Exception | None = None

    async def put(self, item: FeedItem) -> None:
        """Add `item`; waits for an empty box unless it is droppable."""
        droppable = isinstance(item, FeedStep) and item.droppable
        async with self._changed:
            if not droppable:
                await self._changed.wait_for(lambda: not self._items)
            self._items.append(item)
            self._changed.notify_all()

    async def close(self, error: Exception | None = None) -> None:
        """No more items will come; `error` is why, where the feed failed."""
        async with self._changed:
            self._closed = True
            self._error = error
            self._changed.notify_all()

    async def take(self, timeout: float | None = None) -> list[FeedItem] | None:
        """Return everything that waits, oldest first.

        Waits for something to come; returns an empty list after `timeout` seconds without
        anything, and None once the box is closed and empty.

        Raises:
            Exception: what the feed failed with, after its last item was taken.
        """
        async with self._changed:
            try:
                # Not asyncio.wait_for: until Python 3.12 it loses a cancellation that comes
                # together with what is waited for, and the engine would not stop.
                async with asyncio.timeout(timeout):
                    await self._changed.wait_for(lambda: bool(self._items) or self._closed)
            except TimeoutError:
                return []
            items = list(self._items)
            self._items.clear()
            self._changed.notify_all()
        if items:
            return items
        if self._error is not None:
            raise self._error
        return None
