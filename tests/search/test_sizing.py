"""What exact sizing answers at the edges, and how it refuses."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import cast

import pytest

from aineon.amm import ConcentratedPool, LocalCurve, Pool
from aineon.errors import InvalidRoute, InvalidSearch
from aineon.primitives import Token
from aineon.search.route import Hop, Route
from aineon.search.sizing import candidates, optimal_input, search
from aineon.search.sizing.candidates import Candidates, TooMany, _Sieve
from aineon.search.sizing.chain import Chain
from aineon.search.sizing.model import locate
from aineon.search.sizing.pieces import piece_finder
from aineon.search.sizing.walks import Walk
from tests.search.sizing_tools import (
    DAI,
    ETHER,
    STETH,
    USDC,
    USDT,
    WETH,
    Judge,
    cycle,
    deep_v3,
    small_cycle,
    v2,
    v3,
)


def test_no_profit_at_equal_prices() -> None:
    one = v2(WETH, USDC, 1000 * ETHER, 2 * 10**12)
    other = v2(WETH, USDC, 5000 * ETHER, 10**13)
    assert optimal_input(cycle(WETH, (one, USDC), (other, WETH))) is None


def test_no_profit_where_a_pool_is_empty() -> None:
    one = v2(WETH, USDC, 1000 * ETHER, 3 * 10**12)
    empty = v3(WETH, USDC, 2000e-12, [(5, 9, 10**15)])
    assert optimal_input(cycle(WETH, (v2(WETH, USDC, 0, 0), USDC), (one, WETH))) is None
    # Liquidity only above the price: nothing to be had when the price of WETH falls.
    bought = optimal_input(cycle(USDC, (one, WETH), (empty, USDC)))
    sold = optimal_input(cycle(WETH, (empty, USDC), (one, WETH)))
    assert bought is None or sold is None


def test_a_flash_fee_can_eat_all() -> None:
    one = v2(WETH, USDC, 1000 * ETHER, 2_014_000_000_000)
    other = v2(WETH, USDC, 5000 * ETHER, 10**13)
    route = cycle(WETH, (one, USDC), (other, WETH))
    free = optimal_input(route)
    dear = optimal_input(route, 4)
    assert free
    assert dear
    assert dear[0] < free[0]
    assert optimal_input(route, 100) is None


def test_the_flash_fee_is_rounded_up() -> None:
    # 1 bp of a dozen units is a fraction, and costs a whole unit.
    a, b = Token("0x" + "0a" * 20, "A", 0), Token("0x" + "0b" * 20, "B", 0)
    route = cycle(a, (v2(a, b, 100, 230, 0), b), (v2(b, a, 1000, 1000, 0), a))
    free, with_fee = optimal_input(route), optimal_input(route, 1)
    assert free
    assert with_fee
    assert Judge(route, 1).profit(with_fee[0]) == free[-1] - free[0] - 1


def test_the_end_of_liquidity_ends_the_domain() -> None:
    # The price stays far too good up to the last unit of the only range.
    short = v3(WETH, USDC, 3000e-12, [(-1, 1, 10**15)])
    deep = v2(WETH, USDC, 10**6 * ETHER, 2 * 10**15)
    route = cycle(WETH, (short, USDC), (deep, WETH))
    found = optimal_input(route)
    judge = Judge(route)
    assert found
    assert judge.better(found[0], 2000) == []
    assert found[0] <= judge.largest_input()
    assert found[0] > judge.largest_input() * 0.999


def test_the_second_hop_can_end_the_domain() -> None:
    short = v3(USDC, WETH, 1 / 1000e-12, [(-1, 1, 10**15)])
    deep = v2(WETH, USDC, 10**6 * ETHER, 2 * 10**15)
    route = cycle(WETH, (deep, USDC), (short, WETH))
    found = optimal_input(route)
    assert found
    assert Judge(route).better(found[0], 2000) == []


def test_an_optimum_on_a_tick_where_liquidity_falls() -> None:
    # Left of the border the cycle still gains, right of it it loses: the peak is a kink.
    kinked = v3(WETH, USDC, 2020e-12, [(-1, 3, 10**18), (-40, 40, 10**12)])
    deep = v2(WETH, USDC, 10**6 * ETHER, 2 * 10**15)
    route = cycle(WETH, (kinked, USDC), (deep, WETH))
    found = optimal_input(route)
    assert found
    assert Judge(route).better(found[0]) == []


def test_profit_at_dust_only() -> None:
    a, b = Token("0x" + "0a" * 20, "A", 0), Token("0x" + "0b" * 20, "B", 0)
    route = cycle(a, (v2(a, b, 5, 40, 0), b), (v2(b, a, 20, 12, 0), a))
    expected = Judge(route).brute_force(100)
    found = optimal_input(route)
    assert expected
    assert found
    assert found[0] == expected[0]


def test_a_route_that_does_not_return_is_refused() -> None:
    pool = v2(WETH, USDC, ETHER, 10**9)
    with pytest.raises(InvalidRoute, match="does not end with the token it began with"):
        optimal_input(Route([Hop(pool, WETH, USDC)]))


@pytest.mark.parametrize("fee", [-1, 10001, 1.5, True])
def test_an_impossible_flash_fee_is_refused(fee: int) -> None:
    route = cycle(WETH, (v2(WETH, USDC, 1, 1), USDC), (v2(WETH, USDC, 1, 1), WETH))
    with pytest.raises(InvalidSearch, match="flash_fee_bps is"):
        optimal_input(route, fee)


class Veiled:
    """A pool of a protocol whose smooth curve sizing does not know."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.address, self.venue, self.tokens = pool.address, "veiled", pool.tokens

    def local_curve(self, token_in: Token, token_out: Token) -> LocalCurve:
        return self._pool.local_curve(token_in, token_out)

    def max_amount_in(self, token_in: Token, token_out: Token) -> int:
        return self._pool.max_amount_in(token_in, token_out)

    def output_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        return self._pool.output_function(token_in, token_out)

    def input_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        return self._pool.input_function(token_in, token_out)


def veil(pool: Pool) -> Pool:
    return cast("Pool", Veiled(pool))


def veiled(route: Route) -> Route:
    return Route(Hop(veil(pool), *tokens) for pool, *tokens in route)


def test_pools_of_unknown_form_are_sized_by_quotes_alone() -> None:
    low = deep_v3(WETH, USDC, 1970e-12, 20_000 * ETHER, 500, 10)
    high = v2(WETH, USDC, 15_000 * ETHER, 30 * 10**12 + 123_457)
    known = cycle(WETH, (high, USDC), (low, WETH))
    best, found = optimal_input(known), optimal_input(veiled(known))
    assert best
    assert found
    judge = Judge(known)
    profit = judge.profit(found[0])
    assert profit is not None
    assert all((judge.profit(found[0] + step) or 0) <= profit for step in range(-1000, 1001))
    assert profit >= (best[-1] - best[0]) * (1 - 1e-9)


def test_the_end_of_liquidity_of_a_pool_of_unknown_form() -> None:
    # Quotes alone find the kink: the price stays good up to the last unit of the only range.
    short = v3(WETH, USDC, 3000e-12, [(-1, 1, 10**15)])
    route = cycle(WETH, (short, USDC), (v2(WETH, USDC, 10**6 * ETHER, 2 * 10**15), WETH))
    best, found = optimal_input(route), optimal_input(veiled(route))
    assert best
    assert found
    assert found[-1] - found[0] >= best[-1] - best[0] - 2 * 10**9


@pytest.mark.parametrize("seed", range(40))
def test_small_pools_of_unknown_form(seed: int) -> None:
    route = small_cycle(random.Random(seed), largest=4.0)
    best, found = optimal_input(route), optimal_input(veiled(route))
    assert bool(best) == bool(found)
    if best and found:
        assert found[-1] - found[0] >= (best[-1] - best[0]) * 0.99 - 1


@pytest.mark.parametrize("token", [DAI, STETH])
def test_ties_of_pools_of_unknown_form(token: Token) -> None:
    per_ether = 2000 if token is DAI else 1
    cheap = v2(WETH, token, 9_000 * ETHER + 17, 9_100 * per_ether * ETHER + 1117)
    dear = v2(WETH, token, 19_000 * ETHER + 17, 19_003 * per_ether * ETHER + 11_177_777)
    route = cycle(WETH, (cheap, token), (dear, WETH))
    best, found = optimal_input(route), optimal_input(veiled(route))
    assert best
    assert found
    assert found[-1] - found[0] == best[-1] - best[0]
    judge = Judge(route)
    near = [judge.profit(found[0] + step) or 0 for step in range(-1000, 1001)]
    assert max(near) == near[1000]
    assert max(near[:1000]) < near[1000]


STAKED = cycle(
    WETH,
    (v2(WETH, STETH, 9_000 * ETHER + 17, 9_100 * ETHER + 1117), STETH),
    (v2(WETH, STETH, 19_000 * ETHER + 17, 19_003 * ETHER + 11_177_777), WETH),
)


def test_a_plateau_too_wide_to_look_through(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nearly flat over billions of units; where too few may be looked at, leaps must do.
    exact = optimal_input(STAKED)
    monkeypatch.setattr(search, "MOST_CANDIDATES", 0)
    found = optimal_input(STAKED)
    assert exact
    assert found
    assert exact[0] < found[0]
    assert exact[-1] - exact[0] == found[-1] - found[0]
    assert Judge(STAKED).better(found[0], 1000) == []


def test_many_candidates_with_two_valuable_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    # Only the surroundings of the peak are looked at; a ten-thousandth of a unit may be lost.
    route = cycle(
        WETH,
        (v2(WETH, USDC, 9_000 * ETHER + 17, 18_200_000 * 10**6 + 1117), USDC),
        (v2(USDC, USDT, 9_000_000 * 10**6, 9_200_000 * 10**6 + 7), USDT),
        (v2(WETH, USDT, 15_000 * ETHER, 29_700_000 * 10**6 + 1237), WETH),
    )
    exact = optimal_input(route)
    monkeypatch.setattr(search, "MOST_CANDIDATES", 0)
    found = optimal_input(route)
    assert exact
    assert found
    assert Judge(route).better(found[0], 1000) == []
    assert 0 <= (exact[-1] - exact[0]) - (found[-1] - found[0]) < 500_000_000


def test_a_step_that_went_too_far_is_made_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    route = cycle(
        WETH,
        (v2(WETH, USDC, 9_000 * ETHER + 17, 18_200_000 * 10**6 + 1117), USDC),
        (v2(USDC, USDT, 9_000_000 * 10**6, 9_200_000 * 10**6 + 7), USDT),
        (v2(WETH, USDT, 15_000 * ETHER, 29_700_000 * 10**6 + 1237), WETH),
    )
    chain = Chain(route, 0)
    finders = [finder for hop in route if (finder := piece_finder(hop))]
    model, peak = locate(chain, finders, 1)
    usual = search.Search._first_step
    monkeypatch.setattr(search.Search, "_first_step", lambda self: 16 * usual(self))
    monkeypatch.setattr(candidates, "SIEVE_FROM", 1 << 60)
    monkeypatch.setattr(search, "MOST_CANDIDATES", 3 << 14)

    def looks_at_all() -> bool:
        looking = search.Search(chain, finders, model, peak)
        assert looking.run()
        return looking.is_complete

    assert looks_at_all()
    monkeypatch.setattr(search, "_SHORTER", 1)
    assert not looks_at_all()


def test_the_first_of_millions_of_ties() -> None:
    route = cycle(
        WETH,
        (v2(WETH, DAI, 9_000 * ETHER + 17, 18_200_000 * ETHER + 1117), DAI),
        (v2(WETH, DAI, 19_000 * ETHER + 17, 38_000_000 * ETHER + 11_177_777), WETH),
    )
    found = optimal_input(route)
    judge = Judge(route)
    assert found
    best = judge.profit(found[0])
    assert best is not None
    assert all((judge.profit(found[0] - left) or 0) < best for left in range(1, 60_000))
    ties = sum(judge.profit(found[0] + right) == best for right in range(60_000))
    assert ties > 10


@pytest.mark.parametrize("digits", [28, 34])
def test_liquidity_so_immense_that_prices_are_coarse(digits: int) -> None:
    immense = v3(WETH, DAI, 1.013, [(-100, 100, 10**digits)])
    reserve = min(10**digits, 2**110)
    route = cycle(WETH, (immense, DAI), (v2(WETH, DAI, reserve, reserve), WETH))
    found = optimal_input(route)
    assert found
    assert Judge(route).better(found[0], 300) == []


def test_no_input_is_sized_beyond_112_bits() -> None:
    rich = v2(WETH, DAI, 2**112 - 10**6, 2**112 - 1, 0)
    poor = v2(WETH, DAI, 2**111, 2**110, 0)
    route = cycle(WETH, (rich, DAI), (poor, WETH))
    found = optimal_input(route)
    judge = Judge(route)
    assert found
    assert found[0] <= 10**6
    assert judge.better(found[0], 1000) == []


def test_a_concentrated_pool_without_a_fee_beyond_its_first_border() -> None:
    first = v3(WETH, DAI, 2100.0, [(-200, 200, 10**22), (-1, 1, 10**20)], 0, 60)
    second = v2(DAI, WETH, 2_000_000 * ETHER, 1000 * ETHER)
    route = cycle(WETH, (first, DAI), (second, WETH))
    found = optimal_input(route)
    assert found
    # The optimum lies behind a border, where the pool's inputs are counted from.
    step = cast("ConcentratedPool", first).step_at(WETH, DAI, found[0])
    assert step.taken_before > 0
    assert Judge(route).better(found[0]) == []


def test_a_sieve_that_bends_soon_gives_up_in_time() -> None:
    looked = Candidates(0, [1.0, 1e6, 1e6], 1000)
    barren = _Sieve(lambda amount: Walk(1 << 95, 0, 1, 0, 0.0), 2.0**-90, 600)
    with pytest.raises(TooMany):
        list(looked._sieved(barren, 1, 1, 10**12))


def test_dust_where_the_rate_changes_from_unit_to_unit() -> None:
    a, b = Token("0x" + "0a" * 20, "A", 0), Token("0x" + "0b" * 20, "B", 0)
    first = v3(a, b, 2.8e14, [(-100, 100, 773_171_394_624)], 3000, 200)
    route = cycle(a, (first, b), (v2(b, a, 149, 526_000_612), a))
    found = optimal_input(route)
    expected = Judge(route).brute_force(5000)
    assert found
    assert expected
    assert found[0] == expected[0] < 10
