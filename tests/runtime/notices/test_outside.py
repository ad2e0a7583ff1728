"""Notices do not knock at doors inside the network, unless the operator lets them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from aineon.errors import SettingRefused
from aineon.runtime.notices.addresses import targets_from
from aineon.runtime.notices.outside import is_outside, outside_only
from aineon.runtime.notices.sending import deliver


@pytest.fixture
def listening() -> Iterator[tuple[socket.socket, int]]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(5)
        yield door, door.getsockname()[1]


@pytest.mark.parametrize(
    ("host", "outside"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        *((inside, False) for inside in ("127.0.0.1", "10.0.0.1", "192.168.1.1", "172.20.0.9")),
        *((inside, False) for inside in ("169.254.169.254", "::1", "fe80::1%eth0", "fd00::1")),
        *((inside, False) for inside in ("::ffff:10.0.0.1", "0.0.0.0", "100.64.0.1", "")),
        ("a name", False),
    ],
)
def test_what_is_outside(host: str, outside: bool) -> None:
    assert is_outside(host) is outside


def test_a_target_inside_is_not_called_and_said_so(listening: tuple[socket.socket, int]) -> None:
    door, port = listening
    [target] = targets_from([f"json://localhost:{port}/"])
    assert "AINEON_NOTIFY_INSIDE=on" in deliver(target, "x")
    door.settimeout(0)
    with pytest.raises(BlockingIOError):
        door.accept()


def test_other_threads_and_later_connections_are_free(listening: tuple[socket.socket, int]) -> None:
    door, port = listening

    def call() -> None:
        socket.create_connection(("127.0.0.1", port)).close()

    def guarded() -> None:
        with outside_only():
            other = threading.Thread(target=call)
            other.start()
            other.join()
            door.accept()[0].close()
            with pytest.raises(PermissionError):
                call()

    with pytest.raises(SettingRefused, match="inside this machine's own network"):
        guarded()
    call()
    door.accept()[0].close()


def test_what_goes_nowhere_else_is_let_through() -> None:
    with outside_only():
        pass
