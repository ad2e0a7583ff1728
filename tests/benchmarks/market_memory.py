"""Prints how many bytes a market and its scanner add to a process: run with a number of pools."""

from __future__ import annotations

import gc
import sys

import psutil

from aineon.search import Scanner
from tests.benchmarks.universe import WETH, Universe


def added(pools: int) -> int:
    """Bytes of resident memory after the first scan and ten blocks more than before all."""
    process = psutil.Process()
    gc.collect()
    before = process.memory_info().rss
    universe = Universe(pools)
    scanner = Scanner([WETH], 3, size_at_most=100)
    scanner.scan(universe.market)
    for _ in range(10):
        scanner.scan(universe.market, changed=universe.market.apply(universe.next_block()))
    gc.collect()
    return process.memory_info().rss - before


if __name__ == "__main__":
    print(added(int(sys.argv[1])))
