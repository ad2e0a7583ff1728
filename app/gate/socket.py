"""A WebSocket that lives no longer than the session it was opened in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOK_SECONDS: Final = 2.0
"""How long a socket may outlive its session."""
_GRACE_SECONDS: Final = 5.0
_POLICY_VIOLATION: Final = 1008
_GONE: Final[Message] = {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}

Stands = Callable[[], Awaitable[bool]]
Seen = Callable[[], Awaitable[None]]


async def refuse(receive: Receive, send: Send) -> None:
    """Refuse a handshake."""
    await receive()
    await send({"type": "websocket.close", "code": _POLICY_VIOLATION})


class GuardedSocket:
    """Passes messages between browser and application until the session ends.

    Args:
        stands: whether the session still stands; asked every `look_seconds`, and before each
            message of the browser is passed on.
        seen: told when a person did something, and not a timer of the page.
    """

    def __init__(
        self, receive: Receive, send: Send, stands: Stands, seen: Seen, look_seconds: float
    ) -> None:
        self._receive = receive
        self._send = send
        self._stands = stands
        self._seen = seen
        self._look = look_seconds
        self._ended = False
        self._ending = anyio.Lock()

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        """Let `app` serve the socket."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch, group.cancel_scope)
            await app(scope, self.receive, self.send)
            group.cancel_scope.cancel()

    async def receive(self) -> Message:
        """Return the browser's next message; after the session's end, that it is gone."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            return message
        if self._ended or not await self._stands():
            await self._end()
            return _GONE
        if _is_of_a_person(message.get("bytes")):
            await self._seen()
        return message

    async def send(self, message: Message) -> None:
        """Pass a message to the browser, while the session stands."""
        if not self._ended:
            await self._send(message)

    async def _watch(self, scope: anyio.CancelScope) -> None:
        while await self._stands():  # noqa: ASYNC110 (a database tells no event)
            await anyio.sleep(self._look)
        await self._end()
        # Whoever does not answer the closing is left all the same.
        await anyio.sleep(_GRACE_SECONDS)
        scope.cancel()

    async def _end(self) -> None:
        # Whoever comes second waits: an application that ended before would take the closing along.
        with anyio.CancelScope(shield=True):
            async with self._ending:
                if not self._ended:
                    self._ended = True
                    await self._send({"type": "websocket.close", "code": _POLICY_VIOLATION})


def _is_of_a_person(data: bytes | None) -> bool:
    """Whether a message of Streamlit's page was caused by a person.

    An open page asks for its live parts by itself, for ever; that keeps nobody signed in.
    """
    from google.protobuf.message import DecodeError
    from streamlit.proto.BackMsg_pb2 import BackMsg

    message = BackMsg()
    try:
        message.ParseFromString(data or b"")
    except DecodeError:
        return False
    return message.HasField("rerun_script") and not message.rerun_script.is_auto_rerun
