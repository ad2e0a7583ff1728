"""Tests reach this machine and nothing else."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest
from pytest_socket import SocketConnectBlockedError


@pytest.fixture
def echo_port() -> int:
    """A loopback server that answers one connection."""
    server = socket.create_server(("127.0.0.1", 0))
    port: int = server.getsockname()[1]

    def answer() -> None:
        with server:
            connection, _ = server.accept()
            with connection:
                connection.sendall(connection.recv(16))

    threading.Thread(target=answer, daemon=True).start()
    return port


# 192.0.2.0/24 is reserved for documentation (RFC 5737): nobody answers there.
@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_the_outside_is_blocked() -> None:
    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 443), timeout=1)


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
async def test_the_outside_is_blocked_for_coroutines() -> None:
    with pytest.raises(SocketConnectBlockedError):
        await asyncio.open_connection("192.0.2.1", 443)


def test_names_of_the_outside_are_not_looked_up() -> None:
    with pytest.raises(RuntimeError, match=r"example\.org"):
        socket.getaddrinfo("example.org", 443)


async def test_coroutines_reach_loopback(echo_port: int) -> None:
    reader, writer = await asyncio.open_connection("localhost", echo_port)
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    writer.close()
    await writer.wait_closed()
