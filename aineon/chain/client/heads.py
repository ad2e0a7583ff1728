"""New heads, by subscription where a node announces them, by asking where none does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import cast

from aineon.chain.client.node import Node
from aineon.chain.client.options import ClientOptions
from aineon.chain.client.transport import HeadTransport, Json
from aineon.chain.client.values import block_of
from aineon.errors import AineonError, ChainError, NodeRefused, NodeUnavailable, RateLimited
from aineon.primitives import Block, Clock

_REMEMBERED = 256
"""A node behind a balancer may tell of an older head again: that one is no news."""

_GRACE_S = 0.5


class Heads:
    """The heads of a chain, each once, in the order in which they come.

    A subscription that announced nothing for long while there is a new head is given up, and its
    node connected anew. Where none is left, heads are asked for until it is time to try the
    subscriptions again.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        newest: Callable[[], Awaitable[Block]],
        options: ClientOptions,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._nodes = nodes
        self._newest = newest
        self._options = options
        self._clock = clock
        self._sleep = sleep
        self._seen: deque[str] = deque(maxlen=_REMEMBERED)

    async def __aiter__(self) -> AsyncGenerator[Block, None]:
        while True:
            for node in self._nodes:
                if not hasattr(node.transport, "heads"):
                    continue
                async with aclosing(self._announced(node)) as heads:
                    async for head in heads:
                        yield head
            async with aclosing(self._asked_for()) as heads:
                async for head in heads:
                    yield head

    async def _announced(self, node: Node) -> AsyncGenerator[Block, None]:
        """Yield what one node announces until it fails or falls silent."""
        try:
            await node.connect()
        except ChainError:
            return
        if node.state != "healthy":
            return
        try:
            if node.head is not None and self._is_new(node.head):
                yield node.head
            transport = cast("HeadTransport", node.transport)
            async with aclosing(transport.heads()) as announced:
                while True:
                    head = block_of(await self._next(node, announced))
                    node.head = head
                    if self._is_new(head):
                        yield head
        except StopAsyncIteration:
            node.give_up("ended its subscription to new heads")
        except (NodeRefused, RateLimited):
            # It takes no subscription, and may be read all the same.
            return
        except ChainError as error:
            node.give_up(f"cannot be subscribed to: {error}")
        except (AineonError, ValueError, TypeError, LookupError):
            node.give_up("announced something that is no header")

    async def _next(self, node: Node, announced: AsyncGenerator[Json, None]) -> Json:
        """Return what is announced next, and see from time to time that nothing was missed.

        Raises:
            StopAsyncIteration: the connection ended.
            ChainError: there is a head that was not announced, or the node cannot be asked.
        """
        coming = asyncio.ensure_future(anext(announced))
        try:
            while not (await asyncio.wait([coming], timeout=self._options.silent_after_s))[0]:
                head = await node.refresh_head()
                if node.state == "healthy" and head.hash in self._seen:
                    continue
                # The announcement may be on its way just now.
                if not (await asyncio.wait([coming], timeout=_GRACE_S))[0]:
                    raise NodeUnavailable(f"{node.name} announces no new heads")
            return await coming
        finally:
            coming.cancel()
            await asyncio.wait([coming])

    async def _asked_for(self) -> AsyncGenerator[Block, None]:
        """Yield what nodes answer when asked, until subscriptions are to be tried again."""
        began = self._clock.now()
        while self._clock.now() - began < self._options.subscribe_again_s:
            head = await self._newest()
            if self._is_new(head):
                yield head
            await self._sleep(self._pause(head))

    def _pause(self, head: Block) -> float:
        """Return how long it makes no sense to ask again: a block takes its time."""
        options = self._options
        if head.timestamp is None:
            return options.poll_every_s
        due = head.timestamp + options.block_s - self._clock.now()
        return max(min(due, options.block_s), options.poll_every_s)

    def _is_new(self, head: Block) -> bool:
        if head.hash is None or head.hash in self._seen:
            return False
        self._seen.append(head.hash)
        return True
