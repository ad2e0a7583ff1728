"""Approximate sizes waste no part of the unit that is worth most, and lose nothing by it."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from aineon.amm import ConcentratedPool
from aineon.primitives import Token
from aineon.search.route import Route
from aineon.search.sizing import approximate_input, optimal_input, whole
from aineon.search.sizing.optimum import smooth_optimum
from aineon.search.sizing.single import needed, paid
from aineon.search.sizing.whole import made_whole
from tests.search.sizing_tools import (
    DAI,
    ETHER,
    USDC,
    USDT,
    WBTC,
    WETH,
    Judge,
    cycle,
    deep_v3,
    small_cycle,
    v2,
)

USD = v2(WETH, USDC, 15_000 * ETHER, 30_000_123 * 10**6 + 457)
USD_CHEAP = v2(WETH, USDC, 9_000 * ETHER + 17, 18_200_000 * 10**6 + 1117)
USD_3 = deep_v3(WETH, USDC, 1970e-12, 20_000 * ETHER, 500, 10)
USD_3_DEAR = deep_v3(WETH, USDC, 2026e-12, 20_000 * ETHER)
USD_DAI = v2(USDC, DAI, 9_000_000 * 10**6, 9_200_000 * ETHER + 7)
DAI_2 = v2(WETH, DAI, 19_000 * ETHER + 17, 38_000_000 * ETHER + 11_177_777)
# With one token alone whose unit is worth much: half of it would be 250,000,000 wei and more.
COARSE = {
    "v2 v2": cycle(WETH, (USD_CHEAP, USDC), (USD, WETH)),
    "v2 v3": cycle(WETH, (USD, USDC), (USD_3, WETH)),
    "v3 v2": cycle(WETH, (USD_3_DEAR, USDC), (USD, WETH)),
    "v3 v3": cycle(WETH, (USD_3_DEAR, USDC), (USD_3, WETH)),
    "v2 v2 v2": cycle(WETH, (USD_CHEAP, USDC), (USD_DAI, DAI), (DAI_2, WETH)),
    "coarse at the third place": cycle(WETH, (DAI_2, DAI), (USD_DAI, USDC), (USD_3, WETH)),
    "coarse at the first place": cycle(
        WBTC,
        (deep_v3(WBTC, WETH, 15.6e10, 1000 * 10**8), WETH),
        (v2(WBTC, WETH, 800 * 10**8, 12_000 * ETHER), WBTC),
    ),
}
# A fee that spares every 2000th unit moves the input aside by as many: some wei of a flat peak.
FEW_UNITS = 64


@pytest.mark.parametrize("flash_fee", [0, 5])
@pytest.mark.parametrize("name", COARSE)
def test_a_coarse_unit_is_not_wasted(name: str, flash_fee: int) -> None:
    route = COARSE[name]
    exact, near = optimal_input(route, flash_fee), approximate_input(route, flash_fee)
    if exact is None:
        assert near is None
        return
    assert near is not None
    judge = Judge(route, flash_fee)
    best, found = judge.profit(exact[0]), judge.profit(near[0])
    assert best is not None
    assert found is not None
    assert 0 <= best - found <= FEW_UNITS


def test_formulas_alone_waste_it() -> None:
    # The control: the peak of the smooth curve, which `made_whole` starts from.
    wasted = []
    for name, route in COARSE.items():
        exact, start = optimal_input(route), smooth_optimum(route, 1.0)
        if exact is None or start is None:
            continue
        found = Judge(route).profit(start)
        if found is not None and exact[-1] - exact[0] - found > 1000 * FEW_UNITS:
            wasted.append(name)
    assert len(wasted) >= 4, wasted


@pytest.mark.parametrize("flash_fee", [0, 9])
def test_nothing_is_lost_at_any_input_and_amounts_are_what_pools_pay(flash_fee: int) -> None:
    random_ = random.Random(7)
    better = 0
    for _ in range(400):
        route = small_cycle(random_)
        judge = Judge(route, flash_fee)
        amount_in = random_.randint(1, max(judge.largest_input() // 3, 1))
        before = judge.profit(amount_in)
        if before is None:
            continue
        found = made_whole(route, through(route, amount_in), flash_fee)
        after = judge.profit(found[0])
        assert found == through(route, found[0])
        assert after is not None
        assert after >= before
        better += after > before
    assert better > 100


def test_no_approximate_size_is_better_than_the_exact_one() -> None:
    random_ = random.Random(8)
    for _ in range(150):
        route = small_cycle(random_, largest=9.0)
        exact, near = optimal_input(route), approximate_input(route)
        if near is None:
            continue
        assert exact is not None
        assert near[-1] - near[0] <= exact[-1] - exact[0]
        assert near == through(route, near[0])


def two_coarse_tokens(random_: random.Random) -> Route:
    """From WETH to USDC and USDT and back, in either order, through small pools of any kind."""
    middle = random_.sample((USDC, USDT), 2)
    tokens, dollars = (WETH, *middle, WETH), {WETH: 2000e-12, USDC: 1.0, USDT: 1.0}
    legs = []
    for one, other in pairwise(tokens):
        rate = dollars[one] / dollars[other] * random_.uniform(1.003, 1.012)
        size = int(random_.uniform(2e10, 5e11) / dollars[one])
        if random_.random() < 0.5:
            pool = v2(one, other, size, int(size * rate))
        else:
            fee, spacing = random_.choice(((100, 1), (500, 10), (3000, 60)))
            pool = deep_v3(one, other, rate, size, fee, spacing)
        legs.append((pool, other))
    return cycle(WETH, *legs)


@pytest.fixture(scope="module")
def sized_exactly() -> list[tuple[Route, int]]:
    random_ = random.Random(9)
    routes = [two_coarse_tokens(random_) for _ in range(80)]
    exact = [(route, optimal_input(route)) for route in routes]
    return [(route, found[-1] - found[0]) for route, found in exact if found]


def shares_missed(sized: list[tuple[Route, int]]) -> list[float]:
    """By what share of the profit each approximate size misses the best one, sorted."""
    missed = []
    for route, best in sized:
        near = approximate_input(route)
        assert near is not None
        assert near == through(route, near[0])
        ends = [hop.pool.max_amount_in(hop.token_in, hop.token_out) for hop in route]
        assert all(amount <= end for amount, end in zip(near, ends, strict=False))
        assert near[-1] - near[0] <= best
        missed.append((best - near[-1] + near[0]) / best)
    return sorted(missed)


def test_little_is_wasted_of_two_coarse_tokens(sized_exactly: list[tuple[Route, int]]) -> None:
    assert len(sized_exactly) > 50
    missed = shares_missed(sized_exactly)
    # Of profits of a few dollars and less, where a unit is worth up to a millionth of them.
    assert missed[-1] < 5e-6
    assert missed[len(missed) * 9 // 10] < 5e-7
    assert missed[len(missed) // 2] < 2e-8


def test_sparing_the_first_alone_wastes_the_second(
    sized_exactly: list[tuple[Route, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The control: without a look at the second token several times as much is lost.
    missed = shares_missed(sized_exactly)
    monkeypatch.setattr(whole, "least_lost", lambda route, amounts, place, first, *_: first)
    assert sum(shares_missed(sized_exactly)) > 2 * sum(missed)


def test_one_amount_is_answered_as_by_the_functions_for_many() -> None:
    random_ = random.Random(10)
    for _ in range(40):
        for hop in two_coarse_tokens(random_):
            pool, *pair = hop
            amount = random_.randint(1, pool.max_amount_in(*pair) // 3)
            out = pool.output_function(*pair)(amount)
            assert paid(hop, amount) == out
            assert not out or needed(hop, out) == pool.input_function(*pair)(out)


@pytest.mark.parametrize(("one", "other"), [(WETH, USDC), (USDC, WETH)])
def test_the_first_step_is_what_a_step_says(one: Token, other: Token) -> None:
    assert isinstance(USD_3, ConcentratedPool)
    first = USD_3.first_step(one, other)
    assert 0 < first == USD_3.step_at(one, other, 1).taken_after
    assert USD_3.step_at(one, other, first).taken_before == 0
    assert USD_3.step_at(one, other, first + 1).taken_before == first


def test_an_empty_place_has_no_first_step() -> None:
    bare = ConcentratedPool("0x" + "0e" * 20, USDC, WETH, 500, 10, 2**96, 0, 0, {})
    assert bare.first_step(USDC, WETH) == bare.first_step(WETH, USDC) == 0


def through(route: Route, amount: int) -> tuple[int, ...]:
    amounts = [amount]
    for hop in route:
        amount = amount and hop.pool.output_function(hop.token_in, hop.token_out)(amount)
        amounts.append(amount)
    return tuple(amounts)
