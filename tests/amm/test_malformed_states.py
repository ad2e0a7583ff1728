"""States that no contract has: every one is refused by a typed error, whatever its type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aineon.amm import (
    ComposableStablePool,
    CryptoSwapPool,
    Pool,
    StableSwapPool,
    UnderlyingPool,
    WeightedPool,
)
from aineon.errors import InvalidPoolState, PoolError, SameToken, UnknownToken
from aineon.primitives import Token

ADDRESS = "0x" + "c0" * 20
COINS = tuple(Token(f"0x{place:040x}", f"C{place}", d) for place, d in ((1, 18), (2, 6), (3, 8)))
LP = Token("0x" + "1f" * 20, "LP", 18)
BALANCES = (10**24, 10**12, 10**14)


def stable_swap(**fields: Any) -> StableSwapPool:
    known = {"address": ADDRESS, "tokens": COINS, "balances": BALANCES, "A": 2000, "fee": 4 * 10**6}
    return StableSwapPool(**known | fields)


def metapool(**fields: Any) -> StableSwapPool:
    base = stable_swap(address="0x" + "ba" * 20, lp_token=LP, lp_total_supply=3 * 10**24)
    known = {"tokens": (COINS[0], LP), "balances": BALANCES[:1] * 2, "A_precision": 100}
    own = Token("0x" + "3e" * 20, "META", 18)
    return stable_swap(**known | {"tokens": (own, LP), "base_pool": base} | fields)


def crypto_swap(**fields: Any) -> CryptoSwapPool:
    coins = (COINS[1], COINS[2], COINS[0])
    known = {
        "address": "0x80466c64868E1ab14a1Ddf27A676C3fcBE638Fe5",
        "tokens": coins,
        "balances": (87415844442, 129348722, 43137143734068899114),
        "A": 3645,
        "gamma": 69999999999999,
        "D": 286349051375261364933634,
        "price_scale": (75804766119084417938595, 2345740822056210128261),
        "mid_fee": 4000000,
        "out_fee": 40000000,
        "fee_gamma": 10**16,
    }
    return CryptoSwapPool(**known | fields)


def weighted(**fields: Any) -> WeightedPool:
    known = {"address": ADDRESS, "tokens": COINS[:2], "balances": BALANCES[:2]}
    known |= {"weights": (8 * 10**17, 2 * 10**17), "swap_fee": 10**15}
    return WeightedPool(**known | fields)


def composable(**fields: Any) -> ComposableStablePool:
    known = {"address": ADDRESS, "tokens": COINS, "balances": BALANCES}
    return ComposableStablePool(**known | {"amp": 600_000, "swap_fee": 10**14} | fields)


LISTS: list[tuple[Callable[..., Pool], str]] = [
    (stable_swap, "tokens"),
    (stable_swap, "balances"),
    (stable_swap, "rates"),
    (metapool, "rates"),
    (crypto_swap, "tokens"),
    (crypto_swap, "balances"),
    (crypto_swap, "price_scale"),
    (crypto_swap, "precisions"),
    (weighted, "tokens"),
    (weighted, "balances"),
    (weighted, "weights"),
    (weighted, "scaling_factors"),
    (composable, "tokens"),
    (composable, "balances"),
    (composable, "scaling_factors"),
]
NO_LISTS = [7, True, 1.5, "12", b"12", object(), {1: 2}, {1, 2}, iter((1, 2)), COINS[0]]
BAD_ENTRIES = [None, True, 1.0, "1", -1, 2**300, [1]]


@pytest.mark.parametrize(("make", "name"), LISTS)
def test_what_is_no_list_is_refused_by_name(make: Callable[..., Pool], name: str) -> None:
    make()
    for value in NO_LISTS:
        with pytest.raises(InvalidPoolState, match=f"^{name} is .*; allowed is a tuple or list"):
            make(**{name: value})


@pytest.mark.parametrize(("make", "name"), LISTS)
def test_lists_of_other_things_or_lengths_are_refused(make: Callable[..., Pool], name: str) -> None:
    for bad in BAD_ENTRIES:
        with pytest.raises(InvalidPoolState, match=name):
            make(**{name: [bad, bad]})
    entries = COINS * 3 if name == "tokens" else (10**18,) * 9
    # A metapool of one own coin takes one rate, or two.
    for length in (0, 9) if make is metapool else (0, 1, 9):
        with pytest.raises(PoolError, match=rf"{name} has {length} entries|twice"):
            make(**{name: entries[:length]})


FLAGS: list[tuple[Callable[..., Pool], str]] = [
    (stable_swap, "is_killed"),
    (crypto_swap, "is_killed"),
    (weighted, "is_paused"),
    (weighted, "swap_enabled"),
    (weighted, "pow_up_shortcuts"),
    (composable, "is_paused"),
    (composable, "swap_enabled"),
]


@pytest.mark.parametrize(("make", "name"), FLAGS)
def test_a_flag_is_true_or_false_and_nothing_that_passes_for_it(
    make: Callable[..., Pool], name: str
) -> None:
    assert {getattr(make(**{name: value}), name) for value in (True, False)} == {True, False}
    for value in ("false", "", 0, 1, None, [], 1.0):
        with pytest.raises(InvalidPoolState, match=f"{name} is .*; allowed is True or False"):
            make(**{name: value})


def test_parts_that_are_objects_must_be_what_they_stand_for() -> None:
    for value in ("3Crv", 5, False, (LP,)):
        with pytest.raises(InvalidPoolState, match="lp_token is"):
            stable_swap(lp_token=value)
        with pytest.raises(InvalidPoolState, match="repeg is"):
            crypto_swap(repeg=value)
        with pytest.raises(InvalidPoolState, match="template is"):
            stable_swap(template=value)
        with pytest.raises(InvalidPoolState, match="base_pool is"):
            metapool(base_pool=value)
        with pytest.raises(InvalidPoolState, match="is not the base pool"):
            metapool().with_base_pool(value)  # type: ignore[arg-type]
        with pytest.raises(InvalidPoolState, match="metapool is"):
            UnderlyingPool(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [stable_swap, crypto_swap, weighted, composable])
def test_other_balances_are_checked_as_the_first_ones(make: Callable[..., Any]) -> None:
    for value in (7, None, "12", {1: 2}, (1,), [-1, -1, -1], [1.0, 1.0, 1.0]):
        with pytest.raises(InvalidPoolState, match="balances"):
            make().with_balances(value)


@pytest.mark.parametrize(
    "pool", [stable_swap(), metapool().underlying, crypto_swap(), weighted(), composable()]
)
def test_what_is_no_token_is_refused_even_where_it_cannot_be_hashed(pool: Pool) -> None:
    held = pool.tokens[0]
    for nonsense in ([1], {}, None, "USDC", 5, Token("0x" + "99" * 20)):
        for ask in (pool.quote_exact_input, pool.quote_exact_output):
            for pair in ((held, nonsense), (nonsense, held)):
                with pytest.raises(UnknownToken):
                    ask(*pair, 10**6)  # type: ignore[arg-type]
        for function in (pool.local_curve, pool.max_amount_in, pool.output_function):
            with pytest.raises(UnknownToken):
                function(held, nonsense)  # type: ignore[arg-type]


@pytest.mark.parametrize("pool", [stable_swap(), metapool().underlying, crypto_swap()])
def test_views_refuse_coins_by_the_same_errors_as_quotes(pool: Any) -> None:
    most = len(pool.tokens) - 1
    assert pool.get_dy(0, most, 10**12) > 0
    for i, j in ((0, most + 1), (-1, 0), (True, 0), (0, 1.0), (None, 0)):
        with pytest.raises(UnknownToken, match=f"allowed for .* is an int from 0 to {most}"):
            pool.get_dy(i, j, 10**12)
    with pytest.raises(SameToken, match="i and j are both 1"):
        pool.get_dy(1, 1, 10**12)
    for dx in (0, -1, 1.0, True, None, 2**256):
        with pytest.raises(PoolError, match="dx is"):
            pool.get_dy(0, 1, dx)
