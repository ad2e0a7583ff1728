"""From raw logs to a market: decoded and applied, block by block, on one core."""

from __future__ import annotations

import gc
import json
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from aineon.chain.decoding import decode_logs
from aineon.market import Market, MarketUpdate
from aineon.primitives import Block
from aineon.runtime.garbage import freeze_loaded
from tests.benchmarks.raw_logs import LOGS_OF_A_BLOCK, MIX, LogUniverse

BLOCKS = 10
ROUNDS = 15


def measure(benchmark: BenchmarkFixture, pools: int, kind: str, falloff: float = 1.0) -> None:
    """Time one block of the kind, in a market that has just taken the blocks before it."""
    universe = LogUniverse(pools, falloff)
    blocks = universe.blocks(BLOCKS, kind)
    state: dict[str, Any] = {"left": []}

    def block_of_logs() -> tuple[tuple[Any, ...], dict[str, Any]]:
        if not state["left"]:
            state["market"] = Market(universe.pools.values(), Block(0))
            state["left"] = list(blocks)
            # As in the engine's process once its market is loaded.
            freeze_loaded()
        market: Market = state["market"]
        number = market.block.number + 1 if market.block else 1
        return (market, json.loads(state["left"].pop(0)), number), {}

    def take(market: Market, logs: list[Any], number: int) -> int:
        found = decode_logs(logs, market.watched)
        market.apply(MarketUpdate(Block(number), found.events))
        return len(found.events)

    thresholds = gc.get_threshold()
    taken = benchmark.pedantic(take, setup=block_of_logs, rounds=BLOCKS * ROUNDS)
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    assert taken == LOGS_OF_A_BLOCK
    assert not state["market"].lost
    benchmark.extra_info["per_second"] = round(LOGS_OF_A_BLOCK / benchmark.stats.stats.median)


@pytest.mark.parametrize("kind", ["mix", *MIX])
def test_block_of_200_raw_logs(benchmark: BenchmarkFixture, kind: str) -> None:
    measure(benchmark, 10_000, kind)


@pytest.mark.parametrize("pools", [1_000, 50_000])
def test_block_of_200_raw_logs_for_pools(benchmark: BenchmarkFixture, pools: int) -> None:
    measure(benchmark, pools, "mix")


def test_block_of_200_raw_logs_for_pools_traded_evenly(benchmark: BenchmarkFixture) -> None:
    measure(benchmark, 10_000, "mix", falloff=0)
