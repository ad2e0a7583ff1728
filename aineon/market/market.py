"""Market: every known pool at one block."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

from aineon.amm import Pool
from aineon.errors import (
    BlockOutOfOrder,
    DuplicatePool,
    InvalidValue,
    MarketError,
    ReorgTooDeep,
    UnknownPool,
)
from aineon.market.changes import changes_of
from aineon.market.events import MarketUpdate
from aineon.market.followers import Followers, Watched, check_apart, in_step
from aineon.market.graph import TokenGraph
from aineon.market.registry import Registry
from aineon.market.state import NOTHING_LOST, MarketState
from aineon.market.transitions import checked_pool
from aineon.market.versions import VersionedMap
from aineon.primitives import Address, Block, Token, parse_address

REMEMBERED_BLOCKS = 64
"""How many blocks a market can be rewound by; a mainnet reorg deeper than 2 is news."""


class Market:
    """The pools at one block: apply what happens, rewind what a reorg undid.

    Pools are frozen values, so reading needs no copy and no lock: what `pools` returned stays
    as it was when the market moves on. A block costs what it changes, however many pools there
    are; pools that come or go cost a copy of the market's dictionary.

    Args:
        pools: the pools known from the beginning.
        block: the block whose states they are, where known.

    Raises:
        DuplicatePool: two pools have one address.
        SharedBasePool: an UnderlyingPool is beside its base pool, or another pool over that.
        MarketError: the pools or the block are something else.
    """

    __slots__ = ("_history", "_state")

    def __init__(self, pools: Iterable[Pool] = (), block: Block | None = None) -> None:
        if not isinstance(pools, Iterable):
            raise MarketError(f"pools is {pools!r}; allowed are the pools of a market")
        if not isinstance(block, Block | None):
            raise MarketError(f"block is {block!r}; allowed is a Block or None")
        known: dict[Address, Pool] = {}
        for pool in map(checked_pool, pools):
            if pool.address in known:
                raise DuplicatePool(f"pool {pool.address} was given twice")
            known[pool.address] = pool
        number = None if block is None else block.number
        changed_at: VersionedMap[int | None] = VersionedMap(dict.fromkeys(known, number))
        graph = TokenGraph(known.values())
        followers = Followers.among(known.values())
        check_apart(known, followers)
        self._state = MarketState(
            block, 0, VersionedMap(known), changed_at, graph, NOTHING_LOST, followers
        )
        self._history: deque[MarketState] = deque(maxlen=REMEMBERED_BLOCKS)

    # --- reading ---------------------------------------------------------------------------

    @property
    def block(self) -> Block | None:
        """The block whose states these are; None where it is not known."""
        return self._state.block

    @property
    def step(self) -> int:
        """The step inside the block; see `MarketUpdate`."""
        return self._state.step

    @property
    def pools(self) -> Mapping[Address, Pool]:
        """The pools by address, read-only; a later update does not change what was returned."""
        return self._state.pools

    @property
    def graph(self) -> TokenGraph:
        """The directed hops; the same object until a pool appears or vanishes."""
        return self._state.graph

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Every token that some pool holds, in order of first appearance."""
        return self._state.graph.tokens

    @property
    def registry(self) -> Registry:
        """Look-ups by token, pair and symbol over the pools as they are now."""
        # One look at the state: pools and graph belong together, and other threads read too.
        state = self._state
        return Registry(state.pools, state.graph)

    def followers_of(self, address: Address) -> tuple[Address, ...]:
        """The metapools over the base pool at `address`, which change with it."""
        return self._state.followers.of_base.get(address, ())

    def pool(self, address: str) -> Pool:
        """Return the pool at `address`, in any spelling of it.

        Raises:
            UnknownPool: the market does not hold it.
        """
        return self._state.pools[self._known(address)]

    def changed_at(self, address: str) -> int | None:
        """The number of the block in which the pool last changed or was first seen.

        None where the market was not told the block of its pools.

        Raises:
            UnknownPool: the market does not hold it.
        """
        return self._state.changed_at[self._known(address)]

    @property
    def watched(self) -> Container[Address]:
        """The addresses whose logs change this market; for `decode_logs`."""
        pools, bases = self._state.pools.keys(), self._state.followers.of_base
        return Watched(pools, bases) if bases else pools

    @property
    def lost(self) -> Mapping[Address, str]:
        """The pools that vanished because their state is no longer known, each with the reason.

        A pool that vanished without a reason, or has appeared again, is not among them.
        """
        return self._state.lost

    def __len__(self) -> int:
        return len(self._state.pools)

    def __contains__(self, address: object) -> bool:
        return isinstance(address, str) and self._find(address) is not None

    def __repr__(self) -> str:
        number = "unknown" if self.block is None else self.block.number
        return f"Market({len(self)} pools, block {number}, step {self.step})"

    # --- moving ----------------------------------------------------------------------------

    def apply(self, update: MarketUpdate) -> frozenset[Address]:
        """Apply an update, all of it or nothing, and return which pools really changed.

        A pool that appeared or vanished counts as changed; one that ends as it began does not.
        A metapool changes with its base pool, and when the price it cached of it expires. A pool
        whose state an event does not tell, and cannot be computed, vanishes; see `lost`.

        Raises:
            BlockOutOfOrder: the update's block is older than the market's, is the same with a
                step that is not later, or does not descend from it by the hashes given.
            UnknownPool: an event names a pool that the market does not hold.
            SharedBasePool: a pool appeared that must not be beside another; see `Market`.
            MarketError: the update is none, or an event is none or does not fit its pool's kind.
            PoolError: an event's integers cannot be the state of such a contract.
        """
        _refuse_nonsense(update)
        before = self._state
        _refuse_disorder(before, update)
        changes = changes_of(
            before.pools.current(), before.followers, update.events, update.block.timestamp
        )
        after = before.changed(changes, update.block, update.step)
        if before.block is None or update.block.number > before.block.number:
            self._history.append(before)
        self._state = after
        return changes.addresses

    def rewind(self, to_block: int) -> frozenset[Address]:
        """Go back to the end of block `to_block` and return which pools differ from before.

        Everything is as it was then: pools, their order, topology, block and step. Where the
        market heard nothing of `to_block` itself, it goes back to the last block before it; a
        block that is not older than the market's leaves all as it is.

        Raises:
            ReorgTooDeep: the block is older than the market remembers; nothing is changed.
            MarketError: `to_block` is not an int.
        """
        if type(to_block) is not int:
            raise MarketError(f"to_block is {to_block!r}; allowed is the number of a block")
        undone = 0
        target = self._state
        while _is_later(target, to_block):
            undone += 1
            if undone > len(self._history):
                raise ReorgTooDeep(
                    f"cannot rewind to block {to_block}: the market remembers "
                    f"{len(self._history)} blocks before {self.block and self.block.number}"
                )
            target = self._history[-undone]
        if not undone:
            return frozenset()
        left, found = self._state.pools.current(), target.pools.copy()
        for _ in range(undone):
            self._history.pop()
        # A reorg is rare: it may cost a copy, which spares all versions between from the undoing.
        self._state = replace(
            target,
            pools=VersionedMap(found),
            changed_at=VersionedMap(target.changed_at.copy()),
        )
        addresses = left.keys() | found.keys()
        return frozenset(a for a in addresses if left.get(a) != found.get(a))

    def with_pools(self, replacements: Iterable[Pool]) -> Market:
        """Return a what-if copy in which `replacements` stand for the pools of their addresses.

        The copy shares everything else and has no history of its own to rewind; metapools follow
        their base pools in it. When pools last changed stays as it was: a replacement is a
        thought, not something that happened.

        Raises:
            UnknownPool: the market does not hold a pool with such an address.
            SharedBasePool: a replacement must not be beside another pool; see `Market`.
            MarketError: a replacement is no pool.
            PoolError: a metapool cannot be quoted over its replaced base pool.
        """
        state = self._state
        given = {self._known(pool.address): pool for pool in map(checked_pool, replacements)}
        followers = state.followers.changed(given.keys(), given.values())
        changes = in_step(given, state.pools, followers)
        gone: list[Pool] = []
        come: list[Pool] = []
        for address, pool in changes.items():
            if state.pools[address].tokens != pool.tokens:
                gone.append(state.pools[address])
                come.append(pool)
        copy = object.__new__(Market)
        copy._state = replace(
            state,
            pools=state.pools.overlaid(changes),
            changed_at=state.changed_at.overlaid({}),
            graph=state.graph.changed(gone, come) if gone else state.graph,
            followers=followers,
        )
        if gone:
            check_apart(copy.pools, followers)
        copy._history = deque(maxlen=REMEMBERED_BLOCKS)
        return copy

    def _known(self, address: str) -> Address:
        """Return the canonical form of an address that the market holds."""
        found = self._find(address) if isinstance(address, str) else None
        if found is None:
            raise UnknownPool(f"the market does not hold pool {address!r}")
        return found

    def _find(self, address: str) -> Address | None:
        if address in self._state.pools:
            return Address(address)
        try:
            canonical = parse_address(address)
        except InvalidValue:
            return None
        return canonical if canonical in self._state.pools else None


def _refuse_nonsense(update: MarketUpdate) -> None:
    """Raise MarketError unless `update` has a block and a step."""
    if not isinstance(update, MarketUpdate):
        raise MarketError(f"update is {update!r}; allowed is a MarketUpdate")
    if not isinstance(update.block, Block):
        raise MarketError(f"block of an update is {update.block!r}; allowed is a Block")
    if type(update.step) is not int or update.step < 0:
        raise MarketError(f"step of an update is {update.step!r}; allowed is an int from 0 on")


def _refuse_disorder(state: MarketState, update: MarketUpdate) -> None:
    """Raise BlockOutOfOrder unless `update` follows `state`."""
    current, coming = state.block, update.block
    if current is None:
        return
    if coming.number < current.number:
        raise BlockOutOfOrder(
            f"block {coming.number} is older than the market's block {current.number}"
        )
    if coming.number == current.number:
        if update.step <= state.step:
            raise BlockOutOfOrder(
                f"step {update.step} of block {coming.number} is not later than the "
                f"market's step {state.step}"
            )
        if None not in (coming.hash, current.hash) and coming.hash != current.hash:
            raise BlockOutOfOrder(
                f"block {coming.number} has hash {coming.hash}, but the market's has "
                f"{current.hash}: rewind first"
            )
    elif (
        coming.number == current.number + 1
        and None not in (coming.parent_hash, current.hash)
        and coming.parent_hash != current.hash
    ):
        raise BlockOutOfOrder(
            f"block {coming.number} has parent {coming.parent_hash}, but the market's block "
            f"{current.number} has hash {current.hash}: rewind first"
        )


def _is_later(state: MarketState, number: int) -> bool:
    """Whether `state` is of a later block; one of no known block precedes all."""
    return state.block is not None and state.block.number > number
