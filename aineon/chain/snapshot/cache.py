"""What was found on a chain, kept on disk: it hardly changes, and takes long to find.

Only what never changes is kept, no states: those belong to one block.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Any

from aineon.chain.addresses import parse_pool_id
from aineon.chain.snapshot.find_vault import Registered
from aineon.chain.snapshot.seeds import (
    ConcentratedSeed,
    CryptoSwapSeed,
    EtherWrapperSeed,
    PairSeed,
    PoolSeed,
    StableSwapSeed,
    StakedEtherWrapperSeed,
    VaultPoolKind,
    VaultSeed,
)
from aineon.primitives import Token, Transfers

_FORMAT = 1
_logger = logging.getLogger(__name__)
_KINDS: Mapping[str, type[PoolSeed]] = {
    "pair": PairSeed,
    "concentrated": ConcentratedSeed,
    "vault": VaultSeed,
    "stableswap": StableSwapSeed,
    "cryptoswap": CryptoSwapSeed,
    "ether": EtherWrapperSeed,
    "staked_ether": StakedEtherWrapperSeed,
}
_NAMES: Mapping[type, str] = {kind: name for name, kind in _KINDS.items()}


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        block: the height at which it looked.
        registered: the pools in Balancer's Vault that it knew of.
    """

    block: int
    seeds: tuple[PoolSeed, ...]
    registered: Registered


class SeedCache:
    """One file in a folder, for one chain and one question.

    Args:
        folder: where it lies; made where it is missing.
        key: what the answer depends on: chain, genesis, tokens, addresses. Another key is
            another file, and a file that holds another key than its own is not believed.
    """

    def __init__(self, folder: Path, key: Mapping[str, Any]) -> None:
        self._key = json.loads(json.dumps(key))
        digest = hashlib.sha256(json.dumps(self._key, sort_keys=True).encode()).hexdigest()
        self._path = folder / f"pools-{key['chain_id']}-{digest[:16]}.json"

    def load(self) -> Found | None:
        """Return what was kept; None where nothing was, or nothing that can be believed."""
        try:
            data = json.loads(self._path.read_text("utf-8"))
            return self._found(data)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            _logger.warning("cache %s is not used and will be rewritten: %s", self._path, error)
            return None

    def _found(self, data: Mapping[str, Any]) -> Found:
        if data["format"] != _FORMAT or data["key"] != self._key:
            raise ValueError("it answers another question")
        return Found(
            block=int(data["block"]),
            seeds=tuple(_seed(each) for each in data["seeds"]),
            registered=Registered(tuple(map(parse_pool_id, data["pool_ids"])), int(data["until"])),
        )

    def save(self, found: Found) -> None:
        """Keep what was found; half a file is never left, and a full disk is no failure."""
        data = {
            "format": _FORMAT,
            "key": self._key,
            "block": found.block,
            "seeds": [_plain(seed) for seed in found.seeds],
            "pool_ids": found.registered.pool_ids,
            "until": found.registered.until,
        }
        unfinished = self._path.with_suffix(".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(json.dumps(data), "utf-8")
            unfinished.replace(self._path)
        except OSError as error:
            _logger.warning("cache %s cannot be written: %s", self._path, error)
        finally:
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Token):
        return {
            "address": value.address,
            "symbol": value.symbol,
            "decimals": value.decimals,
            "transfers": value.transfers.value,
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    name = _NAMES.get(type(value))
    if name is None:
        return value
    return {
        "pool": name,
        **{each.name: _plain(getattr(value, each.name)) for each in fields(value)},
    }


def _seed(data: Mapping[str, Any]) -> PoolSeed:
    kind = _KINDS[data["pool"]]
    content = {each.name: _value(each.name, data[each.name]) for each in fields(kind)}
    return kind(**content)


def _value(name: str, data: Any) -> Any:
    if name == "tokens":
        return tuple(_token(each) for each in data)
    if name in {"weth", "steth", "wsteth", "lp_token"} and isinstance(data, Mapping):
        return _token(data)
    if name == "kind" and data is not None:
        return VaultPoolKind(data)
    if name == "base_pool" and data is not None:
        return _seed(data)
    return tuple(data) if isinstance(data, list) else data


def _token(data: Mapping[str, Any]) -> Token:
    return Token(data["address"], data["symbol"], data["decimals"], Transfers(data["transfers"]))
