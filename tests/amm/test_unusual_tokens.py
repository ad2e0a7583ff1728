"""Tokens that move other amounts than they are asked to: exact, or refused by name."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from aineon.amm import (
    ConcentratedPool,
    ConstantProductPool,
    CryptoSwapPool,
    StableSwapPool,
    WeightedPool,
)
from aineon.amm.checks import check_transfers
from aineon.amm.concentrated.tick_math import sqrt_ratio_at_tick
from aineon.amm.wrappers import STETH
from aineon.base_error import InvalidValue
from aineon.errors import PoolError, UnsupportedToken
from aineon.primitives import ETHER, Token, Transfers

PLAIN = Token("0x" + "ff" * 20, "PLAIN", 18)
ADDRESS = "0x" + "ab" * 20


def constant_product(token: Token) -> object:
    return ConstantProductPool(ADDRESS, token, PLAIN, 10**20, 10**20)


def concentrated(token: Token) -> object:
    return ConcentratedPool(ADDRESS, token, PLAIN, 3000, 60, sqrt_ratio_at_tick(0), 0, 0, {})


def cryptoswap(token: Token) -> object:
    third = Token("0x" + "ee" * 20, "THIRD", 18)
    return CryptoSwapPool(
        ADDRESS, (token, third, PLAIN), (10**20,) * 3, 3645, 10**14, 3 * 10**20,
        (10**18, 10**18), 4_000_000, 40_000_000, 10**16,
    )  # fmt: skip


def stableswap(token: Token) -> object:
    return StableSwapPool(ADDRESS, (token, PLAIN), (10**20, 10**20), 100, 4_000_000)


def weighted(token: Token) -> object:
    half = 5 * 10**17
    return WeightedPool(ADDRESS, (token, PLAIN), (10**20, 10**20), (half, half), 10**16)


POOLS: list[Callable[[Token], object]] = [
    constant_product,
    concentrated,
    cryptoswap,
    stableswap,
    weighted,
]
ODD = [transfers for transfers in Transfers if transfers is not Transfers.NOMINAL]


@pytest.mark.parametrize("build", POOLS)
@pytest.mark.parametrize("transfers", ODD)
def test_pools_that_believe_transfers_refuse_other_tokens(
    build: Callable[[Token], object], transfers: Transfers
) -> None:
    assert build(Token("0x" + "11" * 20, "ODD", 18))
    with pytest.raises(UnsupportedToken) as refused:
        build(Token("0x" + "11" * 20, "ODD", 18, transfers))
    assert isinstance(refused.value, PoolError)
    assert str(refused.value) == (
        f"the transfers of Token('0x{'11' * 20}', symbol='ODD', decimals=18, "
        f"transfers={transfers.value}) are {transfers.value}; "
        "this pool is exact for nominal transfers only"
    )


def test_a_pool_may_follow_other_transfers() -> None:
    followed = (Transfers.NOMINAL, Transfers.SHARES)
    check_transfers((PLAIN, STETH), followed)
    with pytest.raises(UnsupportedToken, match="nominal, shares transfers only"):
        check_transfers((PLAIN, Token("0x" + "11" * 20, "ODD", 18, Transfers.FEE)), followed)


def test_a_token_is_its_address_whatever_it_moves() -> None:
    plain = Token(STETH.address, "stETH", 18)
    assert plain == STETH
    assert hash(STETH) == hash(plain)
    assert STETH.transfers is Transfers.SHARES
    assert plain.transfers is Transfers.NOMINAL
    assert ETHER.transfers is Transfers.NOMINAL
    for twin in (copy.deepcopy(STETH), pickle.loads(pickle.dumps(STETH))):
        assert twin.transfers is Transfers.SHARES
    assert "transfers" not in repr(plain)


@pytest.mark.parametrize("transfers", ["fee", None, 0, True])
def test_only_known_kinds_of_transfer_can_be_named(transfers: Any) -> None:
    with pytest.raises(InvalidValue, match="transfers"):
        Token("0x" + "11" * 20, "ODD", 18, transfers)


def test_ether_has_the_address_that_contracts_give_it() -> None:
    assert set(ETHER.address[2:]) == {"e"}
    assert (ETHER.symbol, ETHER.decimals) == ("ETH", 18)
