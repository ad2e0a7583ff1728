"""How one node is spoken to. Nothing here retries: whom to ask next is the client's decision."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Protocol

from aineon.chain.client.endpoints import Endpoint
from aineon.chain.client.failures import failure_of
from aineon.chain.client.redaction import Redaction
from aineon.errors import NodeUnavailable
from aineon.primitives.recursion import recursion_limit_kept

Json = Mapping[str, Any]


class Transport(Protocol):
    """A way to a node. Its failures are kinds of `ChainError` and name no address."""

    @property
    def server_time(self) -> float | None:
        """What the node's own clock said last, in whole seconds; None where it tells nothing."""

    async def open(self) -> None:
        """Connect, anew where it was connected before."""

    async def close(self) -> None:
        """Let go of connections; harmless where there are none."""

    async def ask(self, method: str, parameters: list[Any]) -> Any:
        """Make one request and return its result."""


class HeadTransport(Transport, Protocol):
    """A way to a node that announces new heads by itself."""

    def heads(self) -> AsyncGenerator[Json, None]:
        """Subscribe, and yield headers as the node spells them until the connection ends."""


OpenTransport = Callable[[Endpoint, Redaction], Transport]


def transport_to(endpoint: Endpoint, redaction: Redaction) -> Transport:
    """Return the way to a node by the scheme of its URL."""
    with recursion_limit_kept():
        if endpoint.is_socket:
            from aineon.chain.client.over_socket import SocketTransport

            return SocketTransport(endpoint, redaction)
        from aineon.chain.client.over_http import HttpTransport

        return HttpTransport(endpoint, redaction)


def result_of(name: str, method: str, answer: object, redaction: Redaction) -> Any:
    """Return the result in a JSON-RPC answer.

    Raises:
        ChainError: the answer is an error, or none at all.
    """
    if isinstance(answer, Mapping):
        if answer.get("error") is not None:
            raise failure_of(name, method, redaction.value(answer["error"]))
        if "result" in answer:
            return answer["result"]
    raise NodeUnavailable(f"{name} answered {method} with something that is no JSON-RPC answer")


def silent_logger() -> logging.Logger:
    """Return a logger of its own that says nothing.

    web3 and websockets write the whole URL into their debug lines, and the key with it.
    """
    logger = logging.Logger("aineon.chain.silent", logging.CRITICAL + 1)  # noqa: LOG001 - in nobody's tree
    logger.addHandler(logging.NullHandler())
    return logger
