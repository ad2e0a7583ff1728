"""Masks what is secret in an URL, by value, wherever a node's text repeats it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

MASK = "********"

_SHORTEST_SECRET = 4
# Parts of public addresses: to mask these would only make messages hard to read.
_PLAIN = frozenset(
    {"http", "https", "wss", "rpc", "api", "eth", "ethereum", "mainnet", "main", "test"}
    | {"node", "json", "jsonrpc", "public", "localhost"}
)


class Redaction:
    """Replaces every form of the secrets in some URLs. Upper and lower case are the same."""

    def __init__(self, urls: Iterable[str]) -> None:
        secrets = {form for url in urls for part in _parts(url) for form in _forms(part)}
        # The longest first, so that a whole URL goes before the key in it.
        known = sorted(filter(_is_secret, secrets), key=len, reverse=True)
        self._pattern = (
            re.compile("|".join(map(re.escape, known)), re.IGNORECASE) if known else None
        )

    def text(self, text: str) -> str:
        """Return `text` with every secret masked."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def value(self, value: Any) -> Any:
        """Return `value` with the secrets in its texts masked, however deep they lie."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(part) for part in value]
        return value


def _parts(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    yield url
    yield url.removesuffix("/")
    yield parts.netloc
    # Some providers hand out a host name of one's own.
    if not _is_ip(parts.hostname or ""):
        yield parts.hostname or ""
    yield parts.path
    yield parts.path.strip("/")
    yield parts.query
    yield parts.fragment
    yield parts.username or ""
    yield parts.password or ""
    if parts.password is not None:
        pair = f"{unquote(parts.username or '')}:{unquote(parts.password)}"
        yield pair
        yield b64encode(pair.encode()).decode()
    for piece in re.split(r"[/&;]", f"{parts.path}&{parts.query}"):
        yield piece
        yield piece.partition("=")[2]


def _forms(part: str) -> Iterator[str]:
    plain = unquote(part)
    yield part
    yield plain
    yield quote(plain, safe="")
    yield quote_plus(plain)
    yield quote(part, safe="")


def _is_secret(text: str) -> bool:
    return len(text) >= _SHORTEST_SECRET and text.lower() not in _PLAIN


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
