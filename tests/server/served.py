"""A server over a folder with a heartbeat and a book in it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette

from aineon.primitives import Book
from aineon.runtime.settings import Settings, load_settings
from aineon.server.app import routes

HERE = "http://127.0.0.1:8501"
TOKEN = "t0ken-" + "a1B2" * 8


def settings_of(folder: Path, **env: str) -> Settings:
    return load_settings(env={"AINEON_DATA_DIR": str(folder), **env})


def in_mode(settings: Settings, book: Book) -> Settings:
    """Settings in a mode, without all that this mode would ask for at a start."""
    return settings.model_copy(update={"mode": book})


def client(settings: Settings, base_url: str = HERE, **headers: str) -> httpx.AsyncClient:
    app: Any = Starlette(routes=routes(settings))
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url=base_url, headers=headers)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class Closed(Exception):
    """The server let go: with a code, and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Listening:
    """A WebSocket to an ASGI application, without a network; use it with `async with`."""

    def __init__(self, app: Any, path: str, **headers: str) -> None:
        given = {"host": urlsplit(HERE).netloc, **headers}
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(k.lower().encode(), v.encode()) for k, v in given.items()],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8501),
            "subprotocols": [],
            "state": {},
        }
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._run = app(scope, self._told.get, self._heard.put)

    async def __aenter__(self) -> Self:
        self._task = asyncio.ensure_future(self._run)
        await self._told.put({"type": "websocket.connect"})
        assert (await self._next())["type"] == "websocket.accept"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._told.put({"type": "websocket.disconnect", "code": 1000})
        await self._task

    async def send_text(self, text: str) -> None:
        await self._told.put({"type": "websocket.receive", "text": text})

    async def receive_json(self) -> Any:
        return json.loads((await self._next())["text"])

    async def _next(self) -> dict[str, Any]:
        message = await asyncio.wait_for(self._heard.get(), 60)
        if message["type"] == "websocket.close":
            raise Closed(message["code"], message.get("reason") or "")
        return message
