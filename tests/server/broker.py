"""A server that speaks as much of Redis' protocol as a word takes, and fails as a test tells it."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import pytest

PATIENCE_SECONDS = 60


def until(found: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.002)


class Broker:
    """Use it with `with`; `answers` and `port` may be changed, and `stop` and `start` repeated."""

    def __init__(self) -> None:
        self.published: list[tuple[bytes, bytes]] = []
        self.answers: Callable[[list[bytes]], bytes | None] = self.rightly
        self.asked = 0
        self.port = 0
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listening: dict[socket.socket, bytes] = {}
        self._door: socket.socket | None = None

    @property
    def url(self) -> str:
        return f"redis://:secret-of-it@127.0.0.1:{self.port}/0"

    @property
    def listeners(self) -> int:
        return len(self._listening)

    def start(self) -> None:
        self._door = socket.create_server(("127.0.0.1", self.port))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._door,), daemon=True).start()

    def stop(self) -> None:
        assert self._door is not None
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        until(lambda: not self._open)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @staticmethod
    def mutely(command: list[bytes]) -> None:
        """Answer nothing, ever."""

    @staticmethod
    def in_garbage(command: list[bytes]) -> bytes:
        return b"HTTP/1.1 400 Bad Request\r\n\r\n$99\r\n"

    @staticmethod
    def refusing(command: list[bytes]) -> bytes:
        return b"-NOPERM this user may not\r\n"

    def rightly(self, command: list[bytes]) -> bytes:
        name = command[0].upper()
        if name == b"HELLO":
            return b"%1\r\n$5\r\nproto\r\n:3\r\n"
        if name == b"PING":
            return b"+PONG\r\n"
        if name == b"SUBSCRIBE":
            return b">3\r\n" + bulk(b"subscribe") + bulk(command[1]) + b":1\r\n"
        if name == b"PUBLISH":
            self.published.append((command[1], command[2]))
            return f":{self.tell(command[1], command[2])}\r\n".encode()
        return b"+OK\r\n"

    def tell(self, channel: bytes, word: bytes) -> int:
        """Tell whoever listens to `channel`."""
        with self._lock:
            told = [each for each, name in self._listening.items() if name == channel]
            for each in told:
                each.sendall(b">3\r\n" + bulk(b"message") + bulk(channel) + bulk(word))
        return len(told)

    def _accept(self, door: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = door.accept()
                with self._lock:
                    self._open.add(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines, contextlib.suppress(OSError):
            for command in commands(lines):
                self.asked += 1
                answer = self.answers(command)
                if answer is not None:
                    connection.sendall(answer)
                    if command[0].upper() == b"SUBSCRIBE":
                        with self._lock:
                            self._listening[connection] = command[1]
        with self._lock:
            self._listening.pop(connection, None)
            self._open.discard(connection)


def bulk(text: bytes) -> bytes:
    return b"$%d\r\n%s\r\n" % (len(text), text)


def commands(lines: BinaryIO) -> Iterator[list[bytes]]:
    while line := lines.readline():
        parts = []
        for _ in range(int(line[1:])):
            length = int(lines.readline()[1:])
            parts.append(lines.read(length + 2)[:-2])
        yield parts


@contextlib.contextmanager
def real_server(folder: Path) -> Iterator[str]:
    """Run a Redis or Valkey server; yields its address. Skips where there is none."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("neither redis-server nor valkey-server is installed here")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder]
    command += ["--requirepass", "a-password"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until(lambda: _is_there(port) or process.poll() is not None)
        assert process.poll() is None, (folder / "log").read_text()
        yield f"redis://:a-password@127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _is_there(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False
