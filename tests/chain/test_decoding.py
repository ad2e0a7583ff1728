"""Raw logs become events, and nothing is guessed."""

from __future__ import annotations

from typing import Any

import pytest
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import (
    ConcentratedPool,
    ConstantProductPool,
    StableSwapPool,
    WeightedPool,
)
from aineon.chain.decoding import BALANCER_VAULT, decode_logs
from aineon.chain.topics import CHANGES_BEYOND_LOGS, TOPICS
from aineon.errors import InvalidLog
from aineon.market import (
    BalancesMoved,
    CoinsExchanged,
    CoinsMoved,
    LiquidityChanged,
    Market,
    MarketUpdate,
    PoolVanished,
    PriceMoved,
    ReservesChanged,
)
from aineon.primitives import Address, Block, Token
from tests.chain import logs

POOL = Address("0x" + "ab" * 20)
OTHER = Address("0x" + "cd" * 20)
TOKEN_A = Address("0x" + "a1" * 20)
TOKEN_B = Address("0x" + "b2" * 20)
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


def decoded(*entries: dict[str, Any]) -> list[Any]:
    return list(decode_logs(entries, {POOL}).events)


def as_bytes(entry: dict[str, Any]) -> dict[str, Any]:
    """The same log as libraries hand it out: topics and data in bytes, the address spelt anew."""
    return {
        **entry,
        "address": entry["address"].upper().replace("0X", "0x"),
        "topics": [bytes.fromhex(topic[2:]) for topic in entry["topics"]],
        "data": bytes.fromhex(entry["data"][2:]),
    }


@pytest.mark.parametrize(
    ("signature", "topic"), [*TOPICS.items(), *CHANGES_BEYOND_LOGS.items()], ids=str
)
def test_topics_are_the_hashes_of_their_signatures(signature: str, topic: str) -> None:
    assert topic == "0x" + keccak(signature.encode()).hex()


def test_no_topic_means_two_things() -> None:
    topics = [*TOPICS.values(), *CHANGES_BEYOND_LOGS.values()]
    assert len(topics) == len(set(topics))


# --- Uniswap -------------------------------------------------------------------------------

CASES = [
    (logs.sync(POOL, 7, 2**112 - 1), ReservesChanged(POOL, 7, 2**112 - 1)),
    (logs.v3_swap(POOL, 2**160 - 1, -887272, 9), PriceMoved(POOL, 2**160 - 1, -887272, 9)),
    (logs.v3_swap(POOL, 2**96, 5, 2**128 - 1), PriceMoved(POOL, 2**96, 5, 2**128 - 1)),
    (
        logs.log(POOL, logs.PANCAKE_SWAP, (1, 2), (-5, 7, 2**96, 11, -3, 1, 0)),
        PriceMoved(POOL, 2**96, -3, 11),
    ),
    (logs.log(POOL, logs.INITIALIZE, (), (2**96, -1)), PriceMoved(POOL, 2**96, -1, 0)),
    (logs.mint(POOL, -60, 120, 10**18), LiquidityChanged(POOL, -60, 120, 10**18)),
    (logs.burn(POOL, -887220, 887220, 4), LiquidityChanged(POOL, -887220, 887220, -4)),
]


@pytest.mark.parametrize(("entry", "event"), CASES)
def test_uniswap_logs(entry: dict[str, Any], event: Any) -> None:
    assert decoded(entry) == [event]
    assert decoded(as_bytes(entry)) == [event]
    assert type(decoded(entry)[0]) is type(event)


@settings(max_examples=60)
@given(st.integers(0, 2**112 - 1), st.integers(0, 2**112 - 1))
def test_any_reserves(reserve0: int, reserve1: int) -> None:
    assert decoded(logs.sync(POOL, reserve0, reserve1)) == [
        ReservesChanged(POOL, reserve0, reserve1)
    ]


@settings(max_examples=60)
@given(st.integers(0, 2**160 - 1), st.integers(-(2**23), 2**23 - 1), st.integers(0, 2**128 - 1))
def test_any_price(price: int, tick: int, liquidity: int) -> None:
    assert decoded(logs.v3_swap(POOL, price, tick, liquidity)) == [
        PriceMoved(POOL, price, tick, liquidity)
    ]


def test_a_poke_changes_nothing() -> None:
    assert decoded(logs.burn(POOL, -60, 60, 0)) == []


# --- Balancer ------------------------------------------------------------------------------


def test_vault_swap_moves_the_balances_of_the_pool_in_its_id() -> None:
    entry = logs.vault_swap(POOL, TOKEN_A, TOKEN_B, 10, 3)
    event = BalancesMoved(POOL, ((TOKEN_A, 10), (TOKEN_B, -3)))
    assert decoded(entry) == [event]
    assert decoded(as_bytes(entry)) == [event]


def test_joins_and_exits_leave_out_the_fees_that_were_paid() -> None:
    entry = logs.vault_change(POOL, (TOKEN_A, TOKEN_B), (10, -20), (1, 2))
    assert decoded(entry) == [BalancesMoved(POOL, ((TOKEN_A, 9), (TOKEN_B, -22)))]


def test_what_asset_managers_gain_counts() -> None:
    entry = logs.log(BALANCER_VAULT, logs.VAULT_MANAGED, (0, 1, TOKEN_A), (-7, 9))
    entry["topics"][1] = logs.pool_id(POOL)
    assert decoded(entry) == [BalancesMoved(POOL, ((TOKEN_A, 2),))]


def test_only_the_vault_speaks_for_its_pools() -> None:
    forged = {**logs.vault_swap(POOL, TOKEN_A, TOKEN_B, 10, 3), "address": OTHER}
    assert decode_logs([forged], {POOL}) == ((), 0, 1)
    # The control: from the Vault it counts.
    assert len(decoded(logs.vault_swap(POOL, TOKEN_A, TOKEN_B, 10, 3))) == 1


# --- Curve ---------------------------------------------------------------------------------


def test_curve_swaps() -> None:
    assert decoded(logs.exchange(POOL, 2, 100, 0, 99)) == [CoinsExchanged(POOL, 2, 100, 0, 99)]


@pytest.mark.parametrize("coins", range(2, 9))
def test_curve_deposits_and_withdrawals(coins: int) -> None:
    amounts, fees = tuple(range(10, 10 + coins)), tuple(range(coins))
    kind = f"uint256[{coins}]"
    assert decoded(logs.add_liquidity(POOL, amounts, fees, 5)) == [
        CoinsMoved(POOL, amounts, fees, 5)
    ]
    out = tuple(-amount for amount in amounts)
    for signature, tail in (
        (f"RemoveLiquidityImbalance(address,{kind},{kind},uint256,uint256)", (99, 5)),
        (f"RemoveLiquidity(address,{kind},{kind},uint256)", (5,)),
    ):
        entry = logs.log(POOL, signature, (OTHER,), (*amounts, *fees, *tail))
        assert decoded(entry) == [CoinsMoved(POOL, out, fees, 5)]


def test_pools_of_the_ng_family_log_lists() -> None:
    lists = (2, 10, 20, 2, 1, 3)
    added = logs.log(
        POOL,
        "AddLiquidity(address,uint256[],uint256[],uint256,uint256)",
        (OTHER,),
        (128, 224, 77, 5, *lists),
    )
    assert decoded(added) == [CoinsMoved(POOL, (10, 20), (1, 3), 5)]
    taken = logs.log(
        POOL,
        "RemoveLiquidity(address,uint256[],uint256[],uint256)",
        (OTHER,),
        (96, 192, 5, 2, 10, 20, 0),
    )
    assert decoded(taken) == [CoinsMoved(POOL, (-10, -20), (0, 0), 5)]


@pytest.mark.parametrize("signature", CHANGES_BEYOND_LOGS)
def test_what_logs_do_not_tell_makes_the_pool_vanish(signature: str) -> None:
    (event,) = decoded(logs.log(POOL, signature))
    assert isinstance(event, PoolVanished)
    assert signature.partition("(")[0] in event.reason


# --- what is left out, and what is refused -------------------------------------------------


def test_other_pools_and_other_kinds_are_counted() -> None:
    transfer = {**logs.sync(POOL, 1, 2), "topics": [TRANSFER, "0x" + "00" * 32]}
    anonymous = {**logs.sync(POOL, 1, 2), "topics": []}
    unreadable = {**logs.sync(OTHER, 1, 2), "data": "0x"}
    found = decode_logs([transfer, anonymous, unreadable, logs.sync(POOL, 1, 2)], {POOL})
    assert found == ((ReservesChanged(POOL, 1, 2),), 1, 2)


def test_logs_keep_their_order() -> None:
    entries = [logs.sync(POOL, number, 1) for number in range(1, 30)]
    assert [event.reserve0 for event in decoded(*entries)] == list(range(1, 30))


def test_a_removed_log_is_refused() -> None:
    with pytest.raises(InvalidLog, match="log 0x7 of block 0x10 .* removed by a reorg"):
        decoded({**logs.sync(POOL, 1, 2), "removed": True})


@pytest.mark.parametrize(
    "entry",
    [
        {**logs.sync(POOL, 1, 2), "data": "0x" + "00" * 63},
        {**logs.sync(POOL, 1, 2), "data": "0x" + "00" * 65},
        {**logs.sync(POOL, 1, 2), "data": "00" * 65},
        {**logs.sync(POOL, 1, 2), "data": "0x" + "zz" * 64},
        {**logs.sync(POOL, 1, 2), "data": None},
        {**logs.sync(POOL, 1, 2), "address": "0xab"},
        {**logs.sync(POOL, 1, 2), "address": None},
        {**logs.sync(POOL, 1, 2), "topics": None, "data": "0x"} | {"topics": 7},
        {"address": POOL, "data": "0x"},
        logs.log(POOL, logs.V3_SWAP, (1, 2), (1, 2, 3, 4, 2**40)),
        {**logs.mint(POOL, -60, 60, 5), "topics": logs.mint(POOL, -60, 60, 5)["topics"][:3]},
        logs.log(POOL, logs.MINT, (1, -60, 60), (1, 2)),
        logs.log(POOL, "AddLiquidity(address,uint256[],uint256[],uint256,uint256)", (1,), (128, 9)),
        logs.log(
            POOL,
            "AddLiquidity(address,uint256[],uint256[],uint256,uint256)",
            (1,),
            (128, 10**30, 1, 1, 2, 3),
        ),
        "a log",
        None,
    ],
)
def test_what_is_no_such_log_is_refused(entry: Any) -> None:
    with pytest.raises(InvalidLog, match="cannot be read"):
        decode_logs([entry], {POOL})


# --- from logs to a market -----------------------------------------------------------------

USDC = Token(TOKEN_A, "USDC", 6)
WETH = Token(TOKEN_B, "WETH", 18)
DAI = Token("0x" + "c3" * 20, "DAI", 18)


def addresses(number: int) -> Address:
    return Address(f"0x{number:040x}")


def test_a_block_of_logs_moves_a_market() -> None:
    v2 = ConstantProductPool(addresses(1), USDC, WETH, 10**12, 10**21)
    v3 = ConcentratedPool(addresses(2), USDC, WETH, 500, 10, 2**96, 0, 0, {})
    v3 = v3.with_liquidity(-1000, 1000, 10**18)
    weighted = WeightedPool(
        addresses(3), (USDC, WETH), (10**12, 10**21), (5 * 10**17, 5 * 10**17), 10**15
    )
    curve = StableSwapPool(
        addresses(4), (USDC, DAI), (10**13, 10**25), 2000, 4 * 10**6, admin_fee=5 * 10**9
    )
    market = Market([v2, v3, weighted, curve], Block(1))
    moved = v3.quote_exact_input(USDC, WETH, 10**15).pool_after
    assert isinstance(moved, ConcentratedPool)
    swap = weighted.quote_exact_input(USDC, WETH, 10**9)
    trade = curve.quote_exact_input(USDC, DAI, 10**10)
    entries = [
        logs.sync(v2.address, 5, 6),
        logs.v3_swap(v3.address, moved.sqrt_price_x96, moved.tick, moved.liquidity),
        logs.mint(v3.address, -20, 20, 10**17),
        logs.vault_swap(weighted.address, TOKEN_A, TOKEN_B, 10**9, swap.amount_out),
        logs.exchange(curve.address, 0, 10**10, 1, trade.amount_out),
        logs.sync(OTHER, 1, 1),
    ]
    found = decode_logs(entries, market.watched)
    assert found.unknown_pools == 1
    changed = market.apply(MarketUpdate(Block(2), found.events))
    assert changed == {v2.address, v3.address, weighted.address, curve.address}
    assert market.pool(v2.address) == v2.with_reserves(5, 6)
    assert market.pool(v3.address) == moved.with_liquidity(-20, 20, 10**17)
    assert market.pool(weighted.address) == swap.pool_after
    assert market.pool(curve.address) == trade.pool_after
