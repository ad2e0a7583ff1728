"""A gate with little behind it, and a browser without scripts that stands in front of it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from aineon.primitives import Clock
from aineon.runtime.settings import load_settings
from aineon.server.app import OPEN_PATHS
from app import mode
from app.gate.desk import AccessDesk
from app.gate.doors import Doors
from app.gate.gate import Gate

with warnings.catch_warnings():
    # It would rather have httpx's successor.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

SOCKET = "/_stcore/stream"
# A test client would take another host's name for sockets.
SOCKET_URL = f"ws://localhost{SOCKET}"
_INPUT = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


class Behind:
    """What stands behind the gate; it remembers what came through."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.messages: list[bytes] = []
        self.closed: list[int] = []
        routes = [
            Route("/health", self._answer),
            WebSocketRoute(SOCKET, self._talk),
            Route("/{path:path}", self._answer, methods=["GET", "POST", "PUT", "DELETE"]),
        ]
        self.app = Starlette(routes=routes)
        self.open_routes = routes[:1]

    async def _answer(self, request: Request) -> JSONResponse:
        self.requests.append((request.url.path, dict(request.headers)))
        return JSONResponse({"path": request.url.path})

    async def _talk(self, socket: WebSocket) -> None:
        self.requests.append((SOCKET, dict(socket.headers)))
        await socket.accept()
        try:
            while True:
                message = await socket.receive_bytes()
                self.messages.append(message)
                await socket.send_bytes(message)
        except WebSocketDisconnect as gone:
            self.closed.append(gone.code)


@contextmanager
def gated(clock: Clock, behind: Behind, base_url: str = "http://localhost") -> Iterator[TestClient]:
    """Yield a browser before a gate with the settings of the environment."""
    settings = load_settings()
    desk = AccessDesk(settings, clock)
    gate = Gate(
        behind.app,
        sessions=desk,
        hosts=("localhost", "console.example"),
        doors=Doors(desk, lambda: mode.mesh(settings.mode)).by_path(),
        open_paths=OPEN_PATHS,
        open_routes=behind.open_routes,
        look_seconds=0.05,
    )
    try:
        # Behind a proxy in a private network, which tells where visitors come from.
        peer = ("10.1.2.3", 50_000)
        with TestClient(gate, base_url=base_url, follow_redirects=False, client=peer) as browser:
            yield browser
    finally:
        desk.close()


def fill_in(browser: TestClient, path: str, **fields: str) -> Any:
    """Open a page, fill in its (last) form and send it."""
    page = browser.get(path, headers={"accept": "text/html"})
    return send(browser, path.partition("?")[0], page, **fields)


def send(browser: TestClient, path: str, page: Any, **fields: str) -> Any:
    hidden = {name: unescape(value) for name, value in _INPUT.findall(page.text)}
    return browser.post(path, data=hidden | fields, headers={"origin": str(browser.base_url)})
