"""Pools as large as life: no neighbour and no point of a grid is better."""

from __future__ import annotations

import pytest

from aineon.search.route import Route
from aineon.search.sizing import approximate_input, optimal_input
from aineon.search.sizing.optimum import smooth_optimum
from tests.search.sizing_tools import (
    DAI,
    ETHER,
    STETH,
    USDC,
    USDT,
    WBTC,
    WETH,
    Judge,
    cycle,
    deep_v3,
    v2,
)

MILLION = 10**12  # of a dollar with 6 decimals


def cycles() -> dict[str, Route]:
    usd = v2(WETH, USDC, 15_000 * ETHER, 30 * MILLION + 123_457)
    usd_cheap = v2(WETH, USDC, 9_000 * ETHER + 17, 18_200_000 * 10**6 + 1117)
    usd3_high = deep_v3(WETH, USDC, 2026e-12, 20_000 * ETHER)
    usd3_low = deep_v3(WETH, USDC, 1970e-12, 20_000 * ETHER, 500, 10)
    usd3_deep = deep_v3(WETH, USDC, 1998e-12, 200_000 * ETHER, 500, 10)
    dai = v2(WETH, DAI, 19_000 * ETHER + 17, 38_000_000 * ETHER + 11_177_777)
    dai_cheap = v2(WETH, DAI, 9_000 * ETHER + 17, 18_200_000 * ETHER + 1117)
    dai3 = deep_v3(WETH, DAI, 2022.0, 19_000 * ETHER)
    staked = v2(WETH, STETH, 19_000 * ETHER + 17, 19_003 * ETHER + 11_177_777)
    staked_cheap = v2(WETH, STETH, 9_000 * ETHER + 17, 9_100 * ETHER + 1117)
    staked3 = deep_v3(WETH, STETH, 1.012, 19_000 * ETHER)
    dollars = v2(USDC, USDT, 9 * MILLION, 9_200_000 * 10**6 + 7)
    dollars3 = deep_v3(USDC, USDT, 1.001, 80 * MILLION, 100, 1)
    usdt = v2(WETH, USDT, 15_000 * ETHER, 29_700_000 * 10**6 + 1237)
    usd_dai = v2(USDC, DAI, 9 * MILLION, 9_200_000 * ETHER + 7)
    btc3 = deep_v3(WBTC, WETH, 15.225e10, 1000 * 10**8)
    btc = v2(WBTC, WETH, 800 * 10**8, 12_000 * ETHER)
    return {
        "18-6 v3 v2": cycle(WETH, (usd3_high, USDC), (usd, WETH)),
        "18-6 v2 v3": cycle(WETH, (usd, USDC), (usd3_low, WETH)),
        "18-6 v3 v3": cycle(WETH, (usd3_high, USDC), (usd3_deep, WETH)),
        "18-6 v2 v2": cycle(WETH, (usd_cheap, USDC), (usd, WETH)),
        "6-18 v2 v3": cycle(USDC, (usd, WETH), (usd3_high, USDC)),
        "6-18 v3 v2": cycle(USDC, (usd3_low, WETH), (usd, USDC)),
        "18-18 v2 v2": cycle(WETH, (dai_cheap, DAI), (dai, WETH)),
        "18-18 v3 v2": cycle(WETH, (dai3, DAI), (dai, WETH)),
        "18-18 equal worth v2 v2": cycle(WETH, (staked_cheap, STETH), (staked, WETH)),
        "18-18 equal worth v3 v2": cycle(WETH, (staked3, STETH), (staked, WETH)),
        "6-6 v2 v3": cycle(USDC, (dollars, USDT), (dollars3, USDC)),
        "8-18 v3 v2": cycle(WBTC, (btc3, WETH), (btc, WBTC)),
        "18-8 v2 v3": cycle(
            WETH, (v2(WBTC, WETH, 800 * 10**8, 11_700 * ETHER), WBTC), (btc3, WETH)
        ),
        "18-6-6 v2 v2 v2": cycle(WETH, (usd_cheap, USDC), (dollars, USDT), (usdt, WETH)),
        "18-6-6 v2 v3 v2": cycle(WETH, (usd_cheap, USDC), (dollars3, USDT), (usdt, WETH)),
        "18-6-6 v3 v3 v2": cycle(WETH, (usd3_high, USDC), (dollars3, USDT), (usdt, WETH)),
        "18-6-18 v2 v2 v2": cycle(WETH, (usd_cheap, USDC), (usd_dai, DAI), (dai, WETH)),
        "18-6-6-18 v3 v3 v2 v2": cycle(
            WETH,
            (usd3_high, USDC),
            (dollars3, USDT),
            (v2(USDT, DAI, 10**13, 10**25), DAI),
            (dai, WETH),
        ),
    }


CYCLES = cycles()


@pytest.mark.parametrize("flash_fee", [0, 5, 9])
@pytest.mark.parametrize("name", CYCLES)
def test_nothing_near_or_on_the_grid_is_better(name: str, flash_fee: int) -> None:
    route = CYCLES[name]
    found = optimal_input(route, flash_fee)
    assert found, "these cycles all pay"
    judge = Judge(route, flash_fee)
    profit = judge.profit(found[0])
    assert profit is not None
    assert profit > 0
    assert judge.better(found[0], 10_000 if not flash_fee else 1000) == []
    assert found == amounts_of(route, found[0])


def amounts_of(route: Route, amount_in: int) -> tuple[int, ...]:
    amounts = [amount_in]
    for pool, token_in, token_out in route:
        quote = pool.quote_exact_input(token_in, token_out, amounts[-1])
        assert not quote.partial
        amounts.append(quote.amount_out)
    return tuple(amounts)


def test_the_judge_refuses_the_closed_form_rounded() -> None:
    # The control: sizes that ignore the roundings are not good enough for this judge.
    refused = [
        name
        for name, route in CYCLES.items()
        if (start := smooth_optimum(route, 1.0)) and Judge(route).better(start, 100)
    ]
    assert len(refused) > len(CYCLES) // 2


def test_the_judge_refuses_the_neighbours_of_the_answer() -> None:
    for route in CYCLES.values():
        found = optimal_input(route)
        assert found
        assert Judge(route).better(found[0] + 1, 10)


@pytest.mark.parametrize("flash_fee", [0, 5])
@pytest.mark.parametrize("name", CYCLES)
def test_the_approximate_input_misses_a_millionth_or_a_few_units(name: str, flash_fee: int) -> None:
    route = CYCLES[name]
    judge = Judge(route, flash_fee)
    exact, near = optimal_input(route, flash_fee), approximate_input(route, flash_fee)
    assert exact is not None
    assert near is not None
    best, missed = judge.profit(exact[0]), judge.profit(near[0])
    assert best is not None
    assert missed is not None
    assert 0 <= best - missed <= best // 10**6 + 3
    assert near == amounts_of(route, near[0])


def test_the_approximate_input_finds_nothing_where_nothing_can_pay() -> None:
    even = v2(WETH, USDC, 1000 * ETHER, 2 * 10**12)
    assert (
        approximate_input(cycle(WETH, (even, USDC), (v2(WETH, USDC, 10**21, 2 * 10**12), WETH)))
        is None
    )
