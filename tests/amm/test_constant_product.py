"""ConstantProductPool: formulas, refusals, and the properties of a frozen value."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aineon.amm import ConstantProductPool, Pool
from aineon.amm.constant_product import MAX_RESERVE
from aineon.errors import (
    InsufficientLiquidity,
    InvalidAmount,
    InvalidPoolState,
    SameToken,
    UnknownToken,
)
from aineon.primitives import Token
from tests.amm.making_pools import ADDRESS, DOWN, STRANGER, TOKEN0, TOKEN1, UP, magnitudes, v2_pool

reserves = magnitudes(112)
pairs = st.sampled_from([DOWN, UP])
fees = st.sampled_from([0, 500, 2500, 3000, 10000])


@given(reserves, reserves, magnitudes(112))
def test_three_thousand_pips_are_the_contracts_997_of_1000(
    reserve_in: int, reserve_out: int, amount_in: int
) -> None:
    assume(reserve_in + amount_in <= MAX_RESERVE)
    paid = amount_in * 997
    expected = paid * reserve_out // (reserve_in * 1000 + paid)
    assert v2_pool(reserve_in, reserve_out).quote_exact_input(*DOWN, amount_in)[1] == expected
    assert v2_pool(reserve_out, reserve_in).quote_exact_input(*UP, amount_in)[1] == expected


@given(reserves, reserves, magnitudes(112))
def test_exact_output_is_the_routers_formula(
    reserve_in: int, reserve_out: int, amount_out: int
) -> None:
    assume(amount_out < reserve_out)
    expected = reserve_in * amount_out * 1000 // ((reserve_out - amount_out) * 997) + 1
    assume(reserve_in + expected <= MAX_RESERVE)
    quote = v2_pool(reserve_in, reserve_out).quote_exact_output(*DOWN, amount_out)
    assert (quote.amount_in, quote.amount_out, quote.partial) == (expected, amount_out, False)


@given(reserves, reserves, fees, pairs, magnitudes(112))
def test_a_swap_moves_the_reserves_and_never_lets_the_product_fall(
    reserve0: int, reserve1: int, fee: int, pair: tuple[Token, Token], amount_in: int
) -> None:
    pool = v2_pool(reserve0, reserve1, fee)
    assume(amount_in <= pool.max_amount_in(*pair))
    quote = pool.quote_exact_input(*pair, amount_in)
    after = quote.pool_after
    assert isinstance(after, ConstantProductPool)
    change = (after.reserve0 - reserve0, after.reserve1 - reserve1)
    assert change == (
        (amount_in, -quote.amount_out) if pair == DOWN else (-quote.amount_out, amount_in)
    )
    assert after.reserve0 * after.reserve1 >= reserve0 * reserve1
    assert after == pool.with_reserves(after.reserve0, after.reserve1)
    assert pool.output_function(*pair)(amount_in) == quote.amount_out


@given(reserves, reserves, fees, pairs, magnitudes(112))
def test_no_round_trip_gains(
    reserve0: int, reserve1: int, fee: int, pair: tuple[Token, Token], amount_in: int
) -> None:
    pool = v2_pool(reserve0, reserve1, fee)
    assume(amount_in <= pool.max_amount_in(*pair))
    there = pool.quote_exact_input(*pair, amount_in)
    assume(there.amount_out > 0)
    back = there.pool_after.quote_exact_input(pair[1], pair[0], there.amount_out)
    assert back.amount_out <= amount_in


@given(reserves, reserves, fees, pairs, magnitudes(112))
def test_input_function_is_the_literal_minimum_and_the_router_asks_at_most_one_more(
    reserve0: int, reserve1: int, fee: int, pair: tuple[Token, Token], amount_out: int
) -> None:
    pool = v2_pool(reserve0, reserve1, fee)
    output = pool.output_function(*pair)
    assume(amount_out <= output(pool.max_amount_in(*pair)))
    least = pool.input_function(*pair)(amount_out)
    assert output(least) >= amount_out
    assert least == 1 or output(least - 1) < amount_out
    router = pool.quote_exact_output(*pair, amount_out).amount_in if least < MAX_RESERVE else least
    assert router - least in {0, 1}


@given(reserves, reserves, fees, pairs, magnitudes(100))
def test_the_local_curve_bounds_and_follows_the_exact_output(
    reserve0: int, reserve1: int, fee: int, pair: tuple[Token, Token], amount_in: int
) -> None:
    pool = v2_pool(reserve0, reserve1, fee)
    assume(amount_in <= pool.max_amount_in(*pair))
    rate, bend = pool.local_curve(*pair)
    out = pool.quote_exact_input(*pair, amount_in).amount_out
    assert out <= rate * amount_in * (1 + 1e-12)
    assert out == pytest.approx(rate * amount_in / (1 + bend * amount_in), rel=1e-9, abs=1.001)


def test_dust_that_buys_nothing_is_a_quote_of_zero() -> None:
    quote = v2_pool(10**18, 10**6).quote_exact_input(*DOWN, 1)
    assert (quote.amount_in, quote.amount_out, quote.partial) == (1, 0, False)


def test_the_reserve_may_fill_its_112_bits_and_not_more() -> None:
    pool = v2_pool(MAX_RESERVE - 5, 10**20)
    assert pool.max_amount_in(*DOWN) == 5
    assert pool.quote_exact_input(*DOWN, 5).pool_after == pool.with_reserves(
        MAX_RESERVE, 10**20 - pool.output_function(*DOWN)(5)
    )
    with pytest.raises(InvalidAmount, match="amount_in is 6; allowed is an int from 1 to 5"):
        pool.quote_exact_input(*DOWN, 6)
    with pytest.raises(InvalidAmount, match="can take at most 5"):
        pool.quote_exact_output(*DOWN, 10**19)


@pytest.mark.parametrize("amount", [0, -1, 1.5, True, "7", None, 2**112])
def test_amounts_that_are_none_are_refused(amount: Any) -> None:
    pool = v2_pool(10**18, 10**18)
    with pytest.raises(InvalidAmount, match="amount_in is"):
        pool.quote_exact_input(*DOWN, amount)
    with pytest.raises((InvalidAmount, InsufficientLiquidity), match="amount_out is"):
        pool.quote_exact_output(*DOWN, amount)


def test_more_than_the_pool_holds_is_refused() -> None:
    pool = v2_pool(10**18, 500)
    assert pool.quote_exact_output(*DOWN, 499).amount_out == 499
    for amount in (500, 501):
        with pytest.raises(InsufficientLiquidity, match="can pay at most 499"):
            pool.quote_exact_output(*DOWN, amount)


@pytest.mark.parametrize(("reserve0", "reserve1"), [(0, 0), (0, 5), (5, 0)])
def test_an_empty_pool_pays_nothing(reserve0: int, reserve1: int) -> None:
    pool = v2_pool(reserve0, reserve1)
    assert pool.max_amount_in(*DOWN) == 0
    assert pool.local_curve(*DOWN) == (0.0, 0.0)
    with pytest.raises(InsufficientLiquidity, match="needs both above zero"):
        pool.quote_exact_input(*DOWN, 1)
    with pytest.raises(InsufficientLiquidity, match="needs both above zero"):
        pool.quote_exact_output(*DOWN, 1)
    with pytest.raises(InsufficientLiquidity, match="needs both above zero"):
        pool.spot_price(*DOWN)


def test_tokens_the_pool_cannot_join_are_refused() -> None:
    pool = v2_pool(10**18, 10**18)
    for ask in (pool.quote_exact_input, pool.quote_exact_output):
        with pytest.raises(SameToken, match="both ZERO"):
            ask(TOKEN0, TOKEN0, 5)
        with pytest.raises(UnknownToken, match="THIRD"):
            ask(TOKEN0, STRANGER, 5)
        with pytest.raises(UnknownToken, match="holds ZERO, ONE"):
            ask("WETH", TOKEN1, 5)  # type: ignore[arg-type]


def test_equal_tokens_of_other_objects_serve() -> None:
    pool = v2_pool(10**18, 3 * 10**18)
    again = (Token(TOKEN0.address), Token(TOKEN1.address))
    assert pool.quote_exact_input(*again, 10**9)[:3] == pool.quote_exact_input(*DOWN, 10**9)[:3]
    assert pool.quote_exact_input(*again[::-1], 7)[:3] == pool.quote_exact_input(*UP, 7)[:3]
    assert pool.spot_price(*again) == 3.0


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"reserve0": -1}, InvalidPoolState, "reserve0 is -1"),
        ({"reserve1": 2**112}, InvalidPoolState, "reserve1 is"),
        ({"reserve0": 1.0}, InvalidPoolState, "reserve0 is 1.0"),
        ({"reserve0": True}, InvalidPoolState, "reserve0 is True"),
        ({"fee_pips": 10**6}, InvalidPoolState, "fee_pips is 1000000"),
        ({"fee_pips": -1}, InvalidPoolState, "fee_pips is -1"),
        ({"fee_pips": 0.003}, InvalidPoolState, "fee_pips is 0.003"),
        ({"address": "0x12"}, InvalidPoolState, "'0x12' is not 0x followed by 40"),
        ({"token0": TOKEN1}, SameToken, "token0 and token1"),
        ({"token0": STRANGER}, InvalidPoolState, "ordered by address"),
        ({"token1": "WETH"}, InvalidPoolState, "token1 is 'WETH'; allowed is a Token"),
        ({"venue": ""}, InvalidPoolState, "venue is ''"),
    ],
)
def test_states_no_contract_can_have_are_refused(
    change: dict[str, Any], error: type[Exception], words: str
) -> None:
    state: dict[str, Any] = {
        "address": ADDRESS, "token0": TOKEN0, "token1": TOKEN1, "reserve0": 5, "reserve1": 6,
    }  # fmt: skip
    ConstantProductPool(**state)
    with pytest.raises(error, match=words):
        ConstantProductPool(**{**state, **change})


def test_with_reserves_checks_as_the_constructor_does() -> None:
    with pytest.raises(InvalidPoolState, match="reserve1 is -2"):
        v2_pool(5, 6).with_reserves(5, -2)


def test_a_pool_is_a_frozen_value() -> None:
    pool = v2_pool(5, 6)
    with pytest.raises(FrozenInstanceError, match="cannot set 'reserve0'"):
        pool.reserve0 = 7
    with pytest.raises(FrozenInstanceError, match="cannot delete 'reserve0'"):
        del pool.reserve0
    assert pool == v2_pool(5, 6)
    assert hash(pool) == hash(v2_pool(5, 6))
    assert pool != v2_pool(5, 7)
    assert pool != v2_pool(5, 6, fee_pips=500)
    assert pool != "pool"
    assert pickle.loads(pickle.dumps(pool)) == copy.deepcopy(pool) == pool
    assert isinstance(pool, Pool)
    assert pool.tokens == (TOKEN0, TOKEN1)
    assert repr(pool) == f"ConstantProductPool(ZERO/ONE uniswap_v2 {ADDRESS})"
