"""Curve's pool of ether and stETH, quoted by what arrives, against shares counted one by one."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import (
    Pool,
    StableSwapPool,
    StakedEtherPool,
    StakedEtherShares,
    StakedEtherWrapper,
)
from aineon.amm.stableswap.templates import STETH as STETH_TEMPLATE
from aineon.amm.wrappers import STETH, WSTETH
from aineon.errors import IncompleteState, InvalidAmount, InvalidPoolState
from aineon.primitives import ETHER, Token

CURVE = "0xDC24316b9AE028F1497c275EB9192a3Ea0f67022"
SHARES = StakedEtherShares(9_312_455_119_048_221_731_905_417, 7_958_112_736_190_027_441_806_318)
ETHER_HELD, STETH_HELD, ADMIN = 30_123 * 10**18 + 77, 41_456 * 10**18 + 13, 5 * 10**18 + 1


def curve(ether: int, staked: int) -> StableSwapPool:
    return StableSwapPool(
        CURVE, (ETHER, STETH), (ether, staked), 30, 1_000_000, A_precision=100,
        admin_fee=5 * 10**9, template=STETH_TEMPLATE,
    )  # fmt: skip


def arriving(held: int | None = STETH_HELD) -> StakedEtherPool:
    return StakedEtherPool(curve(ETHER_HELD, STETH_HELD - ADMIN), SHARES, held)


class Contract:
    """The pool's shares and its admin's part, moved as the contracts move them."""

    def __init__(self) -> None:
        self.ether, self.admin = ETHER_HELD, ADMIN
        self.shares = -(-STETH_HELD * SHARES.total_shares // SHARES.total_pooled_ether)

    @property
    def held(self) -> int:
        return self.shares * SHARES.total_pooled_ether // SHARES.total_shares

    @property
    def pool(self) -> StableSwapPool:
        return curve(self.ether, self.held - self.admin)

    def exchange(self, token_in: Token, amount_in: int) -> int:
        """Swap, and return what a receiver of nothing then holds."""
        token_out = STETH if token_in == ETHER else ETHER
        pool = self.pool
        quote = pool.quote_exact_input(token_in, token_out, amount_in)
        after: Any = quote.pool_after
        if token_in == ETHER:
            self.admin += pool.balances[1] - quote.amount_out - after.balances[1]
            moved = quote.amount_out * SHARES.total_shares // SHARES.total_pooled_ether
            self.shares -= moved
            self.ether += amount_in
            return moved * SHARES.total_pooled_ether // SHARES.total_shares
        self.shares += amount_in * SHARES.total_shares // SHARES.total_pooled_ether
        self.ether = after.balances[0]
        return quote.amount_out


SWAPS = st.lists(
    st.tuples(st.sampled_from([ETHER, STETH]), st.integers(1, 3000 * 10**18)), max_size=6
)


@given(SWAPS)
@settings(deadline=None)
def test_swaps_one_after_the_other(swaps: list[tuple[Token, int]]) -> None:
    contract, pool = Contract(), arriving()
    for token_in, amount in swaps:
        token_out = STETH if token_in == ETHER else ETHER
        quote = pool.quote_exact_input(token_in, token_out, amount)
        assert quote[:3] == (amount, contract.exchange(token_in, amount), False)
        after = quote.pool_after
        assert isinstance(after, StakedEtherPool)
        assert after.held == contract.held
        assert after.pool == contract.pool
        pool = after


def test_the_nominal_amount_could_not_be_wrapped() -> None:
    """The control: going on with what the pool says reverts in most swaps."""
    pool, short = arriving(), 0
    for amount in range(10**18, 10**18 + 200):
        said = pool.pool.quote_exact_input(ETHER, STETH, amount).amount_out
        arrived = pool.quote_exact_input(ETHER, STETH, amount).amount_out
        shares = SHARES.shares_of(said)
        assert SHARES.shares_of(arrived) <= shares
        assert arrived == SHARES.ether_of(shares)
        short += arrived < said
    assert short > 100


def test_a_route_through_the_wrapper_goes_on_with_what_arrived() -> None:
    pool = arriving()
    wrapper = StakedEtherWrapper(SHARES.total_pooled_ether, SHARES.total_shares)
    for amount in range(7 * 10**18, 7 * 10**18 + 50):
        contract = Contract()
        arrived = contract.exchange(ETHER, amount)
        assert pool.output_function(ETHER, STETH)(amount) == arrived
        wrapped = wrapper.quote_exact_input(STETH, WSTETH, arrived).amount_out
        assert wrapped == arrived * SHARES.total_shares // SHARES.total_pooled_ether


@given(st.sampled_from([(ETHER, STETH), (STETH, ETHER)]), st.integers(1, 1000 * 10**18))
@settings(deadline=None)
def test_functions_agree_with_quotes(pair: tuple[Token, Token], wanted: int) -> None:
    pool = arriving()
    assert isinstance(pool, Pool)
    output = pool.output_function(*pair)
    smallest = pool.input_function(*pair)(wanted)
    assert output(smallest) >= wanted
    assert smallest == 1 or output(smallest - 1) < wanted
    quote = pool.quote_exact_output(*pair, wanted)
    assert quote.amount_out == output(quote.amount_in) >= wanted
    assert quote.amount_out == pool.quote_exact_input(*pair, quote.amount_in).amount_out
    assert pool.local_curve(*pair) == pool.pool.local_curve(*pair)
    assert pool.max_amount_in(*pair) == pool.pool.max_amount_in(*pair)
    assert pool.spot_price(*pair) == pool.pool.spot_price(*pair)


def test_without_what_it_holds_the_pool_after_a_swap_is_not_known() -> None:
    pool = arriving(held=None)
    for pair in ((ETHER, STETH), (STETH, ETHER)):
        quote = pool.quote_exact_input(*pair, 10**18)
        assert quote.amount_out == arriving().quote_exact_input(*pair, 10**18).amount_out
        with pytest.raises(IncompleteState, match="held"):
            _ = quote.pool_after


def test_state_changes_forget_what_is_held() -> None:
    pool = arriving()
    assert (pool.address, pool.venue, pool.tokens) == (CURVE.lower(), "curve", (ETHER, STETH))
    moved = pool.with_balances((10**21, 2 * 10**21))
    assert (moved.balances, moved.held) == ((10**21, 2 * 10**21), None)
    assert pool.with_balances(pool.balances, held=pool.held) == pool
    later = StakedEtherShares(SHARES.total_pooled_ether + 10**20, SHARES.total_shares)
    assert pool.with_shares(later).shares == later
    assert pool.with_shares(later).held is None


def test_a_pool_is_a_frozen_value() -> None:
    pool = arriving()
    twin = pickle.loads(pickle.dumps(pool))
    assert twin == pool
    assert hash(twin) == hash(pool)
    assert pool != arriving(held=None)
    assert pool != "pool"
    assert repr(pool) == f"StakedEtherPool({pool.pool!r})"
    with pytest.raises(FrozenInstanceError):
        pool.held = 1


def test_impossible_pools_and_amounts_are_refused() -> None:
    plain = StableSwapPool(
        CURVE, (ETHER, Token(STETH.address, "stETH", 18)), (10**20, 10**20), 30, 0,
        template=STETH_TEMPLATE,
    )  # fmt: skip
    with pytest.raises(InvalidPoolState, match="0 tokens that move in shares"):
        StakedEtherPool(plain, SHARES)
    with pytest.raises(InvalidPoolState, match="held"):
        arriving(held=STETH_HELD - ADMIN - 1)
    with pytest.raises(InvalidPoolState, match="pool is None"):
        StakedEtherPool(None, SHARES)  # type: ignore[arg-type]
    with pytest.raises(InvalidPoolState, match="shares is 5"):
        StakedEtherPool(plain, 5)  # type: ignore[arg-type]
    for amount in (0, -1, 1.0, None):
        with pytest.raises(InvalidAmount):
            arriving().quote_exact_input(ETHER, STETH, amount)
        with pytest.raises(InvalidAmount):
            arriving().quote_exact_output(ETHER, STETH, amount)
