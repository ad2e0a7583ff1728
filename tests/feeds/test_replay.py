from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from aineon.feeds.base import FeedStep, Rewind
from aineon.feeds.replay import ReplayFeed
from aineon.feeds.replay.takings import LONDON
from aineon.market import Market, PoolAppeared, PoolVanished, ReservesChanged
from aineon.primitives import Provenance
from tests.feeds.recordings import (
    POOL_A,
    POOL_B,
    POOL_C,
    USDC,
    WETH,
    after,
    arbitrage,
    block,
    save,
    stateless,
    swap,
)
from tests.shared_data import load_json, path_of

START = (30_000_000 * 10**6, 10_000 * 10**18)
MONEY = 1_000 * 10**6


def play(path: Path) -> list[FeedStep]:
    steps = list(ReplayFeed(path).blocks())
    assert not any(isinstance(step, Rewind) for step in steps)
    return [step for step in steps if isinstance(step, FeedStep)]


def reserves(market: Market, pool: str) -> tuple[int, int]:
    found: Any = market.pools[pool]  # type: ignore[index]
    return found.reserve0, found.reserve1


def states(path: Path) -> list[Market]:
    """The market after each step; every event must be one that the market can apply."""
    seen = []
    market = Market()
    for step in play(path):
        market.apply(step.update)
        seen.append(market.with_pools([]))
    return seen


def test_first_step_brings_every_pool_of_the_block_at_its_first_recorded_state(
    tmp_path: Path,
) -> None:
    first = swap("0x1", POOL_A, START, MONEY)
    second = swap("0x2", POOL_B, (START[0] * 2, START[1] * 2), MONEY, venue="sushiswap")
    markets = states(save(tmp_path, block(13_000_000, [first, second])))
    assert len(markets) == 3
    assert reserves(markets[0], POOL_A) == START
    assert reserves(markets[0], POOL_B) == (START[0] * 2, START[1] * 2)
    assert reserves(markets[1], POOL_A) == after(first)
    assert reserves(markets[2], POOL_B) == after(second)


def test_steps_rise_within_a_block_and_begin_anew_with_the_next(tmp_path: Path) -> None:
    first = swap("0x1", POOL_A, START, MONEY)
    path = save(tmp_path, block(100, [first]), block(101, [swap("0x2", POOL_A, START, MONEY)]))
    assert [(step.update.block.number, step.update.step) for step in play(path)] == [
        (100, 0),
        (100, 1),
        (101, 0),
        (101, 1),
    ]


def test_states_between_two_swaps_of_one_transaction_are_marked(tmp_path: Path) -> None:
    first = swap("0x1", POOL_A, START, MONEY)
    second = swap("0x1", POOL_B, START, MONEY)
    alone = swap("0x2", POOL_A, after(first), MONEY)
    steps = play(save(tmp_path, block(100, [first, second, alone])))
    assert [step.mid_transaction for step in steps] == [False, True, False, False]


def test_last_state_of_a_transaction_is_open_to_all_even_where_a_v3_swap_follows(
    tmp_path: Path,
) -> None:
    swaps = [swap("0x1", POOL_A, START, MONEY), stateless("0x1", POOL_C)]
    steps = play(save(tmp_path, block(100, swaps)))
    assert [step.mid_transaction for step in steps] == [False, False]


def test_change_without_a_recorded_swap_becomes_a_step_before_the_transaction(
    tmp_path: Path,
) -> None:
    first = swap("0x1", POOL_A, START, MONEY)
    minted = (after(first)[0] * 2, after(first)[1] * 2)
    second = swap("0x2", POOL_A, minted, MONEY)
    path = save(tmp_path, block(100, [first, second]))
    assert [reserves(each, POOL_A) for each in states(path)] == [
        START,
        after(first),
        minted,
        after(second),
    ]
    assert not any(step.mid_transaction for step in play(path))


def test_change_inside_a_transaction_is_a_state_nobody_can_trade_on(tmp_path: Path) -> None:
    first = swap("0x1", POOL_A, START, MONEY)
    minted = (after(first)[0] * 2, after(first)[1] * 2)
    second = swap("0x1", POOL_A, minted, MONEY)
    steps = play(save(tmp_path, block(100, [first, second])))
    assert [step.mid_transaction for step in steps] == [False, True, True, False]


def test_pools_not_seen_again_vanish_where_blocks_are_missing_between(tmp_path: Path) -> None:
    path = save(
        tmp_path,
        block(100, [swap("0x1", POOL_A, START, MONEY), swap("0x2", POOL_B, START, MONEY)]),
        block(200, [swap("0x3", POOL_B, START, MONEY)]),
    )
    opening = play(path)[3].update.events
    assert opening[0] == PoolVanished(POOL_A)  # type: ignore[arg-type]
    assert isinstance(opening[1], PoolAppeared)
    assert set(states(path)[3].pools) == {POOL_B}


def test_pools_stay_from_one_block_to_the_very_next(tmp_path: Path) -> None:
    first = swap("0x1", POOL_A, START, MONEY)
    path = save(tmp_path, block(100, [first]), block(101, [swap("0x3", POOL_B, START, MONEY)]))
    last = states(path)[-1]
    assert set(last.pools) == {POOL_A, POOL_B}
    assert reserves(last, POOL_A) == after(first)


def test_very_next_block_begins_with_a_correction_where_the_state_moved(tmp_path: Path) -> None:
    moved = (START[0] * 3, START[1] * 3)
    path = save(
        tmp_path,
        block(100, [swap("0x1", POOL_A, START, MONEY)]),
        block(101, [swap("0x2", POOL_A, moved, MONEY)]),
    )
    assert play(path)[2].update.events == (ReservesChanged(POOL_A, *moved),)  # type: ignore[arg-type]


def test_swap_without_reserves_makes_its_pool_unknown_until_it_is_recorded_again(
    tmp_path: Path,
) -> None:
    first = swap("0x1", POOL_A, START, MONEY)
    blind = stateless("0x2", POOL_A, "uniswap_v2")
    again = swap("0x3", POOL_A, (START[0] * 2, START[1] * 2), MONEY)
    path = save(tmp_path, block(100, [first, blind, again]))
    markets = states(path)
    assert [POOL_A in each.pools for each in markets] == [True, True, False, True, True]
    assert play(path)[2].not_replayable == {"uniswap_v2 swap: reserves not recorded": 1}


def test_pool_does_not_appear_before_a_swap_that_hides_its_state(tmp_path: Path) -> None:
    blind = stateless("0x1", POOL_A, "uniswap_v2")
    path = save(tmp_path, block(100, [blind, swap("0x2", POOL_A, START, MONEY)]))
    markets = states(path)
    assert [POOL_A in each.pools for each in markets] == [False, True, True]


def test_reverted_swap_moves_nothing_and_is_named(tmp_path: Path) -> None:
    failed = stateless("0x1", POOL_A, "uniswap_v2", error="Reverted")
    path = save(tmp_path, block(100, [failed, swap("0x2", POOL_A, START, MONEY)]))
    steps = play(path)
    assert len(steps) == 2
    assert steps[1].not_replayable == {"uniswap_v2 swap: reverted, moved nothing": 1}
    assert POOL_A in states(path)[0].pools


def test_every_swap_is_replayed_or_named(tmp_path: Path) -> None:
    swaps = [stateless("0x1", POOL_C, venue) for venue in ("uniswap_v3", "curve", "0x")]
    (step,) = play(save(tmp_path, block(100, swaps)))
    assert step.not_replayable == {
        "uniswap_v3 swap: state not recorded": 1,
        "curve swap: state not recorded": 1,
        "0x swap: state not recorded": 1,
    }


def test_fee_of_an_unknown_fork_is_what_gives_its_output_exactly(tmp_path: Path) -> None:
    fork = swap("0x1", POOL_A, START, MONEY, venue="unknown_v2_fork", fee_pips=2500)
    steps = play(save(tmp_path, block(100, [fork])))
    (appeared,) = steps[0].update.events
    assert isinstance(appeared, PoolAppeared)
    assert appeared.pool.fee_pips == 2500  # type: ignore[attr-defined]
    assert not steps[1].not_replayable


@pytest.mark.parametrize("less", [1, 10**9])
def test_fork_that_no_fee_explains_exactly_is_not_replayable(tmp_path: Path, less: int) -> None:
    fork = swap("0x1", POOL_A, START, MONEY, venue="unknown_v2_fork", less=less)
    (step,) = play(save(tmp_path, block(100, [fork])))
    assert step.not_replayable == {"unknown_v2_fork swap: fee unknown": 1}
    assert not step.update.events


def test_known_venue_that_paid_more_than_its_fee_allows_is_not_replayable(tmp_path: Path) -> None:
    odd = swap("0x1", POOL_A, START, MONEY, venue="sushiswap", fee_pips=100)
    (step,) = play(save(tmp_path, block(100, [odd])))
    assert step.not_replayable == {"sushiswap swap: fee unknown": 1}


def test_taking_comes_with_the_state_that_its_last_swap_left(tmp_path: Path) -> None:
    swaps = [
        swap("0x1", POOL_A, START, MONEY),
        swap("0x1", POOL_B, START, MONEY),
        stateless("0x2", POOL_C),
    ]
    tipped = arbitrage("0x1", [0, 1], effective_gas_price=str(50 * 10**9 + 3))
    takings = [tipped, arbitrage("0x2", [2])]
    steps = play(save(tmp_path, block(100, swaps, arbitrages=takings)))
    assert [[taking.reference for taking in step.takings] for step in steps] == [
        [],
        [],
        ["0x1", "0x2"],
    ]
    taking = steps[2].takings[0]
    assert taking.pools == (POOL_A, POOL_B)
    assert taking.profit_token.symbol == "WETH"
    assert (taking.profit, taking.gas_cost_wei, taking.builder_payment_wei) == (
        10**18,
        200_000 * 50_000_000_000,
        7 + 200_000 * 3,
    )


@pytest.mark.parametrize(
    ("number", "fee", "burnt", "paid"),
    [
        (LONDON - 1, None, 0, 200_000 * 50 * 10**9 + 7),
        (LONDON, None, None, None),
        (LONDON, str(49 * 10**9), 200_000 * 49 * 10**9, 200_000 * 10**9 + 7),
        (LONDON, str(51 * 10**9), None, None),
    ],
)
def test_builder_is_paid_by_what_a_gas_price_is_above_the_base_fee(
    tmp_path: Path, number: int, fee: str | None, burnt: int | None, paid: int | None
) -> None:
    """Before there was a base fee that is all of it; without one it is not known; never less."""
    swaps = [swap("0x1", POOL_A, START, MONEY)]
    recorded = block(number, swaps, base_fee_per_gas=fee, arbitrages=[arbitrage("0x1", [0])])
    (taking,) = play(save(tmp_path, recorded))[1].takings
    assert (taking.gas_cost_wei, taking.builder_payment_wei) == (burnt, paid)


def test_payment_by_transfer_that_is_not_recorded_is_unknown(tmp_path: Path) -> None:
    swaps = [swap("0x1", POOL_A, START, MONEY)]
    silent = arbitrage("0x1", [0], coinbase_transfer=None)
    (taking,) = play(save(tmp_path, block(100, swaps, arbitrages=[silent])))[1].takings
    assert taking.gas_cost_wei == 200_000 * 50_000_000_000
    assert taking.builder_payment_wei is None


@pytest.mark.parametrize(
    "fields",
    [
        {"gas_used": 0},
        {"gas_used": 1},
        {"gas_used": None},
        {"effective_gas_price": None},
        {"effective_gas_price": "0"},
    ],
)
def test_missing_gas_of_a_taking_is_unknown_and_never_zero(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    swaps = [swap("0x1", POOL_A, START, MONEY)]
    path = save(tmp_path, block(100, swaps, arbitrages=[arbitrage("0x1", [0], **fields)]))
    taking = play(path)[1].takings[0]
    assert (taking.gas_cost_wei, taking.builder_payment_wei) == (None, None)


def test_reverted_arbitrage_took_nothing(tmp_path: Path) -> None:
    swaps = [swap("0x1", POOL_A, START, MONEY)]
    failed = arbitrage("0x1", [0], error="Reverted")
    path = save(tmp_path, block(100, swaps, arbitrages=[failed]))
    assert not any(step.takings for step in play(path))


def sandwich_block(sold: int) -> dict[str, Any]:
    """A block in which somebody buys ether, lets another buy, and sells `sold` of it."""
    front = swap("0xf", POOL_A, START, MONEY)
    victim = swap("0x7", POOL_A, after(front), MONEY * 1_000)
    before = after(victim)
    out = sold * 997 * before[0] // (before[1] * 1000 + sold * 997)
    back = swap("0xb", POOL_A, before, MONEY)
    back |= {
        "token_in": WETH,
        "token_out": USDC,
        "amount_in": str(sold),
        "amount_out": str(out),
    }
    back["v2"] |= {
        "reserves_after": [str(before[0] - out), str(before[1] + sold)],
        "amount_in_contract": str(sold),
        "amount0_out": str(out),
        "amount1_out": "0",
    }
    gas = {"gas_used": 100_000, "effective_gas_price": "12"}
    return block(
        100,
        [front, victim, back],
        base_fee_per_gas="10",
        sandwiches=[
            {
                "sandwicher": "0x" + "5a" * 20,
                "frontrun": 0,
                "backrun": 2,
                "sandwiched": [1],
                "profit_token": USDC,
                "profit_amount": str(out - MONEY),
            }
        ],
        receipts=[{"tx": "0xf", **gas}, {"tx": "0xb", **gas}],
    )


def test_sandwich_is_one_taking_of_two_transactions(tmp_path: Path) -> None:
    bought = int(swap("0xf", POOL_A, START, MONEY)["amount_out"])
    recorded = sandwich_block(bought)
    steps = play(save(tmp_path, recorded))
    ((taking,),) = (step.takings for step in steps if step.takings)
    assert steps[3].takings == (taking,)
    assert taking.reference == "0xf+0xb"
    assert taking.profit == int(recorded["sandwiches"][0]["profit_amount"])
    assert taking.gas_cost_wei == 2 * 100_000 * 10
    assert taking.builder_payment_wei is None


def test_sandwich_that_sold_more_than_it_bought_cannot_be_told_and_is_left_out(
    tmp_path: Path,
) -> None:
    bought = int(swap("0xf", POOL_A, START, MONEY)["amount_out"])
    assert not any(step.takings for step in play(save(tmp_path, sandwich_block(bought + 1))))


@pytest.mark.parametrize(("said", "fee"), [("0", None), (None, None), ("7", 7)])
def test_base_fee_before_london_is_unknown(
    tmp_path: Path, said: str | None, fee: int | None
) -> None:
    swaps = [swap("0x1", POOL_A, START, MONEY)]
    path = save(tmp_path, block(100, swaps, base_fee_per_gas=said, block_timestamp=9))
    header = play(path)[0].update.block
    assert (header.base_fee_wei, header.timestamp) == (fee, 9)


def test_feed_says_what_it_is(tmp_path: Path) -> None:
    feed = ReplayFeed(save(tmp_path, block(100, [swap("0x1", POOL_A, START, MONEY)])))
    assert (feed.name, feed.provenance, feed.complete) == ("replay", Provenance.REPLAYED, False)
    assert [str(token) for token in feed.base_tokens] == ["WETH"]
    assert feed.native_token == feed.base_tokens[0]


def test_steps_can_be_taken_again_and_asynchronously(tmp_path: Path) -> None:
    feed = ReplayFeed(save(tmp_path, block(100, [swap("0x1", POOL_A, START, MONEY)])))

    async def collect() -> list[FeedStep | Rewind]:
        return [step async for step in feed.steps()]

    once = list(feed.blocks())
    assert once == list(feed.blocks()) == asyncio.run(collect())


def test_packed_document_plays_like_a_plain_one(tmp_path: Path) -> None:
    plain = save(tmp_path, block(100, [swap("0x1", POOL_A, START, MONEY)]))
    packed = tmp_path / "blocks.json.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert play(packed) == play(plain)


# --- recorded mainnet blocks ---------------------------------------------------------------


def test_recorded_blocks_reach_every_recorded_state() -> None:
    document = load_json("mainnet_blocks_swaps.json")
    recorded = [
        (each["block_number"], one["pool"], tuple(map(int, one["v2"]["reserves_after"])))
        for each in document["blocks"]
        for one in each["swaps"]
        if one.get("v2")
    ]
    assert len(recorded) == 236
    market = Market()
    moved = []
    for step in play(path_of("mainnet_blocks_swaps.json")):
        market.apply(step.update)
        moved += [
            (step.update.block.number, event.address, (event.reserve0, event.reserve1))
            for event in step.update.events
            if isinstance(event, ReservesChanged)
        ]
    assert moved == recorded


def test_recorded_blocks_name_every_swap_that_has_no_state() -> None:
    counts: Counter[str] = Counter()
    for step in play(path_of("mainnet_blocks_swaps.json")):
        counts.update(step.not_replayable)
    assert counts["uniswap_v3 swap: state not recorded"] == 67
    assert counts["uniswap_v2 swap: reserves not recorded"] == 8
    document = load_json("mainnet_blocks_swaps.json")
    every = sum(len(each["swaps"]) for each in document["blocks"])
    assert counts.total() == every - 236
    assert not any("fee unknown" in name for name in counts)


def test_recorded_takings_are_the_arbitrages_and_sandwiches_that_succeeded() -> None:
    takings = [
        taking for step in play(path_of("mainnet_blocks_swaps.json")) for taking in step.takings
    ]
    profits = {taking.reference: taking.profit for taking in takings}
    assert len(takings) == len(profits) == 15
    document = load_json("mainnet_blocks_swaps.json")
    arbitrages = [one for each in document["blocks"] for one in each["arbitrages"]]
    for one in arbitrages:
        expected = None if one["error"] else int(one["profit_amount"])
        assert profits.get(one["tx"]) == expected
    assert all(taking.gas_cost_wei != 0 for taking in takings)


@pytest.mark.parametrize(
    ("name", "steps", "takings"),
    [
        ("mainnet_v2_swaps_with_reserves.json", 249, 0),
        ("mainnet_two_venue_snapshots.json", 15, 0),
        ("mainnet_arbitrages.json", 10, 3),
    ],
)
def test_other_recorded_files_play(name: str, steps: int, takings: int) -> None:
    played = play(path_of(name))
    assert len(played) == steps
    assert sum(len(step.takings) for step in played) == takings
    market = Market()
    for step in played:
        market.apply(step.update)


def test_snapshot_holds_its_two_pools_and_no_other() -> None:
    snapshots = load_json("mainnet_two_venue_snapshots.json")["snapshots"]
    markets = states(path_of("mainnet_two_venue_snapshots.json"))
    for snapshot, market in zip(snapshots, markets, strict=True):
        assert set(market.pools) == set(snapshot["pools"])
        for pool, held in zip(snapshot["pools"], snapshot["reserves"], strict=True):
            assert reserves(market, pool) == tuple(map(int, held))


def test_swaps_alone_play_the_states_of_the_blocks_they_come_from() -> None:
    def moves(name: str) -> list[object]:
        return [
            event
            for step in play(path_of(name))
            for event in step.update.events
            if isinstance(event, ReservesChanged)
        ]

    assert moves("mainnet_v2_swaps_with_reserves.json") == moves("mainnet_blocks_swaps.json")


def test_recording_is_told_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    document = {"snapshots": load_json("mainnet_two_venue_snapshots.json")["snapshots"][:1]}
    path = tmp_path / "mainnet_blocks_swaps.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    (step,) = play(path)
    assert len(step.update.events) == 2
