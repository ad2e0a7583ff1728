"""Recorded answers of Curve's contracts on mainnet: exact, every one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from aineon.amm import StableSwapPool
from aineon.primitives import Token
from tests.shared_data import load_json

RECORDING = "curve_mainnet_quotes.json"
THREE_CRV = Token("0x6c3F90f043a72FA612cbac8115EE7e52BDe6E490", "3Crv", 18)
DAI = Token("0x6B175474E89094C44Da98b954EedeAC495271d0F", "DAI", 18)
USDC = Token("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "USDC", 6)
USDT = Token("0xdAC17F958D2ee523a2206206994597C13D831ec7", "USDT", 6)
COINS = (DAI, USDC, USDT)


def three_pool(recorded: dict[str, Any]) -> StableSwapPool:
    return StableSwapPool(
        recorded["address"],
        COINS,
        [int(balance) for balance in recorded["balances"]],
        recorded["A"],
        recorded["fee"],
        admin_fee=recorded.get("admin_fee", 0),
        lp_token=THREE_CRV,
        lp_total_supply=int(recorded["lp_total_supply"]),
    )


def metapool(recorded: dict[str, Any]) -> StableSwapPool:
    return StableSwapPool(
        recorded["address"],
        [Token(coin["address"], coin["symbol"], coin["decimals"]) for coin in recorded["tokens"]],
        [int(balance) for balance in recorded["balances"]],
        recorded["A"],
        recorded["fee"],
        A_precision=recorded["A_precision"],
        rates=[int(recorded["redemption_price"])],
        base_pool=three_pool(recorded["base_pool"]),
        base_virtual_price=int(recorded["base_virtual_price_cached"]),
        base_cache_updated=recorded["base_cache_updated"],
        block_timestamp=recorded["block_timestamp"],
    )


def recorded_pools() -> Iterator[tuple[StableSwapPool, dict[str, Any]]]:
    for recorded in load_json(RECORDING)["pools"]:
        if "base_pool" in recorded:
            yield metapool(recorded), recorded
        elif recorded["kind"].startswith("stableswap"):
            yield three_pool(recorded), recorded


def answer(pool: StableSwapPool, question: dict[str, Any]) -> int:
    """Ask a pool what was asked of the contract."""
    match question["function"]:
        case "calc_token_amount":
            amounts = [0] * len(pool.tokens)
            amounts[question["i"]] = int(question["amount"])
            return pool.calc_token_amount(amounts, question["is_deposit"])
        case "calc_withdraw_one_coin":
            return pool.calc_withdraw_one_coin(int(question["amount"]), question["i"])
        case "get_dy":
            return pool.get_dy(question["i"], question["j"], int(question["dx"]))
        case "get_dy_underlying":
            return pool.get_dy_underlying(question["i"], question["j"], int(question["dx"]))
        case other:
            pytest.fail(f"no way is known to ask {other}")


def test_every_recorded_answer_is_met_exactly() -> None:
    asked: set[str] = set()
    for pool, recorded in recorded_pools():
        for question in recorded["quotes"]:
            assert answer(pool, question) == int(question["result"]), question
            asked.add(question["function"])
    assert asked == {
        "calc_token_amount",
        "calc_withdraw_one_coin",
        "get_dy",
        "get_dy_underlying",
    }


def test_recorded_virtual_prices_are_met_exactly() -> None:
    for pool, recorded in recorded_pools():
        if "virtual_price" in recorded:
            assert pool.get_virtual_price() == int(recorded["virtual_price"])
        if pool.base_pool is not None:
            expected = int(recorded["base_pool"]["virtual_price"])
            assert pool.base_pool.get_virtual_price() == expected


def test_a_cached_price_counts_for_six_hundred_seconds_and_no_longer() -> None:
    pool, recorded = next((p, r) for p, r in recorded_pools() if "base_pool" in r)
    cached, updated = int(recorded["base_virtual_price_cached"]), recorded["base_cache_updated"]
    assert pool.with_timestamp(updated + 600).rates[-1] == cached
    expired = pool.with_timestamp(updated + 601)
    assert expired.rates[-1] == int(recorded["base_pool"]["virtual_price"]) != cached
    after = expired.quote_exact_input(*pool.tokens, 10**18).pool_after
    assert isinstance(after, StableSwapPool)
    assert (after.base_virtual_price, after.base_cache_updated) == (
        expired.rates[-1],
        updated + 601,
    )


def test_the_view_may_say_one_unit_more_than_exchange_pays() -> None:
    pool = StableSwapPool(
        "0xbEbc44782C7dB0a1A60Cb6fe97d0b483032FF1C7",
        COINS,
        (5 * 10**25, 6 * 10**13, 2 * 10**13),
        2000,
        4 * 10**6,
    )
    assert pool.get_dy(2, 1, 5 * 10**12) == 5001735625079
    assert pool.quote_exact_input(USDT, USDC, 5 * 10**12).amount_out == 5001735625078
