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
        *((inside, False) for inside in ("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1")),
        *((inside, False) for inside in ("2002:7f00:1::", "2002:a00:1::1", "::127.0.0.1")),
        *(
            (inside, False)
            for inside in ("fec0::1", "224.0.0.1", "239.1.1.1", "ff0e::1", "ff02::1")
        ),
        *((inside, False) for inside in ("::ffff:224.0.0.1", "64:ff9b::e000:1", "255.255.255.255")),
        ("64:ff9b::5db8:d822", True),
        ("2002:5db8:d822::1", True),
        ("::ffff:93.184.216.34", True),
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


def test_a_connection_that_was_let_through_sends_on() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        # Nothing leaves the machine by this; what is connected is asked about no more.
        datagrams.connect(("127.0.0.1", 9))
        with outside_only():
            datagrams.sendmsg([b"x"])


def test_what_is_called_by_a_name_is_refused_in_words_of_its_own() -> None:
    def by_name() -> None:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
            outside_only(),
            pytest.raises(PermissionError),
        ):
            datagrams.sendto(b"x", ("localhost", 9))

    with pytest.raises(SettingRefused, match="it is called by a name"):
        by_name()


def test_what_goes_nowhere_else_is_let_through() -> None:
    with outside_only():
        pass
