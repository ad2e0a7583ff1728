"""Pools whose state follows more than their own logs: metapools, and pools with a clock.

A Curve metapool swaps by the virtual price of its base pool, read anew or, by some contracts,
cached for ten minutes. The contracts of CryptoSwap pools weigh the seconds since their last
swap. Both would be quoted wrongly if nobody told them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from aineon.amm import CryptoSwapPool, Pool, StableSwapPool, UnderlyingPool
from aineon.amm.stableswap.state import BASE_CACHE_EXPIRES
from aineon.errors import SharedBasePool
from aineon.primitives import Address


@dataclass(frozen=True, slots=True)
class Followers:
    """Which pools of a market follow which base pool, and which have a cache that expires."""

    of_base: Mapping[Address, tuple[Address, ...]]
    cached: frozenset[Address]

    @classmethod
    def among(cls, pools: Iterable[Pool]) -> Followers:
        """Return the followers among all pools of a market."""
        return cls(MappingProxyType({}), frozenset()).changed((), pools)

    def changed(self, gone: Iterable[Address], come: Iterable[Pool]) -> Followers:
        """Return the followers without some pools and with others."""
        metapools = [pool for pool in come if base_of(pool) is not None]
        left = {*gone, *(pool.address for pool in metapools)}
        known = (address for each in self.of_base.values() for address in each)
        if not metapools and left.isdisjoint(known):
            return self
        of_base = {
            base: kept
            for base, each in self.of_base.items()
            if (kept := tuple(address for address in each if address not in left))
        }
        for pool in metapools:
            base = base_of(pool)
            assert base is not None
            of_base[base.address] = (*of_base.get(base.address, ()), pool.address)
        cached = (self.cached - left).union(
            pool.address for pool in metapools if _expiry(pool) is not None
        )
        return Followers(MappingProxyType(of_base), cached)


class Watched(Container[Address]):
    """The addresses whose logs concern a market: its pools, and base pools inside of them."""

    __slots__ = ("_bases", "_pools")

    def __init__(self, pools: Container[Address], bases: Container[Address]) -> None:
        self._pools = pools
        self._bases = bases

    def __contains__(self, address: object) -> bool:
        return address in self._pools or address in self._bases


def base_of(pool: Pool) -> StableSwapPool | None:
    """The base pool inside a metapool; None where the pool is none."""
    base = pool.base_pool if isinstance(pool, StableSwapPool | UnderlyingPool) else None
    return base if isinstance(base, StableSwapPool) else None


def with_base(pool: Pool, base: StableSwapPool) -> Pool:
    """Return a metapool over its base pool in another state."""
    if isinstance(pool, UnderlyingPool):
        return UnderlyingPool(pool.metapool.with_base_pool(base))
    assert isinstance(pool, StableSwapPool)
    return pool.with_base_pool(base)


def check_apart(pools: Mapping[Address, Pool], followers: Followers) -> None:
    """Raise SharedBasePool unless each UnderlyingPool has its base pool for itself.

    Its swaps move the base pool, which a route tells from other pools by the address alone. Two
    hops that move one state would each be quoted as if the other did not happen.
    """
    for base, each in followers.of_base.items():
        holders = (*each, base) if base in pools else each
        through = next((a for a in each if isinstance(pools[a], UnderlyingPool)), None)
        if through is not None and len(holders) > 1:
            other = next(address for address in holders if address != through)
            raise SharedBasePool(
                f"pool {through} swaps through its base pool {base}, on which pool {other} of the "
                "market depends as well; allowed beside it is the metapool itself"
            )


def in_step(
    changes: Mapping[Address, Pool], pools: Mapping[Address, Pool], followers: Followers
) -> dict[Address, Pool]:
    """Return `changes` with each metapool they concern over its base pool as it will be.

    Raises:
        PoolError: a metapool cannot be quoted over its base pool as it will be.
    """
    all_changes = dict(changes)
    for address, each in followers.of_base.items():
        base = changes.get(address) or pools.get(address)
        concerned = each if address in changes else tuple(a for a in each if a in changes)
        if isinstance(base, StableSwapPool):
            for follower in concerned:
                pool = changes.get(follower) or pools[follower]
                if base_of(pool) != base:
                    all_changes[follower] = with_base(pool, base)
    return all_changes


def at_time(pool: Pool, timestamp: int | None) -> Pool:
    """Return a pool as its contract sees it in a block of that time, where that matters to it."""
    if timestamp is None:
        return pool
    if isinstance(pool, UnderlyingPool):
        metapool = at_time(pool.metapool, timestamp)
        assert isinstance(metapool, StableSwapPool)
        return pool if metapool is pool.metapool else UnderlyingPool(metapool)
    if isinstance(pool, StableSwapPool) and pool.block_timestamp not in (None, timestamp):
        return pool.with_timestamp(timestamp)
    if isinstance(pool, CryptoSwapPool) and pool.repeg is not None and pool.D is not None:
        repeg = replace(pool.repeg, timestamp=timestamp)
        if repeg != pool.repeg:
            return pool.with_state(pool.balances, pool.D, pool.price_scale, repeg)
    return pool


def expires(pool: Pool, timestamp: int) -> bool:
    """Whether a metapool's cached price counts for it as it is, and no more at `timestamp`."""
    expiry = _expiry(pool)
    if expiry is None:
        return False
    until, now = expiry
    return now <= until < timestamp


def _expiry(pool: Pool) -> tuple[int, int] | None:
    """Until when the cached price of a metapool counts, and what time it takes it for."""
    metapool = pool.metapool if isinstance(pool, UnderlyingPool) else pool
    assert isinstance(metapool, StableSwapPool)
    if metapool.base_cache_updated is None or metapool.block_timestamp is None:
        return None
    return metapool.base_cache_updated + BASE_CACHE_EXPIRES, metapool.block_timestamp
