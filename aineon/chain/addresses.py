"""Known tokens, venues and contracts of each chain, by address.

Used for naming (what a recording or a log calls `0xa0b8…` is shown as USDC with 6 decimals), and
for finding pools and lenders on a chain. Nothing is guessed: an address that is not in the
chain's file, where each entry names its source, stays an address and its decimals stay unknown.

`mainnet.json` is such a file. A chain of one's own has another one, in the same form:
`chain_id`, `name`, `native_token` and `tokens` must be there, all else may be left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import combinations
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aineon.errors import ConfigurationError, InvalidValue, UnknownToken
from aineon.primitives import Address, Token, Transfers, parse_address

MAINNET_CHAIN_ID = 1
_FILES = {MAINNET_CHAIN_ID: "mainnet.json"}
_LIDO_DECIMALS = 18
_POOL_ID = re.compile(r"0[xX][0-9a-fA-F]{64}")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class KnownVenue:
    """A protocol's deployment.

    Attributes:
        factory: the contract that created its pools; None where not known.
        init_code_hash: 0x-hex, for computing a pool's CREATE2 address; None where not known.
        fee_pips: the fee of every pool, in millionths; None where pools differ.
        fee_tiers: of a venue with concentrated liquidity, the fees under which its factory may
            have pools; empty for the others.
    """

    name: str
    factory: Address | None
    init_code_hash: str | None
    fee_pips: int | None
    fee_tiers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownVault:
    """Balancer's Vault on this chain.

    Attributes:
        factories: those whose pools can be quoted, each with the kind of pool it makes: a
            member of `aineon.chain.snapshot.VaultPoolKind`.
        pool_ids: of pools known from elsewhere.
        listed_until: the block up to which `pool_ids` is complete; registrations are looked for
            in the blocks after it.
    """

    address: Address
    factories: Mapping[Address, str]
    pool_ids: tuple[str, ...]
    listed_until: int


@dataclass(frozen=True, slots=True)
class KnownCurvePool:
    """A Curve pool that is known by its address, because Curve's generations tell too little.

    Attributes:
        coins: how many it has.
        template: of a stable pool, a name in `aineon.amm.TEMPLATES`; None for a crypto pool.
        contract: of a crypto pool, the name of a `CryptoSwapContract`; None for a stable pool.
        A_precision: by how much a stable pool's `A_precise()` is larger than its `A()`.
        lp_token: None where it is not known, or the pool itself.
        base_pool: of a metapool.
    """

    name: str
    address: Address
    coins: int
    template: str | None
    contract: str | None
    A_precision: int
    lp_token: Address | None
    base_pool: Address | None


@dataclass(frozen=True, slots=True)
class KnownLido:
    """Lido's two tokens on this chain: stETH, which moves in shares, and wstETH."""

    steth: Token
    wsteth: Token


@dataclass(frozen=True, slots=True)
class ChainAddresses:
    """What is known by address on one chain.

    Attributes:
        genesis_hash: of block 0, which tells chains of one id apart; None where not known.
        discovery_tokens: those among which pools are looked for where no others are named.
        balancer, lido, aave_pool: None where the chain has none.
    """

    chain_id: int
    name: str
    native_token: Token
    tokens: Mapping[Address, Token]
    venues: Mapping[str, KnownVenue]
    contracts: Mapping[str, Address]
    genesis_hash: str | None = None
    discovery_tokens: tuple[Token, ...] = ()
    balancer: KnownVault | None = None
    curve: tuple[KnownCurvePool, ...] = ()
    lido: KnownLido | None = None
    aave_pool: Address | None = None

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> ChainAddresses:
        """Read the addresses of a chain of one's own.

        Raises:
            ConfigurationError: the file cannot be read, or is not in the form of `mainnet.json`.
        """
        try:
            text = Path(path).read_text("utf-8")
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"addresses {path} cannot be read: {error}") from error
        return cls.from_json(text, str(path))

    @classmethod
    def from_json(cls, text: str, place: str) -> ChainAddresses:
        """Read them from text; `place` says in errors where it comes from.

        Raises:
            ConfigurationError: it is not in the form of `mainnet.json`.
        """
        return _parsed(text, place)

    @property
    def pairs(self) -> tuple[tuple[Token, Token], ...]:
        """All pairs of the discovery tokens, each ordered by address as on chain."""
        return tuple(combinations(sorted(self.discovery_tokens), 2))

    @property
    def multicall(self) -> Address | None:
        """Multicall3; None where the chain has none."""
        return self.contracts.get("Multicall3")

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


def parse_pool_id(text: str) -> str:
    """Return the canonical 32-byte id of a pool in Balancer's Vault.

    Raises:
        InvalidValue: `text` is not `0x` followed by 64 hexadecimal digits.
    """
    if not isinstance(text, str) or not _POOL_ID.fullmatch(text):
        raise InvalidValue(f"pool id {text!r} is not 0x followed by 64 hexadecimal digits")
    return text.lower()


@cache
def chain(chain_id: int) -> ChainAddresses:
    """Return the known addresses of a chain; read once.

    Raises:
        ConfigurationError: nothing is known of that chain; `ChainAddresses.from_file` takes a
            file of one's own.
    """
    file = _FILES.get(chain_id)
    if file is None:
        known = ", ".join(map(str, _FILES))
        raise ConfigurationError(
            f"no addresses are known on chain {chain_id}; known are those of chain {known}, "
            "others need a file"
        )
    return _parsed(files("aineon.chain").joinpath(file).read_text("utf-8"), file)


def mainnet() -> ChainAddresses:
    """Return the known addresses of Ethereum mainnet; read once."""
    return chain(MAINNET_CHAIN_ID)


def _parsed(text: str, place: str) -> ChainAddresses:
    try:
        return _chain(json.loads(text))
    except KeyError as error:
        raise ConfigurationError(f"addresses {place} lack {error}") from error
    except (AttributeError, TypeError, UnknownToken, ValueError) as error:
        raise ConfigurationError(f"addresses {place} are malformed: {error}") from error


def _chain(data: Mapping[str, Any]) -> ChainAddresses:
    tokens = [_token(each) for each in data["tokens"]]
    by_symbol = {token.symbol: token for token in tokens}
    return ChainAddresses(
        chain_id=_whole("chain_id", data["chain_id"]),
        name=data["name"],
        native_token=_of_symbol(by_symbol, data["native_token"]),
        tokens=MappingProxyType({token.address: token for token in tokens}),
        venues=MappingProxyType({each["name"]: _venue(each) for each in data.get("venues", ())}),
        contracts=MappingProxyType(
            {each["name"]: parse_address(each["address"]) for each in data.get("contracts", ())}
        ),
        genesis_hash=data.get("genesis", _NOTHING).get("hash"),
        discovery_tokens=tuple(
            _of_symbol(by_symbol, symbol) for symbol in data.get("discovery_tokens", ())
        ),
        balancer=_vault(data["balancer"]) if "balancer" in data else None,
        curve=_curve_pools(data.get("curve", ())),
        lido=_lido(data["lido"]) if "lido" in data else None,
        aave_pool=parse_address(data["aave_v3"]["pool"]) if "aave_v3" in data else None,
    )


def _token(entry: Mapping[str, Any]) -> Token:
    transfers = Transfers(entry.get("transfers", Transfers.NOMINAL))
    return Token(entry["address"], entry["symbol"], entry["decimals"], transfers)


def _of_symbol(tokens: Mapping[str, Token], symbol: str) -> Token:
    if symbol not in tokens:
        raise UnknownToken(f"{symbol!r} is none of the tokens {', '.join(tokens)}")
    return tokens[symbol]


def _venue(entry: Mapping[str, Any]) -> KnownVenue:
    return KnownVenue(
        name=entry["name"],
        factory=_optional(entry, "factory"),
        init_code_hash=entry.get("init_code_hash"),
        fee_pips=entry["fee_pips"],
        fee_tiers=_wholes("fee_tiers", entry.get("fee_tiers", ())),
    )


def _vault(entry: Mapping[str, Any]) -> KnownVault:
    pools = entry.get("pools", _NOTHING)
    return KnownVault(
        address=parse_address(entry["vault"]["address"]),
        factories=MappingProxyType(
            {parse_address(each["address"]): each["kind"] for each in entry.get("factories", ())}
        ),
        pool_ids=tuple(parse_pool_id(each) for each in pools.get("ids", ())),
        listed_until=_whole("listed_until", pools.get("listed_until", 0)),
    )


def _curve_pool(entry: Mapping[str, Any]) -> KnownCurvePool:
    template, contract = entry.get("template"), entry.get("contract")
    if (template is None) == (contract is None):
        raise ValueError(f"the Curve pool {entry['name']!r} needs a template or a contract")
    return KnownCurvePool(
        name=entry["name"],
        address=parse_address(entry["address"]),
        coins=_whole("coins", entry["coins"]),
        template=template,
        contract=contract,
        A_precision=_whole("A_precision", entry.get("A_precision", 1)),
        lp_token=_optional(entry, "lp_token"),
        base_pool=_optional(entry, "base_pool"),
    )


def _curve_pools(entries: Sequence[Mapping[str, Any]]) -> tuple[KnownCurvePool, ...]:
    pools = tuple(map(_curve_pool, entries))
    known = {pool.address for pool in pools}
    for pool in pools:
        if pool.base_pool is not None and pool.base_pool not in known:
            raise ValueError(f"the base pool {pool.base_pool} of {pool.name!r} is not listed")
    return pools


def _lido(entry: Mapping[str, Any]) -> KnownLido:
    return KnownLido(
        steth=Token(entry["steth"], "stETH", _LIDO_DECIMALS, Transfers.SHARES),
        wsteth=Token(entry["wsteth"], "wstETH", _LIDO_DECIMALS),
    )


def _optional(entry: Mapping[str, Any], name: str) -> Address | None:
    address = entry.get(name)
    return None if address is None else parse_address(address)


def _whole(name: str, value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{name} is {value!r}, not an int from 0 on")
    return value


def _wholes(name: str, values: Sequence[object]) -> tuple[int, ...]:
    return tuple(_whole(name, value) for value in values)
