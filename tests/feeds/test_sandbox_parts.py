"""The parts of the sandbox: random numbers, outside prices, gas, positions, cycles."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.errors import ConfigurationError
from aineon.feeds.sandbox.cycles import CycleFinder
from aineon.feeds.sandbox.dice import Dice, exp, log
from aineon.feeds.sandbox.gas import GAS_LIMIT, GasMarket
from aineon.feeds.sandbox.positions import SPACING_OF_FEE, around, build_pools
from aineon.feeds.sandbox.prices import REGIMES, OutsidePrices
from aineon.feeds.sandbox.sizing import best_size
from aineon.feeds.sandbox.states import PoolStates
from aineon.feeds.sandbox.universe import (
    DAI,
    STETH,
    USDC,
    USDT,
    WETH,
    build_universe,
    synthetic_address,
    universe_named,
)
from aineon.primitives.units import GWEI


@settings(max_examples=200)
@given(st.floats(-50, 50))
def test_exp_is_the_exponential(x: float) -> None:
    assert exp(x) == pytest.approx(math.exp(x), rel=1e-13)


@settings(max_examples=200)
@given(st.floats(1e-12, 1e12))
def test_log_is_the_logarithm(x: float) -> None:
    assert log(x) == pytest.approx(math.log(x), rel=1e-13, abs=1e-15)


def test_exp_stays_finite_far_out() -> None:
    assert math.isfinite(exp(1e300))
    assert exp(-1e300) > 0


def test_dice_fall_the_same_everywhere() -> None:
    dice = Dice(7, "example")
    assert [dice.uniform() for _ in range(2)] == [0.3050687504944328, 0.9496107583995331]
    assert dice.log_normal(100.0, 0.5) == 81.23935126032073
    assert Dice(7, "another").uniform() != Dice(7, "example").uniform()


def test_normal_numbers_have_mean_zero_and_deviation_one() -> None:
    dice = Dice(1, "normal")
    numbers = [dice.normal() for _ in range(20_000)]
    mean = sum(numbers) / len(numbers)
    assert abs(mean) < 0.03
    assert sum(n * n for n in numbers) / len(numbers) == pytest.approx(1.0, abs=0.03)


def test_choices_follow_their_weights() -> None:
    dice = Dice(1, "choices")
    picked = [dice.weighted((("often", 3.0), ("rarely", 1.0))) for _ in range(4000)]
    assert picked.count("often") / len(picked) == pytest.approx(0.75, abs=0.03)
    assert {dice.pick("abc") for _ in range(100)} == set("abc")


def test_outside_prices_go_through_all_regimes_and_pegs_hold() -> None:
    prices = OutsidePrices(build_universe(24, 7).assets, seed=7)
    seen = set()
    lowest = highest = prices.rate(WETH, USDC)
    for _ in range(6000):
        prices.advance()
        seen.add(prices.regime.name)
        rate = prices.rate(WETH, USDC)
        lowest, highest = min(lowest, rate), max(highest, rate)
        assert 0.97 < prices.rate(USDC, USDT) < 1.03
        assert 0.97e-12 < prices.rate(DAI, USDC) < 1.03e-12
        assert 0.97 < prices.rate(STETH, WETH) < 1.03
    assert seen == set(REGIMES)
    assert highest > lowest * 1.01


def test_regimes_name_only_regimes_as_followers() -> None:
    for regime in REGIMES.values():
        assert {name for name, _ in regime.followers} <= set(REGIMES) - {regime.name}


def test_base_fees_are_what_people_know() -> None:
    gas = GasMarket(seed=7)
    fees = []
    for _ in range(5000):
        gas.advance(unrest=0.0003)
        assert 0 < gas.gas_used <= GAS_LIMIT
        fees.append(gas.base_fee_wei)
    fees.sort()
    assert 3 * GWEI < fees[len(fees) // 2] < 30 * GWEI
    assert fees[-1] > 2 * fees[len(fees) // 2]
    assert fees[-1] < 500 * GWEI


@given(
    tick=st.integers(-200_000, 200_000),
    half_width=st.integers(1, 5000),
    spacing=st.sampled_from(sorted(SPACING_OF_FEE.values())),
)
def test_positions_lie_around_their_tick(tick: int, half_width: int, spacing: int) -> None:
    lower, upper = around(tick, half_width, spacing)
    assert lower % spacing == upper % spacing == 0
    assert lower <= tick - half_width < tick + half_width <= upper


def test_synthetic_addresses_show_that_they_are() -> None:
    assert synthetic_address("a").startswith("0x5eed5eed")
    assert synthetic_address("a") != synthetic_address("b")


def test_the_wide_universe_holds_the_usual_one_and_more_that_trades() -> None:
    usual, wide = universe_named("usual", 7), universe_named("wide", 7)
    assert usual == build_universe(24, 7)
    assert wide == universe_named("wide", 7)
    assert wide.assets[: len(usual.assets)] == usual.assets
    addresses = [plan.address for plan in wide.pools]
    assert addresses[:24] == [plan.address for plan in usual.pools]
    assert len(set(addresses)) == len(addresses) == 70
    assert len({(plan.token0, plan.token1) for plan in wide.pools}) == 19
    assert all(0.1 < plan.busyness <= 1.0 for plan in wide.pools[24:])
    assert universe_named("wide", 8).pools[24:] != wide.pools[24:], "a seed makes its own tokens"


def test_a_universe_that_does_not_exist_is_refused_in_one_sentence() -> None:
    with pytest.raises(ConfigurationError, match="universe is 'vast'; allowed are usual, wide"):
        universe_named("vast", 7)


def test_cycles_are_found_once_and_sized_near_their_best() -> None:
    universe = build_universe(24, 7)
    prices = OutsidePrices(universe.assets, 7)
    pools, _ = build_pools(universe, prices)
    states = PoolStates(pools)
    finder = CycleFinder(universe.pools, states)
    assert list(finder.among(finder.loops)) == []

    plan = universe.pools[0]
    assert {plan.token0, plan.token1} == {WETH, USDC}
    states.swap(plan.address, WETH, USDC, 300 * 10**18)
    finder.refresh(plan.address)
    found = list(finder.among(finder.loops))
    assert found
    assert len({candidate.hops for candidate in found}) == len(found)
    assert sorted(finder.through(plan.address)) == sorted(found)
    assert {len(candidate.hops) for candidate in found} == {2, 3}
    for candidate in found:
        assert candidate.hops[0][1] == WETH
        assert candidate.hops[-1][2] == WETH

    best = max(found)
    sized = best_size(best, states)
    assert sized is not None

    def profit(amount_in: int) -> int:
        amount = amount_in
        for address, token_in, token_out in best.hops:
            pool = states.pools[address]
            amount = pool.quote_exact_input(token_in, token_out, amount).amount_out
        return amount - amount_in

    assert sized.profit == profit(sized.amount_in) > 0
    grid = [sized.amount_in * percent // 100 for percent in range(10, 300)]
    assert max(map(profit, grid)) <= sized.profit * 1.001
