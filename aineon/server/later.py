"""An application that is made when somebody first asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send


class Later:
    """ASGI application: makes the one that answers at the first request, in a thread.

    What API and metrics need takes a second to import; the first page should not wait for it.
    """

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        self._make = make
        self._made: ASGIApp | None = None
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        app = self._made
        if app is None:
            app = await run_in_threadpool(self.made)
        await app(scope, receive, send)

    def made(self) -> ASGIApp:
        """Return what answers; it is made once, whoever asks at the same time."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made
