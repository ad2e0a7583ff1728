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
BY_NAME: Final = (
    "it is called by a name, of which nobody can tell where it leads; give its number, or let "
    "notices go everywhere by AINEON_NOTIFY_INSIDE=on"
)
REFUSALS: Final = frozenset({REFUSED, BY_NAME})
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_IN_USE: Final = ipaddress.IPv6Network("2000::/3")
_EVENTS: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_THIS_THREAD: Final = threading.local()


@contextmanager
def outside_only() -> Iterator[None]:
    """Let this thread connect to public addresses alone.

    Raises:
        SettingRefused: something wanted to connect to another one, whatever became of it.
    """
    _listen()
    _THIS_THREAD.refused = ""
    _THIS_THREAD.guarded = True
    try:
        yield
    finally:
        _THIS_THREAD.guarded = False
    if _THIS_THREAD.refused:
        raise SettingRefused(_THIS_THREAD.refused)


def is_outside(host: object) -> bool:
    """Whether a connection to `host`, a numeric address, leaves the private networks.

    What Python calls global holds tunnels into private ones, too.
    """
    address = _number(host)
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner(address)
        if inner is None:
            return address.is_global and address in _IN_USE
        address = inner
    return address is not None and address.is_global and not address.is_multicast


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 one stands for: mapped, 6to4 or NAT64 (RFC 6052)."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _number(host: object) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return None


@cache
def _listen() -> None:
    # It stays for the process's life, and asks nothing of threads that are not guarded.
    sys.addaudithook(_look)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _EVENTS or not getattr(_THIS_THREAD, "guarded", False):
        return
    refused = _refusal(arguments[1])
    if refused:
        _THIS_THREAD.refused = refused
        raise PermissionError(refused)


def _refusal(address: object) -> str:
    if address is None:
        # Sent by a connection, which was looked at when it was made.
        return ""
    host = address[0] if isinstance(address, tuple) else None
    if host and _number(host) is None:
        return BY_NAME
    return "" if is_outside(host) else REFUSED
