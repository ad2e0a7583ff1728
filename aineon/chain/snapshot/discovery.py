"""Finding the pools of a list of tokens, through the venues' own factories and vaults."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from itertools import combinations
from os import PathLike
from pathlib import Path
from typing import Any

from aineon.chain.addresses import ChainAddresses, KnownVault, KnownVenue
from aineon.chain.reader import BlockRef, ChainReader
from aineon.chain.snapshot.cache import Found, SeedCache
from aineon.chain.snapshot.concentrated import find_concentrated
from aineon.chain.snapshot.find_curve import find_curve
from aineon.chain.snapshot.find_vault import Registered, holding, registered_pools, vault_seeds
from aineon.chain.snapshot.pairs import find_pairs
from aineon.chain.snapshot.pinned import PinnedChain, Progress
from aineon.chain.snapshot.seeds import (
    CURVE_VENUE,
    VAULT_VENUE,
    EtherWrapperSeed,
    PoolSeed,
    StakedEtherWrapperSeed,
)
from aineon.errors import ConfigurationError
from aineon.primitives import ETHER, Address, Token

FRESH_FOR = 7_200
"""Blocks after which pools are looked for again: about a day."""


async def discover(
    reader: ChainReader,
    known: ChainAddresses,
    tokens: Sequence[Token] = (),
    *,
    venues: Collection[str] | None = None,
    block: BlockRef = "latest",
    folder: str | PathLike[str] | None = None,
    fresh_for: int = FRESH_FOR,
    progress: Progress | None = None,
) -> tuple[PoolSeed, ...]:
    """Return the pools of any two of the tokens on all venues, and the wrappers between them.

    Factories of Uniswap V2, V3 and their forks are asked for every pair (and every fee tier),
    Balancer's Vault for the pools it lists and has logged, Curve's pools are known by address.
    Whether a pool can be quoted shows when it is read.

    Args:
        reader: the chain.
        known: its addresses.
        tokens: any; where there are none, the chain's discovery tokens.
        venues: names of `known.venues`, `balancer_v2`, `curve`; None is all of them.
        block: where to look.
        folder: where what was found is kept; None keeps nothing.
        fresh_for: how many blocks a kept answer counts.
        progress: told how far each kind of reads has come.

    Raises:
        ConfigurationError: a venue is not known.
        UnknownBlock: there is no such block.
        ChainError: the chain cannot be read.
    """
    asked = tuple(sorted(set(tokens or known.discovery_tokens)))
    chosen = _checked_venues(known, venues)
    chain = await PinnedChain.at(reader, block, progress)
    cache = None if folder is None else await _cache(reader, Path(folder), known, asked, chosen)
    kept = None if cache is None else cache.load()
    if kept is not None and kept.block <= chain.block.number < kept.block + fresh_for:
        return kept.seeds
    search = _Search(reader, chain, known, asked)
    found = await search.run(chosen, kept)
    if cache is not None:
        cache.save(found)
    return found.seeds


class _Search:
    """One search of one block."""

    def __init__(
        self,
        reader: ChainReader,
        chain: PinnedChain,
        known: ChainAddresses,
        tokens: Sequence[Token],
    ) -> None:
        self._reader, self._chain, self._known = reader, chain, known
        self._pairs = list(combinations(tokens, 2))
        self._wanted = _with_unwrapped(known, tokens)

    async def run(self, venues: Collection[str], kept: Found | None) -> Found:
        seeds: list[PoolSeed] = []
        for venue in self._known.venues.values():
            if venue.name in venues:
                seeds += await self._of_factory(venue)
        registered = Registered((), 0)
        vault = self._known.balancer
        if VAULT_VENUE in venues and vault is not None:
            registered = await self._registered(vault, kept)
            pools = await holding(self._chain, vault, registered.pool_ids, self._wanted)
            seeds += await vault_seeds(self._chain, self._known, vault, pools)
        if CURVE_VENUE in venues:
            seeds += await find_curve(self._chain, self._known, self._wanted)
        seeds += _wrappers(self._known, seeds)
        return Found(self._chain.block.number, tuple(seeds), registered)

    async def _of_factory(self, venue: KnownVenue) -> Sequence[PoolSeed]:
        if venue.fee_tiers:
            return await find_concentrated(self._chain, venue, self._pairs)
        return await find_pairs(self._chain, venue, self._pairs)

    async def _registered(self, vault: KnownVault, kept: Found | None) -> Registered:
        earlier = Registered(vault.pool_ids, vault.listed_until)
        if kept is not None:
            earlier = kept.registered
        return await registered_pools(self._reader, self._chain, vault, self._wanted, earlier)


def _checked_venues(known: ChainAddresses, venues: Collection[str] | None) -> frozenset[str]:
    allowed = {*known.venues, VAULT_VENUE, CURVE_VENUE}
    unknown = sorted(set(venues or ()) - allowed)
    if unknown:
        raise ConfigurationError(
            f"venues {', '.join(unknown)} are not known on {known.name}; "
            f"allowed are {', '.join(sorted(allowed))}"
        )
    return frozenset(allowed if venues is None else venues)


def _with_unwrapped(known: ChainAddresses, tokens: Sequence[Token]) -> frozenset[Address]:
    """Return the tokens, and those that a wrapper makes of them and back."""
    wanted = {token.address for token in tokens}
    if known.native_token.address in wanted:
        wanted.add(ETHER.address)
    if known.lido is not None and known.lido.wsteth.address in wanted:
        wanted.add(known.lido.steth.address)
    return frozenset(wanted)


def _wrappers(known: ChainAddresses, seeds: Sequence[PoolSeed]) -> list[PoolSeed]:
    """Return the wrappers that lead to tokens which only some pools hold."""
    held = {token.address for seed in seeds for token in getattr(seed, "tokens", ())}
    wrappers: list[PoolSeed] = []
    if ETHER.address in held:
        wrappers.append(EtherWrapperSeed(known.native_token))
    lido = known.lido
    if lido is not None and lido.steth.address in held:
        wrappers.append(StakedEtherWrapperSeed(lido.steth, lido.wsteth))
    return wrappers


async def _cache(
    reader: ChainReader,
    folder: Path,
    known: ChainAddresses,
    tokens: Sequence[Token],
    venues: Collection[str],
) -> SeedCache:
    # Chains of one's own share their id and their addresses: the first block tells them apart.
    genesis = await reader.block(0)
    key: dict[str, Any] = {
        "chain_id": known.chain_id,
        "genesis": None if genesis is None else genesis.hash,
        "tokens": [token.address for token in tokens],
        "venues": {
            name: [venue.factory, venue.fee_tiers]
            for name, venue in sorted(known.venues.items())
            if name in venues
        },
        "others": sorted(set(venues) - set(known.venues)),
        "vault": None if known.balancer is None else _key_of(known.balancer),
        "curve": [[pool.address, pool.template, pool.contract] for pool in known.curve],
    }
    return SeedCache(folder, key)


def _key_of(vault: KnownVault) -> list[Any]:
    listed = hashlib.sha256("".join(vault.pool_ids).encode()).hexdigest()
    return [vault.address, vault.listed_until, listed, sorted(vault.factories.items())]
