"""The columns say what the pools say, and a least bend bounds what any size gets."""

from __future__ import annotations

import math
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import ConcentratedPool, LocalCurve, Pool
from aineon.amm.concentrated.tick_math import MAX_SQRT_RATIO, MIN_SQRT_RATIO, sqrt_ratio_at_tick
from aineon.market import Market
from aineon.primitives import Token
from aineon.search.curves import CurveTable
from aineon.search.rates import RateTable
from tests.search.markets import address, random_market, token, v2, v3

A, B, C = (token(number) for number in range(1, 4))
DEEP = 10**24


def curves_of(pools: list[Pool]) -> list[tuple[int, LocalCurve, float]]:
    """Place, curve and least bend of every direction, in the order of places."""
    firsts = [0]
    for pool in pools:
        firsts.append(firsts[-1] + len(pool.tokens) * (len(pool.tokens) - 1))
    found = CurveTable().curves(pools, firsts[:-1])
    columns = (found.place, found.rate, found.bend, found.least_bend)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return sorted((place, LocalCurve(rate, bend), least) for place, rate, bend, least in rows)


def asked(pools: list[Pool]) -> list[tuple[int, LocalCurve]]:
    curves = (pool.local_curve(*pair) for pool in pools for pair in permutations(pool.tokens, 2))
    return list(enumerate(curves))


@settings(max_examples=40)
@given(seed=st.integers(0, 10**9))
def test_columns_are_the_pools_own_curves(seed: int) -> None:
    pools = random_market(Random(seed), tokens=5, pools=12, concentrated=0.6)
    assert [(place, curve) for place, curve, _ in curves_of(pools)] == asked(pools)


def at_border(tick: int, noted: int) -> ConcentratedPool:
    """A pool whose price is exactly the border `tick`, between 10^24 above and less below."""
    liquidity = DEEP if noted >= tick else 10**22
    ticks = {-6000: (10**22, 10**22), 0: (DEEP, DEEP - 10**22), 6000: (DEEP, -DEEP)}
    return ConcentratedPool(
        address(1), A, B, 3000, 60, sqrt_ratio_at_tick(tick), noted, liquidity, ticks
    )


ODD = {
    "empty V2": v2(1, A, B, 0, 0),
    "empty V3": v3(1, A, B, 0, []),
    "V3 out of range": v3(1, A, B, 0, [(-6000, -60, DEEP)]),
    "V3 on a border": at_border(0, 0),
    "V3 fallen to a border": at_border(0, -1),
    "V3 at the top": ConcentratedPool(
        address(1), A, B, 3000, 60, MAX_SQRT_RATIO - 1, 887271, 0, {}
    ),
    "V3 at the bottom": ConcentratedPool(
        address(1), A, B, 3000, 60, MIN_SQRT_RATIO + 1, -887272, 0, {}
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_states_are_no_exception(name: str) -> None:
    pools = [ODD[name]]
    assert [(place, curve) for place, curve, _ in curves_of(pools)] == asked(pools)


@settings(max_examples=60)
@given(seed=st.integers(0, 10**9), exponent=st.floats(0, 24))
def test_no_size_gets_more_than_the_least_bend_says(seed: int, exponent: float) -> None:
    pools = random_market(Random(seed), tokens=3, pools=4, concentrated=0.8)
    pairs = [(pool, pair) for pool in pools for pair in permutations(pool.tokens, 2)]
    for (pool, pair), (_, curve, least) in zip(pairs, curves_of(pools), strict=True):
        amount = min(int(10**exponent), pool.max_amount_in(*pair))
        if amount:
            paid = pool.output_function(*pair)(amount)
            assert paid <= curve.rate * amount / (1 + least * amount) * (1 + 1e-9) + 1
            assert least <= curve.bend * (1 + 1e-9)


def test_the_curve_at_the_price_is_no_bound() -> None:
    """Control: liquidity can grow, and then its bend promises too little."""
    pool = v3(1, A, B, 0, [(-6000, 6000, 10**20), (-6000, -60, DEEP)])
    ((_, curve, least), _) = curves_of([pool])
    amount = 10**21
    paid = pool.quote_exact_input(A, B, amount).amount_out
    assert curve.rate * amount / (1 + curve.bend * amount) < paid / 2
    assert paid < curve.rate * amount / (1 + least * amount)


class Stub:
    """As much of a pool of an unknown kind as a table looks at."""

    address = "0x" + "33" * 20
    venue = "stub"
    tokens = (A, B, C)

    def local_curve(self, token_in: Token, token_out: Token) -> LocalCurve:
        return LocalCurve(self.tokens.index(token_in) + 1.5, 0.25)


def test_nothing_is_assumed_of_unknown_kinds() -> None:
    found = curves_of([Stub(), v2(1, A, B, 100, 100)])  # type: ignore[list-item]
    assert [curve.rate for _, curve, _ in found[:6]] == [1.5, 1.5, 2.5, 2.5, 3.5, 3.5]
    assert [least for _, _, least in found[:6]] == [0.0] * 6
    assert found[6][2] > 0


def test_a_mint_makes_a_v3_pool_deeper() -> None:
    pool = v3(1, A, B, 0, [(-6000, 6000, 10**20)])
    table = CurveTable()
    before = table.curves([pool], [0]).least_bend[0]
    after = table.curves([pool.with_liquidity(-6000, -60, 9 * 10**20)], [0]).least_bend[0]
    assert after == pytest.approx(before / 10)


def test_a_table_keeps_what_it_knows_when_pools_come_and_go() -> None:
    pools = random_market(Random(4), tokens=6, pools=20, concentrated=0.5)
    table, fresh = RateTable(), RateTable()
    assert table.refresh(Market(pools[:15])) == 15
    assert table.refresh(Market(pools[5:])) == 5
    fresh.refresh(Market(pools[5:]))
    for column in ("log_rates", "bends", "least_bends"):
        assert getattr(table, column).tolist() == getattr(fresh, column).tolist()
    assert math.isfinite(sum(table.log_rates[table.log_rates > -math.inf]))
