"""A rehearsal's chain behind a faulty node, and a market that is fed from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import replace
from itertools import count
from typing import Any, cast

import pytest

from aineon.amm import Pool
from aineon.chain.client import ChainClient, Endpoint
from aineon.chain.snapshot import PoolsAtBlock, discover, read_pools
from aineon.errors import Unavailable
from aineon.feeds.base import FeedItem, FeedPaused, FeedStep, Rewind
from aineon.feeds.chain import ChainFeed, Upkeep
from aineon.market import Market
from aineon.primitives import Address, Token
from aineon.rehearsal import packages
from aineon.rehearsal.anvil import Anvil, AnvilOptions
from aineon.rehearsal.blocks import BlockMaker
from aineon.rehearsal.listing import LISTINGS
from aineon.rehearsal.world import DEFAULT_SEED, World
from tests.chain.client_world import QUICK

MOST_SECONDS = 20
SELDOM = Upkeep(check_every=10_000, terms_every=10_000, discover_every=10_000)
_seconds = count(1)
OFTEN = Upkeep(check_every=1, check_pools=100, terms_every=10_000, discover_every=10_000)


@contextmanager
def a_world() -> Iterator[World]:
    """Build a rehearsal's world, or skip where something of it is not at hand."""
    try:
        packages.anvil()
        for package in packages.CONTRACTS:
            for file in package.files:
                packages.present(package, file)
    except Unavailable as why:
        pytest.skip(f"the rehearsal's packages are not at hand: {why}")
    with Anvil.start(AnvilOptions(order="fifo")) as anvil:
        yield World(anvil, DEFAULT_SEED, LISTINGS)


@contextmanager
def as_it_was(world: World) -> Iterator[World]:
    """Leave a world as it was found.

    Each time it goes on in another second: blocks that are the same as ones that were taken back
    lose their states in anvil.
    """
    before = world.anvil.ask("evm_snapshot")
    now = int(head_of(world)["timestamp"], 16)
    world.anvil.ask("evm_setNextBlockTimestamp", now + next(_seconds))
    world.anvil.ask("evm_mine")
    yield world
    world.anvil.ask("anvil_dropAllTransactions")
    world.anvil.ask("evm_setAutomine", True)
    world.anvil.ask("evm_revert", before)


@asynccontextmanager
async def reading(world: World, *urls: str, **options: Any) -> AsyncIterator[ChainClient]:
    """Connect to the world's chain through these nodes; to its own where none is named."""
    endpoints = [Endpoint(f"node-{n}", url) for n, url in enumerate(urls or (world.anvil.url,), 1)]
    client = await ChainClient.connect(
        endpoints, world.addresses, options=replace(QUICK, **options)
    )
    async with client:
        yield client


def tokens_of(world: World) -> tuple[Token, ...]:
    return tuple(world.tokens.values())


def head_of(world: World) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", world.anvil.ask("eth_getBlockByNumber", "latest", False))


async def snapshot(world: World) -> PoolsAtBlock:
    """All pools at the newest block, read anew from the chain itself."""
    async with reading(world) as reader:
        seeds = await discover(reader, world.addresses, tokens_of(world))
        return await read_pools(reader, seeds, head_of(world)["hash"])


async def truth(world: World) -> dict[Address, Pool]:
    return {pool.address: pool for pool in (await snapshot(world)).pools}


class Follower:
    """A market that takes whatever a feed delivers.

    Attributes:
        items: all that was delivered.
    """

    def __init__(self, feed: ChainFeed) -> None:
        self.feed = feed
        self.market = Market()
        self.items: list[FeedItem] = []
        self.failure: BaseException | None = None
        self._heard = asyncio.Condition()

    @property
    def steps(self) -> list[FeedStep]:
        return [item for item in self.items if isinstance(item, FeedStep)]

    @property
    def rewinds(self) -> list[int]:
        return [item.to_block for item in self.items if isinstance(item, Rewind)]

    @property
    def pauses(self) -> list[str]:
        return [item.reason for item in self.items if isinstance(item, FeedPaused)]

    @property
    def blocks(self) -> list[int]:
        """The heights of the steps, in their order."""
        return [step.update.block.number for step in self.steps]

    @property
    def counts(self) -> dict[str, int]:
        """What was not replayable after the first step."""
        found: dict[str, int] = {}
        for step in self.steps[1:]:
            for name, number in step.not_replayable.items():
                found[name] = found.get(name, 0) + number
        return found

    async def run(self) -> None:
        try:
            async with aclosing(cast("Any", self.feed.steps())) as items:
                async for item in items:
                    if isinstance(item, FeedStep):
                        self.market.apply(item.update)
                    elif isinstance(item, Rewind):
                        self.market.rewind(item.to_block)
                    await self._hear(item)
        except Exception as error:  # noqa: BLE001 (the test looks at it)
            self.failure = error
            await self._hear(None)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the feed has delivered what makes this true."""
        async with self._heard:
            try:
                async with asyncio.timeout(MOST_SECONDS):
                    await self._heard.wait_for(lambda: self.failure is not None or condition())
            except TimeoutError as error:
                raise AssertionError(self._told()) from error
        if self.failure is not None and not condition():
            raise self.failure

    async def at_head(self, world: World) -> None:
        """Wait until the market stands at the chain's newest block."""
        wanted = head_of(world)["hash"]
        await self.until(lambda: self.market.block is not None and self.market.block.hash == wanted)

    async def paused(self, words: str) -> None:
        """Wait until the feed says such a thing, and nothing after it."""
        await self.until(
            lambda: isinstance(self.items[-1], FeedPaused) and words in self.items[-1].reason
        )

    def _told(self) -> str:
        """What was delivered last, in words."""
        last = [
            f"block {item.update.block.number}" if isinstance(item, FeedStep) else str(item)
            for item in self.items[-8:]
        ]
        return f"the feed said nothing more after: {'; '.join(last)}"

    async def _hear(self, item: FeedItem | None) -> None:
        async with self._heard:
            if item is not None:
                self.items.append(item)
            self._heard.notify_all()


async def no_pause(_: float) -> None:
    """Wait no longer than it takes others to have their turn."""
    await asyncio.sleep(0.01)


@asynccontextmanager
async def following(
    world: World, reader: ChainClient, upkeep: Upkeep = SELDOM, **options: Any
) -> AsyncIterator[Follower]:
    """Follow the world's chain from now on."""
    feed = ChainFeed(
        reader, world.addresses, tokens_of(world), upkeep=upkeep, sleep=no_pause, **options
    )
    follower = Follower(feed)
    task = asyncio.create_task(follower.run())
    try:
        await follower.until(lambda: bool(follower.steps))
        yield follower
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def maker_of(world: World) -> BlockMaker:
    """Begin to make the world's blocks, and make the first one."""
    maker = BlockMaker(world, seconds_apart=12)
    await make(maker, 1)
    return maker


async def make(maker: BlockMaker, blocks: int) -> Sequence[int]:
    """Make blocks full of swaps."""
    return [(await maker.next_block()).number for _ in range(blocks)]
