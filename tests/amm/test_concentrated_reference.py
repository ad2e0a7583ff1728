"""ConcentratedPool against a literal, slow UniswapV3Pool.swap, over random pools and swaps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import ConcentratedPool, Quote
from aineon.amm.concentrated import segments
from aineon.amm.concentrated.tick_math import MAX_SQRT_RATIO, MIN_SQRT_RATIO, sqrt_ratio_at_tick
from aineon.errors import InvalidPriceLimit
from aineon.primitives import Token
from tests.amm.making_pools import (
    DOWN,
    UP,
    columns,
    copy_of,
    into,
    magnitudes,
    rebuilt,
    v3_pool,
    worlds,
)
from tests.amm.reference_v3 import PriceLimitRefused, ReferencePool, Swapped, WithoutWords

MOST = 2**255 - 1


def quoted(pool: ConcentratedPool, falling: bool, specified: int, limit: int | None) -> Quote:
    pair = DOWN if falling else UP
    if specified > 0:
        return pool.quote_exact_input(*pair, specified, sqrt_price_limit_x96=limit)
    return pool.quote_exact_output(*pair, -specified, sqrt_price_limit_x96=limit)


def agree(reference: ReferencePool, falling: bool, specified: int, limit: int | None) -> None:
    """Swap in the reference, quote in the library, and compare everything."""
    pool = v3_pool(reference)
    try:
        expected = reference.swap(falling, specified, limit)
    except PriceLimitRefused:
        with pytest.raises(InvalidPriceLimit):
            quoted(pool, falling, specified, limit)
        return
    quote = quoted(pool, falling, specified, limit)
    assert Swapped(quote.amount_in, quote.amount_out, quote.partial) == expected
    after = quote.pool_after
    assert isinstance(after, ConcentratedPool)
    assert (after.sqrt_price_x96, after.tick, after.liquidity) == reference.state
    assert after == v3_pool(reference)


@st.composite
def swaps(draw: st.DrawFn, pool: ReferencePool) -> tuple[bool, int, int | None]:
    falling = draw(st.booleans())
    kind = draw(st.sampled_from(["amount", "amount", "limit", "border"]))
    specified = draw(magnitudes(110)) * draw(st.sampled_from([1, -1]))
    if kind == "amount":
        return falling, specified, None
    # A limit some borders ahead, exactly on one, or a hair beside it.
    steps = draw(st.integers(0, 700)) * (-1 if falling else 1)
    tick = (pool.tick // pool.spacing + steps) * pool.spacing
    if draw(st.booleans()):
        tick = tick // (256 * pool.spacing) * 256 * pool.spacing
    limit = sqrt_ratio_at_tick(max(min(tick, 887271), -887271))
    if kind == "limit":
        return falling, specified, limit + draw(st.sampled_from([0, 0, 1, -1, 10**6]))
    # The amounts that end exactly on the border, or miss it by a unit.
    try:
        whole = copy_of(pool).swap(falling, MOST, limit)
    except PriceLimitRefused:
        return falling, specified, None
    amount = whole.amount_in if specified > 0 else -whole.amount_out
    amount += draw(st.integers(-1, 1))
    return falling, amount or 1, draw(st.sampled_from([None, limit]))


@settings(max_examples=400)
@given(data=st.data())
def test_no_swap_of_a_random_pool_differs_from_the_contract(data: st.DataObject) -> None:
    reference = data.draw(worlds())
    for _ in range(data.draw(st.integers(1, 4))):
        agree(reference, *data.draw(swaps(reference)))


@settings(max_examples=60)
@given(data=st.data())
def test_a_swap_to_a_price_is_the_contracts_swap_with_all_money(data: st.DataObject) -> None:
    reference = data.draw(worlds())
    pool = v3_pool(reference)
    falling, _, limit = data.draw(swaps(reference))
    if limit is None:
        limit = MIN_SQRT_RATIO + 1 if falling else MAX_SQRT_RATIO - 1
    pair = DOWN if falling else UP
    try:
        expected = reference.swap(falling, MOST, limit)
    except PriceLimitRefused:
        with pytest.raises(InvalidPriceLimit):
            pool.quote_to_price(*pair, limit)
        return
    quote = pool.quote_to_price(*pair, limit)
    assert (quote.amount_in, quote.amount_out, quote.partial) == (*expected[:2], False)
    assert quote.pool_after == v3_pool(reference)


def mint_burn_and_swap(data: st.DataObject) -> None:
    """Change liquidity and swap in turns, and compare with the reference and with a rebuild."""
    reference = data.draw(worlds())
    pool = v3_pool(reference)
    for _ in range(3):
        ends = st.integers(-700, 700)
        lower, upper = sorted((data.draw(ends), data.draw(ends)))
        base = reference.tick // reference.spacing
        most = 887272 // reference.spacing
        lower = max(min(base + lower, most - 1), -most) * reference.spacing
        upper = max(min(base + upper, most) * reference.spacing, lower + reference.spacing)
        delta = data.draw(magnitudes(90))
        for change in data.draw(st.sampled_from([(delta,), (delta, -delta), (delta, -delta // 2)])):
            reference.change(lower, upper, change)
            pool = pool.with_liquidity(lower, upper, change)
            assert columns(pool) == columns(rebuilt(pool))
        assert pool == v3_pool(reference)
        falling, specified, limit = data.draw(swaps(reference))
        try:
            expected = reference.swap(falling, specified, limit)
        except PriceLimitRefused:
            continue
        quote = quoted(pool, falling, specified, limit)
        assert (quote.amount_in, quote.amount_out, quote.partial) == expected
        pool = quote.pool_after  # type: ignore[assignment]
        assert pool == v3_pool(reference)


@settings(max_examples=60)
@given(data=st.data())
def test_mints_and_burns_between_swaps_keep_the_two_together(data: st.DataObject) -> None:
    mint_burn_and_swap(data)


@settings(max_examples=100)
@given(data=st.data(), fold=st.sampled_from([2, 3, 16]))
def test_folded_word_borders_change_no_number(data: st.DataObject, fold: int) -> None:
    """Folds need long tables; with a threshold of one word the short ones of tests have them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "LONGEST_RUN", 1)
        patch.setattr(segments, "FOLD", fold)
        reference = data.draw(worlds())
        for _ in range(3):
            agree(reference, *data.draw(swaps(reference)))
        mint_burn_and_swap(data)


@pytest.mark.parametrize("pair", [DOWN, UP])
def test_a_full_range_of_the_narrowest_spacing_is_folded_and_exact(
    pair: tuple[Token, Token],
) -> None:
    reference = ReferencePool(100, 1, sqrt_ratio_at_tick(-7))
    reference.change(-887272, 887272, 10**19 + 1)
    reference.change(-5, 900, 10**21)
    pool = v3_pool(reference)
    assert len(pool._upward.keys) < 1000
    for target in (10**16, 10**18, 10**19, 3 * 10**20, 10**23, 10**25, 10**28):
        for specified in (target, -target // 3):
            agree(copy_of(reference), pair == DOWN, specified, None)
    output, smallest_input = pool.output_function(*pair), pool.input_function(*pair)
    for wanted in (10**18, 5 * 10**18, 9 * 10**18):
        least = smallest_input(wanted)
        assert output(least) >= wanted > output(least - 1)


def test_a_pool_without_word_borders_would_be_noticed() -> None:
    """The control: leave the word borders out of the reference, and amounts differ."""
    differences = 0
    for amount in range(10**17, 10**18, 3 * 10**16):
        reference = ReferencePool(3000, 10, sqrt_ratio_at_tick(0))
        reference.change(-8000, 8000, 10**18 + 12345)
        simpler = into(WithoutWords(3000, 10, sqrt_ratio_at_tick(0)), reference)
        pool = v3_pool(reference)
        quote = pool.quote_exact_input(*DOWN, amount)
        literal = reference.swap(True, amount)
        assert (quote.amount_in, quote.amount_out, quote.partial) == literal
        differences += simpler.swap(True, amount) != literal
    assert differences > 0
