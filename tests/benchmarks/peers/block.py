"""One block on 10,000 pools: every cycle of 2 and 3 hops through a pool that changed."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

from aineon.market import Market
from aineon.primitives import Address, Token
from aineon.search import Scanner
from tests.benchmarks.peers.work import written_pool
from tests.benchmarks.universe import WETH, Universe

POOLS = 10_000
SIZED = 100
WARM_UP, BLOCKS = 5, 30

Leg = tuple[Address, Token]
"""A pool, and the token that goes in."""


@dataclass(frozen=True)
class BlockWork:
    """The last of several blocks, and what AINEON needed for one.

    Attributes:
        seconds: applied, screened, the best hundred sized: the median of the blocks.
        cycles: those through a pool that the last block changed.
    """

    seconds: float
    cycles: tuple[tuple[Leg, ...], ...]
    market: Market

    @property
    def name(self) -> str:
        return f"one block: {len(self.cycles):,} cycles through 200 changed pools"

    def as_written(self) -> dict[str, Any]:
        """The cycles and their pools as JSON can carry them."""
        used = {address for cycle in self.cycles for address, _ in cycle}
        return {
            "name": self.name,
            "pools": {at: written_pool(self.market.pools[at]) for at in used},
            "cycles": [
                [(at, self.market.pools[at].tokens[0] == token_in) for at, token_in in cycle]
                for cycle in self.cycles
            ],
        }


def measured_block() -> BlockWork:
    """Follow a market for some blocks, and hand over the last of them."""
    universe = Universe(POOLS)
    scanner = Scanner([WETH], 3, size_exactly=lambda _: False, size_at_most=SIZED, judge=None)
    scanner.scan(universe.market)
    seconds: list[float] = []
    changed: Collection[Address] = ()
    for _ in range(WARM_UP + BLOCKS):
        update = universe.next_block()
        started = time.perf_counter()
        changed = universe.market.apply(update)
        scanner.scan(universe.market, changed=changed)
        seconds.append(time.perf_counter() - started)
    cycles = tuple(dict.fromkeys(_cycles(universe.market, changed)))
    return BlockWork(statistics.median(seconds[WARM_UP:]), cycles, universe.market)


def _cycles(market: Market, changed: Collection[Address]) -> Iterator[tuple[Leg, ...]]:
    between: dict[tuple[Token, Token], list[Address]] = defaultdict(list)
    neighbours: dict[Token, dict[Token, None]] = defaultdict(dict)
    for pool in market.pools.values():
        for token_in, token_out in (pool.tokens, pool.tokens[::-1]):
            between[token_in, token_out].append(pool.address)
            neighbours[token_in][token_out] = None
    for middle in neighbours[WETH]:
        ways = [(WETH, middle), *((WETH, middle, far) for far in neighbours[middle])]
        for way in ways:
            sides = [between.get(side, []) for side in pairwise((*way, WETH))]
            for pools in product(*sides):
                if len(set(pools)) == len(pools) and not set(pools).isdisjoint(changed):
                    yield tuple(zip(pools, way, strict=True))
