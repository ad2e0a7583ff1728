"""A feed of a chain whose nodes fail, lag and lie: its market is right, or it says why it waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aineon.amm import ConcentratedPool, ConstantProductPool
from aineon.chain.client import ChainClient
from aineon.errors import FeedError
from aineon.feeds.base import FeedPaused
from aineon.market.market import REMEMBERED_BLOCKS
from aineon.rehearsal.world import World
from tests.faults import proxy as faults
from tests.faults.proxy import Fault, FaultProxy
from tests.feeds.following import (
    OFTEN,
    SELDOM,
    following,
    head_of,
    make,
    maker_of,
    reading,
    truth,
)

LOGS = "eth_getLogs"
SYNC = "0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"
V3_SWAP = "0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67"
READ_ANEW = "block read anew: its logs were not complete"


# --- logs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [faults.duplicated_logs, faults.shuffled_logs])
async def test_logs_twice_or_in_disorder_do_no_harm(
    world: World, node: FaultProxy, reader: ChainClient, fault: Callable[[], Fault]
) -> None:
    maker = await maker_of(world)
    node.on(LOGS, fault())
    async with following(world, reader) as follower:
        await make(maker, 4)
        await follower.at_head(world)
        assert follower.market.pools == await truth(world)
        assert follower.counts == {}


def all_but_the_last(logs: list[Any]) -> list[Any]:
    return logs[:-1]


INCOMPLETE: dict[str, Callable[[], Fault]] = {
    "every second": faults.missing_logs,
    "the last": lambda: faults.change(all_but_the_last),
    "all": lambda: faults.lie([]),
    "more than a node tells": lambda: faults.most_logs(0),
}


@pytest.mark.parametrize("fault", INCOMPLETE)
async def test_missing_logs_are_noticed(
    world: World, node: FaultProxy, reader: ChainClient, fault: str
) -> None:
    maker = await maker_of(world)
    async with following(world, reader) as follower:
        node.on(LOGS, INCOMPLETE[fault]())
        made = await make(maker, 3)
        await follower.at_head(world)
        assert follower.market.pools == await truth(world)
        assert follower.counts[READ_ANEW] > 0
        assert any("are not complete" in reason for reason in follower.pauses)
        assert follower.blocks[1:] == made


async def test_control_missing_logs_that_nobody_notices_spoil_the_market(
    world: World, node: FaultProxy, reader: ChainClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aineon.feeds.chain.block_logs.LogReader.flaw", lambda *_: "")
    maker = await maker_of(world)
    async with following(world, reader) as follower:
        node.on(LOGS, faults.missing_logs())
        await make(maker, 3)
        await follower.at_head(world)
        assert follower.market.pools != await truth(world)


async def test_logs_that_come_a_moment_late_are_read_again(
    world: World, node: FaultProxy, reader: ChainClient
) -> None:
    maker = await maker_of(world)
    async with following(world, reader) as follower:
        node.on(LOGS, faults.lie([]), times=2)
        await make(maker, 2)
        await follower.at_head(world)
        assert follower.market.pools == await truth(world)
        assert follower.counts == {}


def with_data(topic: str, how: Callable[[str], str]) -> Callable[[list[Any]], list[Any]]:
    """Change the data of the first log of a kind."""

    def change(logs: list[Any]) -> list[Any]:
        for log in logs:
            if log["topics"][0] == topic:
                log["data"] = how(log["data"])
                break
        return logs

    return change


def impossible_price(data: str) -> str:
    return data[: 2 + 64 * 2] + "0" * 64 + data[2 + 64 * 3 :]


BROKEN = {
    "cannot be read": lambda data: data[:-2],
    "cannot be": impossible_price,
}


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_bad_event_costs_its_pool_and_nothing_more(
    world: World, node: FaultProxy, reader: ChainClient, broken: str
) -> None:
    maker = await maker_of(world)
    async with following(world, reader) as follower:
        all_pools = follower.market.pools.keys()
        node.on(LOGS, faults.change(with_data(V3_SWAP, BROKEN[broken])), times=1)
        await make(maker, 1)
        await follower.at_head(world)
        (lost,) = all_pools - follower.market.pools.keys()
        assert lost in follower.market.lost
        fresh = await truth(world)
        assert isinstance(fresh.pop(lost), ConcentratedPool)
        assert follower.market.pools == fresh
        await make(maker, 1)
        await follower.at_head(world)
        assert follower.market.pools == await truth(world)
        assert lost in follower.market


# --- heads -----------------------------------------------------------------------------------


@pytest.mark.parametrize("blocks", [2, 7])
async def test_a_gap_is_made_up_for(
    world: World, node: FaultProxy, reader: ChainClient, blocks: int
) -> None:
    maker = await maker_of(world)
    async with following(world, reader) as follower:
        await node.freeze()
        made = await make(maker, blocks)
        node.clear()
        await follower.at_head(world)
        assert follower.market.pools == await truth(world)
        assert follower.blocks[1:] == made


async def test_where_nodes_forgot_an_older_state_all_is_read_at_the_head(
    world: World, node: FaultProxy, reader: ChainClient
) -> None:
    maker = await maker_of(world)
    async with following(world, reader) as follower:
        await node.freeze()
        await make(maker, 1)
        forgotten = head_of(world)["hash"]
        await make(maker, 1)
        node.clear()
        node.on(LOGS, faults.lie([]), times=4)
        node.on(
            "eth_call",
            faults.refuse(-32000, "missing trie node"),
            only=lambda request: request["params"][1] == {"blockHash": forgotten},
        )
        await follower.at_head(world)
        assert follower.market.pools == await truth(world)
        assert len(follower.steps) == 2


async def test_after_a_long_gap_all_is_read_anew(
    world: World, node: FaultProxy, reader: ChainClient
) -> None:
    maker = await maker_of(world)
    async with following(world, reader) as follower:
        await node.freeze()
        await make(maker, 1)
        world.anvil.ask("anvil_mine", "0x50")
        node.clear()
        await follower.at_head(world)
        assert follower.market.pools == await truth(world)
        assert len(follower.steps) == 2


async def test_a_reorg_of_the_first_block_is_read_anew(world: World, reader: ChainClient) -> None:
    maker = await maker_of(world)
    (ancestor,) = await make(maker, 1)
    before = world.anvil.ask("evm_snapshot")
    await make(maker, 1)
    async with following(world, reader) as follower:
        world.anvil.ask("evm_revert", before)
        await make(maker, 2)
        await follower.at_head(world)
        (rewound_to,) = follower.rewinds
        assert rewound_to <= ancestor
        assert follower.market.pools == await truth(world)


async def test_a_reorg_across_blocks_that_were_passed_over_is_followed(
    world: World, node: FaultProxy, reader: ChainClient
) -> None:
    maker = await maker_of(world)
    async with following(world, reader) as follower:
        await make(maker, 1)
        await follower.at_head(world)
        before = world.anvil.ask("evm_snapshot")
        await node.freeze()
        await make(maker, 1)
        world.anvil.ask("anvil_mine", "0x50")
        node.clear()
        await follower.at_head(world)
        world.anvil.ask("evm_revert", before)
        await make(maker, 2)
        await follower.at_head(world)
        assert len(follower.rewinds) == 1
        assert follower.market.pools == await truth(world)


async def test_a_chain_that_was_rolled_back_far_is_not_followed(
    world: World, reader: ChainClient
) -> None:
    before = world.anvil.ask("evm_snapshot")
    world.anvil.ask("anvil_mine", "0x1")
    async with following(world, reader) as follower:
        for _ in range(REMEMBERED_BLOCKS + 2):
            world.anvil.ask("anvil_mine", "0x1")
            await follower.at_head(world)
        world.anvil.ask("evm_revert", before)
        world.anvil.ask("anvil_mine", "0x2", "0x5")
        await follower.until(lambda: follower.failure is not None)
        assert isinstance(follower.failure, FeedError)
        assert "start anew" in str(follower.failure)


async def test_a_silent_subscription_is_replaced(world: World, node: FaultProxy) -> None:
    maker = await maker_of(world)
    async with (
        reading(world, node.websocket_url, silent_after_s=0.2) as reader,
        following(world, reader) as follower,
    ):
        await make(maker, 1)
        await follower.at_head(world)
        node.silence()
        await make(maker, 2)
        await follower.at_head(world)
        assert follower.market.pools == await truth(world)


# --- nodes -----------------------------------------------------------------------------------


async def test_a_node_of_another_chain_is_left_alone(world: World, node: FaultProxy) -> None:
    maker = await maker_of(world)
    node.on("eth_chainId", faults.lie("0x5"))
    async with (
        reading(world, node.url, world.anvil.url) as reader,
        following(world, reader) as follower,
    ):
        await make(maker, 2)
        await follower.at_head(world)
        assert follower.market.pools == await truth(world)
        assert [each.state for each in reader.health()] == ["wrong chain", "healthy"]
        assert node.asked[LOGS] == 0


DOWN: dict[str, tuple[Callable[[FaultProxy], object], str]] = {
    "cut": (lambda node: node.on("*", faults.drop()), "node-1 is down"),
    "500": (lambda node: node.on("*", faults.status(500)), "node-1 is down"),
    "without logs": (lambda node: node.on(LOGS, faults.status(500)), "node-1 is down"),
}


@pytest.mark.parametrize("fault", DOWN)
async def test_a_feed_without_a_node_says_so_and_goes_on_trying(
    world: World, node: FaultProxy, fault: str
) -> None:
    maker = await maker_of(world)
    async with (
        reading(world, node.url, patience_s=0.1, rounds=1) as reader,
        following(world, reader) as follower,
    ):
        fail, words = DOWN[fault]
        fail(node)
        await make(maker, 2)
        await follower.paused(words)
        node.clear()
        await follower.at_head(world)
        assert follower.market.pools == await truth(world)
        assert not isinstance(follower.items[-1], FeedPaused)


async def test_a_feed_starts_when_a_node_answers(world: World, node: FaultProxy) -> None:
    async with reading(world, node.url, patience_s=0.1, rounds=1) as reader:
        node.on("eth_call", faults.status(500), times=4)
        async with following(world, reader) as follower:
            assert any("node-1 is down" in reason for reason in follower.pauses)
            assert follower.market.pools == await truth(world)


# --- lies ------------------------------------------------------------------------------------


def a_lie(real: int) -> Fault:
    """Tell another number wherever this one is in an answer."""
    said, lie = f"{real:064x}", f"{real + real // 50:064x}"
    return faults.change(lambda answer: answer.replace(said, lie))


async def a_pair(world: World) -> ConstantProductPool:
    """The pair that every block is most likely to leave alone."""
    pairs = [each for each in (await truth(world)).values() if type(each) is ConstantProductPool]
    return min(pairs, key=lambda pair: pair.reserve0)


async def test_a_lie_about_a_pool_is_found_out(
    world: World, node: FaultProxy, reader: ChainClient
) -> None:
    await maker_of(world)
    pair = await a_pair(world)
    node.on("eth_call", a_lie(pair.reserve0))
    async with following(world, reader, OFTEN) as follower:
        assert follower.market.pool(pair.address) != pair
        node.clear()
        world.anvil.ask("evm_mine")
        await follower.until(lambda: follower.counts == {"pool differed from chain": 1})
        assert follower.market.pools == await truth(world)


async def test_control_a_lie_that_nobody_looks_for_stays(
    world: World, node: FaultProxy, reader: ChainClient
) -> None:
    await maker_of(world)
    pair = await a_pair(world)
    node.on("eth_call", a_lie(pair.reserve0))
    async with following(world, reader, SELDOM) as follower:
        node.clear()
        world.anvil.ask("evm_mine")
        await follower.at_head(world)
        assert follower.market.pools != await truth(world)


async def test_nodes_that_contradict_each_other_stop_the_feed(
    world: World, node: FaultProxy, reader: ChainClient
) -> None:
    maker = await maker_of(world)
    pair = await a_pair(world)
    node.on("eth_call", a_lie(pair.reserve0))
    async with (
        reading(world) as witness,
        following(world, reader, OFTEN, witness=witness) as follower,
    ):
        delivered = len(follower.steps)
        world.anvil.ask("evm_mine")
        await follower.paused(pair.address)
        world.anvil.ask("evm_mine")
        await make(maker, 1)
        seen = len(follower.pauses)
        world.anvil.ask("evm_mine")
        await follower.until(lambda: len(follower.pauses) > seen)
        assert len(follower.steps) == delivered + 1
        node.clear()
        world.anvil.ask("evm_mine")
        await follower.at_head(world)
        assert not isinstance(follower.items[-1], FeedPaused)
        await follower.until(lambda: "pool differed from chain" in follower.counts)
        assert follower.market.pools == await truth(world)


def swapped_reserves(data: str) -> str:
    return "0x" + data[66:] + data[2:66]


async def test_a_pool_whose_logs_lie_repeatedly_is_put_aside(
    world: World, node: FaultProxy, reader: ChainClient
) -> None:
    maker = await maker_of(world)
    async with following(world, reader, OFTEN) as follower:
        all_pools = dict(follower.market.pools)
        node.on(LOGS, faults.change(with_data(SYNC, swapped_reserves)))
        for _ in range(8):
            await make(maker, 1)
            await follower.at_head(world)
        aside = all_pools.keys() - follower.market.pools.keys()
        assert aside
        assert all("contradict each other" in follower.market.lost[each] for each in aside)
    assert "pool differed from chain" in follower.counts


async def test_a_reorg_while_pools_are_read_is_survived(
    world: World, node: FaultProxy, reader: ChainClient
) -> None:
    maker = await maker_of(world)
    before = world.anvil.ask("evm_snapshot")
    await make(maker, 1)
    gone = head_of(world)["hash"]

    async def reorganised(request: faults.Request, forward: faults.Forward) -> faults.Reply:
        node.clear()
        world.anvil.ask("evm_revert", before)
        await make(maker, 2)
        return await faults.change(lambda answer: answer)(request, forward)

    node.on("eth_call", reorganised, after=2)
    async with following(world, reader) as follower:
        await follower.at_head(world)
        assert gone not in {step.update.block.hash for step in follower.steps}
        assert follower.market.pools == await truth(world)


async def test_what_cannot_be_quoted_is_counted_by_its_reason(
    world: World, node: FaultProxy, reader: ChainClient
) -> None:
    fresh = await truth(world)
    pool = next(each for each in fresh.values() if isinstance(each, ConcentratedPool))
    price, nothing = f"{pool.sqrt_price_x96:064x}", f"{0:064x}"
    node.on("eth_call", faults.change(lambda answer: answer.replace(price, nothing)))
    async with following(world, reader) as follower:
        assert fresh.pop(pool.address) == pool
        assert follower.market.pools == fresh
        assert follower.steps[0].not_replayable == {
            "uniswap_v3 pool: it is not initialised: it has no price yet": 1
        }
