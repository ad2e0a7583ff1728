"""From a block's arrival to the signed bundle, in the whole engine of the live path.

The engine is composed from settings of mode rehearsal, on an anvil with the real protocols; its
relay alone is replaced, by one that notes when it is handed a signed request and sends nothing.
Its market holds 10,000 pools: those of Uniswap V2 and V3 on that chain, and around them the pools
of `universe.py`, which join the same five tokens to 4,000 others and exist in the market alone.
Each block brings 200 trades in these, and one trade on the chain that leaves a profit open. A
plan that goes through a pool of the universe is tried as well, and the node refuses it. Every
confidence is allowed, so that there is more to combine than an engine would usually have.

What is measured begins when the feed hands the step over, and ends with the first request that
is signed for a relay: market, settling of earlier attempts by the chain, scan, risk, combination,
plan, preflight, fees, outbox (written to disk before a byte leaves), signature of the transaction
and of the request. Taken off is the time in which requests to the node were under way, from
writing them to reading the answer. Not in it is reading the block's logs: see `test_events.py`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import math
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from aineon.amm import ConcentratedPool, ConstantProductPool, Pool
from aineon.chain.client.over_http import SessionProvider
from aineon.chain.reader import ChainReader
from aineon.chain.snapshot.lenders import lender_terms
from aineon.engine.engine import Engine
from aineon.engine.events import StepProcessed
from aineon.errors import RehearsalError, Unavailable
from aineon.feeds.base import FeedItem, FeedStep
from aineon.market import MarketEvent, MarketUpdate, PoolAppeared
from aineon.primitives import Provenance
from aineon.primitives.units import ETHER
from aineon.runtime.build import build_engine
from aineon.runtime.chain_link import ChainLink
from aineon.runtime.garbage import freeze_loaded
from aineon.runtime.settings import load_settings
from aineon.sending.carriers import Verdict
from aineon.sending.transport import Reply
from tests.benchmarks import universe
from tests.benchmarks.universe import Universe, moved
from tests.contracts.routes.scenes import Scene
from tests.execution.live.rig import KINDS, client_of

pytestmark = pytest.mark.timeout(600)
POOLS = 10_000
MADE = 10_100  # with those between two of the five tokens, which are left to the chain
ROUNDS, WARM_UP = 100, 5


class Stopwatch:
    """Notes the first signed request of a round, and how long the node was waited for by then."""

    def __init__(self) -> None:
        self._asked = 0
        self._since = self._begun = self._waited = 0.0
        self.own_seconds: float | None = None
        self.raw: list[str] = []

    def begin(self) -> None:
        self.own_seconds, self.raw, self._waited = None, [], 0.0
        self._begun = time.perf_counter()

    def signed(self, body: bytes) -> None:
        if self.own_seconds is None:
            assert not self._asked
            self.own_seconds = time.perf_counter() - self._begun - self._waited
            self.raw = json.loads(body)["params"][0]["txs"]

    def watch_nodes(self, patch: pytest.MonkeyPatch) -> None:
        """Count the time in which at least one request is under way."""
        exchange = SessionProvider.exchange

        async def watched(provider: Any, method: str, parameters: list[Any]) -> Any:
            if not self._asked:
                self._since = time.perf_counter()
            self._asked += 1
            try:
                return await exchange(provider, method, parameters)
            finally:
                self._asked -= 1
                if not self._asked:
                    self._waited += time.perf_counter() - self._since

        patch.setattr(SessionProvider, "exchange", watched)


class Silent:
    """Stands where a relay's connection is: takes all that is handed over, and sends nothing."""

    def __init__(self, stopwatch: Stopwatch) -> None:
        self._stopwatch = stopwatch

    async def post(self, body: bytes, headers: dict[str, str]) -> Reply:
        self._stopwatch.signed(body)
        return Reply(Verdict.ACCEPTED, result={"bundleHash": "0x00"})

    async def aclose(self) -> None:
        pass


class Blocks:
    """A feed of what it is given."""

    name = "chain"
    provenance = Provenance.SIMULATED
    complete = True

    def __init__(self, scene: Scene) -> None:
        self.base_tokens = scene.bases
        self.native_token = scene.native
        self.given: asyncio.Queue[FeedStep] = asyncio.Queue()

    async def steps(self) -> AsyncIterator[FeedItem]:
        while True:
            yield await self.given.get()


class LivePath:
    """The engine, and the world that moves before its eyes."""

    def __init__(
        self, scene: Scene, around: Universe, engine: Engine, reader: ChainReader, watch: Stopwatch
    ) -> None:
        self.scene, self.around, self.engine = scene, around, engine
        self.reader, self.watch = reader, watch
        self.events = engine.events()
        # Pools between two of the five tokens are the chain's alone.
        hubs = set(universe.HUBS)
        self.left_out = {p.address for p in around.market.pools.values() if set(p.tokens) <= hubs}

    async def load(self) -> None:
        around = [p for a, p in self.around.market.pools.items() if a not in self.left_out]
        await self.step([PoolAppeared(pool) for pool in (*around, *self.of_the_chain())])
        assert len(self.engine.market.pools) >= POOLS

    async def round(self) -> float | None:
        """The seconds of one block; None where nothing was signed."""
        first, token_in, token_out, _ = self.scene._pair(KINDS[:: self.scene.rng.choice((1, -1))])
        self.scene.push(first, token_out, token_in)
        update = self.around.next_block()
        self.around.market.apply(update)
        events = [event for event in update.events if event.address not in self.left_out]
        known = self.engine.market.pools
        await self.step(
            [*events, *(moved(p) for p in self.of_the_chain() if known[p.address] != p)]
        )
        seconds = self.watch.own_seconds
        self.mine()
        return seconds

    async def step(self, events: list[MarketEvent]) -> None:
        block = await self.reader.block("latest")
        feed: Any = self.engine.feed
        self.watch.begin()
        feed.given.put_nowait(FeedStep(MarketUpdate(block, tuple(events))))
        async for event in self.events:
            if isinstance(event, StepProcessed):
                return

    def mine(self) -> None:
        """Have the node mine what was signed first, so that its gap closes."""
        for raw in self.watch.raw:
            try:
                self.scene.ask("eth_sendRawTransaction", raw)
            except RehearsalError as error:
                raise AssertionError(f"a signed trade is refused: {error}") from error

    def of_the_chain(self) -> list[Pool]:
        pools = self.scene.world.read_pools()
        return [p for p in pools if isinstance(p, ConcentratedPool | ConstantProductPool)]


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    try:
        made = Scene(seed=3)
    except Unavailable as why:
        pytest.skip(f"anvil or the real contracts are not at hand: {why}")
    yield made
    made.close()


def around(scene: Scene, patch: pytest.MonkeyPatch) -> Universe:
    """A universe around the chain's own five tokens, at their worth there."""
    world = scene.world
    hubs = tuple(world.tokens[hub.symbol] for hub in universe.HUBS)
    dollars = [world.prices.dollars[hub] * 10 ** (hub.decimals or 0) for hub in hubs]
    patch.setattr(universe, "HUBS", hubs)
    patch.setattr(universe, "_HUB_DOLLARS", tuple(dollars))
    return Universe(MADE)


async def compose(scene: Scene, watch: Stopwatch, folder: Path) -> tuple[Engine, ChainLink]:
    world = scene.world
    settings = load_settings(
        env={},
        data_dir=str(folder),
        mode="rehearsal",
        private_key=world.accounts.operator.key,
        executor_address=scene.executor,
        relay_urls="http://127.0.0.1:9",
        min_profit_wei=ETHER // 500,
        pair_cooldown_seconds=0,
        confidence_threshold=0.0,
    )
    reader = await client_of(world.anvil.url)
    terms = await lender_terms(reader, world.addresses, base_tokens=scene.bases)
    link = ChainLink(reader, world.addresses, scene.bases, terms)
    urls = {"book_url": settings.book_url, "control_url": settings.control_url}
    engine = build_engine(settings, link=link, feed=Blocks(scene), **urls)
    executor: Any = engine.executor
    (relay,) = executor._sender._carriers._all
    relay._channel = Silent(watch)
    return engine, link


async def measure(scene: Scene, folder: Path, patch: pytest.MonkeyPatch) -> list[float]:
    watch = Stopwatch()
    watch.watch_nodes(patch)
    engine, link = await compose(scene, watch, folder)
    path = LivePath(scene, around(scene, patch), engine, link.reader, watch)
    try:
        await path.load()
        freeze_loaded()
        found = [await path.round() for _ in range(WARM_UP + ROUNDS)]
    finally:
        gc.unfreeze()
        await path.events.aclose()
        await engine.aclose()
        await link.aclose()
    return [seconds for seconds in found[WARM_UP:] if seconds is not None]


def test_from_block_to_signed_bundle(
    benchmark: BenchmarkFixture, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def whole() -> list[float]:
        return asyncio.run(measure(scene, tmp_path, monkeypatch))

    seconds = sorted(benchmark.pedantic(whole, rounds=1))
    assert len(seconds) >= ROUNDS // 2
    # The clock of the benchmark's plugin would count the world's preparations as well.
    benchmark.extra_info["min"] = seconds[0]
    benchmark.extra_info["median"] = median(seconds)
    benchmark.extra_info["p99"] = seconds[math.ceil(0.99 * len(seconds)) - 1]
    benchmark.extra_info["bundles"] = len(seconds)
