"""A node over HTTP. Importing this module imports web3, which takes its time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import aiohttp
from web3 import AsyncHTTPProvider
from web3.types import RPCEndpoint

from aineon.chain.client.endpoints import Endpoint
from aineon.chain.client.failures import (
    HTTP_TOO_MANY_REQUESTS,
    failure_of,
    status_failure,
)
from aineon.chain.client.redaction import Redaction
from aineon.chain.client.transport import result_of, silent_logger
from aineon.errors import ChainError, NodeUnavailable, RateLimited

HTTP_OK = 200

# RuntimeError: the session was closed under a request.
_FAILURES = (
    aiohttp.ClientError,
    OSError,
    ValueError,
    RuntimeError,
    asyncio.IncompleteReadError,
)


class Answered(NamedTuple):
    """What came back: an answer in JSON, or None, and the HTTP around it."""

    answer: Any
    status: int
    headers: Mapping[str, str]


class SessionProvider(AsyncHTTPProvider):
    """web3's provider over a session of its own.

    web3 would open a connection for each request, retry some of them, drop the body of a
    refusal, and write the URL into its log.
    """

    logger = silent_logger()

    def __init__(self, url: str) -> None:
        super().__init__(url, exception_retry_configuration=None, cache_allowed_requests=True)
        self._session: aiohttp.ClientSession | None = None

    async def exchange(self, method: str, parameters: list[Any]) -> Answered:
        """Make one request."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        response = await self._session.post(
            str(self.endpoint_uri),
            data=self.encode_rpc_request(RPCEndpoint(method), parameters),
            headers=self.get_request_headers(),
            allow_redirects=False,
        )
        async with response:
            body = await response.read()
        return Answered(self._decoded(body), response.status, response.headers)

    def _decoded(self, body: bytes) -> Any:
        try:
            return self.decode_rpc_response(body)
        except (ValueError, RecursionError):
            # A few kilobytes of brackets in each other are not JSON that a node would answer.
            return None

    async def disconnect(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def __str__(self) -> str:
        return "a node over HTTP"


class HttpTransport:
    """The way to a node over HTTP."""

    def __init__(self, endpoint: Endpoint, redaction: Redaction) -> None:
        self._name = endpoint.name
        self._redaction = redaction
        self._provider = SessionProvider(endpoint.url)
        self._server_time: float | None = None

    @property
    def server_time(self) -> float | None:
        return self._server_time

    async def open(self) -> None:
        """Do nothing: each request finds a connection, and others may be under way."""

    async def close(self) -> None:
        await self._provider.disconnect()

    async def ask(self, method: str, parameters: list[Any]) -> Any:
        """Make one request and return its result.

        Raises:
            ChainError: the node cannot be reached, or refuses.
        """
        answered = await self._exchanged(method, parameters)
        self._server_time = _date(answered.headers)
        failure = self._failure(method, answered)
        if failure is not None:
            raise failure
        return result_of(self._name, method, answered.answer, self._redaction)

    async def _exchanged(self, method: str, parameters: list[Any]) -> Answered:
        try:
            return await self._provider.exchange(method, parameters)
        except _FAILURES as error:
            kind = type(error).__name__
        # Raised out here, so that the error above, whose text holds the URL, is not its context.
        raise NodeUnavailable(f"{self._name} did not answer {method} ({kind})")

    def _failure(self, method: str, answered: Answered) -> ChainError | None:
        """Return what an HTTP status other than 200 stands for; its body knows best."""
        if answered.status == HTTP_OK:
            return None
        retry_after = answered.headers.get("Retry-After")
        failure = status_failure(self._name, method, answered.status, retry_after)
        error = answered.answer.get("error") if isinstance(answered.answer, Mapping) else None
        if error is None:
            return failure
        said = failure_of(self._name, method, self._redaction.value(error))
        if answered.status != HTTP_TOO_MANY_REQUESTS:
            return said
        header = failure.retry_after_s if isinstance(failure, RateLimited) else None
        told = said.retry_after_s if isinstance(said, RateLimited) else None
        return RateLimited(str(said), told if header is None else header)


def _date(headers: Mapping[str, str]) -> float | None:
    try:
        return parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None
