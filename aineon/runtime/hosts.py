"""The names that a console is reached by, and where requests come from, as far as they tell."""

from __future__ import annotations

import ipaddress
from collections.abc import Container, Sequence
from typing import Final
from urllib.parse import urlsplit

from aineon.runtime.settings import Settings

EVERY_ADDRESS: Final = ("0.0.0.0", "::")  # noqa: S104 (compared with, not bound)
_LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
_ANY: Final = "*"
# What proxies add: behind one, everybody seems to come from this machine.
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def allowed_hosts(settings: Settings) -> tuple[str, ...]:
    """Return the names by which the console of `settings` may be reached; `*` is any."""
    if settings.allowed_hosts:
        return settings.allowed_hosts
    if settings.render_hostname is not None:
        return (*_LOCAL_NAMES, settings.render_hostname)
    # Whoever opens the console to every address alone knows by which names it is reached.
    if settings.host in EVERY_ADDRESS:
        return (_ANY,)
    return tuple(dict.fromkeys((*_LOCAL_NAMES, settings.host)))


def host_is_allowed(host: str | None, allowed: Sequence[str]) -> bool:
    """Whether a request's `Host` is one of the names; `*.example.com` is all below that name."""
    name = name_of(host)
    return name is not None and any(_is(name, pattern) for pattern in allowed)


def name_of(host: str | None) -> str | None:
    """Return the name in a `Host` header, without its port; None where there is none in it."""
    try:
        parts = urlsplit(f"//{host or ''}")
        _ = parts.port
    except ValueError:
        return None
    if parts.netloc != host or "@" in parts.netloc or not parts.hostname:
        return None
    return parts.hostname.rstrip(".")


def is_of_this_machine(host: str) -> bool:
    """Whether a name or address leads to this machine alone."""
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_direct(headers: Container[str]) -> bool:
    """Whether a request came without a proxy, as far as its headers tell."""
    return not any(name in headers for name in _FORWARDED)


def is_own_origin(origin: str | None, host: str | None) -> bool:
    """Whether an `Origin` is this very host and port, or none is told.

    Browsers tell it where it matters: with forms, and with WebSockets.
    """
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc == (host or "")
    except ValueError:
        return False


def _is(name: str, pattern: str) -> bool:
    wanted = pattern.strip().lower().rstrip(".").removeprefix("[").removesuffix("]")
    if wanted.startswith("*."):
        return name.endswith(wanted[1:])
    return wanted in {_ANY, name}
