"""StableSwapPool against the contracts written down line by line, balances after included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isqrt
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import StableSwapPool, UnderlyingPool
from aineon.amm.stableswap import direction as direction_module
from aineon.amm.stableswap.templates import PLAIN
from aineon.errors import InvalidPoolState, PoolError
from tests.amm.making_stableswap import ADDRESS, NAMES, ONE, Case, coins, random_case, random_meta
from tests.amm.reference_stableswap import Base, MetaNextGeneration, NextGeneration, Revert

seeds = st.integers(0, 2**32)
few = settings(max_examples=25)


def pairs(random: Random, coins: int) -> tuple[int, int]:
    i, j = random.sample(range(coins), 2)
    return i, j


def sizes(random: Random, balance: int) -> Iterator[int]:
    """Amounts of every order of magnitude, dust and a thousandfold of the balance included."""
    yield 1
    for _ in range(4):
        yield max(int(balance * 10 ** random.uniform(-18, 3)), 1)


def swaps(case: Case, random: Random) -> None:
    """Swap one after the other, each compared; where the contract reverts, so must the pool."""
    pool, contract = case
    i, j = pairs(random, len(pool.tokens))
    for amount in sizes(random, pool.balances[i]):
        token_in, token_out = pool.tokens[i], pool.tokens[j]
        before = list(contract.balances)
        try:
            viewed: int | None = contract.get_dy(i, j, amount)
        except Revert:
            viewed = None
        try:
            paid: int | None = contract.exchange(i, j, amount)
        except Revert:
            paid, contract.balances = None, before
        if viewed is None:
            with pytest.raises(PoolError):
                pool.get_dy(i, j, amount)
        else:
            assert pool.get_dy(i, j, amount) == viewed
        beyond = paid is not None and amount > pool.max_amount_in(token_in, token_out)
        if beyond and (pool.template.keeps_oracle or pool.offpeg_fee_multiplier):
            # Refused although the contract might take it: more than the whole pool is worth.
            assert amount * pool.rates[i] // 10**18 > pool.D
            paid, contract.balances = None, before
        if paid is None:
            with pytest.raises(PoolError):
                pool.quote_exact_input(token_in, token_out, amount)
            continue
        quote = pool.quote_exact_input(token_in, token_out, amount)
        assert quote.amount_out == paid
        assert pool.output_function(token_in, token_out)(amount) == paid
        after = quote.pool_after
        assert isinstance(after, StableSwapPool)
        assert after.balances == tuple(contract.balances)
        pool = after
        i, j = pairs(random, len(pool.tokens))


@pytest.mark.parametrize("name", NAMES)
@given(seeds)
@few
def test_swaps_are_the_contracts(name: str, seed: int) -> None:
    random = Random(seed)
    swaps(random_case(name, random), random)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "first_lending"])
@given(seeds)
@few
def test_deposits_and_withdrawals_are_the_contracts(name: str, seed: int) -> None:
    random = Random(seed)
    pool, contract = random_case(name, random, imbalance=2.0)
    amounts = [int(b * random.choice((0, random.uniform(0, 0.9)))) for b in pool.balances]
    burned = max(int(contract.supply * 10 ** random.uniform(-12, -0.05)), 1)
    i = random.randrange(len(pool.tokens))
    agree(pool.get_virtual_price, contract.get_virtual_price)
    agree(
        lambda: pool.calc_token_amount(amounts, True),
        lambda: contract.calc_token_amount(amounts, True),
    )
    agree(
        lambda: pool.calc_token_amount(amounts, False),
        lambda: contract.calc_token_amount(amounts, False),
    )
    agree(
        lambda: pool.calc_withdraw_one_coin(burned, i),
        lambda: contract._calc_withdraw_one_coin(burned, i)[0],
    )


def agree(ask_pool: Callable[[], int], ask_contract: Callable[[], int]) -> None:
    """Ask both; where the contract reverts the pool must refuse."""
    try:
        expected = ask_contract()
    except Revert:
        with pytest.raises(PoolError):
            ask_pool()
    else:
        assert ask_pool() == expected


@given(seeds)
@settings(max_examples=60)
def test_underlying_views_are_the_contracts(seed: int) -> None:
    random = Random(seed)
    pool, contract = random_meta(random)
    i, j = pairs(random, len(pool.underlying.tokens))
    held = pool.balances[0] if i == 0 else contract.base.balances[i - 1]
    amount = max(int(held * 10 ** random.uniform(-9, -0.5)), 1)
    base_is_foretold = isinstance(contract.base, NextGeneration)
    if isinstance(contract, MetaNextGeneration) and j == 0 and not base_is_foretold:
        with pytest.raises(InvalidPoolState, match="do not foretell"):
            pool.get_dy_underlying(i, j, amount)
        return
    agree(
        lambda: pool.get_dy_underlying(i, j, amount),
        lambda: contract.get_dy_underlying(i, j, amount),
    )


@given(seeds)
@settings(max_examples=120)
def test_underlying_swaps_are_the_contracts(seed: int) -> None:
    random = Random(seed)
    meta, contract = random_meta(random)
    pool = meta.underlying
    for _ in range(3):
        i, j = pairs(random, len(pool.tokens))
        base = pool.base_pool
        held = meta.balances[0] if i == 0 else base.balances[i - 1]
        worth = min(held, meta.balances[0] if 0 in {i, j} else held)
        amount = max(int(worth * 10 ** random.uniform(-9, -0.5)), 1)
        token_in, token_out = pool.tokens[i], pool.tokens[j]
        saved = list(contract.balances), list(contract.base.balances), contract.base.supply
        try:
            paid = contract.exchange_underlying(i, j, amount)
        except Revert:
            contract.balances, contract.base.balances, contract.base.supply = saved
            with pytest.raises(PoolError):
                pool.quote_exact_input(token_in, token_out, amount)
            continue
        if paid == 0 and not pool.output_function(token_in, token_out)(amount):
            # Dust that the contract swallows for nothing is refused, or quoted as nothing.
            contract.balances, contract.base.balances, contract.base.supply = saved
            continue
        quote = pool.quote_exact_input(token_in, token_out, amount)
        assert quote.amount_out == paid == pool.output_function(token_in, token_out)(amount)
        after = quote.pool_after
        assert isinstance(after, UnderlyingPool)
        assert after.metapool.balances == tuple(contract.balances)
        assert after.base_pool.balances == tuple(contract.base.balances)
        assert after.base_pool.lp_total_supply == contract.base.supply
        pool, meta = after, after.metapool


def _with_margin(case: Case, margin: int) -> Case:
    pool = case.pool
    template = pool.template._replace(margin=margin)
    return Case(pool._changed(template=template), case.contract)


def _twenty_runs(name: str, margin: int) -> None:
    for seed in range(20):
        random = Random(seed)
        swaps(_with_margin(random_case(name, random), margin), random)


def test_a_mutant_that_keeps_no_unit_back_is_caught() -> None:
    _twenty_runs("plain", 1)
    with pytest.raises(AssertionError):
        _twenty_runs("plain", 0)


def test_a_mutant_that_rounds_what_is_paid_once_more_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exact = direction_module._output_at_fixed_fee

    def short(*args: Any) -> Callable[[int], int]:
        output = exact(*args)
        return lambda amount: max(output(amount) - 1, 0)

    monkeypatch.setattr(direction_module, "_output_at_fixed_fee", short)
    with pytest.raises(AssertionError):
        _twenty_runs("three_pool", 1)


def test_a_mutant_whose_square_root_is_off_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direction_module, "isqrt", lambda value: isqrt(value) + 2)
    with pytest.raises(AssertionError):
        _twenty_runs("plain", 1)


@given(seeds)
@settings(max_examples=100)
def test_the_square_root_ends_where_the_contracts_walk_does(seed: int) -> None:
    """Tiny curves, where the walk often ends one above the root's whole part."""
    random = Random(seed)
    scaled = [random.randint(200, 20_000) for _ in range(random.randint(2, 3))]
    A = random.randint(2, 50)
    contract = Base(scaled, A * 100, 0, 0, [ONE] * len(scaled))
    pool = StableSwapPool(
        ADDRESS, coins((18,) * len(scaled)), scaled, A, 0, A_precision=100, template=PLAIN
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(direction_module, "_LARGE", 0)
        output = pool.output_function(*pool.tokens[:2])
    for amount in range(1, 300):
        x = contract.balances[0] + amount
        y = contract.get_y(0, 1, x, contract.balances)
        assert output(amount) == max(scaled[1] - y - 1, 0)


def test_the_contracts_differ_where_their_templates_say_so() -> None:
    """A control of the differential test: no template passes for another's contract."""
    for name in NAMES:
        for other in NAMES:
            if {name, other} == {"plain_ema", "plain_two"} or name == other:
                continue
            assert _differs(name, other) or {name, other} & {"steth", "plain_two", "plain_ema"}


def _differs(name: str, other: str) -> bool:
    for seed in range(12):
        case = random_case(name, Random(seed), imbalance=3.0)
        template = random_case(other, Random(0)).pool.template
        try:
            swaps(Case(case.pool._changed(template=template), case.contract), Random(seed))
        except (AssertionError, pytest.fail.Exception, PoolError):
            return True
    return False
