"""The WebSocket that tells what is new: one look at a time for all who listen together.

Nobody who listens can hold the others up. Whoever does not keep up, and whoever comes when there
are too many, is told so and let go (1013, try again later).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from aineon.server.pace import Pace, Steady
from aineon.server.watch import Event, Watch

TRY_AGAIN_LATER: Final = 1013
MOST_LISTENERS: Final = 32
MOST_WAITING: Final = 1_000
_CLOSING_SECONDS: Final = 5.0
_log = logging.getLogger(__name__)


class Listener:
    """Somebody who listens: what waits to be sent, and whether that became too much."""

    def __init__(self, most: int) -> None:
        self._waiting: asyncio.Queue[str] = asyncio.Queue(most)
        self.is_behind = asyncio.Event()

    def tell(self, text: str) -> None:
        """Let `text` wait to be sent."""
        try:
            self._waiting.put_nowait(text)
        except asyncio.QueueFull:
            self.is_behind.set()

    async def send_to(self, socket: WebSocket) -> None:
        """Send what waits, for ever."""
        while True:
            await socket.send_text(await self._waiting.get())


class Stream:
    """Tells everybody who listens what `watch` sees.

    Args:
        most_listeners: how many may listen.
        most_waiting: how many events may wait for one of them.
        pace: says when to look again, once a second by itself; nobody looks while nobody listens.
    """

    def __init__(
        self,
        watch: Watch,
        most_listeners: int = MOST_LISTENERS,
        most_waiting: int = MOST_WAITING,
        pace: Pace | None = None,
    ) -> None:
        self._watch = watch
        self._most_listeners = most_listeners
        self._most_waiting = most_waiting
        self._pace = pace or Steady()
        self._listeners: set[Listener] = set()
        self._looking: asyncio.Task[None] | None = None

    async def serve(self, socket: WebSocket) -> None:
        """Tell one listener what is new, until one of the two has had enough."""
        await socket.accept()
        if len(self._listeners) >= self._most_listeners:
            await _close(socket, f"{self._most_listeners} are listening already")
            return
        listener = Listener(self._most_waiting)
        self._listeners.add(listener)
        try:
            for event in await run_in_threadpool(self._watch.now):
                listener.tell(event.model_dump_json())
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look())
            await self._attend(listener, socket)
        finally:
            self._listeners.discard(listener)

    async def _attend(self, listener: Listener, socket: WebSocket) -> None:
        tasks = [
            asyncio.create_task(listener.send_to(socket)),
            asyncio.create_task(_gone(socket)),
            asyncio.create_task(listener.is_behind.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if listener.is_behind.is_set():
            await _close(socket, "you do not keep up with what is new")

    async def _look(self) -> None:
        """Look again and again while somebody listens."""
        try:
            # Somebody may come while the pace of those who left is still ending.
            while self._listeners:
                await run_in_threadpool(self._watch.begin)
                async with self._pace:
                    while self._listeners:
                        self._tell(await run_in_threadpool(self._watch.look))
                        await self._pace.next()
        except Exception:  # noqa: BLE001 (logged; nobody waits for this task)
            # Whoever listens would wait for ever; they come again, and so does the look.
            _log.exception("the stream came to an end")
            for listener in self._listeners:
                listener.is_behind.set()

    def _tell(self, events: Sequence[Event]) -> None:
        for text in [event.model_dump_json() for event in events]:
            for listener in self._listeners:
                listener.tell(text)


async def _gone(socket: WebSocket) -> None:
    """Return when the other side has gone; what it says is not listened to."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _close(socket: WebSocket, reason: str) -> None:
    with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
        await asyncio.wait_for(socket.close(TRY_AGAIN_LATER, reason), _CLOSING_SECONDS)
