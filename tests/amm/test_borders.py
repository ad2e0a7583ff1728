"""What mints, burns and moves of the price leave is what the ticks add up to, table for table."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import ConcentratedPool
from aineon.amm.concentrated.borders import borders_of, liquidity_after, liquidity_at
from aineon.amm.concentrated.tick_math import (
    MAX_TICK,
    is_well_inside,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from aineon.errors import InsufficientLiquidity, InvalidPoolState
from tests.amm.making_pools import ADDRESS, DOWN, TOKEN0, TOKEN1, UP, columns, rebuilt

_RANGES = st.tuples(st.integers(-30, 29), st.integers(1, 30))
_CHANGES = st.lists(
    st.tuples(
        st.one_of(_RANGES, st.just(None)), st.integers(1, 10**20), st.sampled_from(["", "du", "u"])
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=60)
@given(st.sampled_from([1, 10, 60]), _CHANGES, st.integers(0, 2**30))
def test_tables_brought_up_to_date_late_are_those_built_anew(
    spacing: int, changes: list[tuple[tuple[int, int] | None, int, str]], burnt: int
) -> None:
    pool = ConcentratedPool(ADDRESS, TOKEN0, TOKEN1, 500, spacing, 2**96, 0, 0, {})
    held = []
    full = MAX_TICK // spacing
    for number, (place, amount, asked) in enumerate(changes):
        start, width = place or (-full, 2 * full)
        held.append((start * spacing, (start + width) * spacing, amount))
        pool = pool.with_liquidity(*held[-1])
        if burnt >> number & 1:
            lower, upper, taken = held.pop(burnt % len(held))
            pool = pool.with_liquidity(lower, upper, -taken)
        # Tables are asked for at times only, and not both of them.
        for way in asked:
            pair = DOWN if way == "d" else UP
            assert pool.max_amount_in(*pair) == rebuilt(pool).max_amount_in(*pair)
    scratch = rebuilt(pool)
    assert pool == scratch
    assert pool._borders == scratch._borders
    assert columns(pool) == columns(scratch)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(_RANGES, st.integers(1, 10**20)), max_size=10),
    st.integers(-80, 80),
    st.integers(-80, 80),
)
def test_liquidity_is_followed_from_any_tick_to_any_other(
    positions: list[tuple[tuple[int, int], int]], tick: int, to_tick: int
) -> None:
    ticks: dict[int, tuple[int, int]] = {}
    for (start, width), amount in positions:
        for end, net in ((start, amount), (start + width, -amount)):
            gross, before = ticks.get(end, (0, 0))
            ticks[end] = (gross + amount, before + net)
    borders = borders_of(ticks)
    there = liquidity_at(borders, ticks, to_tick)
    assert there == sum(
        amount for (start, width), amount in positions if start <= to_tick < start + width
    )
    here = liquidity_at(borders, ticks, tick)
    assert liquidity_after(borders, ticks, tick, here, to_tick) == there


@pytest.mark.parametrize("burn", [(0, 30), (-30, 0), (-30, 30), (20, 35), (-35, -20), (15, 30)])
def test_what_was_not_minted_is_not_burnt_wherever_the_price_stands(burn: tuple[int, int]) -> None:
    # Two positions end where the burn does, so that the ticks alone would allow it.
    pool = ConcentratedPool(ADDRESS, TOKEN0, TOKEN1, 500, 1, 2**96, 0, 0, {})
    lower, upper = burn
    pool = pool.with_liquidity(lower, lower + 5, 10).with_liquidity(upper - 5, upper, 10)
    for tick in (-40, lower, lower + 2, lower + 6, upper - 1, upper, 40):
        standing = ConcentratedPool(
            ADDRESS, TOKEN0, TOKEN1, 500, 1, sqrt_ratio_at_tick(tick), tick,
            liquidity_at(pool._borders, pool.ticks, tick), pool.ticks,
        )  # fmt: skip
        with pytest.raises(InsufficientLiquidity):
            standing.with_liquidity(lower, upper, -10)
        # The control: what was minted is burnt.
        standing.with_liquidity(lower, lower + 5, -10).with_liquidity(upper - 5, upper, -10)


@given(st.integers(-MAX_TICK, MAX_TICK - 1), st.floats(0, 1), st.integers(-1, 1))
def test_a_price_well_inside_a_tick_is_inside(tick: int, share: float, off: int) -> None:
    lowest, above = sqrt_ratio_at_tick(tick), sqrt_ratio_at_tick(tick + 1)
    price = min(lowest + int((above - lowest) * share), above - 1)
    if is_well_inside(price, tick + off):
        assert tick_at_sqrt_ratio(price) == tick + off
    elif not off:
        assert share < 0.01 or share > 0.99 or above - lowest < 10**6


@pytest.mark.parametrize("off", [-1, 0, 1])
@pytest.mark.parametrize("tick", [-887000, -60, 0, 60, 887000])
def test_prices_next_to_a_border_are_checked_exactly(tick: int, off: int) -> None:
    pool = ConcentratedPool(ADDRESS, TOKEN0, TOKEN1, 500, 60, 2**96, 0, 0, {})
    price = sqrt_ratio_at_tick(tick) + off
    proper = tick_at_sqrt_ratio(price)
    assert pool.with_state(price, proper, 0).tick == proper
    for wrong in (proper - 2, proper + 1):
        with pytest.raises(InvalidPoolState, match="belongs to tick"):
            pool.with_state(price, wrong, 0)
