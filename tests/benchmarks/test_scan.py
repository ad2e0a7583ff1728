"""How long a scan of 500 pools over 30 tokens takes, up to 4 hops."""

from __future__ import annotations

from itertools import cycle
from random import Random

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from aineon.market import Market
from aineon.primitives import Block
from aineon.search import Scanner, find_opportunities
from tests.search.markets import random_market

QUIET, BUSY = 0.0003, 0.001


def market(noise: float) -> Market:
    return Market(random_market(Random(1), 30, 500, noise), Block(1, base_fee_wei=10**9))


@pytest.mark.parametrize("noise", [QUIET, BUSY])
def test_first_scan(benchmark: BenchmarkFixture, noise: float) -> None:
    pools = market(noise)
    base = pools.tokens[0]
    benchmark(find_opportunities, pools, [base], 4)


@pytest.mark.parametrize("noise", [QUIET, BUSY])
def test_next_block(benchmark: BenchmarkFixture, noise: float) -> None:
    """Ten pools moved since the scan before."""
    before = market(noise)
    moved = [
        pool.quote_exact_input(*pool.tokens, 10**17).pool_after
        for pool in Random(2).sample(list(before.pools.values()), 10)
    ]
    states = cycle([before, before.with_pools(moved)])
    scanner = Scanner([before.tokens[0]], 4)
    scanner.scan(before)
    benchmark(lambda: scanner.scan(next(states)))
