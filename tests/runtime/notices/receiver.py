"""A receiver of notices on loopback: what apprise posts as JSON, and how it is answered."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """Keeps what was posted.

    Attributes:
        status: what is answered.
        hold: an answer waits for it where it is given.
    """

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.status = 200
        self.hold: threading.Event | None = None
        self.came = threading.Condition()
        self.port = 0

    @property
    def url(self) -> str:
        return f"json://user:canary-password@127.0.0.1:{self.port}/canary-path"

    def wait_for(self, count: int) -> list[str]:
        """Return what came, as soon as it is `count` messages."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.messages) >= count, 30), self.messages
            return list(self.messages)

    def take(self, body: bytes) -> int:
        if self.hold is not None:
            self.hold.wait(30)
        with self.came:
            self.messages.append(json.loads(body)["message"])
            self.came.notify_all()
        return self.status


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Yield a receiver that answers on loopback."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(receiver.take(body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            if receiver.hold is not None:
                receiver.hold.set()
            server.shutdown()
            thread.join()
