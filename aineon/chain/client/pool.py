"""Several nodes as one: whom a read asks, in which order, and what many failures amount to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from aineon.chain.client.health import NodeHealth, behind_each, in_words
from aineon.chain.client.node import Node
from aineon.chain.client.options import ClientOptions
from aineon.chain.client.together import together
from aineon.errors import (
    AllNodesDown,
    ChainError,
    NodeRefused,
    NodeUnavailable,
    RateLimited,
    UnknownBlock,
    WrongChain,
)

T = TypeVar("T")
Operation = Callable[[Node], Awaitable[T]]
Sleep = Callable[[float], Awaitable[None]]

_ASK_ANOTHER = (NodeUnavailable, RateLimited, WrongChain, UnknownBlock, NodeRefused)
_ORDER = {"healthy": 0, "stale": 1, "down": 2, "wrong chain": 3}
_BEHIND_PAUSE_S = 0.25


class NodePool:
    """The nodes of a client, in the order in which they are preferred."""

    def __init__(self, nodes: Sequence[Node], options: ClientOptions, sleep: Sleep) -> None:
        self.nodes = tuple(nodes)
        self._options = options
        self._sleep = sleep
        self._watch: asyncio.Task[None] | None = None

    def watch(self) -> None:
        """Begin to ask all nodes for their heads, again and again, until `aclose`."""
        self._watch = asyncio.create_task(self._keep_watch())

    async def aclose(self) -> None:
        """Stop watching and close all connections."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
        for node in self.nodes:
            await node.close()

    def health(self) -> tuple[NodeHealth, ...]:
        """Return how each node is doing, as of now."""
        return tuple(node.health() for node in self.nodes)

    async def check(self) -> dict[str, ChainError]:
        """Ask every node for its head, connecting anew to those that are due; return failures."""
        heads, failures = await self.of_each(Node.refresh_head)
        behind = behind_each(heads)
        for node in self.nodes:
            node.behind = behind.get(node.name, 0)
        return failures

    async def read(self, operation: Operation[T], *, pinned: bool, waits: bool = True) -> T:
        """Return what the first node that can answers.

        Args:
            operation: the read, of one node.
            pinned: whether it is about a certain block, which a stale node may know too.
            waits: whether a block that no node knows is waited for a little.
        """
        failures: dict[str, ChainError] = {}
        for turn in range(self._options.rounds):
            for node in self._usable(pinned):
                try:
                    await node.connect()
                    # Only now it is known how old the head of a node that came back is.
                    if pinned or node.state != "stale":
                        return await operation(node)
                except _ASK_ANOTHER as error:
                    failures[node.name] = error
            pause = self._pause(failures, turn, waits)
            if pause is None or turn + 1 == self._options.rounds:
                break
            await self._sleep(pause)
        raise self.verdict(failures)

    def _usable(self, pinned: bool) -> list[Node]:
        """Return the nodes that may be asked now, the best first."""
        found = [
            node for node in self.nodes if node.due_in_s == 0 and (pinned or node.state != "stale")
        ]
        return sorted(found, key=lambda node: _ORDER[node.state])

    def _pause(self, failures: Mapping[str, ChainError], turn: int, waits: bool) -> float | None:
        """Return how long to wait before the next round; None where there is no sense in one."""
        if any(isinstance(failure, NodeRefused) for failure in failures.values()):
            return None
        if any(isinstance(failure, UnknownBlock) for failure in failures.values()):
            return _BEHIND_PAUSE_S * 2**turn if waits else None
        due = [node.due_in_s for node in self.nodes if node.state == "down"]
        if not due or min(due) > self._options.patience_s:
            return None
        return min(due)

    def verdict(self, failures: Mapping[str, ChainError]) -> ChainError:
        """Return the one failure that several amount to."""
        found = list(failures.values())
        for kind in (NodeRefused, UnknownBlock):
            for failure in found:
                if isinstance(failure, kind):
                    return failure
        for only in (WrongChain, RateLimited):
            if found and all(isinstance(failure, only) for failure in found):
                return found[0]
        return AllNodesDown(f"no node can be read: {in_words(self.health())}")

    async def of_each(self, operation: Operation[T]) -> tuple[dict[str, T], dict[str, ChainError]]:
        """Return what each node answers, and the failures of the others."""
        answers: dict[str, T] = {}
        failures: dict[str, ChainError] = {}

        async def ask(node: Node) -> None:
            try:
                answers[node.name] = await operation(node)
            except ChainError as failure:
                failures[node.name] = failure

        await together(ask(node) for node in self.nodes)
        return answers, failures

    async def _keep_watch(self) -> None:
        """Ask all nodes for their heads, again and again; bring back those that recover."""
        while True:
            await self._sleep(self._options.check_every_s)
            await self.check()
