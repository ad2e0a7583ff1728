"""Uniswap pools in states out of the ordinary: exact by an independent reckoning, or refused.

The references know nothing of decimals, because contracts do not either: what a token counts
in changes no number.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import ConcentratedPool, ConstantProductPool, Pool
from aineon.amm.concentrated.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    sqrt_ratio_at_tick,
)
from aineon.amm.constant_product import MAX_RESERVE
from aineon.errors import InsufficientLiquidity, InvalidAmount, InvalidPriceLimit
from aineon.primitives import Token
from tests.amm.making_pools import ADDRESS, DOWN, UP, copy_of, magnitudes, v2_pool, v3_pool
from tests.amm.reference_v3 import PriceLimitRefused, ReferencePool

DECIMALS = [0, 2, 6, 18, 27, 255, None]
FEES = st.sampled_from([0, 1, 100, 3000, 10_000, 999_999])
MOST = 2**255 - 1
FULL = MAX_TICK // 60 * 60


def counted(pool: Any, decimals0: int | None, decimals1: int | None) -> Any:
    """Return the same pool of tokens that count otherwise."""
    token0 = Token(pool.token0.address, "ZERO", decimals0)
    token1 = Token(pool.token1.address, "ONE", decimals1)
    if isinstance(pool, ConstantProductPool):
        return ConstantProductPool(
            ADDRESS, token0, token1, pool.reserve0, pool.reserve1, pool.fee_pips
        )
    return ConcentratedPool(
        ADDRESS, token0, token1, pool.fee_pips, pool.tick_spacing,
        pool.sqrt_price_x96, pool.tick, pool.liquidity, dict(pool.ticks),
    )  # fmt: skip


# --- Uniswap V2 ------------------------------------------------------------------------------

RESERVES = st.one_of(
    st.integers(1, 10), magnitudes(112), st.integers(MAX_RESERVE - 10**6, MAX_RESERVE)
)


def paid(reserve_in: int, reserve_out: int, fee: int, amount: int) -> int:
    """The most that leaves the product of fee-adjusted balances no smaller (the pair's `K`)."""
    kept = Fraction(amount * (10**6 - fee), 10**6)
    return floor(reserve_out - Fraction(reserve_in) * reserve_out / (reserve_in + kept))


@given(RESERVES, RESERVES, FEES, st.data())
def test_v2_between_one_unit_and_the_last_of_112_bits(
    reserve0: int, reserve1: int, fee: int, data: st.DataObject
) -> None:
    pool = v2_pool(reserve0, reserve1, fee)
    room = pool.max_amount_in(*DOWN)
    assert room == 2**112 - 1 - reserve0
    if room:
        amount = data.draw(st.one_of(st.integers(1, min(10, room)), st.integers(1, room)))
        quote = pool.quote_exact_input(*DOWN, amount)
        assert quote.amount_out == paid(reserve0, reserve1, fee, amount)
        assert pool.output_function(*DOWN)(amount) == quote.amount_out
        after = quote.pool_after
        assert after == v2_pool(reserve0 + amount, reserve1 - quote.amount_out, fee)
    with pytest.raises(InvalidAmount):
        pool.quote_exact_input(*DOWN, room + 1)


@pytest.mark.parametrize("reserves", [(0, 0), (0, 10**18), (10**18, 0)])
def test_v2_without_a_reserve_swaps_nothing(reserves: tuple[int, int]) -> None:
    pool = v2_pool(*reserves)
    for pair in (DOWN, UP):
        assert pool.max_amount_in(*pair) == 0
        assert pool.local_curve(*pair) == (0.0, 0.0)
        with pytest.raises(InsufficientLiquidity):
            pool.quote_exact_input(*pair, 1)
        with pytest.raises(InsufficientLiquidity):
            pool.quote_exact_output(*pair, 1)
        with pytest.raises(InsufficientLiquidity):
            pool.spot_price(*pair)


def test_v2_pays_all_but_the_last_unit() -> None:
    pool = v2_pool(1, MAX_RESERVE)
    quote = pool.quote_exact_input(*DOWN, MAX_RESERVE - 1)
    assert quote.amount_out == paid(1, MAX_RESERVE, 3000, MAX_RESERVE - 1) < MAX_RESERVE
    assert quote.pool_after.max_amount_in(*DOWN) == 0
    with pytest.raises(InvalidAmount):
        quote.pool_after.quote_exact_input(*DOWN, 1)
    with pytest.raises(InsufficientLiquidity):
        pool.quote_exact_output(*UP, 1)


# --- Uniswap V3 ------------------------------------------------------------------------------


def same_swap(reference: ReferencePool, down: bool, specified: int) -> ConcentratedPool | None:
    """Compare one swap, what it leaves included; None where both refuse it."""
    pool, pair = v3_pool(reference), DOWN if down else UP
    ask = pool.quote_exact_input if specified > 0 else pool.quote_exact_output
    try:
        expected = copy_of(reference)
        moved = expected.swap(down, specified)
    except PriceLimitRefused:
        with pytest.raises(InvalidPriceLimit):
            ask(*pair, abs(specified))
        return None
    quote = ask(*pair, abs(specified))
    assert quote[:3] == tuple(moved)
    after = quote.pool_after
    assert isinstance(after, ConcentratedPool)
    assert (after.sqrt_price_x96, after.tick, after.liquidity) == expected.state
    return after


SPECIFIED = st.one_of(
    magnitudes(255), magnitudes(255).map(lambda amount: -amount), st.sampled_from([MOST, -MOST])
)


@given(st.sampled_from([-FULL, -600_000, -60, 0, 60, 600_000, FULL]), SPECIFIED, st.booleans())
@settings(deadline=None)
def test_v3_without_liquidity_pays_nothing_and_runs_to_the_end(
    tick: int, specified: int, down: bool
) -> None:
    empty = ReferencePool(3000, 60, sqrt_ratio_at_tick(tick))
    after = same_swap(empty, down, specified)
    assert after is not None
    assert after.sqrt_price_x96 == (MIN_SQRT_RATIO + 1 if down else MAX_SQRT_RATIO - 1)
    pool = v3_pool(empty)
    for pair in (DOWN, UP):
        assert pool.max_amount_in(*pair) == 0
        assert pool.local_curve(*pair) == (0.0, 0.0)
        assert pool.quote_exact_input(*pair, MOST)[:3] == (0, 0, True)


@given(st.booleans(), magnitudes(100), SPECIFIED, st.booleans())
@settings(deadline=None)
def test_v3_with_its_price_beside_every_range(
    above: bool, liquidity: int, specified: int, down: bool
) -> None:
    reference = ReferencePool(500, 10, sqrt_ratio_at_tick(20_000 if above else -20_000))
    reference.change(-10_000, -50, liquidity)
    reference.change(-100, 10_000, liquidity)
    same_swap(reference, down, specified)
    pool = v3_pool(reference)
    assert pool.liquidity == 0
    toward, away = (DOWN, UP) if above else (UP, DOWN)
    assert pool.local_curve(*toward).rate > 0
    assert pool.max_amount_in(*away) == 0
    assert pool.local_curve(*away) == (0.0, 0.0)
    assert pool.quote_exact_input(*away, 10**18)[:3] == (0, 0, True)


@given(
    st.sampled_from([-FULL, -FULL + 60, 0, FULL - 60]), magnitudes(107), SPECIFIED, st.booleans()
)
@settings(deadline=None)
def test_v3_one_sided_at_the_ends_of_all_prices(
    lower: int, liquidity: int, specified: int, down: bool
) -> None:
    """Near the ends a token is worth nothing, and amounts outgrow 190 bits."""
    for tick in (lower, min(lower + 60, FULL)):
        reference = ReferencePool(10_000, 60, sqrt_ratio_at_tick(tick))
        reference.change(lower, lower + 60, liquidity)
        same_swap(reference, down, specified)


@given(magnitudes(107), SPECIFIED, st.booleans(), st.sampled_from([0, 100, 3000, 999_999]))
@settings(deadline=None)
def test_v3_with_the_most_that_ticks_carry_over_all_prices(
    liquidity: int, specified: int, down: bool, fee: int
) -> None:
    reference = ReferencePool(fee, 60, sqrt_ratio_at_tick(0))
    reference.change(-FULL, FULL, liquidity)
    after = same_swap(reference, down, specified)
    assert after is not None


@pytest.mark.parametrize("price", [MIN_SQRT_RATIO, MIN_SQRT_RATIO + 1, MAX_SQRT_RATIO - 1])
def test_v3_at_the_end_of_all_prices(price: int) -> None:
    reference = ReferencePool(3000, 60, price)
    for down in (True, False):
        same_swap(reference, down, 10**18)
        same_swap(reference, down, -(10**18))


# --- decimals --------------------------------------------------------------------------------


@pytest.mark.parametrize("decimals0", DECIMALS)
@pytest.mark.parametrize("decimals1", DECIMALS)
def test_decimals_change_no_number(decimals0: int | None, decimals1: int | None) -> None:
    reference = ReferencePool(3000, 60, sqrt_ratio_at_tick(-1234))
    reference.change(-6000, 6000, 10**15)
    for pool in (v2_pool(10**15, 10**27), v3_pool(reference)):
        other = counted(pool, decimals0, decimals1)
        assert isinstance(other, Pool)
        for pair in (DOWN, UP):
            for amount in (1, 10**9, 10**30):
                assert (
                    other.quote_exact_input(*pair, amount)[:3]
                    == pool.quote_exact_input(*pair, amount)[:3]
                )
            assert other.local_curve(*pair) == pool.local_curve(*pair)
            assert other.max_amount_in(*pair) == pool.max_amount_in(*pair)


def test_a_reference_that_is_one_unit_off_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reference = ReferencePool(3000, 60, sqrt_ratio_at_tick(0))
    reference.change(-FULL, FULL, 10**20)
    real = ReferencePool.given
    monkeypatch.setattr(ReferencePool, "given", lambda *a: real(*a) + 1)
    with pytest.raises(AssertionError):
        same_swap(reference, True, 10**18)
