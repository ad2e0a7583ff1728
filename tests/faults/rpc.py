"""The ways in which a node's answer goes wrong, in one table, and a server that makes them.

The server stands before a node. Which fault strikes, how often, and by which dice, the path says:
`http://127.0.0.1:PORT/time-out-after/25/7` lets a quarter of all requests time out after the node
acted. It speaks HTTP by hand, because half of the faults are none that a library would make.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import ClientSession

SEND: Final = "eth_sendRawTransaction"
BEHIND: Final = 5
DRIP_SECONDS: Final = 0.05
OTHER_CHAIN: Final = "0x1"
HTML: Final = "Content-Type: text/html\r\n"


class Hangup(Exception):
    """The connection ends here."""


@dataclass
class Exchange:
    """One request, and the ways to answer it."""

    request: dict[str, Any]
    writer: asyncio.StreamWriter
    node: ClientSession
    url: str

    async def ask(self, method: str, *parameters: Any) -> dict[str, Any]:
        """Ask the node."""
        asked = {"jsonrpc": "2.0", "id": self.request["id"], "method": method, "params": parameters}
        async with self.node.post(self.url, json=asked) as response:
            answer: dict[str, Any] = await response.json(content_type=None)
            return answer

    async def act(self) -> dict[str, Any]:
        """Have the node do what it was asked; return its answer."""
        return await self.ask(self.request["method"], *self.request["params"])

    def result(self, result: Any) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": self.request["id"], "result": result}

    def error(self, message: str, code: int = -32000) -> dict[str, Any]:
        error = {"code": code, "message": message}
        return {"jsonrpc": "2.0", "id": self.request["id"], "error": error}

    async def write(self, content: Any, status: int = 200, header: str = "") -> None:
        """Answer with JSON, or with bytes as they are."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{header}\r\n"
        self.writer.write(head.encode() + body)
        await self.writer.drain()


Fault = Callable[[Exchange], Awaitable[None]]


async def time_out_before(exchange: Exchange) -> None:
    await asyncio.sleep(3600)


async def time_out_after(exchange: Exchange) -> None:
    await exchange.act()
    await asyncio.sleep(3600)


async def drop_before(exchange: Exchange) -> None:
    raise Hangup


async def drop_after(exchange: Exchange) -> None:
    await exchange.act()
    raise Hangup


async def too_many_requests(exchange: Exchange) -> None:
    await exchange.write(b"slow down", 429, "Retry-After: 1\r\n")


async def limit_in_words(exchange: Exchange) -> None:
    await exchange.write(exchange.error("daily request count exceeded", -32005))


async def server_error_before(exchange: Exchange) -> None:
    await exchange.write(b"", 500)


async def server_error_after(exchange: Exchange) -> None:
    await exchange.act()
    await exchange.write(exchange.error("internal error", -32603), 500)


async def error_page_after(exchange: Exchange) -> None:
    await exchange.act()
    await exchange.write(b"<html><h1>502 Bad Gateway</h1></html>", 502, HTML)


async def page_with_status_200(exchange: Exchange) -> None:
    await exchange.act()
    await exchange.write(b"<html>please log in</html>", 200, HTML)


async def malformed(exchange: Exchange) -> None:
    answer = json.dumps(await exchange.act())
    await exchange.write(answer.replace(":", ";").encode())


async def truncated(exchange: Exchange) -> None:
    body = json.dumps(await exchange.act()).encode()
    exchange.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
    exchange.writer.write(body[: len(body) // 2])
    await exchange.writer.drain()
    raise Hangup


async def empty_body(exchange: Exchange) -> None:
    await exchange.act()
    await exchange.write(b"")


async def wrong_id(exchange: Exchange) -> None:
    await exchange.write(await exchange.act() | {"id": 999_999})


async def empty_result(exchange: Exchange) -> None:
    await exchange.write(exchange.result(None))


async def slow_drip(exchange: Exchange) -> None:
    body = json.dumps(await exchange.act()).encode()
    exchange.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
    for byte in body:
        exchange.writer.write(bytes([byte]))
        await exchange.writer.drain()
        await asyncio.sleep(DRIP_SECONDS)


async def twice(exchange: Exchange) -> None:
    answer = await exchange.act()
    await exchange.write(answer)
    await exchange.write(answer)


async def redirected(exchange: Exchange) -> None:
    await exchange.write(b"", 307, "Location: /none/0/0\r\n")


async def already_known(exchange: Exchange) -> None:
    await exchange.act()
    await exchange.write(exchange.error("already known"))


async def nonce_too_low(exchange: Exchange) -> None:
    await exchange.write(exchange.error("nonce too low"))


async def underpriced(exchange: Exchange) -> None:
    await exchange.write(exchange.error("replacement transaction underpriced"))


async def another_hash(exchange: Exchange) -> None:
    await exchange.act()
    await exchange.write(exchange.result("0x" + "ab" * 32))


async def wrong_chain(exchange: Exchange) -> None:
    if exchange.request["method"] == "eth_chainId":
        await exchange.write(exchange.result(OTHER_CHAIN))
    else:
        await exchange.write(await exchange.act())


async def stale_head(exchange: Exchange) -> None:
    """Answer as a node that is some blocks behind."""
    head = max(int((await exchange.ask("eth_blockNumber"))["result"], 16) - BEHIND, 0)
    method = exchange.request["method"]
    told = json.dumps(exchange.request["params"])
    for tag in ("latest", "pending"):
        told = told.replace(f'"{tag}"', f'"{head:#x}"')
    parameters = json.loads(told)
    if method == "eth_blockNumber":
        answer = exchange.result(hex(head))
    elif method == "eth_getBlockByNumber" and parameters[0] == "finalized":
        answer = await exchange.ask(method, hex(max(head - BEHIND, 0)), *parameters[1:])
    else:
        answer = await exchange.ask(method, *parameters)
    if _number_in(answer.get("result")) > head:
        answer = exchange.result(None)
    await exchange.write(answer)


def _number_in(result: Any) -> int:
    """Return the height of the block that a header or a receipt tells of; 0 where it is neither."""
    if not isinstance(result, dict):
        return 0
    number = result.get("blockNumber") or result.get("number")
    return int(number, 16) if isinstance(number, str) else 0


@dataclass(frozen=True)
class Kind:
    """A kind of fault; `sends_only` where it is an answer that only a transaction gets."""

    fault: Fault
    sends_only: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    "time-out-before": Kind(time_out_before),
    "time-out-after": Kind(time_out_after),
    "drop-before": Kind(drop_before),
    "drop-after": Kind(drop_after),
    "too-many-requests": Kind(too_many_requests),
    "limit-in-words": Kind(limit_in_words),
    "server-error-before": Kind(server_error_before),
    "server-error-after": Kind(server_error_after),
    "error-page-after": Kind(error_page_after),
    "page-with-status-200": Kind(page_with_status_200),
    "malformed": Kind(malformed),
    "truncated": Kind(truncated),
    "empty-body": Kind(empty_body),
    "wrong-id": Kind(wrong_id),
    "empty-result": Kind(empty_result),
    "slow-drip": Kind(slow_drip),
    "twice": Kind(twice),
    "redirected": Kind(redirected),
    "wrong-chain": Kind(wrong_chain),
    "stale-head": Kind(stale_head),
    "already-known": Kind(already_known, sends_only=True),
    "nonce-too-low": Kind(nonce_too_low, sends_only=True),
    "underpriced": Kind(underpriced, sends_only=True),
    "another-hash": Kind(another_hash, sends_only=True),
}
"""By the name that stands in the path."""


class FaultyServer:
    """Stands before a node and answers as the path of each request says."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._dice: dict[str, random.Random] = {}

    async def serve(self, tell: Callable[[int], None]) -> None:
        """Serve until cancelled; `tell` gets the port."""
        async with ClientSession() as self._node:
            server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
            tell(server.sockets[0].getsockname()[1])
            async with server:
                await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Whoever asked may be gone, killed or tired of waiting.
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, Hangup):
            while True:
                await self._exchange(reader, writer)
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1])
            for line in head.splitlines()
            if line.lower().startswith("content-length")
        )
        request = json.loads(await reader.readexactly(length))
        exchange = Exchange(request, writer, self._node, self._url)
        kind = self._struck(head.split(" ")[1], request["method"])
        if kind is None:
            await exchange.write(await exchange.act())
        else:
            await kind.fault(exchange)

    def _struck(self, path: str, method: str) -> Kind | None:
        name, percent, _ = path.strip("/").split("/")
        kind = KINDS.get(name)
        if kind is None or (kind.sends_only and method != SEND):
            return None
        dice = self._dice.setdefault(path, random.Random(path))
        return kind if dice.random() * 100 < int(percent) else None
