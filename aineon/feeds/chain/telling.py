"""Telling people how far a long read has come, while it is going on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, Generic, TypeVar

from aineon.chain.snapshot import Progress
from aineon.feeds.base import FeedPaused

_Result = TypeVar("_Result")

_EVERY_SECONDS = 1.0


class Told(Generic[_Result]):
    """A long read that can be iterated for news of it; `result` is there when it has ended.

    Args:
        what: in words for people.
        read: begins the read; it is given whom to tell how far it has come.
    """

    result: _Result

    def __init__(self, what: str, read: Callable[[Progress], Coroutine[Any, Any, _Result]]) -> None:
        self._what = what
        self._read = read
        self._news = f"{what} …"

    async def news(self) -> AsyncGenerator[FeedPaused, None]:
        """Yield how far it has come, at first and then every second, until it has ended.

        Raises:
            ChainError: as the read itself.
        """
        reading = asyncio.ensure_future(self._read(self._hear))
        try:
            told = ""
            while not reading.done():
                if told != self._news:
                    told = self._news
                    yield FeedPaused(told)
                await asyncio.wait([reading], timeout=_EVERY_SECONDS)
            self.result = reading.result()
        finally:
            reading.cancel()

    async def silently(self) -> _Result:
        """Return the result, and tell nobody how it came about.

        Raises:
            ChainError: as the read itself.
        """
        return await self._read(self._hear)

    def _hear(self, done: int, total: int, kind: str) -> None:
        self._news = f"{self._what}: {kind}, {done:,} of {total:,}"
