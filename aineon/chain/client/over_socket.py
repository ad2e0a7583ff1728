"""A node over a WebSocket. Importing this module imports web3, which takes its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from typing import Any

from web3 import WebSocketProvider
from web3.exceptions import PersistentConnectionClosedOK, Web3Exception
from web3.types import RPCEndpoint, RPCResponse
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from aineon.chain.client.endpoints import Endpoint
from aineon.chain.client.failures import status_failure
from aineon.chain.client.redaction import Redaction
from aineon.chain.client.transport import Json, result_of, silent_logger
from aineon.errors import ChainError, NodeUnavailable

LARGEST_MESSAGE = 256 << 20
"""The logs of a long range are long; websockets would end a connection at 1 MiB."""

_PING_S = 20


class SocketProvider(WebSocketProvider):
    """web3's provider, whose answers wake those who wait for them.

    web3 looks for an answer in a loop that never rests, which keeps a whole core busy while a
    node thinks, and keeps at most 500 of them.
    """

    logger = silent_logger()

    def __init__(self, url: str) -> None:
        super().__init__(
            url,
            websocket_kwargs={
                "max_size": LARGEST_MESSAGE,
                # A node that no longer listens does not hear a farewell either.
                "close_timeout": 1,
                "ping_interval": _PING_S,
                "ping_timeout": _PING_S,
                "logger": silent_logger(),
                "proxy": None,
            },
            use_text_frames=True,
            max_connection_retries=1,
            cache_allowed_requests=True,
        )
        self.announced: asyncio.Queue[Json | None] = asyncio.Queue()
        self._waiting: dict[object, asyncio.Future[Any]] = {}

    async def exchange(self, method: str, parameters: list[Any]) -> Any:
        """Make one request and return the answer as it came."""
        request = self.form_request(RPCEndpoint(method), parameters)
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[request["id"]] = waiting
        try:
            await self.socket_send(self.encode_rpc_dict(request))
            answer = await waiting
        finally:
            self._waiting.pop(request["id"], None)
        if answer is None:
            raise ConnectionError("the connection ended")
        return answer

    async def socket_recv(self) -> RPCResponse:
        """Hand every message to whom it is for, until the connection ends."""
        try:
            while True:
                self._hand_over(await super().socket_recv())
        except (ConnectionClosed, ValueError, RecursionError) as error:
            kind = type(error).__name__
        self.abandon()
        raise PersistentConnectionClosedOK(user_message=kind)

    def _hand_over(self, message: Any) -> None:
        if not isinstance(message, Mapping):
            return
        if message.get("method") == "eth_subscription":
            parameters = message.get("params")
            head = parameters.get("result") if isinstance(parameters, Mapping) else None
            self.announced.put_nowait(head if isinstance(head, Mapping) else {})
            return
        waiting = self._waiting.get(message.get("id"))
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    def abandon(self) -> None:
        """Tell all who wait that nothing more will come."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(None)
        self.announced.put_nowait(None)

    def __str__(self) -> str:
        return "a node over a WebSocket"


class SocketTransport:
    """The way to a node over a WebSocket."""

    server_time: float | None = None

    def __init__(self, endpoint: Endpoint, redaction: Redaction) -> None:
        self._name = endpoint.name
        self._url = endpoint.url
        self._redaction = redaction
        self._provider: SocketProvider | None = None

    async def open(self) -> None:
        """Connect, anew where it was connected before.

        Raises:
            ChainError: the node cannot be reached, or wants no further connection.
        """
        await self.close()
        provider = SocketProvider(self._url)
        try:
            await provider.connect()
        except (Web3Exception, WebSocketException, OSError, ValueError) as error:
            failure = self._refused(error)
        else:
            self._provider = provider
            return
        raise failure

    async def close(self) -> None:
        provider, self._provider = self._provider, None
        if provider is not None:
            with suppress(Web3Exception, WebSocketException, OSError):
                await provider.disconnect()
            provider.abandon()

    async def ask(self, method: str, parameters: list[Any]) -> Any:
        """Make one request and return its result.

        Raises:
            ChainError: the connection is gone, or the node refuses.
        """
        answer = await self._exchanged(method, parameters)
        return result_of(self._name, method, answer, self._redaction)

    async def heads(self) -> AsyncGenerator[Json, None]:
        """Subscribe, and yield headers as the node spells them until the connection ends.

        Raises:
            ChainError: the node takes no subscription.
        """
        await self.ask("eth_subscribe", ["newHeads"])
        while self._provider is not None:
            head = await self._provider.announced.get()
            if head is None:
                return
            yield head

    async def _exchanged(self, method: str, parameters: list[Any]) -> Any:
        kind = "not connected"
        if self._provider is not None:
            try:
                return await self._provider.exchange(method, parameters)
            except (Web3Exception, WebSocketException, OSError, ValueError) as error:
                kind = type(error).__name__
        # Raised out here, so that the error above, whose text may hold the URL, is not its context.
        raise NodeUnavailable(f"{self._name} did not answer {method} ({kind})")

    def _refused(self, error: BaseException) -> ChainError:
        cause = error.__cause__ or error
        if isinstance(cause, InvalidStatus):
            headers = cause.response.headers
            return status_failure(
                self._name, "connect", cause.response.status_code, headers.get("Retry-After")
            )
        return NodeUnavailable(f"{self._name} takes no connection ({type(cause).__name__})")
