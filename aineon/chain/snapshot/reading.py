"""Reading the whole state of pools at one block."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from aineon.amm import Pool, StableSwapPool
from aineon.chain.reader import BlockRef, ChainReader
from aineon.chain.snapshot.concentrated import read_concentrated
from aineon.chain.snapshot.curve import read_curve_pools
from aineon.chain.snapshot.outcome import Outcomes, Refusal
from aineon.chain.snapshot.pairs import read_pairs
from aineon.chain.snapshot.pinned import PinnedChain, Progress, together
from aineon.chain.snapshot.seeds import (
    ConcentratedSeed,
    CryptoSwapSeed,
    EtherWrapperSeed,
    PairSeed,
    PoolSeed,
    StableSwapSeed,
    StakedEtherWrapperSeed,
    VaultSeed,
    changes_unlogged,
)
from aineon.chain.snapshot.vault import read_vault_pools
from aineon.chain.snapshot.wrappers import read_ether, read_staked_ether
from aineon.market.events import PoolAppeared, PoolVanished
from aineon.primitives import Address, Block


@dataclass(frozen=True, slots=True)
class PoolsAtBlock:
    """Pools as they stand at one block.

    Attributes:
        pools: those that can be quoted, in the order they were asked for.
        refused: of the others, a sentence why not; no pool is left out of both.
        block: the block, with its hash.
    """

    pools: tuple[Pool, ...]
    refused: Mapping[Address, str]
    block: Block


async def read_pools(
    reader: ChainReader,
    seeds: Sequence[PoolSeed],
    block: BlockRef = "latest",
    *,
    progress: Progress | None = None,
) -> PoolsAtBlock:
    """Return the whole state of pools at one block, every read pinned to the block's hash.

    Args:
        reader: the chain.
        seeds: what `discover` found.
        block: by height, hash or tag; a tag is looked up once.
        progress: told how far each kind of reads has come.

    Raises:
        UnknownBlock: there is no such block.
        ChainError: the chain cannot be read.
    """
    chain = await PinnedChain.at(reader, block, progress)
    outcomes: Outcomes = {}
    for part in await together(_jobs(chain, seeds)):
        outcomes |= part
    found = [outcomes[seed.address] for seed in seeds]
    return PoolsAtBlock(
        pools=tuple(each for each in found if not isinstance(each, Refusal)),
        refused=MappingProxyType(
            {
                seed.address: each.reason
                for seed, each in zip(seeds, found, strict=True)
                if isinstance(each, Refusal)
            }
        ),
        block=chain.block,
    )


async def refresh_unlogged(
    reader: ChainReader,
    seeds: Sequence[PoolSeed],
    pools: Mapping[Address, Pool],
    block: BlockRef,
) -> tuple[PoolAppeared | PoolVanished, ...]:
    """Return what changed of pools without any log of theirs, as events for the market.

    Token rates, amplifications that ramp, Lido's share rate and the like are read anew; see
    `changes_unlogged`. Ask at every block, after its logs have been applied: what `pools` holds
    is compared with what the chain says, so pools that nothing happened to give no event.

    Args:
        reader: the chain.
        seeds: of all pools; those that tell all by their logs are left alone.
        pools: as they stand by the logs up to `block`.
        block: the block, best by its hash.

    Raises:
        UnknownBlock: there is no such block.
        ChainError: the chain cannot be read.
    """
    asked = [seed for seed in seeds if changes_unlogged(seed)]
    if not asked:
        return ()
    return differences(await read_pools(reader, asked, block), pools)


def differences(
    read: PoolsAtBlock, pools: Mapping[Address, Pool]
) -> tuple[PoolAppeared | PoolVanished, ...]:
    """Return what makes `pools` into what was read, as events for the market.

    Pools that were not read are left alone.
    """
    appeared = [
        PoolAppeared(pool) for pool in read.pools if not _is_same(pools.get(pool.address), pool)
    ]
    vanished = [
        PoolVanished(address, reason)
        for address, reason in read.refused.items()
        if address in pools
    ]
    return (*appeared, *vanished)


def _is_same(known: Pool | None, read: Pool) -> bool:
    if isinstance(known, StableSwapPool) and isinstance(read, StableSwapPool):
        now = read.block_timestamp
        if now is not None and known.base_pool is not None:
            # That time has passed is no news; the market lets caches expire by itself.
            known = known.with_timestamp(now)
    return known == read


_READERS: tuple[tuple[Any, Callable[[PinnedChain, Any], Coroutine[Any, Any, Outcomes]]], ...] = (
    (PairSeed, read_pairs),
    (ConcentratedSeed, read_concentrated),
    (VaultSeed, read_vault_pools),
    (StableSwapSeed | CryptoSwapSeed, read_curve_pools),
    (StakedEtherWrapperSeed, read_staked_ether),
    (EtherWrapperSeed, read_ether),
)


def _jobs(chain: PinnedChain, seeds: Sequence[PoolSeed]) -> Iterable[Coroutine[Any, Any, Outcomes]]:
    for kind, read in _READERS:
        chosen = [seed for seed in seeds if isinstance(seed, kind)]
        if chosen:
            yield read(chain, chosen)
