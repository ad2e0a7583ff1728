"""Known tokens, venues and contracts of Ethereum mainnet, by address.

Used for naming: what a recording or a log calls `0xa0b8…` is shown as USDC with 6 decimals.
Nothing is guessed: an address that is not in `mainnet.json`, where each entry names its source,
stays an address and its decimals stay unknown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from aineon.errors import UnknownToken
from aineon.primitives import Address, Token, parse_address

MAINNET_CHAIN_ID = 1


@dataclass(frozen=True, slots=True)
class KnownVenue:
    """A protocol's deployment.

    Attributes:
        factory: the contract that created its pools; None where not known.
        init_code_hash: 0x-hex, for computing a pool's CREATE2 address; None where not known.
        fee_pips: the fee of every pool, in millionths; None where pools differ.
    """

    name: str
    factory: Address | None
    init_code_hash: str | None
    fee_pips: int | None


@dataclass(frozen=True, slots=True)
class ChainAddresses:
    """What is known by address on one chain."""

    chain_id: int
    name: str
    native_token: Token
    tokens: Mapping[Address, Token]
    venues: Mapping[str, KnownVenue]
    contracts: Mapping[str, Address]

    def token(self, address: str) -> Token:
        """Return the known token, or one without symbol and decimals.

        Raises:
            ValueError: `address` is not an address.
        """
        canonical = parse_address(address)
        return self.tokens.get(canonical) or Token(canonical)

    def token_by_symbol(self, symbol: str) -> Token:
        """Return the known token called `symbol`.

        Raises:
            UnknownToken: no known token has that symbol.
        """
        for token in self.tokens.values():
            if token.symbol == symbol:
                return token
        known = ", ".join(token.symbol for token in self.tokens.values())
        raise UnknownToken(f"token {symbol!r} is not known on {self.name}; known are {known}")


@cache
def mainnet() -> ChainAddresses:
    """Return the known addresses of Ethereum mainnet; read once."""
    data = json.loads(files("aineon.chain").joinpath("mainnet.json").read_text("utf-8"))
    tokens = [Token(each["address"], each["symbol"], each["decimals"]) for each in data["tokens"]]
    native = next(token for token in tokens if token.symbol == data["native_token"])
    return ChainAddresses(
        chain_id=data["chain_id"],
        name=data["name"],
        native_token=native,
        tokens=MappingProxyType({token.address: token for token in tokens}),
        venues=MappingProxyType({each["name"]: _venue(each) for each in data["venues"]}),
        contracts=MappingProxyType(
            {each["name"]: parse_address(each["address"]) for each in data["contracts"]}
        ),
    )


def _venue(entry: Mapping[str, Any]) -> KnownVenue:
    factory = entry["factory"]
    return KnownVenue(
        name=entry["name"],
        factory=None if factory is None else parse_address(factory),
        init_code_hash=entry["init_code_hash"],
        fee_pips=entry["fee_pips"],
    )
