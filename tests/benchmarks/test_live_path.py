"""From a block's arrival to the signed bundle, in the whole engine of the live path.

The engine is composed from settings of mode rehearsal, on an anvil with the real protocols; its
relay alone is replaced, by one that notes when it is handed a signed request and sends nothing.
Its market holds 10,000 pools: those of Uniswap V2 and V3 on that chain, and around them the pools
of `universe.py`, which join the same five tokens to 4,000 others and exist in the market alone.
Each block changes 200 of these, and one trade on the chain leaves a profit open. A
plan that goes through a pool of the universe is tried as well, and the node refuses it; blocks
with such a refusal are left out, because they took several plans. Every confidence is allowed, so
that there is more to judge than an engine would usually have.

What is measured begins when the feed hands the step over, and ends with the first request that
is signed for a relay: market, settling of earlier attempts by the chain, scan, risk, plan,
preflight, fees, outbox (written to disk before a byte leaves), signature of the transaction and
of the request. Taken off is the time in which the process had nothing to do but to wait for the
node; what it computes while the node answers counts. Not in it is reading the block's logs: see
`test_events.py`. Beside it stands the processor time, which other processes disturb less.
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
from typing import Any, NamedTuple

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
from aineon.primitives import Provenance, Token
from aineon.primitives.units import ETHER
from aineon.rehearsal.sites import Site
from aineon.runtime.build import build_engine
from aineon.runtime.chain_link import ChainLink
from aineon.runtime.garbage import freeze_loaded
from aineon.runtime.settings import load_settings
from aineon.sending.carriers import Verdict
from aineon.sending.transport import Reply
from tests.benchmarks import universe
from tests.benchmarks.universe import Universe, moved
from tests.contracts.routes.scenes import Scene
from tests.execution.live.rig import KINDS, UNTIL_FINAL, client_of

pytestmark = pytest.mark.timeout(600)
POOLS = 10_000
MADE = 10_100  # with those between two of the five tokens, which are left to the chain
LARGEST_SHARE = 0.003  # of what a pool holds: so that the chain's own gaps are mostly the largest
ROUNDS, WARM_UP, MOST_ROUNDS = 100, 5, 250


class Taken(NamedTuple):
    """What one block took: seconds by the clock without the node, and of the processor."""

    own: float
    processor: float


class Stopwatch:
    """Notes the first signed request of a round, and how long the node was waited for by then."""

    def __init__(self) -> None:
        self._asked = 0
        self._begun = self._computed = self._waited = 0.0
        self.taken: Taken | None = None
        self.raw: list[str] = []

    def begin(self) -> None:
        self.taken, self.raw, self._waited = None, [], 0.0
        self._begun, self._computed = time.perf_counter(), time.process_time()

    def signed(self, body: bytes) -> None:
        if self.taken is None:
            own = time.perf_counter() - self._begun - self._waited
            self.taken = Taken(own, time.process_time() - self._computed)
            self.raw = json.loads(body)["params"][0]["txs"]

    def watch_nodes(self, patch: pytest.MonkeyPatch) -> None:
        """Count the time in which a request is under way and the loop has nothing else to do."""
        exchange = SessionProvider.exchange

        async def watched(provider: Any, method: str, parameters: list[Any]) -> Any:
            self._asked += 1
            try:
                return await exchange(provider, method, parameters)
            finally:
                self._asked -= 1

        patch.setattr(SessionProvider, "exchange", watched)
        loop: Any = asyncio.get_running_loop()
        select = loop._selector.select

        def waiting(timeout: float | None = None) -> Any:
            since = time.perf_counter()
            try:
                return select(timeout)
            finally:
                if self._asked:
                    self._waited += time.perf_counter() - since

        patch.setattr(loop._selector, "select", waiting)


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
        self.refused = False
        # Pools between two of the five tokens are the chain's alone.
        hubs = set(universe.HUBS)
        self.left_out = {p.address for p in around.market.pools.values() if set(p.tokens) <= hubs}

    async def load(self) -> None:
        around = [p for a, p in self.around.market.pools.items() if a not in self.left_out]
        await self.step([PoolAppeared(pool) for pool in (*around, *self.of_the_chain())])
        assert len(self.engine.market.pools) >= POOLS

    async def round(self) -> Taken | None:
        """What one block took; None where nothing was signed, or the node refused a plan."""
        first, token_in, token_out, _ = self.scene._pair(KINDS[:: self.scene.rng.choice((1, -1))])
        self.push(first, token_in, token_out)
        update = self.around.next_block()
        self.around.market.apply(update)
        events = [event for event in update.events if event.address not in self.left_out]
        known = self.engine.market.pools
        await self.step(
            [*events, *(moved(p) for p in self.of_the_chain() if known[p.address] != p)]
        )
        self.mine()
        return None if self.refused else self.watch.taken

    def push(self, site: Site, one: Token, other: Token) -> None:
        """Trade towards the fair price and beyond it, so that the chain's prices do not drift.

        The universe's are fair for ever; between two worlds that are at odds there would be
        gaps that nobody can close.
        """
        pool = self.engine.market.pool(site.address)
        dollars = self.scene.world.prices.dollars
        if pool.spot_price(one, other) > dollars[one] / dollars[other]:
            one, other = other, one
        self.scene.push(site, other, one)

    async def step(self, events: list[MarketEvent]) -> None:
        block = await self.reader.block("latest")
        feed: Any = self.engine.feed
        self.watch.begin()
        feed.given.put_nowait(FeedStep(MarketUpdate(block, tuple(events))))
        async for event in self.events:
            if isinstance(event, StepProcessed):
                self.refused = any(entry.gate == "preflight" for entry in event.entries)
                return

    def mine(self) -> None:
        """Have the node mine what was signed first, so that its gap closes."""
        for raw in self.watch.raw:
            try:
                sent = self.scene.ask("eth_sendRawTransaction", raw)
            except RehearsalError as error:
                raise AssertionError(f"a signed trade is refused: {error}") from error
            # The node answers before it has made the block, and pools are read call by call.
            while self.scene.ask("eth_getTransactionReceipt", sent) is None:
                time.sleep(0.001)

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
    patch.setattr(universe, "_LARGEST_SHARE", LARGEST_SHARE)
    return Universe(MADE)


async def compose(scene: Scene, watch: Stopwatch, folder: Path) -> tuple[Engine, ChainLink]:
    world = scene.world
    # The books open at the newest final block: what set the scene up is to lie before it.
    scene.ask("anvil_mine", hex(UNTIL_FINAL))
    settings = load_settings(
        env={},
        data_dir=str(folder),
        mode="rehearsal",
        private_key=world.accounts.operator.key,
        executor_address=scene.executor,
        relay_urls="http://127.0.0.1:9",
        min_profit_wei=ETHER // 500,
        max_price_impact_bps=10_000,
        max_attempts_per_minute=10_000,
        max_attempts_per_hour=100_000,
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


async def measure(scene: Scene, folder: Path, patch: pytest.MonkeyPatch) -> list[Taken]:
    watch = Stopwatch()
    watch.watch_nodes(patch)
    engine, link = await compose(scene, watch, folder)
    path = LivePath(scene, around(scene, patch), engine, link.reader, watch)
    thresholds = gc.get_threshold()
    taken: list[Taken] = []
    try:
        await path.load()
        freeze_loaded()
        for number in range(WARM_UP + MOST_ROUNDS):
            found = await path.round()
            if found is not None and number >= WARM_UP:
                taken.append(found)
            if len(taken) == ROUNDS:
                break
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        await path.events.aclose()
        await engine.aclose()
        await link.aclose()
    return taken


def test_from_block_to_signed_bundle(
    benchmark: BenchmarkFixture, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def whole() -> list[Taken]:
        return asyncio.run(measure(scene, tmp_path, monkeypatch))

    taken = benchmark.pedantic(whole, rounds=1)
    assert len(taken) == ROUNDS
    own = sorted(each.own for each in taken)
    # The clock of the benchmark's plugin would count the world's preparations as well.
    benchmark.extra_info["min"] = own[0]
    benchmark.extra_info["median"] = median(own)
    benchmark.extra_info["p99"] = own[math.ceil(0.99 * len(own)) - 1]
    benchmark.extra_info["processor"] = median(each.processor for each in taken)
