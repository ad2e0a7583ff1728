"""As much of HTTP/1.1 as a JSON-RPC server on the loopback needs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

MOST_BYTES = 4 * 2**20


class Request(NamedTuple):
    """A request; the names of its headers are in lower case."""

    headers: Mapping[str, str]
    body: bytes


class Response(NamedTuple):
    """An answer in JSON, or text where it is an error."""

    status: int
    body: bytes

    def encode(self) -> bytes:
        """Return what goes over the wire."""
        head = (
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode() + self.body


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read one request; None where the other side has hung up between two.

    Raises:
        ValueError: it is none that is understood here.
        IncompleteReadError: the other side hung up in the middle.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise
    except asyncio.LimitOverrunError as error:
        raise ValueError("the head is too long") from error
    _, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= MOST_BYTES:
        raise ValueError(f"content-length is {length}; allowed is 0 to {MOST_BYTES}")
    return Request(headers, await reader.readexactly(length))
