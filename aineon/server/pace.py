"""When the stream looks again: by the clock, or as soon as the engine has booked something."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any, Final, Protocol

from aineon.primitives import Book
from aineon.runtime.news import (
    ANSWER_SECONDS,
    LEAST_SECONDS,
    PAUSE_SECONDS,
    channel_of,
    client_options,
)
from aineon.runtime.settings import Settings

OFTEN_SECONDS: Final = 1.0
"""Between two looks where nobody says when one is worth it."""

SELDOM_SECONDS: Final = 5.0
"""Between two looks where somebody does: what no engine books is found by them, such as a stop."""

_log = logging.getLogger(__name__)


class Pace(Protocol):
    """Says when to look again."""

    async def __aenter__(self) -> object:
        """Begin, when somebody listens."""

    async def __aexit__(self, *why: object) -> None:
        """End, when nobody does any more."""

    async def next(self) -> None:
        """Return when it is time."""


class Steady:
    """By the clock alone."""

    def __init__(self, seconds: float = OFTEN_SECONDS) -> None:
        self._seconds = seconds

    async def __aenter__(self) -> None:
        """Nothing is needed."""

    async def __aexit__(self, *why: object) -> None:
        """Nothing was."""

    async def next(self) -> None:
        """Return after a while."""
        await asyncio.sleep(self._seconds)


class Woken:
    """At the engine's word, and by the clock: seldom while its word can be heard, else often.

    A look is due as well when hearing begins or ends, for a word may have been lost meanwhile.

    Args:
        url: of the Redis or Valkey server.
        mode: whose engine is listened to.
        often: seconds between looks while it cannot be heard.
        seldom: seconds between looks while it can.
        answer_seconds: how long the server may take to answer.
        pause_seconds: how long it is left alone after a failure.
    """

    def __init__(
        self,
        url: str,
        mode: Book,
        *,
        often: float = OFTEN_SECONDS,
        seldom: float = SELDOM_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._url = url
        self._channel = channel_of(mode)
        self._often = often
        self._seldom = seldom
        self._answer = answer_seconds
        self._pause = pause_seconds
        self._due = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failed = False
        self.hears = False

    async def __aenter__(self) -> None:
        """Begin to hear."""
        self._task = asyncio.create_task(self._listen(), name="aineon-hearing")

    async def __aexit__(self, *why: object) -> None:
        """Hear no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self.hears = False

    async def next(self) -> None:
        """Return at a word, or when the time for a look without one has come."""
        # However many words come, there are no more looks than this.
        await asyncio.sleep(min(LEAST_SECONDS, self._often))
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seldom if self.hears else self._often):
                await self._due.wait()
        self._due.clear()

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear()
            except Exception as error:  # noqa: BLE001 (whatever a server answers, looks go on)
                self._lost(error)
            await asyncio.sleep(self._pause)

    async def _hear(self) -> None:
        """Hear until the server fails.

        Raises:
            Exception: how it did.
        """
        from redis.asyncio import Redis

        async with (
            Redis.from_url(self._url, **client_options(self._answer)) as client,
            client.pubsub() as words,
        ):
            await words.subscribe(self._channel)
            while True:
                message = await words.get_message(timeout=self._seldom)
                if message is None:
                    # A server that is gone without a word looks like one with nothing to say.
                    await words.ping()
                    message = await words.get_message(timeout=self._answer)
                self._take(message)

    def _take(self, message: dict[str, Any] | None) -> None:
        if message is None:
            raise TimeoutError("it does not answer")
        if message["type"] == "subscribe":
            if self._failed:
                _log.info("the engine's word is heard again")
            self.hears, self._failed = True, False
            self._due.set()
        elif message["type"] == "message":
            self._due.set()

    def _lost(self, error: Exception) -> None:
        self.hears = False
        self._due.set()
        if not self._failed:
            self._failed = True
            _log.warning(
                "the engine's word is not heard, and the stream looks by the clock: REDIS_URL's "
                "server: %s",
                error,
            )


def pace_of(settings: Settings) -> Pace:
    """Return the pace of the stream: woken where REDIS_URL names a server."""
    if settings.redis_url is None:
        return Steady()
    # Here, where a thread makes the API: the library takes its time.
    import redis.asyncio  # noqa: F401

    return Woken(settings.redis_url.get_secret_value(), settings.mode)
