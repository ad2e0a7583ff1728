"""Wrapping legs against the arithmetic of WETH9 and Lido, share by share."""

from __future__ import annotations

import math
import pickle
from dataclasses import FrozenInstanceError
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.amm import EtherWrapper, Pool, StakedEtherShares, StakedEtherWrapper
from aineon.amm.lido.shares import MAX_STAKED
from aineon.amm.wrappers import STETH, WETH9, WSTETH
from aineon.errors import (
    InvalidAmount,
    InvalidPoolState,
    SameToken,
    UnknownToken,
    UnsupportedToken,
)
from aineon.primitives import ETHER, Token, Transfers

# Lido's totals of the day on which stETH last had a round rate, nearly.
ETHER_TOTAL, SHARES_TOTAL = 9_312_455_119_048_221_731_905_417, 7_958_112_736_190_027_441_806_318
TOTALS = st.integers(1, 2**90)
AMOUNTS = st.integers(1, 2**100)
STRANGER = Token("0x" + "99" * 20, "STRANGER", 18)


class Ledger:
    """StETH and wstETH as their contracts keep them: shares by holder, nothing else."""

    def __init__(self, ether: int, shares: int) -> None:
        self.ether, self.total = ether, shares
        self.shares: dict[str, int] = {}
        self.wrapped: dict[str, int] = {}

    def balance(self, holder: str) -> int:
        return self.shares.get(holder, 0) * self.ether // self.total

    def transfer(self, sender: str, receiver: str, amount: int) -> None:
        moved = amount * self.total // self.ether
        assert moved <= self.shares.get(sender, 0), "BALANCE_EXCEEDED"
        self.shares[sender] -= moved
        self.shares[receiver] = self.shares.get(receiver, 0) + moved

    def wrap(self, holder: str, amount: int) -> None:
        minted = amount * self.total // self.ether
        self.wrapped[holder] = self.wrapped.get(holder, 0) + minted
        self.transfer(holder, "wstETH", amount)

    def unwrap(self, holder: str, amount: int) -> None:
        paid = amount * self.ether // self.total
        assert amount <= self.wrapped.get(holder, 0)
        self.wrapped[holder] -= amount
        self.transfer("wstETH", holder, paid)


# --- ether and WETH --------------------------------------------------------------------------


@pytest.mark.parametrize("pair", [(ETHER, WETH9), (WETH9, ETHER)])
def test_ether_is_wrapped_one_to_one(pair: tuple[Token, Token]) -> None:
    pool = EtherWrapper()
    assert isinstance(pool, Pool)
    assert pool.address == WETH9.address
    assert pool.tokens == (ETHER, WETH9)
    most = pool.max_amount_in(*pair)
    assert most >= 2**254
    for amount in (1, 10**18, most):
        assert pool.quote_exact_input(*pair, amount)[:3] == (amount, amount, False)
        assert pool.quote_exact_output(*pair, amount)[:3] == (amount, amount, False)
        assert pool.output_function(*pair)(amount) == amount
        assert pool.input_function(*pair)(amount) == amount
    assert pool.quote_exact_input(*pair, 1).pool_after is pool
    assert pool.spot_price(*pair) == 1
    assert pool.local_curve(*pair) == (1.0, 0.0)
    with pytest.raises(InvalidAmount):
        pool.quote_exact_input(*pair, most + 1)


def test_another_chains_ether_can_be_wrapped() -> None:
    weth = Token("0x" + "42" * 20, "WETH", 18)
    pool = EtherWrapper(weth)
    assert pool.address == weth.address
    assert pool != EtherWrapper()
    with pytest.raises(SameToken):
        EtherWrapper(ETHER)
    with pytest.raises(InvalidPoolState):
        EtherWrapper("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")
    with pytest.raises(UnsupportedToken):
        EtherWrapper(Token("0x" + "42" * 20, "WETH", 18, Transfers.FEE))
    with pytest.raises(InvalidPoolState):
        EtherWrapper(venue="")


# --- stETH and wstETH ------------------------------------------------------------------------


@given(TOTALS, TOTALS, AMOUNTS)
def test_wrapping_pays_the_shares_that_the_contract_mints(
    ether: int, shares: int, amount: int
) -> None:
    ledger = Ledger(ether, shares)
    ledger.shares["me"] = 2**300
    ledger.wrap("me", amount)
    pool = StakedEtherWrapper(ether, shares)
    quote = pool.quote_exact_input(STETH, WSTETH, amount)
    assert quote[:3] == (amount, ledger.wrapped["me"], False)
    assert quote.pool_after is pool


@given(TOTALS, TOTALS, AMOUNTS)
def test_unwrapping_pays_what_arrives(ether: int, shares: int, amount: int) -> None:
    ledger = Ledger(ether, shares)
    ledger.wrapped["me"] = amount
    ledger.shares["wstETH"] = 2**300
    ledger.unwrap("me", amount)
    pool = StakedEtherWrapper(ether, shares)
    if amount > pool.max_amount_in(WSTETH, STETH):
        with pytest.raises(InvalidAmount):
            pool.quote_exact_input(WSTETH, STETH, amount)
    else:
        assert pool.quote_exact_input(WSTETH, STETH, amount).amount_out == ledger.balance("me")


def test_less_arrives_than_the_view_says() -> None:
    """The control: a model of plain floors would be a unit or two too high here."""
    pool = StakedEtherWrapper(ETHER_TOTAL, SHARES_TOTAL)
    views = [(n, n * ETHER_TOTAL // SHARES_TOTAL) for n in range(10**18, 10**18 + 400)]
    output = pool.output_function(WSTETH, STETH)
    missing = {view - output(n) for n, view in views}
    assert missing <= {0, 1, 2}
    assert max(missing) >= 1


@given(TOTALS, TOTALS, AMOUNTS, st.integers(0, 2**100))
def test_a_receiver_gets_what_is_said_or_one_more(
    ether: int, shares: int, amount: int, held: int
) -> None:
    ledger = Ledger(ether, shares)
    ledger.shares["pool"] = 2**300
    rate = StakedEtherShares(ether, shares)
    ledger.transfer("pool", "nobody", amount)
    assert ledger.balance("nobody") == rate.received(amount)
    assert amount - rate.received(amount) <= ether // shares + 1
    ledger.shares["dusty"] = held
    before = ledger.balance("dusty")
    ledger.transfer("pool", "dusty", amount)
    assert 0 <= ledger.balance("dusty") - before - rate.received(amount) <= 1


@given(TOTALS, TOTALS, AMOUNTS)
def test_sent_is_the_smallest_that_arrives(ether: int, shares: int, wanted: int) -> None:
    rate = StakedEtherShares(ether, shares)
    sent = rate.sent(wanted)
    assert rate.received(sent) >= wanted
    assert rate.received(sent - 1) < wanted


@given(st.integers(1, 2**90), st.integers(0, 2**90), st.integers(0, 2**100), AMOUNTS, st.booleans())
def test_a_pools_balance_follows_the_shares(
    shares: int, more: int, held: int, amount: int, pays: bool
) -> None:
    ether = shares + more
    ledger = Ledger(ether, shares)
    ledger.shares |= {"pool": held, "trader": 2**300}
    rate = StakedEtherShares(ether, shares)
    balance = ledger.balance("pool")
    if pays:
        amount = min(amount, balance)
        ledger.transfer("pool", "trader", amount)
        assert rate.balance_after(balance, paid_out=amount) == ledger.balance("pool")
    else:
        ledger.transfer("trader", "pool", amount)
        assert rate.balance_after(balance, paid_in=amount) == ledger.balance("pool")


@given(TOTALS, TOTALS, AMOUNTS)
def test_functions_agree_with_quotes(ether: int, shares: int, wanted: int) -> None:
    pool = StakedEtherWrapper(ether, shares)
    assert isinstance(pool, Pool)
    for pair in ((STETH, WSTETH), (WSTETH, STETH)):
        output = pool.output_function(*pair)
        smallest = pool.input_function(*pair)(wanted)
        assert output(smallest) >= wanted
        assert output(smallest - 1) < wanted
        most = pool.max_amount_in(*pair)
        counted = most * ether // shares if pair == (WSTETH, STETH) else most
        assert max(most, counted) <= MAX_STAKED
        more = (most + 1) * ether // shares if pair == (WSTETH, STETH) else most + 1
        assert max(most + 1, more) > MAX_STAKED
        if wanted <= output(most):
            quote = pool.quote_exact_output(*pair, wanted)
            assert quote[:3] == (smallest, output(smallest), False)
        else:
            with pytest.raises(InvalidAmount):
                pool.quote_exact_output(*pair, wanted)
        rate, bend = pool.local_curve(*pair)
        assert bend == 0
        assert output(wanted) <= Fraction(rate) * wanted
        assert rate == pytest.approx(pool.spot_price(*pair))


def test_a_report_moves_the_rate() -> None:
    pool = StakedEtherWrapper(ETHER_TOTAL, SHARES_TOTAL)
    later = pool.with_totals(ETHER_TOTAL + 10**21, SHARES_TOTAL)
    assert later.spot_price(WSTETH, STETH) > pool.spot_price(WSTETH, STETH)
    assert later.tokens == pool.tokens
    assert later != pool


def test_round_trips_never_gain() -> None:
    pool = StakedEtherWrapper(ETHER_TOTAL, SHARES_TOTAL)
    there, back = pool.output_function(STETH, WSTETH), pool.output_function(WSTETH, STETH)
    for amount in range(10**18, 10**18 + 300):
        assert back(there(amount)) <= amount
        assert there(back(amount)) <= amount


@pytest.mark.parametrize(
    "pool", [EtherWrapper(), StakedEtherWrapper(ETHER_TOTAL, SHARES_TOTAL)], ids=repr
)
def test_wrappers_are_frozen_values(pool: EtherWrapper | StakedEtherWrapper) -> None:
    twin = pickle.loads(pickle.dumps(pool))
    assert twin == pool
    assert hash(twin) == hash(pool)
    assert pool != "wrapper"
    first, second = pool.tokens
    assert f"{first}/{second}" in repr(pool)
    assert math.isclose(pool.spot_price(first, second) * pool.spot_price(second, first), 1)
    with pytest.raises(FrozenInstanceError):
        pool.venue = "other"
    for amount in (0, -1, 1.0, True, 2**256):
        with pytest.raises(InvalidAmount):
            pool.quote_exact_input(first, second, amount)
        with pytest.raises(InvalidAmount):
            pool.quote_exact_output(first, second, amount)
    for ask in (pool.max_amount_in, pool.output_function, pool.local_curve, pool.spot_price):
        with pytest.raises(SameToken):
            ask(first, first)
        with pytest.raises(UnknownToken):
            ask(first, STRANGER)


@pytest.mark.parametrize("totals", [(0, 1), (1, 0), (-1, 1), (1.0, 1), (1, 2**128)])
def test_impossible_totals_are_refused(totals: tuple[int, int]) -> None:
    with pytest.raises(InvalidPoolState):
        StakedEtherWrapper(*totals)
    with pytest.raises(InvalidPoolState):
        StakedEtherShares(*totals)


def test_tokens_of_another_kind_are_refused() -> None:
    with pytest.raises(UnsupportedToken):
        StakedEtherWrapper(1, 1, steth=Token(STETH.address, "stETH", 18, Transfers.REBASING))
    with pytest.raises(UnsupportedToken):
        StakedEtherWrapper(1, 1, wsteth=Token(WSTETH.address, "wstETH", 18, Transfers.FEE))
    with pytest.raises(InvalidPoolState):
        StakedEtherWrapper(1, 1, steth="stETH")
    with pytest.raises(InvalidPoolState):
        StakedEtherWrapper(1, 1, wsteth=None)
    with pytest.raises(SameToken):
        StakedEtherWrapper(1, 1, STETH, Token(STETH.address))
