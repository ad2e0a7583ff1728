"""Logs: split where a node refuses, in their order, each once, and of the blocks asked for."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.chain.client.logs import SplitLogs, in_order, log_filter
from aineon.chain.decoding import RawLog
from aineon.errors import AllNodesDown, InvalidValue, RangeTooWide, UnknownBlock
from aineon.primitives import Address
from tests.chain.scripted_node import ScriptedNode, connected, hash_at, header

POOLS = [Address(f"0x{number:040x}") for number in range(1, 5)]


def log(block: int, index: int, **more: Any) -> dict[str, Any]:
    return {
        "address": POOLS[index % len(POOLS)],
        "blockNumber": hex(block),
        "blockHash": hash_at(block),
        "logIndex": hex(index),
        "removed": False,
    } | more


def chain_of(blocks: int, each: int = 3) -> list[dict[str, Any]]:
    return [log(block, index) for block in range(1, blocks + 1) for index in range(each)]


class Limited(ScriptedNode):
    """A node with logs and with limits."""

    def __init__(
        self,
        logs: list[dict[str, Any]],
        blocks: int = 10**9,
        results: int = 10**9,
        hint: bool = False,
    ) -> None:
        super().__init__(head=1000)
        self.logs, self.blocks, self.results, self.hint = logs, blocks, results, hint
        self.ranges: list[tuple[int, int]] = []
        self.answers["eth_getLogs"] = self.found

    def found(self, wanted: dict[str, Any]) -> Any:
        first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        self.ranges.append((first, last))
        if last - first >= self.blocks:
            return RangeTooWide("too wide", self.blocks if self.hint else None)
        addresses = wanted.get("address", POOLS)
        chosen = [
            each
            for each in self.logs
            if first <= int(each["blockNumber"], 16) <= last and each["address"] in addresses
        ]
        return RangeTooWide("too many") if len(chosen) > self.results else chosen


@given(
    blocks=st.integers(1, 60),
    widest=st.integers(1, 70),
    most=st.integers(3, 200),
    seed=st.integers(0, 9),
)
def test_whatever_the_limits_are_all_logs_come_once_and_in_order(
    blocks: int, widest: int, most: int, seed: int
) -> None:
    import asyncio

    logs = chain_of(blocks)
    mixed = list(logs)
    random.Random(seed).shuffle(mixed)
    node = Limited(mixed, widest, most)

    async def ask(wanted: Any) -> list[RawLog]:
        found = node.found(wanted.parameter())
        if isinstance(found, Exception):
            raise found
        return in_order(found)

    wanted = log_filter(None, 0, blocks, (), ())
    assert asyncio.run(SplitLogs(ask).read(wanted)) == logs


async def test_a_limit_that_the_node_names_costs_one_request_more() -> None:
    node = Limited(chain_of(100), blocks=10, hint=True)
    async with await connected(node) as client:
        assert await client.logs(from_block=1, to_block=100) == node.logs
        assert len(node.ranges) == 11


async def test_a_limit_that_it_does_not_name_is_found_by_halving() -> None:
    node = Limited(chain_of(100), blocks=10)
    async with await connected(node) as client:
        assert await client.logs(from_block=1, to_block=100) == node.logs
        assert len(node.ranges) < 30


async def test_one_blocks_logs_are_divided_by_addresses() -> None:
    node = Limited(chain_of(1, each=8), results=2)
    async with await connected(node) as client:
        assert await client.logs(from_block=1, to_block=1, addresses=POOLS) == node.logs
        with pytest.raises(RangeTooWide):
            await client.logs(from_block=1, to_block=1)


@pytest.mark.parametrize(
    "wrong",
    [log(5, 0, removed=True), log(9, 0), {"blockNumber": "0x5"}, "log", log(5, 0, logIndex=None)],
    ids=["taken back", "another block", "no fields", "no log", "no place"],
)
async def test_what_is_no_answer_to_the_question_counts_as_none(wrong: Any) -> None:
    first, second = ScriptedNode(), ScriptedNode()
    first.answers["eth_getLogs"], second.answers["eth_getLogs"] = [wrong], [log(5, 1)]
    async with await connected(first, second) as client:
        assert await client.logs(from_block=4, to_block=6) == [log(5, 1)]
    with pytest.raises(AllNodesDown):
        async with await connected(first) as client:
            await client.logs(from_block=4, to_block=6)


async def test_logs_of_a_block_by_hash_are_of_that_block() -> None:
    first, second = ScriptedNode(), ScriptedNode()
    first.answers["eth_getLogs"] = [log(5, 0, blockHash=hash_at(5, branch=1))]
    second.answers["eth_getLogs"] = [log(5, 0)]
    async with await connected(first, second) as client:
        assert await client.logs(block_hash=hash_at(5)) == [log(5, 0)]


async def test_two_logs_at_one_place_are_no_answer() -> None:
    node = ScriptedNode()
    node.answers["eth_getLogs"] = [log(5, 0), log(5, 0, data="0x01")]
    async with await connected(node) as client:
        with pytest.raises(AllNodesDown, match="two logs at place 0 of block 5"):
            await client.logs(from_block=4, to_block=6)


async def test_no_logs_from_a_node_that_does_not_know_the_block_is_no_answer() -> None:
    first, second = ScriptedNode(), ScriptedNode()
    first.answers |= {"eth_getLogs": [], "eth_getBlockByHash": None}
    second.answers["eth_getLogs"] = [log(5, 0)]
    async with await connected(first, second) as client:
        assert await client.logs(block_hash=hash_at(5)) == [log(5, 0)]
    first.answers["eth_getBlockByHash"] = header(5)
    async with await connected(first, second) as client:
        assert await client.logs(block_hash=hash_at(5)) == []


async def test_a_range_beyond_a_nodes_head_is_not_answered_by_halves() -> None:
    first, second = ScriptedNode(head=99), ScriptedNode(head=100)
    first.answers["eth_getLogs"] = [log(99, 0)]
    second.answers["eth_getLogs"] = [log(99, 0), log(100, 0)]
    async with await connected(first, second) as client:
        assert len(await client.logs(from_block=98, to_block=100)) == 2
    async with await connected(first) as client:
        with pytest.raises(UnknownBlock):
            await client.logs(from_block=98, to_block=100)
        assert len(await client.logs(from_block=98, to_block=99)) == 1


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"from_block": 5},
        {"from_block": 5, "to_block": 4},
        {"from_block": -1, "to_block": 4},
        {"from_block": "5", "to_block": 6},
        {"block_hash": hash_at(5), "from_block": 5, "to_block": 5},
    ],
)
async def test_one_block_or_one_range_must_be_named(asked: Any) -> None:
    async with await connected(ScriptedNode()) as client:
        with pytest.raises(InvalidValue, match="logs are asked for"):
            await client.logs(**asked)


def test_topics_and_addresses_are_spelled_as_nodes_want_them() -> None:
    wanted = log_filter(hash_at(5), None, None, POOLS[:1], [["0xaa", "0xbb"], [], ["0xcc"]])
    assert wanted.parameter() == {
        "blockHash": hash_at(5),
        "address": [POOLS[0]],
        "topics": [["0xaa", "0xbb"], None, ["0xcc"]],
    }
