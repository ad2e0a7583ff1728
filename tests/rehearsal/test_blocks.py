"""Blocks: traders leave gaps that pay, gas has a price, and everybody does the same again."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

import pytest

from aineon.chain.fees import next_base_fee_wei
from aineon.errors import RehearsalError
from aineon.market import Market
from aineon.primitives import Block
from aineon.primitives.units import ETHER, GWEI
from aineon.rehearsal.anvil import Anvil, AnvilOptions
from aineon.rehearsal.blocks import BlockMaker, MadeBlock
from aineon.rehearsal.crowd import BURNER
from aineon.rehearsal.listing import LISTINGS
from aineon.rehearsal.world import OPTIONS, World
from aineon.search import Opportunity, find_opportunities

BLOCKS = 10
SOME = (LISTINGS[0], LISTINGS[5], LISTINGS[9])


async def blocks_of(maker: BlockMaker, number: int) -> list[MadeBlock]:
    return [await maker.next_block() for _ in range(number)]


def head(world: World) -> Block:
    found = world.anvil.ask("eth_getBlockByNumber", "latest", False)
    return Block(
        number=int(found["number"], 16),
        base_fee_wei=int(found["baseFeePerGas"], 16),
        timestamp=int(found["timestamp"], 16),
        gas_used=int(found["gasUsed"], 16),
        gas_limit=int(found["gasLimit"], 16),
    )


def paying(world: World) -> list[Opportunity]:
    """The cycles that the scanner finds on the states as they stand, the best first."""
    market = Market(world.read_pools(), block=head(world))
    found = find_opportunities(market, base_tokens=[world.wrapped_ether], max_hops=2)
    return list(found)


async def test_traders_leave_gaps_between_the_venues(world: World) -> None:
    assert paying(world) == []
    maker = BlockMaker(world, seconds_apart=12)
    rich = 0
    for _ in range(BLOCKS):
        await maker.next_block()
        found = paying(world)
        rich += bool(found) and found[0].gross_profit > ETHER // 100
    assert rich > BLOCKS // 2


async def test_no_swap_of_a_trader_is_reverted(world: World) -> None:
    maker = BlockMaker(world, seconds_apart=12)
    for block in await blocks_of(maker, BLOCKS):
        receipts = world.anvil.ask("eth_getBlockReceipts", hex(block.number))
        swaps = [each for each in receipts if each["to"] != BURNER]
        assert len(swaps) == block.orders
        assert {each["status"] for each in swaps} <= {"0x1"}


async def test_the_base_fee_follows_from_how_full_blocks_are(world: World) -> None:
    maker = BlockMaker(world, usual_base_fee_wei=3 * GWEI, seconds_apart=12)
    await maker.next_block()
    before = head(world)
    assert GWEI < before.base_fee_wei < 5 * GWEI
    used = set()
    for _ in range(BLOCKS):
        made = await maker.next_block()
        now = head(world)
        forecast = next_base_fee_wei(
            before.base_fee_wei or 0, before.gas_used or 0, before.gas_limit or 0
        )
        assert now.base_fee_wei == forecast
        assert (now.number, now.timestamp) == (made.number, (before.timestamp or 0) + 12)
        assert GWEI < now.base_fee_wei < 9 * GWEI
        used.add(now.gas_used)
        before = now
    assert len(used) == BLOCKS


async def test_blocks_are_final_after_two_more(world: World) -> None:
    maker = BlockMaker(world)
    made = await blocks_of(maker, 5)
    final = world.anvil.ask("eth_getBlockByNumber", "finalized", False)
    assert int(final["number"], 16) == made[-1].number - 2


def test_the_node_has_to_keep_the_order_of_arrival(at_hand: None) -> None:
    with Anvil.start(AnvilOptions(order="fees")) as anvil:
        world = World(anvil, 1, SOME)
        with pytest.raises(RehearsalError, match="'fees'; allowed is 'fifo'"):
            BlockMaker(world)


async def test_nobody_makes_a_block_meanwhile(world: World) -> None:
    await BlockMaker(world).next_block()
    number = head(world).number
    sender, receiver = world.accounts.traders[:2]
    world.anvil.ask("eth_sendTransaction", {"from": sender, "to": receiver, "value": "0x1"})
    assert head(world).number == number


async def test_the_same_seed_trades_the_same(at_hand: None) -> None:
    states = []
    for seed in (5, 5, 6):
        world = await World.build(
            seed, listings=SOME, options=replace(OPTIONS, genesis_timestamp=10**9)
        )
        try:
            await blocks_of(BlockMaker(world, seconds_apart=12), BLOCKS)
            states.append((world.read_pools(), head(world)))
        finally:
            await world.aclose()
    one, twin, other = states
    assert one == twin
    assert one[0] != other[0]


async def test_blocks_come_by_themselves_until_told_to_stop(world: World) -> None:
    made = asyncio.Event()
    maker = BlockMaker(world)
    before = head(world).number
    task = asyncio.create_task(maker.run(seconds=0.001))
    while head(world).number < before + 3:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(made.wait(), 0.01)
        assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
