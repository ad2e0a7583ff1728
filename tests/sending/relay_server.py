"""A relay on loopback that answers as it is told, and counts what it is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Self


class RelayServer:
    """Answers each request with the next of `answers`, the last one for ever after.

    An answer is `(status, body)`, or a word: `hang` (never answers), `drop` (reads the request
    and closes), `cut` (begins an answer and closes).
    """

    def __init__(self, answers: Sequence[Any]) -> None:
        self._answers = list(answers)
        self._open: set[asyncio.StreamWriter] = set()
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1/0123456789abcdefSECRET"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._open:
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went away
        finally:
            self._open.discard(writer)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        pairs = (line.split(": ", 1) for line in head.splitlines()[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers["content-length"]))
        self.headers.append(headers)
        self.bodies.append(body)
        self.requests.append(json.loads(body))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer == "hang":
            await reader.read()
            return False
        if answer == "drop":
            return False
        if answer == "cut":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{")
            await writer.drain()
            return False
        status, content = answer
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        place = f"Location: http://127.0.0.1:{self.port}/elsewhere\r\n" if status == 307 else ""
        writer.write(
            f"HTTP/1.1 {status} X\r\n{place}Content-Length: {len(raw)}\r\n\r\n".encode() + raw
        )
        await writer.drain()
        return True


def result(value: Any) -> tuple[int, Any]:
    return 200, {"jsonrpc": "2.0", "id": 1, "result": value}


def error(message: str, code: int = -32000, status: int = 200) -> tuple[int, Any]:
    return status, {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message}}
