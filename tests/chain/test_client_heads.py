"""When new heads are asked for, what counts as news, and when a subscription is given up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aineon.errors import AllNodesDown
from aineon.primitives import ManualClock
from tests.chain.scripted_node import (
    NOW,
    AnnouncingNode,
    ScriptedNode,
    connected,
    hash_at,
    header,
    in_turn,
)


def polled(*heads: dict[str, Any]) -> ScriptedNode:
    node = ScriptedNode()
    node.answers["eth_getBlockByNumber"] = in_turn(header(0), header(100), header(100), *heads)
    return node


async def test_a_head_is_not_asked_for_before_it_can_be_there() -> None:
    clock = ManualClock(NOW)
    node = polled(header(100), header(100), header(100), header(101, NOW + 12))
    async with await connected(node, clock=clock) as client:
        heads = client.heads()
        assert (await anext(heads)).number == 100
        asked = len(node.asked)
        assert (await anext(heads)).number == 101
        # At 12 s, when the block was due, and then every second.
        assert clock.now() == NOW + 14
        assert len(node.asked) - asked == 3


async def test_a_head_that_was_told_of_before_is_no_news() -> None:
    node = polled(*[header(number) for number in (100, 101, 100, 101, 99, 102)])
    async with await connected(node) as client:
        heads = client.heads()
        found = [(await anext(heads)).number for _ in range(4)]
        # 99 was not told of: it may be another branch.
        assert found == [100, 101, 99, 102]


async def test_another_branch_is_news() -> None:
    node = polled(header(100), header(100, branch=1))
    async with await connected(node) as client:
        heads = client.heads()
        assert [(await anext(heads)).hash for _ in range(2)] == [hash_at(100), hash_at(100, 1)]


async def test_a_head_that_does_not_come_ends_in_an_error_and_not_in_waiting() -> None:
    async with await connected(polled(header(100))) as client:
        heads = client.heads()
        await anext(heads)
        with pytest.raises(AllNodesDown, match="stale"):
            async with asyncio.timeout(10):
                await anext(heads)


async def test_announced_heads_come_at_once() -> None:
    node = AnnouncingNode()
    async with await connected(node) as client:
        heads = client.heads()
        assert (await anext(heads)).number == 100
        node.announce(header(101))
        assert (await anext(heads)).number == 101
        assert client.health()[0].head is not None
        await heads.aclose()  # type: ignore[attr-defined]


async def test_a_subscription_that_missed_a_head_is_given_up() -> None:
    node = AnnouncingNode()
    async with await connected(node, silent_after_s=0.02) as client:
        heads = client.heads()
        await anext(heads)
        node.head = header(101)
        assert (await anext(heads)).number == 101
        assert client.health()[0].last_failure.endswith("announces no new heads")
        await heads.aclose()  # type: ignore[attr-defined]


async def test_control_one_that_missed_nothing_is_kept() -> None:
    node = AnnouncingNode()
    async with await connected(node, silent_after_s=0.02) as client:
        heads = client.heads()
        await anext(heads)
        asked = len(node.asked)
        coming = asyncio.ensure_future(anext(heads))  # type: ignore[arg-type]
        while len(node.asked) < asked + 3:
            await asyncio.wait([coming], timeout=0.02)
        node.announce(header(101))
        assert (await coming).number == 101
        assert node.opened == 1
        await heads.aclose()  # type: ignore[attr-defined]


@pytest.mark.parametrize("said", [None, {}, {"number": "0x65"}, {"number": 7, "hash": None}])
async def test_a_subscription_that_ends_or_talks_nonsense_is_replaced_by_asking(said: Any) -> None:
    node = AnnouncingNode()
    async with await connected(node) as client:
        heads = client.heads()
        await anext(heads)
        node.announced.put_nowait(said)
        node.head = header(101)
        async with asyncio.timeout(10):
            assert (await anext(heads)).number == 101
        assert node.opened == 2
        await heads.aclose()  # type: ignore[attr-defined]
