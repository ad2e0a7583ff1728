"""The first line of a recording: what it is and where its figures come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aineon.errors import InvalidRecording
from aineon.feeds.base import Feed
from aineon.feeds.replay.fields import Field
from aineon.primitives import Provenance, Token, Transfers

FORMAT = "aineon-recording"
VERSION = 2
READ_VERSIONS = (1, 2)

# Play money stays play money however often it is played again; everything else that is
# replayed was true once, and is said to be replayed.
_KEPT = (Provenance.SIMULATED, Provenance.ESTIMATED)


@dataclass(frozen=True, slots=True)
class Header:
    """What a recording says about itself.

    Attributes:
        feed: name of the feed that was recorded (`sandbox`, `chain` …).
        source: where it came from, in words for people.
        provenance: of the figures at the time of recording.
        complete: see `Feed.complete`.
        chain_id: EIP-155 id; None for markets that are not a chain's.
    """

    feed: str
    source: str
    provenance: Provenance
    base_tokens: tuple[Token, ...]
    native_token: Token | None
    complete: bool
    chain_id: int | None = None

    @classmethod
    def of(cls, feed: Feed, source: str = "", chain_id: int | None = None) -> Header:
        """Return the header of a recording of `feed`."""
        return cls(
            feed=feed.name,
            source=source,
            provenance=feed.provenance,
            base_tokens=tuple(feed.base_tokens),
            native_token=feed.native_token,
            complete=feed.complete,
            chain_id=chain_id,
        )

    @property
    def replayed_provenance(self) -> Provenance:
        """What figures computed from a replay of this recording are labelled with."""
        return self.provenance if self.provenance in _KEPT else Provenance.REPLAYED


def encode_header(header: Header) -> dict[str, Any]:
    """Return the header as a JSON object."""
    native = header.native_token
    return {
        "format": FORMAT,
        "version": VERSION,
        "feed": header.feed,
        "source": header.source,
        "provenance": header.provenance.value,
        "complete": header.complete,
        "chain_id": header.chain_id,
        "base_tokens": [encode_token(token) for token in header.base_tokens],
        "native_token": None if native is None else encode_token(native),
    }


def decode_header(field: Field) -> Header:
    """Return the header that stands in `field`.

    Raises:
        InvalidRecording: another format or version, or a field that does not fit.
    """
    if field["format"].value != FORMAT:
        raise field["format"].refuse(repr(FORMAT))
    version = field["version"]
    if type(version.value) is not int or version.value not in READ_VERSIONS:
        known = " and ".join(map(str, READ_VERSIONS))
        raise version.refuse(f"version {known}, which this program reads")
    native = field.get("native_token")
    return Header(
        feed=field["feed"].text(),
        source=field["source"].text(),
        provenance=_provenance(field["provenance"]),
        base_tokens=tuple(decode_token(each) for each in field["base_tokens"]),
        native_token=None if native is None else decode_token(native),
        complete=field["complete"].flag(),
        chain_id=field.optional_integer("chain_id"),
    )


def encode_token(token: Token) -> dict[str, Any]:
    """Return a token as a JSON object."""
    encoded = {"address": token.address, "symbol": token.symbol, "decimals": token.decimals}
    if token.transfers is not Transfers.NOMINAL:
        encoded["transfers"] = token.transfers.value
    return encoded


def decode_token(field: Field) -> Token:
    """Return the token that stands in `field`."""
    address = field["address"].address()
    symbol = field["symbol"].text()
    decimals = field.optional_integer("decimals", 0, 255)
    token = Token(address, symbol, decimals, _transfers(field.get("transfers")))
    if token.symbol != symbol:
        raise field["symbol"].refuse("at most 16 of the characters A-Z a-z 0-9 . _ + $ -")
    return token


def _transfers(field: Field | None) -> Transfers:
    if field is None:
        return Transfers.NOMINAL
    try:
        return Transfers(field.text())
    except ValueError as error:
        raise field.refuse(f"one of {', '.join(Transfers)}") from error


def _provenance(field: Field) -> Provenance:
    try:
        return Provenance(field.text())
    except ValueError as error:
        allowed = ", ".join(Provenance)
        raise InvalidRecording(
            f"{field.file}: {field.place} is {field.value!r}, allowed is one of {allowed}"
        ) from error
