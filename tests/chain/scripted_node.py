"""Nodes that answer what a test says, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, NamedTuple

from aineon.chain.client import ChainClient, ClientOptions, Endpoint
from aineon.chain.client.redaction import Redaction
from aineon.chain.client.transport import Transport
from aineon.errors import NodeUnavailable
from aineon.primitives import ManualClock

NOW = 1_800_000_000.0
GENESIS = "0x" + "00" * 31 + "07"


class Identity(NamedTuple):
    chain_id: int = 1
    genesis_hash: str | None = GENESIS


def hash_at(number: int, branch: int = 0) -> str:
    return f"0x{branch:02x}{number:062x}" if number else GENESIS


def header(number: int, timestamp: float = NOW, branch: int = 0) -> dict[str, Any]:
    return {
        "number": hex(number),
        "hash": hash_at(number, branch),
        "parentHash": hash_at(max(number - 1, 0), branch),
        "timestamp": hex(int(timestamp)),
        "baseFeePerGas": "0x7",
        "gasUsed": "0x0",
        "gasLimit": "0x1c9c380",
    }


class ScriptedNode:
    """A transport. `answers` maps methods to a result, an exception, or a function of both."""

    server_time: float | None = None

    def __init__(self, head: int = 100, timestamp: float = NOW, chain_id: int = 1) -> None:
        self.head = header(head, timestamp)
        self.chain_id = chain_id
        self.genesis = GENESIS
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        self.opened = 0
        self.down = False

    async def open(self) -> None:
        self.opened += 1

    async def close(self) -> None:
        pass

    async def ask(self, method: str, parameters: list[Any]) -> Any:
        self.asked.append(method)
        if self.down:
            raise NodeUnavailable("it does not answer")
        if method in self.answers:
            return self._scripted(self.answers[method], parameters)
        if method == "eth_chainId":
            return hex(self.chain_id)
        if method == "eth_getBlockByNumber":
            return self._block(parameters[0])
        raise AssertionError(f"nobody said what {method} answers")

    def _block(self, place: str) -> Any:
        if place == "0x0":
            return header(0) | {"hash": self.genesis}
        if place == "latest":
            return self.head
        number = int(place, 16)
        return header(number) if number <= int(self.head["number"], 16) else None

    def _scripted(self, answer: Any, parameters: list[Any]) -> Any:
        if callable(answer):
            answer = answer(*parameters)
        if isinstance(answer, BaseException):
            raise answer
        return answer


class AnnouncingNode(ScriptedNode):
    """One that announces new heads."""

    def __init__(self, head: int = 100) -> None:
        super().__init__(head)
        self.announced: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue()

    def announce(self, head: Mapping[str, Any] | None) -> None:
        """Tell of a new head; None ends the connection."""
        self.head = dict(head) if head is not None else self.head
        self.announced.put_nowait(head)

    async def heads(self) -> AsyncGenerator[Mapping[str, Any], None]:
        while (head := await self.announced.get()) is not None:
            yield head


class Slept:
    """Sleeps by moving the clock, at once."""

    def __init__(self, clock: ManualClock, forever_from: float = 1e9) -> None:
        self.clock = clock
        self.times: list[float] = []
        self._forever_from = forever_from

    async def __call__(self, seconds: float) -> None:
        if seconds >= self._forever_from:
            await asyncio.Event().wait()
        self.times.append(seconds)
        self.clock.advance(seconds)
        await asyncio.sleep(0)


WATCH_S = 1e9
"""The client's own watch sleeps for ever in these tests; they call `check` themselves."""


async def connected(
    *nodes: ScriptedNode,
    clock: ManualClock | None = None,
    identity: Identity | None = None,
    **options: Any,
) -> ChainClient:
    """A client over `nodes`, called node-1, node-2 …"""
    clock = clock or ManualClock(NOW)
    endpoints = [Endpoint(f"node-{place}", "http://x.test") for place in range(1, len(nodes) + 1)]
    by_name: dict[str, Transport] = dict(
        zip([endpoint.name for endpoint in endpoints], nodes, strict=True)
    )

    def transport(endpoint: Endpoint, _: Redaction) -> Transport:
        return by_name[endpoint.name]

    return await ChainClient.connect(
        endpoints,
        identity or Identity(),
        clock,
        options=ClientOptions(check_every_s=WATCH_S, **options),
        transport=transport,
        sleep=Slept(clock, WATCH_S),
    )


def in_turn(*answers: Any) -> Callable[..., Any]:
    """An answer that is another one each time; the last stays."""
    left = list(answers)
    return lambda *_: left.pop(0) if len(left) > 1 else left[0]
