"""What a request says of itself: how it came, which cookies it brings, where it wants to go."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

from aineon.runtime.hosts import is_own_origin

SESSION: Final = "aineon-session"
FORM: Final = "aineon-form"
DEVICE: Final = "aineon-device"
HOME: Final = "/"
SESSION_HEADER: Final = "x-aineon-session"
"""Names the session to the pages; it opens none."""
_HOST_PREFIX: Final = "__Host-"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{16,200}")
_NOT_PASSED_ON: Final = frozenset({b"cookie", SESSION_HEADER.encode()})
_LONGEST_TARGET: Final = 1000
_KEPT_AS_THEY_ARE: Final = "/?#&=%+:,;@!$'()*~[]"


class Incoming:
    """One HTTP request or WebSocket handshake, as far as the gate cares.

    Attributes:
        path: what it asks for, decoded.
        headers: what it says.
        is_secure: whether the browser came by TLS, as this server or the proxy before it says.
    """

    def __init__(self, scope: Scope) -> None:
        self.path: str = scope["path"]
        self.headers = Headers(scope=scope)
        told = self.headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
        self.is_secure = scope["scheme"] in {"https", "wss"} or told == "https"
        self._query: bytes = scope.get("query_string", b"")
        self._peer: str = (scope.get("client") or ("", 0))[0]

    def cookie(self, name: str) -> str | None:
        """Return the token in a cookie of ours; None where there is none that could be one.

        By TLS the prefixed name alone counts, which no sibling of the host's name can set.
        """
        found = cookie_parser("; ".join(self.headers.getlist("cookie"))).get(
            cookie_name(name, self.is_secure), ""
        )
        return found if _TOKEN.fullmatch(found) else None

    @property
    def source(self) -> str:
        """The network address that a try counts for.

        What a proxy says counts where the peer may be one, which is on this machine or in a
        private network; its own word is the last one of the list.
        """
        peer = self._peer
        told = self.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        return told if told and _is_near(peer) else peer

    @property
    def is_page_visit(self) -> bool:
        """Whether a person is to see the answer, as far as the browser tells."""
        mode = self.headers.get("sec-fetch-mode")
        if mode is not None:
            return mode == "navigate"
        return "text/html" in self.headers.get("accept", "")

    @property
    def came_from_elsewhere(self) -> bool:
        """Whether another site led here; then a browser holds strict cookies back."""
        return self.headers.get("sec-fetch-site") == "cross-site"

    @property
    def is_of_this_site(self) -> bool:
        """Whether a form that arrives was sent by a page of this site, as far as is told."""
        site = self.headers.get("sec-fetch-site")
        return site in {None, "same-origin"} and self.has_own_origin

    @property
    def has_own_origin(self) -> bool:
        """Whether the origin is this host, or none is told; browsers tell it where it matters."""
        return is_own_origin(self.headers.get("origin"), self.headers.get("host"))

    @property
    def target(self) -> str:
        """Where to go on after a sign-in."""
        query = self._query.decode("latin-1")
        return safe_target(f"{self.path}?{query}" if query else self.path)


def cookie_name(name: str, is_secure: bool) -> str:
    """Return what a cookie is called: by TLS with the prefix that binds it to its host."""
    return f"{_HOST_PREFIX}{name}" if is_secure else name


def sign_in_path(target: str) -> str:
    """Return where to sign in, to go on to `target` afterwards."""
    return "/sign-in" if target == HOME else f"/sign-in?next={quote(target, safe='')}"


def without_own(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return a request's headers as what stands behind may have them.

    The gate's own cookies stay here; and nobody but the gate names a session.
    """
    passed = [(name, value) for name, value in headers if name.lower() not in _NOT_PASSED_ON]
    cookies = [
        part
        for name, value in headers
        if name.lower() == b"cookie"
        for part in value.split(b";")
        if part.strip() and not _is_ours(part)
    ]
    if cookies:
        passed.append((b"cookie", b";".join(cookies).strip()))
    return passed


def _is_ours(cookie: bytes) -> bool:
    name = cookie.partition(b"=")[0].strip().decode("latin-1").removeprefix(_HOST_PREFIX)
    return name in {SESSION, FORM, DEVICE}


def _is_near(peer: str) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return address.is_loopback or address.is_private


def safe_target(text: str) -> str:
    """Return `text` where it is a place on this site, and else the first page.

    A browser reads a backslash as a slash, and leaves out tabs and line ends: with those, or
    with two slashes at the start, it would go elsewhere.
    """
    if not text.startswith("/") or len(text) > _LONGEST_TARGET:
        return HOME
    if text[1:2] in {"/", "\\"} or not text.isprintable() or "\\" in text:
        return HOME
    try:
        parts = urlsplit(text)
    except ValueError:
        return HOME
    if parts.scheme or parts.netloc:
        return HOME
    return quote(text, safe=_KEPT_AS_THEY_ARE)
