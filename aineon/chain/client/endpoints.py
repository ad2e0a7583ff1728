"""Where nodes are reached. An URL is a secret: providers put the key into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import SplitResult, quote, urlsplit

from aineon.errors import InvalidValue

SCHEMES = ("https", "http", "wss", "ws")

_ALCHEMY = "https://eth-mainnet.g.alchemy.com/v2/"
_INFURA = "https://mainnet.infura.io/v3/"


class ChainIdentity(Protocol):
    """What tells one chain from all others; `aineon.chain.addresses.ChainAddresses` is one.

    A genesis hash of None is not compared: a chain made for a test has a new one each time.
    """

    @property
    def chain_id(self) -> int: ...
    @property
    def genesis_hash(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A node's address under a name that may be shown.

    Attributes:
        name: what messages call it: `alchemy`, `infura`, `node-1`.
        url: with http, https, ws or wss; never part of a message, a log line or a repr.

    Raises:
        InvalidValue: the URL is of another kind; the message does not repeat it.
    """

    name: str
    url: str = field(repr=False)

    def __post_init__(self) -> None:
        parts = _split(self.url)
        if parts is None or parts.scheme not in SCHEMES or not parts.hostname:
            raise InvalidValue(
                f"the address of node {self.name!r} is no URL with a host that begins with one of "
                + ", ".join(f"{scheme}://" for scheme in SCHEMES)
            )

    @property
    def is_socket(self) -> bool:
        """Whether it is a WebSocket, so that new heads can be subscribed to."""
        return urlsplit(self.url).scheme in {"ws", "wss"}


def endpoints_from(
    alchemy_key: str | None = None,
    infura_key: str | None = None,
    rpc_urls: Sequence[str] = (),
) -> tuple[Endpoint, ...]:
    """Return the nodes of Ethereum mainnet that some keys and addresses reach.

    The order is the order of preference: one's own addresses, Alchemy, Infura.

    Raises:
        InvalidValue: an address is no http, https, ws or wss URL, or a key is no single word.
    """
    found = [Endpoint(f"node-{place}", url) for place, url in enumerate(rpc_urls, 1)]
    for name, base, key in (("alchemy", _ALCHEMY, alchemy_key), ("infura", _INFURA, infura_key)):
        if key:
            if not key.isprintable() or any(letter in key for letter in " /?#"):
                raise InvalidValue(f"the key of {name} is not a single word without / ? and #")
            found.append(Endpoint(name, base + quote(key, safe="")))
    return tuple(found)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is what checks it
    except (ValueError, TypeError, AttributeError):
        return None
    return parts if url.isprintable() and " " not in url else None
