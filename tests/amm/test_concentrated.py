"""ConcentratedPool: borders, partial fills, refusals, and the properties of a frozen value."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aineon.amm import ConcentratedPool, Pool
from aineon.amm.concentrated.liquidity_math import max_liquidity_per_tick
from aineon.amm.concentrated.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
)
from aineon.errors import (
    InsufficientLiquidity,
    InvalidAmount,
    InvalidPoolState,
    InvalidPriceLimit,
    SameToken,
    UnknownToken,
)
from aineon.primitives import Token
from tests.amm.making_pools import (
    ADDRESS,
    DOWN,
    ONE,
    STRANGER,
    TOKEN0,
    TOKEN1,
    UP,
    magnitudes,
    simple_v3_pool,
    v3_pool,
    worlds,
)
from tests.amm.reference_v3 import ReferencePool

pairs = st.sampled_from([DOWN, UP])


def state_of(pool: Pool) -> tuple[int, int, int]:
    assert isinstance(pool, ConcentratedPool)
    return pool.sqrt_price_x96, pool.tick, pool.liquidity


# --- properties ----------------------------------------------------------------------------


@settings(max_examples=150)
@given(worlds(), pairs, st.data())
def test_no_round_trip_gains(
    reference: ReferencePool, pair: tuple[Token, Token], data: st.DataObject
) -> None:
    pool = v3_pool(reference)
    assume(pool.max_amount_in(*pair) > 0)
    amount_in = data.draw(magnitudes(pool.max_amount_in(*pair).bit_length() + 1))
    there = pool.quote_exact_input(*pair, amount_in)
    assert there.amount_in <= amount_in
    assert there.partial == (amount_in > pool.max_amount_in(*pair))
    assume(there.amount_out > 0)
    back = there.pool_after.quote_exact_input(pair[1], pair[0], there.amount_out)
    assert back.amount_out <= there.amount_in


@settings(max_examples=150)
@given(worlds(), pairs, st.data())
def test_exact_output_and_exact_input_agree_to_the_contracts_rounding(
    reference: ReferencePool, pair: tuple[Token, Token], data: st.DataObject
) -> None:
    pool = v3_pool(reference)
    output = pool.output_function(*pair)
    assume(pool.max_amount_in(*pair) > 0)
    most_out = output(pool.max_amount_in(*pair))
    assume(most_out > 0)
    amount_out = data.draw(st.one_of(magnitudes(most_out.bit_length()), st.integers(1, most_out)))
    assume(amount_out <= most_out)
    asked = pool.quote_exact_output(*pair, amount_out)
    assert (asked.amount_out, asked.partial) == (amount_out, False)
    # Paying what exact output asks gives at least that output.
    assert pool.quote_exact_input(*pair, asked.amount_in).amount_out >= amount_out
    # And the smallest sufficient input is literally that.
    least = pool.input_function(*pair)(amount_out)
    assert 1 <= least <= asked.amount_in
    assert output(least) >= amount_out
    assert least == 1 or output(least - 1) < amount_out


@settings(max_examples=100)
@given(worlds(), pairs, st.data())
def test_more_input_never_pays_less(
    reference: ReferencePool, pair: tuple[Token, Token], data: st.DataObject
) -> None:
    pool = v3_pool(reference)
    assume(pool.max_amount_in(*pair) > 1)
    most = pool.max_amount_in(*pair)
    output = pool.output_function(*pair)
    sizes = sorted({data.draw(st.integers(1, most)) for _ in range(5)} | {1, most})
    outputs = [output(size) for size in sizes]
    assert outputs == sorted(outputs)
    assert outputs == [pool.quote_exact_input(*pair, size).amount_out for size in sizes]


@settings(max_examples=150)
@given(worlds(), pairs, st.data())
def test_the_local_curve_is_never_worse_than_the_pool(
    reference: ReferencePool, pair: tuple[Token, Token], data: st.DataObject
) -> None:
    pool = v3_pool(reference)
    rate, bend = pool.local_curve(*pair)
    most = pool.max_amount_in(*pair)
    assert (rate == 0) == (most == 0)
    assume(most > 0)
    amount_in = data.draw(st.integers(1, most))
    assert pool.output_function(*pair)(amount_in) <= rate * amount_in * (1 + 1e-12)
    assert bend > 0


def test_the_local_curve_follows_the_step_it_describes() -> None:
    pool = simple_v3_pool((-600, 600, 10**24))
    for pair in (DOWN, UP):
        rate, bend = pool.local_curve(*pair)
        for amount_in in (10**9, 10**15, 10**22):
            expected = rate * amount_in / (1 + bend * amount_in)
            exact = pool.quote_exact_input(*pair, amount_in).amount_out
            assert exact == pytest.approx(expected, rel=1e-9, abs=1)


def test_where_the_price_stands_in_a_gap_the_curve_is_the_next_ranges() -> None:
    pool = simple_v3_pool((-600, -300, 10**20), (300, 600, 10**20))
    assert pool.liquidity == 0
    for pair in (DOWN, UP):
        rate, _ = pool.local_curve(*pair)
        assert rate == pytest.approx(0.997 * 1.0001**-300)
    assert pool.spot_price(*DOWN) == pool.spot_price(*UP) == 1.0


# --- borders -------------------------------------------------------------------------------


def test_a_swap_that_ends_on_a_border_notes_the_tick_its_direction_implies() -> None:
    pool = simple_v3_pool((-600, 600, 10**20), (-120, 180, 10**20))
    down = pool.quote_to_price(*DOWN, sqrt_ratio_at_tick(-120))
    up = pool.quote_to_price(*UP, sqrt_ratio_at_tick(180))
    exactly_down = pool.quote_exact_input(*DOWN, down.amount_in).pool_after
    exactly_up = pool.quote_exact_input(*UP, up.amount_in).pool_after
    assert state_of(exactly_down) == (sqrt_ratio_at_tick(-120), -121, 10**20)
    assert state_of(exactly_up) == (sqrt_ratio_at_tick(180), 180, 10**20)
    less = pool.quote_exact_input(*DOWN, down.amount_in - 1).pool_after
    assert state_of(less)[1:] == (-120, 2 * 10**20)


def test_a_tick_whose_net_is_zero_still_ends_a_step() -> None:
    liquidity = 987_654_321_987
    joined = simple_v3_pool((-600, -60, liquidity), (-60, 600, liquidity))
    whole = simple_v3_pool((-600, 600, liquidity))
    assert joined.ticks[-60] == (2 * liquidity, 0)
    assert any(
        joined.output_function(*DOWN)(amount) != whole.output_function(*DOWN)(amount)
        for amount in range(10**9, 10**10, 10**7)
    )


def test_an_exact_output_that_rounds_to_the_border_crosses_it() -> None:
    # With more than 2^96 of liquidity the last unit before a border moves no whole price.
    reference = ReferencePool(3000, 60, sqrt_ratio_at_tick(0))
    reference.change(-600, 600, 2**110)
    reference.change(-60, 60, 2**110)
    pool = v3_pool(reference)
    whole = pool.quote_to_price(*DOWN, sqrt_ratio_at_tick(-60))
    quote = pool.quote_exact_output(*DOWN, whole.amount_out - 1)
    expected = reference.swap(True, 1 - whole.amount_out)
    assert tuple(quote[:3]) == expected
    assert state_of(quote.pool_after) == reference.state == (sqrt_ratio_at_tick(-60), -61, 2**110)


@pytest.mark.parametrize("amount_in", [10**30, 10**31, 10**32 + 7, 10**33, 10**40, 10**49, 10**55])
def test_amounts_that_outgrow_256_bits_follow_the_contracts_other_form(amount_in: int) -> None:
    spacing = 16383
    reference = ReferencePool(3000, spacing, sqrt_ratio_at_tick(spacing * 50))
    reference.change(-54 * spacing, 54 * spacing, max_liquidity_per_tick(spacing))
    pool = v3_pool(reference)
    output = pool.output_function(*DOWN)
    quote = pool.quote_exact_input(*DOWN, amount_in)
    expected = reference.swap(True, amount_in)
    assert tuple(quote[:3]) == expected
    assert state_of(quote.pool_after) == reference.state
    for size in range(amount_in, amount_in + 60):
        wanted = output(size) + size % 2
        least = pool.input_function(*DOWN)(wanted)
        assert output(least) >= wanted > output(least - 1)


@pytest.mark.parametrize("spacing", [1, 2])
@pytest.mark.parametrize("pair", [DOWN, UP])
def test_full_range_liquidity_ends_at_the_price_limit_before_the_extreme_tick(
    spacing: int, pair: tuple[Token, Token]
) -> None:
    tick = MIN_TICK + 300 if pair == DOWN else MAX_TICK - 300
    reference = ReferencePool(500, spacing, sqrt_ratio_at_tick(tick))
    reference.change(MIN_TICK, MAX_TICK, 10**20)
    pool = v3_pool(reference)
    most = pool.max_amount_in(*pair)
    exact = pool.quote_exact_input(*pair, most)
    more = pool.quote_exact_input(*pair, most + 1)
    assert (exact.partial, more.partial) == (False, True)
    assert exact[:2] == more[:2]
    assert tuple(more[:3]) == reference.swap(pair == DOWN, most + 1)
    assert state_of(more.pool_after) == state_of(exact.pool_after) == reference.state
    with pytest.raises(InvalidPriceLimit, match="beyond which no swap can move it"):
        more.pool_after.quote_exact_input(*pair, 1)
    assert more.pool_after.max_amount_in(*pair) == 0
    assert more.pool_after.local_curve(*pair) == (0.0, 0.0)


# --- partial fills -------------------------------------------------------------------------


def test_where_liquidity_ends_the_quote_is_partial_and_the_price_runs_to_its_end() -> None:
    pool = simple_v3_pool((-600, 600, 10**20))
    most = pool.max_amount_in(*DOWN)
    quote = pool.quote_exact_input(*DOWN, most + 5)
    assert (quote.amount_in, quote.partial) == (most, True)
    assert state_of(quote.pool_after) == (MIN_SQRT_RATIO + 1, MIN_TICK, 0)
    full = pool.quote_exact_input(*DOWN, most)
    assert (full.amount_in, full.amount_out, full.partial) == (most, quote.amount_out, False)
    assert state_of(full.pool_after) == (sqrt_ratio_at_tick(-600), -601, 0)
    asked = pool.quote_exact_output(*UP, 10**30)
    assert asked.partial
    assert asked.amount_in == pool.max_amount_in(*UP)
    assert state_of(asked.pool_after) == (MAX_SQRT_RATIO - 1, MAX_TICK - 1, 0)


def test_a_price_limit_makes_a_partial_fill() -> None:
    pool = simple_v3_pool((-600, 600, 10**20))
    limit = ONE - 10**25
    quote = pool.quote_exact_input(*DOWN, 10**19, sqrt_price_limit_x96=limit)
    assert quote.partial
    assert quote.amount_in < 10**19
    assert state_of(quote.pool_after)[0] == limit
    reached = pool.quote_exact_input(*DOWN, quote.amount_in, sqrt_price_limit_x96=limit)
    assert not reached.partial
    assert reached.pool_after == quote.pool_after


def test_a_pool_without_liquidity_pays_nothing() -> None:
    pool = simple_v3_pool()
    for quote in (pool.quote_exact_input(*DOWN, 5), pool.quote_exact_output(*UP, 5)):
        assert (quote.amount_in, quote.amount_out, quote.partial) == (0, 0, True)
    assert pool.max_amount_in(*UP) == 0
    assert pool.local_curve(*UP) == (0.0, 0.0)
    assert state_of(pool.quote_exact_input(*DOWN, 5).pool_after)[0] == MIN_SQRT_RATIO + 1


@pytest.mark.parametrize(
    ("pair", "limit"),
    [
        (DOWN, ONE),
        (DOWN, ONE + 1),
        (DOWN, MIN_SQRT_RATIO),
        (UP, ONE),
        (UP, ONE - 1),
        (UP, MAX_SQRT_RATIO),
        (UP, 1.5),
        (DOWN, True),
    ],
)
def test_a_limit_that_is_not_ahead_is_refused(pair: tuple[Token, Token], limit: Any) -> None:
    pool = simple_v3_pool((-600, 600, 10**20))
    for ask in (pool.quote_exact_input, pool.quote_exact_output):
        with pytest.raises(InvalidPriceLimit, match="allows limits"):
            ask(*pair, 5, sqrt_price_limit_x96=limit)
    with pytest.raises(InvalidPriceLimit, match=f"sqrt_price_limit_x96 is {limit}"):
        pool.quote_to_price(*pair, limit)


# --- refusals ------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [0, -1, 1.5, True, "7", None, 2**255])
def test_amounts_that_are_none_are_refused(amount: Any) -> None:
    pool = simple_v3_pool((-600, 600, 10**20))
    with pytest.raises(InvalidAmount, match="amount_in is"):
        pool.quote_exact_input(*DOWN, amount)
    with pytest.raises(InvalidAmount, match="amount_out is"):
        pool.quote_exact_output(*DOWN, amount)


def test_tokens_the_pool_cannot_join_are_refused() -> None:
    pool = simple_v3_pool((-600, 600, 10**20))
    with pytest.raises(SameToken):
        pool.quote_exact_input(TOKEN0, TOKEN0, 5)
    with pytest.raises(UnknownToken):
        pool.local_curve(STRANGER, TOKEN0)
    again = (Token(TOKEN0.address), Token(TOKEN1.address))
    assert pool.quote_exact_input(*again, 10**9)[:3] == pool.quote_exact_input(*DOWN, 10**9)[:3]
    assert pool.quote_exact_input(*again[::-1], 10**9)[:3] == pool.quote_exact_input(*UP, 10**9)[:3]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fee_pips": 10**6}, "fee_pips is 1000000"),
        ({"tick_spacing": 0}, "tick_spacing is 0"),
        ({"tick_spacing": 16384}, "tick_spacing is 16384"),
        ({"sqrt_price_x96": MIN_SQRT_RATIO - 1}, "sqrt_price_x96 is"),
        ({"sqrt_price_x96": MAX_SQRT_RATIO}, "sqrt_price_x96 is"),
        ({"sqrt_price_x96": 1.5}, "sqrt_price_x96 is 1.5"),
        ({"tick": 1}, "belongs to tick 0"),
        ({"tick": -2}, "belongs to tick 0"),
        ({"tick": -1, "sqrt_price_x96": ONE + 1}, "belongs to tick 0"),
        ({"tick": 0.0}, "tick is 0.0"),
        ({"liquidity": 11}, "the ticks add up to 10 at tick 0"),
        ({"liquidity": 2**128}, "liquidity is"),
        ({"liquidity": -1}, "liquidity is -1"),
        ({"ticks": {}}, "the ticks add up to 0"),
        ({"ticks": [(1, 2)]}, r"ticks is \[\(1, 2\)\]"),
        ({"ticks": {-60: 10, 60: -10}}, "tick -60 has 10; allowed is"),
        ({"ticks": {-60: (10, 10), 61: (10, -10)}}, "tick is 61; allowed are multiples of 60"),
        ({"ticks": {-60: (10, 10), 887280: (10, -10)}}, "tick is 887280"),
        ({"ticks": {-60: (10, 10), 60: (0, 0), 120: (10, -10)}}, "liquidity_gross of tick 60 is 0"),
        ({"ticks": {-60: (10, 11), 60: (11, -11)}}, "liquidity_net of tick -60 is 11"),
        ({"ticks": {-60: (10, 10), 60: (10, -9)}}, "adds up to 1"),
        ({"ticks": {-60: (2**127, 10), 60: (10, -10)}}, "liquidity_gross of tick -60"),
    ],
)
def test_states_no_contract_can_have_are_refused(change: dict[str, Any], words: str) -> None:
    state: dict[str, Any] = {
        "address": ADDRESS, "token0": TOKEN0, "token1": TOKEN1, "fee_pips": 3000,
        "tick_spacing": 60, "sqrt_price_x96": ONE, "tick": 0, "liquidity": 10,
        "ticks": {-60: (10, 10), 60: (10, -10)},
    }  # fmt: skip
    ConcentratedPool(**state)
    with pytest.raises(InvalidPoolState, match=words):
        ConcentratedPool(**{**state, **change})


def test_liquidity_that_would_be_negative_somewhere_is_refused() -> None:
    ticks = {-60: (10, -10), 60: (10, 10)}
    with pytest.raises((InvalidPoolState, InsufficientLiquidity), match="liquidity would be -10"):
        ConcentratedPool(ADDRESS, TOKEN0, TOKEN1, 3000, 60, ONE, 0, 0, ticks)


# --- mints, burns, swaps reported by events ------------------------------------------------


def test_a_mint_and_its_burn_leave_the_pool_as_it_was() -> None:
    pool = simple_v3_pool((-600, 600, 10**20))
    more = pool.with_liquidity(-120, 180, 500)
    assert more.liquidity == 10**20 + 500
    assert more.ticks[-120] == (500, 500)
    assert more.ticks[180] == (500, -500)
    assert pool.liquidity == 10**20
    assert more.with_liquidity(-120, 180, -500) == pool
    assert pool.with_liquidity(120, 180, 7).liquidity == 10**20
    assert pool.with_liquidity(-600, 600, 0) == pool


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ((-61, 60, 5), InvalidPoolState, "tick_lower is -61"),
        ((-60, 61, 5), InvalidPoolState, "tick_upper is 61"),
        ((60, 60, 5), InvalidPoolState, "tick_lower is 60; allowed is less than"),
        ((60, 887280, 5), InvalidPoolState, "tick_upper is 887280"),
        ((60.0, 120, 5), InvalidPoolState, "tick_lower is 60.0"),
        ((-60, 60, 1.5), InvalidAmount, "liquidity_delta is 1.5"),
        ((-60, 60, 2**128), InvalidAmount, "liquidity_delta is"),
        ((-60, 60, 2**127), InvalidPoolState, "liquidity_gross of tick -60 would be"),
        ((-60, 60, -5), InsufficientLiquidity, "tick -60 carries 0; 5 cannot be burnt"),
        ((-600, 600, -(10**20) - 1), InsufficientLiquidity, "tick -600 carries"),
        ((-600, 1200, -1), InsufficientLiquidity, "tick 1200 carries 10; 1 cannot"),
        # Both ticks carry enough, but no such position was ever minted.
        ((600, 1800, -1), InsufficientLiquidity, "liquidity would be -1 beyond tick"),
    ],
)
def test_mints_and_burns_no_contract_allows_are_refused(
    change: tuple[Any, Any, Any], error: type[Exception], words: str
) -> None:
    pool = simple_v3_pool((-600, 600, 10**20), (1200, 1800, 10), (540, 600, 4), (600, 660, 9))
    pool = pool.with_liquidity(660, 720, 3)
    with pytest.raises(error, match=words):
        pool.with_liquidity(*change)


def test_a_swap_event_moves_the_price_and_is_checked() -> None:
    pool = simple_v3_pool((-600, 600, 10**20), (-60, 60, 5))
    price = sqrt_ratio_at_tick(-60)
    assert pool.with_state(price, -60, 10**20 + 5).liquidity == 10**20 + 5
    crossed = pool.with_state(price, -61, 10**20)
    assert crossed == pool.quote_to_price(*DOWN, price).pool_after
    with pytest.raises(InvalidPoolState, match="the ticks add up to"):
        pool.with_state(price, -61, 10**20 + 5)
    with pytest.raises(InvalidPoolState, match="belongs to tick -60"):
        pool.with_state(price, -62, 10**20)


def test_a_pool_is_a_frozen_value() -> None:
    pool = simple_v3_pool((-600, 600, 10**20))
    pool.quote_exact_input(*DOWN, 5)
    with pytest.raises(FrozenInstanceError, match="cannot set 'tick'"):
        pool.tick = 7
    with pytest.raises(TypeError):
        pool.ticks[0] = (1, 1)  # type: ignore[index]
    same = simple_v3_pool((-600, 600, 10**20))
    assert pool == same
    assert hash(pool) == hash(same)
    assert pool != simple_v3_pool((-600, 600, 10**20), tick=60)
    assert pool != simple_v3_pool((-600, 600, 10**20), (60, 120, 5))
    assert pool != simple_v3_pool((-600, 600, 10**20), fee_pips=500)
    assert pool != "pool"
    assert pickle.loads(pickle.dumps(pool)) == copy.deepcopy(pool) == pool
    assert isinstance(pool, Pool)
    assert pool.tokens == (TOKEN0, TOKEN1)
    assert repr(pool) == f"ConcentratedPool(ZERO/ONE uniswap_v3 {ADDRESS})"
