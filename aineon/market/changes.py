"""What the events of an update change, before any of it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from aineon.amm import Pool, StableSwapPool
from aineon.errors import InvalidValue, MarketError, PoolError, UnknownPool
from aineon.market.events import CoinsExchanged, MarketEvent, PoolAppeared
from aineon.market.followers import Followers, at_time, base_of, expires, with_base
from aineon.market.transitions import TRANSITIONS, Lost, checked_pool
from aineon.primitives import Address, parse_address

# Asked once an event: a plain dictionary answers in half the time of its read-only view.
_transition_of = dict(TRANSITIONS).get
_BASE_LOST = Lost("the state of its base pool is not known")


class Changes(NamedTuple):
    """What an update really changes.

    Attributes:
        moved: the pools in their new states, where no pool came, went or appeared anew.
        anew: all that changed, where one did.
    """

    moved: Mapping[Address, Pool]
    anew: Mapping[Address, Pool | Lost]

    @property
    def addresses(self) -> frozenset[Address]:
        """The pools that changed."""
        return frozenset(self.anew or self.moved)


def changes_of(
    pools: Mapping[Address, Pool],
    followers: Followers,
    events: Iterable[MarketEvent],
    timestamp: int | None,
) -> Changes:
    """Return what `events`, one after the other, really change in a block of that time.

    Raises:
        UnknownPool, MarketError, PoolError: as `Market.apply`.
    """
    changing = _Changing(pools, followers, timestamp)
    if followers.cached:
        changing.let_caches_expire()
    changing.take(events)
    return changing.changes()


class _Changing:
    """The pools that were touched so far; `base_pools` are those inside metapools alone."""

    def __init__(
        self, pools: Mapping[Address, Pool], followers: Followers, timestamp: int | None
    ) -> None:
        self._pools = pools
        self._followers = followers
        self._timestamp = timestamp
        self._touched: dict[Address, Pool | Lost] = {}
        self._anew: set[Address] = set()
        self._base_pools: dict[Address, Pool | Lost] = {}

    def let_caches_expire(self) -> None:
        if self._timestamp is None:
            return
        for address in self._followers.cached:
            pool = self._pools[address]
            if expires(pool, self._timestamp):
                self._touched[address] = at_time(pool, self._timestamp)

    def take(self, events: Iterable[MarketEvent]) -> None:
        pools, touched, of_base = self._pools, self._touched, self._followers.of_base
        for event in events:
            kind = type(event)
            if kind is PoolAppeared:
                self._appear(event)
                of_base = self._followers.of_base
                continue
            transition = _transition_of(kind)
            if transition is None:
                raise MarketError(f"an event is {event!r}; allowed are the events of a market")
            # Most events spell the address as the market does, and then it needs no parsing.
            address = event.address
            pool: Pool | Lost | None = None
            if type(address) is str:
                pool = touched.get(address) or pools.get(address)
            if pool is None:
                address = _address_of(event)
                pool = touched.get(address) or pools.get(address)
            if pool is None:
                pool = self._base_pool(address, event)
            # By identity of the type: asked twice an event, `isinstance` is a percent of it all.
            if type(pool) is Lost:
                # Whatever else happens to a pool whose state is lost does not bring it back.
                continue
            if kind is CoinsExchanged:
                pool = at_time(pool, self._timestamp)
            after = transition(pool, event)
            if type(after) is Lost or address in of_base:
                self._put(address, after)
            else:
                touched[address] = after

    def changes(self) -> Changes:
        pools = self._pools
        if not self._anew:
            # No event but these gives a pool other tokens, so the topology stays.
            # Asked by `==`: Python answers `!=` by a detour over it, half as long again.
            touched = self._touched.items()
            moved = {a: new for a, new in touched if not ((old := pools[a]) is new or old == new)}
            return Changes(moved, {})  # type: ignore[arg-type]
        anew: dict[Address, Pool | Lost] = {}
        for address, after in self._touched.items():
            before = pools.get(address)
            if before is not None if isinstance(after, Lost) else before != after:
                anew[address] = after
        return Changes({}, anew)

    def _appear(self, event: MarketEvent) -> None:
        assert isinstance(event, PoolAppeared)
        pool = checked_pool(event.pool)
        address = _address_of(event)
        self._anew.add(address)
        if base_of(pool) is not None:
            self._followers = self._followers.changed((address,), (pool,))
        self._put(address, pool)

    def _put(self, address: Address, after: Pool | Lost) -> None:
        if address in self._base_pools:
            self._base_pools[address] = after
        else:
            self._touched[address] = after
            if isinstance(after, Lost):
                self._anew.add(address)
        if address in self._followers.of_base:
            for follower in self._followers.of_base[address]:
                self._follow(follower, after)

    def _follow(self, address: Address, base: Pool | Lost) -> None:
        """Put a metapool over its base pool as that is now."""
        pool = self._touched.get(address) or self._pools.get(address)
        if pool is None or isinstance(pool, Lost):
            return
        after: Pool | Lost = _BASE_LOST
        if isinstance(base, StableSwapPool):
            try:
                after = with_base(pool, base)
            except PoolError as error:
                after = Lost(f"over its base pool as it is now it cannot be quoted: {error}")
        self._put(address, after)

    def _base_pool(self, address: Address, event: MarketEvent) -> Pool | Lost:
        """Return a pool that the market knows as the base pool of others alone."""
        if address not in self._base_pools:
            for follower in self._followers.of_base.get(address, ()):
                metapool = self._touched.get(follower) or self._pools.get(follower)
                base = None if metapool is None or isinstance(metapool, Lost) else base_of(metapool)
                self._base_pools[address] = _BASE_LOST if base is None else base
        if address not in self._base_pools:
            raise UnknownPool(
                f"{type(event).__name__} names pool {address}, which the market does not hold"
            )
        return self._base_pools[address]


def _address_of(event: MarketEvent) -> Address:
    try:
        return parse_address(event.address)
    except InvalidValue as error:
        raise UnknownPool(f"{type(event).__name__} names no pool: {error}") from error
