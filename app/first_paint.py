"""Puts a style sheet into the page before any script has run, so that the first paint has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Answers from a browser's own store would show what was true when they were stored, and
# compressed ones could not be written into.
_NOT_PASSED_ON = frozenset(
    {b"accept-encoding", b"if-none-match", b"if-modified-since", b"range", b"if-range"}
)
_NOT_SENT = ("etag", "last-modified", "accept-ranges")


class FirstPaint:
    """ASGI middleware: adds `style()` to the head of every HTML page that passes.

    Args:
        style: returns the style sheet with its tags; it may block, and is asked for each page.
    """

    def __init__(self, app: ASGIApp, style: Callable[[], str]) -> None:
        self._app = app
        self._style = style

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not _may_be_page(scope["path"]):
            await self._app(scope, receive, send)
            return
        headers = [pair for pair in scope["headers"] if pair[0].lower() not in _NOT_PASSED_ON]
        page = _Page(send, self._style)
        await self._app({**scope, "headers": headers, "extensions": {}}, receive, page.send)


def _may_be_page(path: str) -> bool:
    name = PurePosixPath(path).name
    return "." not in name or name.endswith(".html")


class _Page:
    """Holds an HTML answer back until it is whole; passes everything else on."""

    def __init__(self, send: Send, style: Callable[[], str]) -> None:
        self._send = send
        self._style = style
        self._start: Message | None = None
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = MutableHeaders(scope=message).get("content-type", "")
            if kind.startswith("text/html"):
                self._start = message
                return
        elif self._start is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._start)
            return
        await self._send(message)

    async def _finish(self, start: Message) -> None:
        style = (await run_in_threadpool(self._style)).encode()
        had_body = bool(self._body)
        body = bytes(self._body).replace(b"</head>", style + b"</head>", 1)
        headers = MutableHeaders(scope=start)
        for name in _NOT_SENT:
            if name in headers:
                del headers[name]
        headers["cache-control"] = "no-store"
        if had_body:
            headers["content-length"] = str(len(body))
        elif "content-length" in headers:
            del headers["content-length"]
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})
