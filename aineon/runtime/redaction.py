"""Redaction by value: whatever text passes, the secrets we know do not.

Keys turn up where nobody put them, an RPC URL in an exception's text above all. Looking for
the values themselves catches that; looking for field names does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from aineon.runtime.parameter import MASK
from aineon.runtime.settings import PARAMETERS, Settings

_SHORTEST_SECRET = 6
_WITH_HOSTS = frozenset({"http", "https", "ws", "wss", "redis", "rediss", "postgres", "postgresql"})


class Redactor:
    """Replaces known secrets in text. Upper and lower case make no difference."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # The longest first, so that a whole URL goes before the key in it.
        known = sorted({s for s in secrets if len(s) >= _SHORTEST_SECRET}, key=len, reverse=True)
        self._pattern = (
            re.compile("|".join(map(re.escape, known)), re.IGNORECASE) if known else None
        )

    def text(self, text: str) -> str:
        """Return `text` with every secret masked."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def holds(self, text: str) -> bool:
        """Whether a secret is in `text`."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def value(self, value: Any) -> Any:
        """Return `value` with the secrets in its texts masked, however deep they lie."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.value(key): self.value(part) for key, part in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(part) for part in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.text(str(value))


def secrets_of(settings: Settings) -> Iterator[str]:
    """Yield the secret values in `settings`, and the secret parts of URLs on their own."""
    yield from _secrets(settings, [f for f, p in PARAMETERS.items() if p.secret])


def hidden_from_console(settings: Settings) -> Iterator[str]:
    """Yield those of the secret values that the console must not be handed."""
    yield from _secrets(settings, [f for f, p in PARAMETERS.items() if p.secret and not p.shared])


def _secrets(settings: Settings, fields: Iterable[str]) -> Iterator[str]:
    for field in fields:
        value = getattr(settings, field)
        for secret in value if isinstance(value, tuple) else (value,):
            if isinstance(secret, SecretStr):
                yield from _forms(secret.get_secret_value())


def _forms(secret: str) -> Iterator[str]:
    try:
        parts = urlsplit(secret)
    except ValueError:
        # A password that looks like a broken address; the message would show it.
        parts = urlsplit("")
    if parts.scheme == "sqlite":
        # A path: no secret is in it, and messages about the database must name it.
        return
    yield secret
    yield secret.removeprefix("0x")
    if parts.netloc and parts.scheme not in _WITH_HOSTS:
        # What stands where a host would is the key itself: `tgram://TOKEN/CHAT`.
        for part in (parts.username or "", parts.hostname or ""):
            yield from _url_parts(part)
    if parts.netloc:
        yield from _url_parts(parts.password or "")
        for part in [*parts.path.split("/"), *parts.query.split("&")]:
            yield from _url_parts(part.partition("=")[2] or part)


def _url_parts(part: str) -> Iterator[str]:
    # Short or plain words such as `mainnet` are part of many addresses, and no secrets.
    if len(part) >= _SHORTEST_SECRET and not part.isalpha():
        yield part
        yield unquote(part)
