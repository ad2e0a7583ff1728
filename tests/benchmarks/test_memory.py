"""How many bytes one pool adds to a process, by kind; each figure from a process of its own."""

from __future__ import annotations

import gc
import json
import subprocess
import sys

import psutil
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from aineon.market import Market
from tests.benchmarks.footprint import ROOT

pytestmark = pytest.mark.timeout(300)
POOLS = 3_000


def added(kind: str) -> int:
    """Bytes of resident memory that so many pools of a kind add, in a market."""
    # The builders are imported before, and their own pools are gone after.
    from tests.benchmarks.raw_logs import LogUniverse

    process = psutil.Process()
    universe = LogUniverse(100)
    gc.collect()
    before = process.memory_info().rss
    places = {"v2": 50, "v3": 0, "balancer": 30, "curve": 31}
    market = Market(universe._pool(places[kind]) for _ in range(POOLS))
    gc.collect()
    assert len(market) == POOLS
    return process.memory_info().rss - before


@pytest.mark.parametrize("kind", ["v2", "v3", "balancer", "curve"])
def test_memory_of_3000_pools(benchmark: BenchmarkFixture, kind: str) -> None:
    code = f"from tests.benchmarks.test_memory import added; print(added({kind!r}))"

    def measure() -> int:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return int(json.loads(done.stdout))

    used = benchmark.pedantic(measure, rounds=1, iterations=1)
    benchmark.extra_info["bytes"] = used
    benchmark.extra_info["counted"] = f"resident, {used // POOLS:,} bytes a pool"
    assert used > 0
