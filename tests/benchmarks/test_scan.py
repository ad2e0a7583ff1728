"""How long whole blocks take, from the events to sized cycles, and how that grows.

`universe.py` says what the market and its blocks are like. A round is one block: its events
applied, all cycles screened, the best hundred sized. The confidence is left out: it is what is
asked of the few cycles that are traded. As in an engine (`aineon.runtime.garbage`), the loaded
market is kept out of Python's collections of garbage while blocks are measured: one collection
that walks over all pools would be the slowest block of every hundred.
"""

from __future__ import annotations

import gc
import math
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from random import Random

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from aineon.amm import Pool
from aineon.market import Market, MarketUpdate
from aineon.primitives import Block
from aineon.primitives.units import ETHER, GWEI
from aineon.runtime.garbage import freeze_loaded
from aineon.search import Route, Scan, Scanner
from aineon.search.sizing import optimal_input
from tests.benchmarks.footprint import ROOT
from tests.benchmarks.universe import HUBS, WETH, Universe, after, moved
from tests.search.markets import random_market

pytestmark = pytest.mark.timeout(600)
SIZED = 100
POOLS = 10_000
MILLI_ETHER = ETHER // 1000
BLOCKS, FEW_BLOCKS, WARM_UP = 200, 60, 5
QUIET, BUSY = 0.0003, 0.001


@dataclass
class Replay:
    """A universe and the scanner that follows it; the scan of the last block is kept."""

    universe: Universe
    scanner: Scanner
    last: Scan | None = None

    def begin(self) -> Replay:
        self.scanner.scan(self.universe.market)
        for _ in range(WARM_UP):
            self.block(self.universe.next_block())
        return self

    def block(self, update: MarketUpdate) -> None:
        changed = self.universe.market.apply(update)
        self.last = self.scanner.scan(self.universe.market, changed=changed)

    def measure(self, benchmark: BenchmarkFixture, blocks: int) -> Scan:
        """Time so many blocks one by one; `extra_info` gets the 99th percentile."""
        with frozen():
            benchmark.pedantic(
                self.block,
                setup=lambda: ((self.universe.next_block(),), {}),
                rounds=blocks,
                iterations=1,
            )
        if benchmark.stats is not None:
            seconds = benchmark.stats.stats.sorted_data
            benchmark.extra_info["p99"] = seconds[math.ceil(0.99 * len(seconds)) - 1]
        assert self.last is not None
        benchmark.extra_info["promising"] = self.last.cycles_promising
        return self.last


@contextmanager
def frozen() -> Iterator[None]:
    """Collect garbage as an engine does that has loaded its market."""
    freeze_loaded()
    try:
        yield
    finally:
        gc.unfreeze()


def replay(pools: int, max_hops: int, profit_floor_wei: int = 0, sized: int = SIZED) -> Replay:
    scanner = Scanner(
        [WETH], max_hops, size_at_most=sized, profit_floor_wei=profit_floor_wei, judge=None
    )
    return Replay(Universe(pools), scanner).begin()


def test_block_of_10000_pools_to_3_hops(benchmark: BenchmarkFixture) -> None:
    found = replay(POOLS, 3).measure(benchmark, BLOCKS)
    assert found.cycles_sized == SIZED


@pytest.mark.parametrize(("max_hops", "floor"), [(3, 0), (4, MILLI_ETHER)])
def test_block_of_10000_pools_sized_to_a_millionth(
    benchmark: BenchmarkFixture, max_hops: int, floor: int
) -> None:
    """A hundred sized on integers at their peak, as the engine ranks them; see docs/sizing.md.

    It sizes exactly what it is about to attempt.
    """
    scanner = Scanner(
        [WETH],
        max_hops,
        size_exactly=lambda _: False,
        size_at_most=SIZED,
        profit_floor_wei=floor,
        judge=None,
    )
    found = Replay(Universe(POOLS), scanner).begin().measure(benchmark, BLOCKS)
    assert found.cycles_sized == SIZED


def test_block_of_10000_pools_to_4_hops_above_a_milliether(benchmark: BenchmarkFixture) -> None:
    found = replay(POOLS, 4, MILLI_ETHER).measure(benchmark, BLOCKS)
    assert found.cycles_sized == SIZED


@pytest.mark.parametrize("pools", [1_000, 5_000, 10_000, 50_000])
def test_block_without_sizing(benchmark: BenchmarkFixture, pools: int) -> None:
    """Applied and screened to 3 hops: what depends on the number of pools, if anything does."""
    assert replay(pools, 3, sized=0).measure(benchmark, FEW_BLOCKS).pools_refreshed > 0


def test_block_without_sizing_for_five_base_tokens(benchmark: BenchmarkFixture) -> None:
    scanner = Scanner(HUBS, 3, size_at_most=0)
    Replay(Universe(POOLS), scanner).begin().measure(benchmark, FEW_BLOCKS)


@pytest.mark.parametrize("noise", [QUIET, BUSY])
def test_next_block_of_500_pools(benchmark: BenchmarkFixture, noise: float) -> None:
    """Few tokens, many pools between each two, 4 hops; ten pools moved since the scan before."""
    before = Market(random_market(Random(1), 30, 500, noise), Block(1, base_fee_wei=GWEI))
    pools = [
        pool.quote_exact_input(*pool.tokens, 10**17).pool_after
        for pool in Random(2).sample(list(before.pools.values()), 10)
    ]
    states = cycle([before, before.with_pools(pools)])
    scanner = Scanner([before.tokens[0]], 4)
    scanner.scan(before)
    benchmark(lambda: scanner.scan(next(states)))


def test_sizing_the_best_hundred(benchmark: BenchmarkFixture) -> None:
    """The sizes alone, through pools in states that nobody has asked yet."""
    following = replay(POOLS, 3)

    def routes() -> tuple[tuple[list[Route]], dict[str, object]]:
        following.block(following.universe.next_block())
        assert following.last is not None
        found = [each.route for each in following.last.opportunities]
        return ([Route(hop._replace(pool=anew(hop.pool)) for hop in route) for route in found],), {}

    def size(routes: list[Route]) -> None:
        for route in routes:
            optimal_input(route)

    benchmark.pedantic(size, setup=routes, rounds=FEW_BLOCKS)


def anew(pool: Pool) -> Pool:
    """The same state in an object that has worked nothing out yet."""
    return after(pool, moved(pool))


@pytest.mark.parametrize("pools", [1_000, 10_000, 50_000])
def test_memory_of_a_market(benchmark: BenchmarkFixture, pools: int) -> None:
    command = [sys.executable, "-m", "tests.benchmarks.market_memory", str(pools)]

    def measure() -> int:
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        return int(done.stdout)

    used = benchmark.pedantic(measure, rounds=1, iterations=1)
    benchmark.extra_info["bytes"] = used
    benchmark.extra_info["counted"] = "pools, added to a process with their scanner"
