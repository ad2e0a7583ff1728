"""A proxy in front of a node that makes the faults real nodes have.

    async with FaultProxy(anvil.url) as proxy:
        proxy.on("eth_getLogs", refuse(-32005, "query returned more than 10000 results"), times=1)
        proxy.on("*", drop(), after=3)
        await proxy.freeze()
        client = await ChainClient.connect([Endpoint("node-1", proxy.url)], chain)

It speaks JSON-RPC over HTTP (`url`) and WebSocket (`websocket_url`) on one loopback port. A rule
names a method (`*` for all), a fault, and how often it strikes; the rule that was made last comes
first, and a rule that has struck its times is gone. What no rule catches goes to the real node.

A fault is an async function of a request and of `forward`, which asks the real node; it returns
a `Reply`. The functions below make the usual ones.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import ClientSession, ClientTimeout, WSMsgType, web

Request = dict[str, Any]
Forward = Callable[[Request], Awaitable[dict[str, Any]]]
LARGEST_MESSAGE = 256 << 20


@dataclass(frozen=True)
class Reply:
    """What goes back: a body (None: the connection is cut without one) with its HTTP status."""

    body: bytes | None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Fault = Callable[[Request, Forward], Awaitable[Reply]]


# --- faults --------------------------------------------------------------------------------


def drop() -> Fault:
    """Cut the connection."""
    return _constant(Reply(None))


def hang() -> Fault:
    """Never answer; whoever asks must have a time limit."""

    async def fault(_: Request, __: Forward) -> Reply:
        await asyncio.Event().wait()
        raise AssertionError

    return fault


def delay(seconds: float) -> Fault:
    """Answer rightly, but late."""

    async def fault(request: Request, forward: Forward) -> Reply:
        await asyncio.sleep(seconds)
        return _answer(await forward(request))

    return fault


def status(code: int, body: bytes = b"", **headers: str) -> Fault:
    """Answer with an HTTP status; `Retry_After="7"` makes a header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return _constant(Reply(body, code, named))


def garbage(body: bytes = b"<html>502 Bad Gateway</html>") -> Fault:
    """Answer with something that is no JSON."""
    return _constant(Reply(body))


def truncated() -> Fault:
    """Answer rightly, but stop in the middle."""

    async def fault(request: Request, forward: Forward) -> Reply:
        body = json.dumps(await forward(request)).encode()
        return Reply(body[: len(body) // 2])

    return fault


def refuse(code: int, message: str, data: Any = None) -> Fault:
    """Answer with a JSON-RPC error."""
    error = {"code": code, "message": message} | ({} if data is None else {"data": data})

    async def fault(request: Request, _: Forward) -> Reply:
        return _answer({"jsonrpc": "2.0", "id": request["id"], "error": error})

    return fault


def lie(result: Any) -> Fault:
    """Answer with this result, whatever is true."""

    async def fault(request: Request, _: Forward) -> Reply:
        return _answer({"jsonrpc": "2.0", "id": request["id"], "result": result})

    return fault


def change(how: Callable[[Any], Any]) -> Fault:
    """Answer with the true result, changed."""

    async def fault(request: Request, forward: Forward) -> Reply:
        answer = await forward(request)
        if "result" in answer:
            answer = answer | {"result": how(answer["result"])}
        return _answer(answer)

    return fault


def widest(blocks: int, message: str = "exceed maximum block range: {}") -> Fault:
    """Refuse `eth_getLogs` of more than so many blocks, as providers do."""

    async def fault(request: Request, forward: Forward) -> Reply:
        wanted = request["params"][0]
        if "blockHash" in wanted:
            return _answer(await forward(request))
        span = int(wanted["toBlock"], 16) - int(wanted["fromBlock"], 16) + 1
        if span <= blocks:
            return _answer(await forward(request))
        error = {"code": -32602, "message": message.format(blocks)}
        return _answer({"jsonrpc": "2.0", "id": request["id"], "error": error})

    return fault


def most_logs(count: int, message: str = "query returned more than {} results") -> Fault:
    """Refuse `eth_getLogs` with more results than that, as providers do."""

    async def fault(request: Request, forward: Forward) -> Reply:
        answer = await forward(request)
        if len(answer.get("result") or ()) <= count:
            return _answer(answer)
        error = {"code": -32005, "message": message.format(count)}
        return _answer({"jsonrpc": "2.0", "id": request["id"], "error": error})

    return fault


def duplicated_logs() -> Fault:
    """Answer with every log twice."""
    return change(lambda logs: [log for log in logs for _ in range(2)])


def missing_logs(every: int = 2) -> Fault:
    """Leave every so-manyth log out."""
    return change(lambda logs: [log for place, log in enumerate(logs, 1) if place % every])


def shuffled_logs(seed: int = 7) -> Fault:
    """Answer with the logs in another order."""

    def shuffle(logs: list[Any]) -> list[Any]:
        mixed = list(logs)
        random.Random(seed).shuffle(mixed)
        return mixed[::-1] if mixed == logs else mixed

    return change(shuffle)


# --- the proxy -----------------------------------------------------------------------------


@dataclass
class Rule:
    """When a fault strikes.

    Attributes:
        method: which requests; `*` for all.
        times: how often; None for ever.
        after: how many of these requests pass before the first.
        only: further conditions on the request.
    """

    method: str
    fault: Fault
    times: int | None = None
    after: int = 0
    only: Callable[[Request], bool] | None = None

    def strikes(self, request: Request) -> bool:
        """Whether it does, now; each question counts."""
        if self.method not in {"*", request.get("method")} or self.times == 0:
            return False
        if self.only is not None and not self.only(request):
            return False
        if self.after:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class FaultProxy:
    """A node with faults. Use it as an async context manager.

    Attributes:
        asked: how often each method was asked for.
        requests: every request, in order.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._rules: list[Rule] = []
        self._frozen: dict[str, Any] | None = None
        self._silent = False
        self._refusing_sockets = 0
        self._sockets: set[web.WebSocketResponse] = set()
        self.asked: Counter[str] = Counter()
        self.requests: list[Request] = []

    # --- what a test says ------------------------------------------------------------------

    def on(
        self,
        method: str,
        fault: Fault,
        *,
        times: int | None = None,
        after: int = 0,
        only: Callable[[Request], bool] | None = None,
    ) -> Rule:
        """Let a fault strike the requests for `method`; see `Rule`."""
        rule = Rule(method, fault, times, after, only)
        self._rules.insert(0, rule)
        return rule

    def clear(self) -> None:
        """Behave well again."""
        self._rules.clear()
        self._frozen = None
        self._silent, self._refusing_sockets = False, 0

    async def freeze(self, blocks_back: int = 0) -> None:
        """Know no block after the newest of now, or after one so many blocks older."""
        head = int((await self._forward(_request("eth_blockNumber")))["result"], 16)
        wanted = _request("eth_getBlockByNumber", hex(max(head - blocks_back, 0)), False)
        self._frozen = (await self._forward(wanted))["result"]

    def silence(self) -> None:
        """Announce nothing more to subscribers; answer requests all the same."""
        self._silent = True

    def refuse_sockets(self, status: int = 503) -> None:
        """Take no new WebSocket connection, and say so by an HTTP status."""
        self._refusing_sockets = status

    async def close_sockets(self) -> None:
        """Close every WebSocket that is open."""
        for socket in list(self._sockets):
            await socket.close()

    @property
    def url(self) -> str:
        """Where it answers over HTTP."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def websocket_url(self) -> str:
        """Where it answers over WebSocket."""
        return f"ws://127.0.0.1:{self._port}"

    # --- how it is done --------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._session = ClientSession(timeout=ClientTimeout(total=60))
        application = web.Application(client_max_size=LARGEST_MESSAGE)
        # Any path: keys stand in paths.
        application.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close_sockets()
        await self._runner.cleanup()
        await self._session.close()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._serve_socket(request)
        asked = json.loads(await request.read())
        if isinstance(asked, list):
            replies = [await self._reply(each) for each in asked]
            reply = next((each for each in replies if each.status != 200 or not each.body), None)
            joined = b"[" + b",".join(each.body or b"" for each in replies) + b"]"
            reply = reply or Reply(joined)
        else:
            reply = await self._reply(asked)
        if reply.body is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        headers = {"Content-Type": "application/json"} | reply.headers
        return web.Response(body=reply.body, status=reply.status, headers=headers)

    async def _serve_socket(self, request: web.Request) -> web.StreamResponse:
        if self._refusing_sockets:
            return web.Response(status=self._refusing_sockets)
        socket = web.WebSocketResponse(max_msg_size=LARGEST_MESSAGE)
        await socket.prepare(request)
        self._sockets.add(socket)
        upstream = self._upstream.replace("http", "ws", 1)
        try:
            async with self._session.ws_connect(upstream, max_msg_size=LARGEST_MESSAGE) as node:
                listening = asyncio.create_task(self._announce(node, socket))
                try:
                    await self._answer_socket(node, socket)
                finally:
                    listening.cancel()
        finally:
            self._sockets.discard(socket)
        return socket

    async def _answer_socket(self, node: Any, socket: web.WebSocketResponse) -> None:
        answering = set()
        try:
            async for message in socket:
                if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                    request = json.loads(message.data)
                    answering.add(asyncio.create_task(self._answer_one(node, socket, request)))
        finally:
            for task in answering:
                task.cancel()
            await asyncio.gather(*answering, return_exceptions=True)

    async def _answer_one(self, node: Any, socket: web.WebSocketResponse, request: Request) -> None:
        method = request["method"]
        if method == "eth_subscribe" and not self._is_struck(method):
            # A subscription belongs to the connection it was made on.
            self._note(request)
            await node.send_str(json.dumps(request))
            return
        reply = await self._reply(request)
        if reply.body is None:
            await socket.close()
        elif not socket.closed:
            await socket.send_str(reply.body.decode(errors="replace"))

    def _is_struck(self, method: str) -> bool:
        return any(rule.method in {"*", method} and rule.times != 0 for rule in self._rules)

    async def _announce(self, node: Any, socket: web.WebSocketResponse) -> None:
        async for message in node:
            said = json.loads(message.data)
            is_news = said.get("method") == "eth_subscription"
            if not (is_news and (self._silent or self._frozen)) and not socket.closed:
                await socket.send_str(message.data)

    def _note(self, request: Request) -> None:
        self.asked[request["method"]] += 1
        self.requests.append(request)

    async def _reply(self, request: Request) -> Reply:
        self._note(request)
        for rule in self._rules:
            if rule.strikes(request):
                return await rule.fault(request, self._forward)
        if self._frozen is not None:
            return _answer(await self._as_frozen(request, self._frozen))
        return _answer(await self._forward(request))

    async def _forward(self, request: Request) -> dict[str, Any]:
        async with self._session.post(self._upstream, json=request) as response:
            answer: dict[str, Any] = await response.json(content_type=None)
            return answer

    async def _as_frozen(self, request: Request, head: dict[str, Any]) -> dict[str, Any]:
        """Answer as a node that knows nothing after `head`."""
        if request["method"] == "eth_blockNumber":
            return {"jsonrpc": "2.0", "id": request["id"], "result": head["number"]}
        request = json.loads(json.dumps(request).replace('"latest"', f'"{head["number"]}"'))
        if await self._is_later(request["params"], int(head["number"], 16)):
            if request["method"].startswith("eth_getBlock"):
                return {"jsonrpc": "2.0", "id": request["id"], "result": None}
            error = {"code": -32000, "message": "header not found"}
            return {"jsonrpc": "2.0", "id": request["id"], "error": error}
        answer = await self._forward(request)
        result = answer.get("result")
        is_receipt = request["method"] == "eth_getTransactionReceipt" and isinstance(result, dict)
        if is_receipt and int(result["blockNumber"], 16) > int(head["number"], 16):
            answer["result"] = None
        return answer

    async def _is_later(self, parameters: Any, head: int) -> bool:
        """Whether a block named by hash or height in `parameters` comes after `head`."""
        for each in parameters:
            named = each.get("blockHash") if isinstance(each, dict) else each
            if not isinstance(named, str):
                continue
            if len(named) == 66:
                found = await self._forward(_request("eth_getBlockByHash", named, False))
                if found.get("result") and int(found["result"]["number"], 16) > head:
                    return True
            elif len(named) < 20 and named.startswith("0x") and int(named, 16) > head:
                return True
        return False


def _request(method: str, *parameters: Any) -> Request:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}


def _answer(answer: dict[str, Any]) -> Reply:
    return Reply(json.dumps(answer).encode())


def _constant(reply: Reply) -> Fault:
    async def fault(_: Request, __: Forward) -> Reply:
        return reply

    return fault
