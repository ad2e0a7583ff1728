"""Following: the pools of a chain from block to block, whatever the chain does."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing

from aineon.chain.decoding import RawLog, decode_logs
from aineon.chain.reader import BlockRef, ChainReader
from aineon.chain.snapshot import (
    PoolsAtBlock,
    PoolSeed,
    StableSwapSeed,
    changes_unlogged,
    differences,
    read_pools,
)
from aineon.errors import (
    BlockOutOfOrder,
    FeedError,
    InvalidLog,
    InvalidValue,
    MarketError,
    NodeRefused,
    PoolError,
    ReorgTooDeep,
    UnknownBlock,
)
from aineon.feeds.base import FeedItem, FeedStep, Rewind
from aineon.feeds.chain.block_logs import BlockLogs, LogReader
from aineon.feeds.chain.branch import MOST_BACKFILLED, Branch, Path
from aineon.feeds.chain.sifting import sift
from aineon.feeds.chain.telling import Told
from aineon.market import Market, MarketEvent, MarketUpdate, PoolAppeared, PoolVanished
from aineon.primitives import Address, Block, parse_address

_MOST_DIFFERENCES = 2
"""How often a pool may differ from the chain before it is put aside."""

_NAMES_ONE = re.compile(r"0x[0-9a-fA-F]{40,64}")
_NOTHING = BlockLogs(())


class Following:
    """All pools of a chain as they stand at the newest block that was followed.

    It keeps a market of its own, which takes every update before anybody else sees it: so an
    event that cannot happen costs the pool that it tells of and nothing more, and what the chain
    says later can be compared with what was delivered.

    Attributes:
        market: the pools.
    """

    def __init__(
        self,
        reader: ChainReader,
        seeds: Iterable[PoolSeed],
        vault: Address | None = None,
        logs: LogReader | None = None,
    ) -> None:
        self.market = Market()
        self._reader = reader
        self._vault = vault
        self._logs = logs or LogReader(reader)
        self._branch: Branch | None = None
        self._seeds: dict[Address, PoolSeed] = {}
        self._unlogged: tuple[PoolSeed, ...] = ()
        self._watched: frozenset[Address] = frozenset()
        # To be read with the next block; and those not to be read, because they were often wrong.
        self._due: set[Address] = set()
        self._aside: set[Address] = set()
        self._differed: Counter[Address] = Counter()
        self.add(seeds)

    @property
    def tip(self) -> Block:
        """The newest block that was followed."""
        assert self._branch is not None
        return self._branch.tip

    # --- which pools -----------------------------------------------------------------------

    def add(self, seeds: Iterable[PoolSeed]) -> None:
        """Follow more pools, from the next block on; give those that were put aside a chance."""
        self._seeds |= {seed.address: seed for seed in seeds}
        self._unlogged = tuple(filter(changes_unlogged, self._seeds.values()))
        bases = (
            seed.base_pool.address
            for seed in self._seeds.values()
            if isinstance(seed, StableSwapSeed) and seed.base_pool is not None
        )
        self._watched = frozenset((*self._seeds, *bases))
        self._aside.clear()
        self._differed.clear()
        self.look_for_missing()

    def look_for_missing(self) -> None:
        """Read with the next block what could not be quoted so far."""
        self._due |= self._seeds.keys() - self.market.pools.keys() - self._aside

    def seeds_of(self, addresses: Iterable[Address]) -> list[PoolSeed]:
        """Return the seeds of pools."""
        return [self._seeds[address] for address in addresses if address in self._seeds]

    # --- from block to block ---------------------------------------------------------------

    async def begin_anew(self, block: BlockRef) -> AsyncGenerator[FeedItem, None]:
        """Read all pools at one block; tell how far that is, and deliver what is different.

        Raises:
            UnknownBlock: there is no such block.
            ChainError: the chain cannot be read.
            FeedError: the block is older than any that the market could go back to.
        """
        reading = self._reading("reading all pools", block)
        async with aclosing(reading.news()) as news:
            async for item in news:
                yield item
        yield self._started(reading.result)

    async def follow(self, head: Block) -> AsyncGenerator[FeedItem, None]:
        """Deliver all that leads from the tip to `head`: what is undone first, then its blocks.

        Raises:
            ChainError: the chain cannot be read; what was delivered stands, and to follow the
                next head makes up for the rest.
            FeedError: as `begin_anew`.
        """
        assert self._branch is not None
        if self._branch.holds(head) or await self._is_old(head):
            return
        async with aclosing(await self._way_to(head)) as items:
            async for item in items:
                yield item

    def corrected(self, events: Sequence[PoolAppeared | PoolVanished]) -> FeedStep:
        """Deliver what pools really are, at the tip; put those aside that differ repeatedly."""
        self._differed.update(event.address for event in events)
        often = {each for each in self._differed if self._differed[each] >= _MOST_DIFFERENCES}
        reason = "its logs and its state contradict each other repeatedly"
        self._aside |= often
        told = [
            PoolVanished(event.address, reason) if event.address in often else event
            for event in events
        ]
        counts = Counter(
            "pool put aside: " + reason if event.address in often else "pool differed from chain"
            for event in events
        )
        step = self.market.step + 1
        taken = self._take(self.tip, told, step, counts)
        self._due -= self._aside
        return FeedStep(MarketUpdate(self.tip, taken, step), droppable=True, not_replayable=counts)

    # --- inside ----------------------------------------------------------------------------

    async def _way_to(self, head: Block) -> AsyncGenerator[FeedItem, None]:
        assert self._branch is not None
        if head.number > self.tip.number + MOST_BACKFILLED:
            return self.begin_anew(head.hash or head.number)
        path = await self._branch.path_to(self._reader, head)
        return self._back_and_anew(head) if path.ancestor is None else self._along(path, head)

    async def _along(self, path: Path, head: Block) -> AsyncGenerator[FeedItem, None]:
        """Follow a path, block by block."""
        assert path.ancestor is not None
        if path.ancestor.hash != self.tip.hash:
            yield self._rewound(path.ancestor)
        try:
            for block in path.blocks[:-1]:
                async with aclosing(self._next(block)) as items:
                    async for item in items:
                        yield item
            last = self._next(head)
        except (NodeRefused, UnknownBlock):
            # Nodes forget the state of older blocks; that of the head they have.
            last = self.begin_anew(head.hash or head.number)
        async with aclosing(last) as items:
            async for item in items:
                yield item

    async def _back_and_anew(self, head: Block) -> AsyncGenerator[FeedItem, None]:
        """Follow a head that builds on nothing that is remembered."""
        reading = self._reading("the chain was reorganised far back", head.hash or head.number)
        async with aclosing(reading.news()) as news:
            async for item in news:
                yield item
        yield self._rewound_far(reading.result.block)
        yield self._started(reading.result)

    def _reading(self, what: str, block: BlockRef) -> Told[PoolsAtBlock]:
        seeds = [seed for seed in self._seeds.values() if seed.address not in self._aside]
        return Told(what, lambda tell: read_pools(self._reader, seeds, block, progress=tell))

    def _started(self, read: PoolsAtBlock) -> FeedStep:
        before = self.market.block
        if before is not None and read.block.number < before.number + 2:
            raise FeedError(
                f"the chain was rolled back to block {read.block.number}, further than this run "
                "remembers: start anew"
            )
        self._branch = Branch(read.block)
        step = self._stepped(read.block, (), read, Counter(self._in_words(read.refused)))
        return FeedStep(step.update, not_replayable=step.not_replayable)

    async def _is_old(self, head: Block) -> bool:
        """Whether `head` is behind the tip, and the chain still has the tip."""
        if head.number > self.tip.number:
            return False
        there = await self._reader.block(self.tip.number)
        return there is not None and there.hash == self.tip.hash

    def _rewound(self, ancestor: Block) -> Rewind:
        assert self._branch is not None
        self.market.rewind(ancestor.number)
        self._branch.rewind(ancestor)
        self.look_for_missing()
        return Rewind(ancestor.number)

    def _rewound_far(self, head: Block) -> Rewind:
        """Go back behind all blocks that are remembered, and far enough for `head` to follow."""
        assert self._branch is not None
        oldest = self._branch.oldest.number
        to_block = max(min(oldest - 1, head.number - 2), 0)
        try:
            self.market.rewind(to_block)
        except ReorgTooDeep:
            to_block = oldest
            self.market.rewind(to_block)
        return Rewind(to_block)

    async def _next(self, block: Block) -> AsyncGenerator[FeedItem, None]:
        logs, read = await self._read(block)
        counts: Counter[str] = Counter()
        if logs.flaw:
            # What the state is, needs no logs; it only takes longer.
            what = f"the logs of block {block.number} are not complete ({logs.flaw}); reading all"
            reading = self._reading(what, block.hash or block.number)
            async with aclosing(reading.news()) as news:
                async for item in news:
                    yield item
            logs, read = _NOTHING, reading.result
            counts["block read anew: its logs were not complete"] += 1
        step = self._stepped(block, logs.logs, read, counts)
        assert self._branch is not None
        self._branch.extend(block)
        yield step

    async def _read(self, block: Block) -> tuple[BlockLogs, PoolsAtBlock]:
        """Read a block's logs, and at the same time what no log tells."""
        wanted = {seed.address: seed for seed in (*self._unlogged, *self.seeds_of(self._due))}
        seeds = [seed for address, seed in wanted.items() if address not in self._aside]
        tasks = (
            asyncio.ensure_future(self._logs.read(block)),
            asyncio.ensure_future(self._read_some(seeds, block)),
        )
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _read_some(self, seeds: Sequence[PoolSeed], block: Block) -> PoolsAtBlock:
        if not seeds:
            return PoolsAtBlock((), {}, block)
        return await read_pools(self._reader, seeds, block.hash or block.number)

    def _stepped(
        self, block: Block, logs: Sequence[RawLog], read: PoolsAtBlock, counts: Counter[str]
    ) -> FeedStep:
        """Take what a block says and what was read at it, and return both as one step."""
        self._due -= {*(pool.address for pool in read.pools), *read.refused}
        told = self._take(block, self._events(logs), 0, counts)
        anew = differences(read, self.market.pools)
        if anew:
            told += self._take(block, anew, 1, counts)
        # What cannot be quoted would be read in vain; it is tried again with the next check.
        pools = self.market.pools
        self._due -= {each for each in self._due if each in pools or each in read.refused}
        self._due -= self._aside
        return FeedStep(MarketUpdate(block, told), droppable=True, not_replayable=dict(counts))

    def _take(
        self, block: Block, events: Sequence[MarketEvent], step: int, counts: Counter[str]
    ) -> tuple[MarketEvent, ...]:
        """Apply the events that can happen, and return them."""
        update = MarketUpdate(block, tuple(events), step)
        try:
            changed = self.market.apply(update)
        except BlockOutOfOrder:
            raise
        except (MarketError, PoolError):
            sifted = sift(self.market, block, events)
            counts.update(self._in_words(sifted.refused))
            update = MarketUpdate(block, sifted.events, step)
            changed = self.market.apply(update)
        self._due |= changed - self.market.pools.keys()
        return update.events

    def _events(self, logs: Sequence[RawLog]) -> list[MarketEvent]:
        try:
            events = decode_logs(logs, self._watched, self._vault).events
        except InvalidLog:
            events = tuple(event for log in logs for event in self._decoded(log))
        watched = self.market.watched
        self._due |= {each.address for each in events if each.address not in watched} - self._aside
        return [event for event in events if event.address in watched]

    def _decoded(self, log: RawLog) -> Sequence[MarketEvent]:
        """Decode one log; where it cannot be read, its pool is lost."""
        try:
            return decode_logs((log,), self._watched, self._vault).events
        except InvalidLog as error:
            address = self._speaker(log)
            return () if address is None else (PoolVanished(address, str(error)),)

    def _speaker(self, log: RawLog) -> Address | None:
        """Return the pool that a log is about; None where that cannot be told."""
        try:
            address = parse_address(log["address"])
            if address == self._vault:
                address = parse_address(log["topics"][1][:42])
        except (InvalidValue, LookupError, TypeError):
            return None
        return address if address in self._watched else None

    def _in_words(self, refused: Mapping[Address, str]) -> Iterable[str]:
        for address, reason in refused.items():
            seed = self._seeds.get(address)
            venue = "" if seed is None else f"{seed.venue} "
            yield f"{venue}pool: {_NAMES_ONE.sub('it', reason)}"
