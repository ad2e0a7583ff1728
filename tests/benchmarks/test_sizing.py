"""Exact sizing on one core: `python dev.py bench`, or pytest with --benchmark-enable."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from aineon.search.route import Route
from aineon.search.sizing import approximate_input, optimal_input
from tests.search.mixed_cycles import mixed_cycle
from tests.search.sizing_tools import (
    DAI,
    ETHER,
    STETH,
    USDC,
    USDT,
    WBTC,
    WETH,
    cycle,
    deep_v3,
    v2,
)

USD_V2 = v2(WETH, USDC, 15_000 * ETHER, 30_000_123 * 10**6 + 457)
USD_V2_HIGH = v2(WETH, USDC, 9_000 * ETHER + 17, 18_200_000 * 10**6 + 1117)
USD_V3_HIGH = deep_v3(WETH, USDC, 2026e-12, 20_000 * ETHER)
USD_V3_LOW = deep_v3(WETH, USDC, 1970e-12, 20_000 * ETHER, 500, 10)
USD_V3_DEEP = deep_v3(WETH, USDC, 1998e-12, 200_000 * ETHER, 500, 10)
DAI_V2 = v2(WETH, DAI, 19_000 * ETHER + 17, 38_000_000 * ETHER + 11_177_777)
USD_DAI = v2(USDC, DAI, 9_000_000 * 10**6, 9_200_000 * ETHER + 7)
USDT_V2 = v2(WETH, USDT, 15_000 * ETHER, 29_700_000 * 10**6 + 1237)
USD_USD_V2 = v2(USDC, USDT, 9_000_000 * 10**6, 9_200_000 * 10**6 + 7)
USD_USD_V3 = deep_v3(USDC, USDT, 1.02, 9_000_000 * 10**6, 500, 10)
STAKED_HIGH = v2(WETH, STETH, 9_000 * ETHER + 17, 9_100 * ETHER + 1117)
STAKED_LOW = v2(WETH, STETH, 19_000 * ETHER + 17, 19_003 * ETHER + 11_177_777)
BTC_V2 = v2(WBTC, WETH, 800 * 10**8, 12_000 * ETHER)
BTC_USD = v2(WBTC, USDC, 900 * 10**8, 27_700_000 * 10**6 + 1)

SHAPES = {
    "WETH USDC WETH, V3 V2": cycle(WETH, (USD_V3_HIGH, USDC), (USD_V2, WETH)),
    "WETH USDC WETH, V2 V3": cycle(WETH, (USD_V2, USDC), (USD_V3_LOW, WETH)),
    "WETH USDC WETH, V2 V2": cycle(WETH, (USD_V2_HIGH, USDC), (USD_V2, WETH)),
    "WETH USDC WETH, V3 V3": cycle(WETH, (USD_V3_HIGH, USDC), (USD_V3_DEEP, WETH)),
    "USDC WETH USDC, V3 V2": cycle(USDC, (USD_V3_LOW, WETH), (USD_V2, USDC)),
    "WETH USDC DAI WETH, V2 V2 V2": cycle(
        WETH, (USD_V2_HIGH, USDC), (USD_DAI, DAI), (DAI_V2, WETH)
    ),
    "WETH stETH WETH, V2 V2": cycle(WETH, (STAKED_HIGH, STETH), (STAKED_LOW, WETH)),
    "WETH USDC USDT WETH, V2 V2 V2": cycle(
        WETH, (USD_V2_HIGH, USDC), (USD_USD_V2, USDT), (USDT_V2, WETH)
    ),
    "WETH USDC USDT WETH, V2 V3 V2": cycle(
        WETH, (USD_V2_HIGH, USDC), (USD_USD_V3, USDT), (USDT_V2, WETH)
    ),
    "WETH USDC USDT WETH, V3 V3 V2": cycle(
        WETH, (USD_V3_HIGH, USDC), (USD_USD_V3, USDT), (USDT_V2, WETH)
    ),
    "WETH WBTC USDC WETH, V2 V2 V2": cycle(WETH, (BTC_V2, WBTC), (BTC_USD, USDC), (USD_V2, WETH)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_exact_sizing(benchmark: BenchmarkFixture, shape: str) -> None:
    route: Route = SHAPES[shape]
    found = benchmark(optimal_input, route)
    assert found
    assert found[-1] > found[0]


@pytest.mark.parametrize("shape", SHAPES)
def test_approximate_sizing(benchmark: BenchmarkFixture, shape: str) -> None:
    found = benchmark(approximate_input, SHAPES[shape])
    assert found
    assert found[-1] > found[0]


def test_exact_sizing_of_mixed_protocols(benchmark: BenchmarkFixture) -> None:
    routes = [mixed_cycle(seed) for seed in range(20)]

    def size_all() -> int:
        return sum(optimal_input(route) is not None for route in routes)

    assert benchmark(size_all) > len(routes) // 2
