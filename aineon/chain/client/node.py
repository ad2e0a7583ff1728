"""One node: its connection, its identity, and how it is doing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from aineon.chain.client.endpoints import Endpoint
from aineon.chain.client.failures import LOGS
from aineon.chain.client.health import NodeHealth, NodeState, is_stale
from aineon.chain.client.heeding import heeding
from aineon.chain.client.options import ClientOptions
from aineon.chain.client.redaction import Redaction
from aineon.chain.client.transport import Transport
from aineon.chain.client.values import block_of, hash_of, quantity
from aineon.errors import (
    AineonError,
    CallReverted,
    ChainError,
    NodeUnavailable,
    RateLimited,
    WrongChain,
)
from aineon.primitives import Block, Clock

T = TypeVar("T")

SLOW = frozenset({LOGS, "eth_simulateV1"})

_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 60.0
_RATE_PAUSE_S = 1.0
_LONGEST_REASON = 200
_UNREADABLE = (AineonError, ValueError, TypeError, LookupError, AttributeError)


@dataclass(slots=True)
class Genesis:
    """Which chain is read; where the genesis hash is not known, the first node tells it."""

    chain_id: int
    hash: str | None


class Node:
    """One node of a client."""

    def __init__(
        self,
        endpoint: Endpoint,
        transport: Transport,
        genesis: Genesis,
        redaction: Redaction,
        options: ClientOptions,
        clock: Clock,
    ) -> None:
        self.name = endpoint.name
        self.transport = transport
        self.head: Block | None = None
        self.behind = 0
        self._genesis = genesis
        self._redaction = redaction
        self._options = options
        self._clock = clock
        self._connecting = asyncio.Lock()
        self._connected = False
        self._wrong = False
        self._failure = ""
        self._failures = 0
        self._due_at = 0.0
        self._latency: float | None = None
        self._skew: float | None = None

    # --- how it is doing -------------------------------------------------------------------

    @property
    def state(self) -> NodeState:
        """What `NodeHealth.state` says, as of now."""
        if self._wrong:
            return "wrong chain"
        if not self._connected or self.head is None or self.due_in_s:
            return "down"
        options = self._options
        stale = is_stale(
            self.head, self._clock.now(), self.behind, options.stale_after_s, options.stale_behind
        )
        return "stale" if stale else "healthy"

    @property
    def due_in_s(self) -> float:
        """In how many seconds it may be asked again; 0 for one that may be asked now."""
        return max(self._due_at - self._clock.now(), 0.0)

    def health(self) -> NodeHealth:
        """Return how it is doing, as of now."""
        age = None
        if self.head is not None and self.head.timestamp is not None:
            age = self._clock.now() - self.head.timestamp
        return NodeHealth(
            name=self.name,
            state=self.state,
            head=self.head,
            head_age_s=age,
            behind=self.behind,
            last_failure=self._failure,
            latency_s=self._latency,
            clock_skew_s=self._skew,
        )

    # --- asking ----------------------------------------------------------------------------

    async def ask(self, method: str, *parameters: Any) -> Any:
        """Make one request; connect before where that is needed.

        Raises:
            ChainError: the node fails, refuses, or reads another chain.
        """
        await self.connect()
        result = await self._noted(method, list(parameters))
        self._failures = 0
        return result

    async def read(self, parse: Callable[[Any], T], method: str, *parameters: Any) -> T:
        """Make one request, and return what `parse` makes of the result.

        Raises:
            ChainError: as `ask`; what cannot be parsed is no answer.
        """
        return self._parsed(parse, method, await self.ask(method, *parameters))

    async def refresh_head(self) -> Block:
        """Ask for the newest block and remember it.

        Raises:
            ChainError: as `ask`.
        """
        head = await self.read(block_of, "eth_getBlockByNumber", "latest", False)
        self.head = head
        return head

    async def connect(self) -> None:
        """Connect, and see that it is the right chain; harmless where it is connected.

        Raises:
            WrongChain: it is another one.
            ChainError: the node cannot be reached, or wants to be left alone for now.
        """
        if self._connected and not self.due_in_s:
            return
        async with self._connecting:
            if self.due_in_s:
                raise NodeUnavailable(
                    f"{self.name} is left alone for {self.due_in_s:.1f} s: {self._failure}"
                )
            if self._connected:
                return
            await self._open()
            await self._identify()
            self.head = await self._noted_read(block_of, "eth_getBlockByNumber", "latest", False)
            self._wrong, self._connected = False, True

    def give_up(self, reason: str) -> None:
        """Treat the connection as lost: the next request makes a new one."""
        self._set_aside(NodeUnavailable(f"{self.name} {reason}"))

    async def close(self) -> None:
        """Let go of the connection."""
        self._connected = False
        await self.transport.close()

    # --- inside ----------------------------------------------------------------------------

    async def _open(self) -> None:
        try:
            async with asyncio.timeout(self._options.request_s):
                await heeding(self.transport.open())
        except ChainError as error:
            failure = error
        except TimeoutError:
            failure = NodeUnavailable(f"{self.name} takes no connection in time")
        else:
            return
        self._set_aside(failure)
        raise failure

    async def _identify(self) -> None:
        chain_id = await self._noted_read(quantity, "eth_chainId")
        genesis = await self._noted_read(_own_hash, "eth_getBlockByNumber", "0x0", False)
        known = self._genesis
        if known.hash is None and chain_id == known.chain_id:
            known.hash = genesis
        if (chain_id, genesis) == (known.chain_id, (known.hash or "").lower()):
            return
        failure = WrongChain(
            f"{self.name} reads chain {chain_id} with genesis block {genesis}, "
            f"not chain {known.chain_id} with {known.hash or 'any other'}"
        )
        self._wrong = True
        self._set_aside(failure)
        raise failure

    async def _noted(self, method: str, parameters: list[Any]) -> Any:
        """Make a request, and remember how it went."""
        began = time.monotonic()
        seconds = self._options.request_s * (2 if method in SLOW else 1)
        try:
            async with asyncio.timeout(seconds):
                result = await heeding(self.transport.ask(method, parameters))
        except TimeoutError:
            failure: ChainError = NodeUnavailable(
                f"{self.name} did not answer {method} within {seconds:g} s"
            )
        except ChainError as error:
            failure = error
        else:
            self._latency = time.monotonic() - began
            self._note_clock()
            return result
        if isinstance(failure, NodeUnavailable | RateLimited):
            self._set_aside(failure)
        elif not isinstance(failure, CallReverted):
            self._failure = str(failure)
        raise failure

    async def _noted_read(self, parse: Callable[[Any], T], method: str, *parameters: Any) -> T:
        return self._parsed(parse, method, await self._noted(method, list(parameters)))

    def _parsed(self, parse: Callable[[Any], T], method: str, result: Any) -> T:
        try:
            return parse(result)
        except ChainError:
            raise
        except _UNREADABLE as error:
            failure = NodeUnavailable(
                f"{self.name} answered {method} with something that cannot be read: "
                + self._redaction.text(str(error))[:_LONGEST_REASON]
            )
        self._set_aside(failure)
        raise failure

    def _note_clock(self) -> None:
        told = self.transport.server_time
        if told is not None:
            # The header is cut off to whole seconds: on average half a second is missing.
            self._skew = told + 0.5 - self._clock.now()

    def _set_aside(self, failure: ChainError) -> None:
        # Whoever is asked too often has still the same chain.
        self._connected = self._connected and isinstance(failure, RateLimited)
        self._failure = str(failure)
        self._failures += 1
        pause = min(_FIRST_PAUSE_S * 2 ** min(self._failures - 1, 10), _LONGEST_PAUSE_S)
        if isinstance(failure, WrongChain):
            pause = _LONGEST_PAUSE_S
        elif isinstance(failure, RateLimited):
            wanted = failure.retry_after_s
            pause = max(pause, _RATE_PAUSE_S) if wanted is None else max(wanted, _FIRST_PAUSE_S)
        self._due_at = self._clock.now() + pause


def _own_hash(header: Any) -> str:
    return hash_of(header["hash"])
