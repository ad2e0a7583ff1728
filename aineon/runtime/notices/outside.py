"""Keeping notices from knocking at doors inside one's own network.

Whoever may change targets at the console could otherwise have this machine call others that only
it can reach: a router, a cloud's metadata service. What counts is where a connection really goes,
so it is looked at there: names may resolve anew, and servers may lead on to another place.
"""

from __future__ import annotations

import ipaddress
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from aineon.errors import SettingRefused

REFUSED: Final = (
    "its address lies inside this machine's own network; AINEON_NOTIFY_INSIDE=on lets notices go "
    "there"
)
_EVENTS: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_THIS_THREAD: Final = threading.local()


@contextmanager
def outside_only() -> Iterator[None]:
    """Let this thread connect to public addresses alone.

    Raises:
        SettingRefused: something wanted to connect to another one, whatever became of it.
    """
    _listen()
    _THIS_THREAD.refused = False
    _THIS_THREAD.guarded = True
    try:
        yield
    finally:
        _THIS_THREAD.guarded = False
    if _THIS_THREAD.refused:
        raise SettingRefused(REFUSED)


def is_outside(host: object) -> bool:
    """Whether a connection to `host`, a numeric address, leaves the private networks."""
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global


@cache
def _listen() -> None:
    # It stays for the process's life, and asks nothing of threads that are not guarded.
    sys.addaudithook(_look)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _EVENTS or not getattr(_THIS_THREAD, "guarded", False):
        return
    address = arguments[1]
    if not isinstance(address, tuple) or not is_outside(address[0]):
        _THIS_THREAD.refused = True
        raise PermissionError(REFUSED)
