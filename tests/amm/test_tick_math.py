"""Prices of ticks: the contract's constants, and the inverse at every border."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.amm.concentrated.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from aineon.errors import InvalidPoolState


@given(st.integers(MIN_TICK, MAX_TICK - 1))
def test_the_tick_of_a_price_is_the_greatest_whose_price_is_not_above(tick: int) -> None:
    price = sqrt_ratio_at_tick(tick)
    assert tick_at_sqrt_ratio(price) == tick
    assert tick_at_sqrt_ratio(sqrt_ratio_at_tick(tick + 1) - 1) == tick
    if tick > MIN_TICK:
        assert tick_at_sqrt_ratio(price - 1) == tick - 1


@given(st.integers(MIN_TICK, MAX_TICK))
def test_the_price_of_a_tick_is_the_power_it_stands_for(tick: int) -> None:
    with localcontext() as context:
        context.prec = 80
        exact = (Decimal("1.0001") ** tick).sqrt() * 2**96
        # Twenty factors, each cut at 128 bits; positive ticks invert the root of the negative.
        smallest_root = (Decimal("1.0001") ** -abs(tick)).sqrt() * 2**128
        assert abs(sqrt_ratio_at_tick(tick) - exact) <= 1 + exact * 20 / smallest_root


@given(st.integers(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1))
def test_any_price_lies_between_its_tick_and_the_next(price: int) -> None:
    tick = tick_at_sqrt_ratio(price)
    assert sqrt_ratio_at_tick(tick) <= price < sqrt_ratio_at_tick(tick + 1)


@pytest.mark.parametrize("tick", [MIN_TICK - 1, MAX_TICK + 1])
def test_ticks_beyond_the_range_are_refused(tick: int) -> None:
    with pytest.raises(InvalidPoolState, match=f"tick {tick} is not from"):
        sqrt_ratio_at_tick(tick)


@pytest.mark.parametrize("price", [MIN_SQRT_RATIO - 1, MAX_SQRT_RATIO])
def test_prices_beyond_the_range_are_refused(price: int) -> None:
    with pytest.raises(InvalidPoolState, match=f"price {price} is not from"):
        tick_at_sqrt_ratio(price)
