"""Which node a read goes to, and what comes of it when that one fails."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aineon.chain.client import ChainClient, ClientOptions, Endpoint
from aineon.chain.reader import Call
from aineon.errors import (
    AllNodesDown,
    CallReverted,
    InvalidValue,
    NodeRefused,
    NodeUnavailable,
    RateLimited,
    UnknownBlock,
    WrongChain,
)
from aineon.primitives import Address, ManualClock
from tests.chain.scripted_node import (
    NOW,
    Identity,
    ScriptedNode,
    connected,
    hash_at,
    header,
    in_turn,
)

SOMEBODY = Address("0x" + "11" * 20)
READ = Call(SOMEBODY, b"\x01")


def with_call(answer: Any, **options: Any) -> ScriptedNode:
    node = ScriptedNode(**options)
    node.answers["eth_call"] = answer
    return node


async def test_the_preferred_node_alone_is_asked_while_it_is_well() -> None:
    first, second = with_call("0x01"), with_call("0x02")
    async with await connected(first, second) as client:
        assert await client.call(READ) == b"\x01"
        assert "eth_call" not in second.asked


@pytest.mark.parametrize(
    "failure",
    [
        NodeUnavailable("no"),
        RateLimited("slowly"),
        NodeRefused("no", -32601, "no such method"),
        UnknownBlock("not yet"),
        None,
        "0xzz",
        7,
    ],
)
async def test_the_next_node_is_asked_where_one_fails(failure: Any) -> None:
    async with await connected(with_call(failure), with_call("0x02")) as client:
        assert await client.call(READ) == b"\x02"


async def test_a_contracts_refusal_is_an_answer_and_is_asked_of_nobody_else() -> None:
    second = with_call("0x02")
    async with await connected(with_call(CallReverted("no", b"why")), second) as client:
        with pytest.raises(CallReverted) as refused:
            await client.call(READ)
        assert refused.value.data == b"why"
        assert "eth_call" not in second.asked


async def test_a_node_that_failed_is_left_alone_and_then_returns() -> None:
    clock = ManualClock(NOW)
    first, second = with_call("0x01"), with_call("0x02")
    async with await connected(first, second, clock=clock) as client:
        first.down = True
        assert await client.call(READ) == b"\x02"
        assert [each.state for each in client.health()] == ["down", "healthy"]
        asked = len(first.asked)
        assert await client.call(READ) == b"\x02"
        assert len(first.asked) == asked
        first.down = False
        clock.advance(1)
        await client.check()
        assert await client.call(READ) == b"\x01"
        assert first.opened == 2


async def test_a_node_that_comes_back_stale_is_not_read() -> None:
    clock = ManualClock(NOW)
    first = with_call("0x01")
    async with await connected(first, clock=clock) as client:
        first.down = True
        with pytest.raises(AllNodesDown):
            await client.call(READ)
        first.down = False
        clock.advance(60)
        with pytest.raises(AllNodesDown, match="node-1 is stale"):
            await client.call(READ)
        assert await client.call(READ, hash_at(50)) == b"\x01"


async def test_a_node_that_goes_on_failing_is_left_alone_longer_and_longer() -> None:
    clock = ManualClock(NOW)
    first = with_call("0x01")
    async with await connected(first, with_call("0x02"), clock=clock) as client:
        first.down = True
        tries = 0
        for _ in range(200):
            before = len(first.asked)
            clock.advance(1)
            await client.check()
            tries += len(first.asked) > before
        assert 5 < tries < 15


async def test_identity_is_checked_at_every_connect() -> None:
    clock = ManualClock(NOW)
    first, second = with_call("0x01"), with_call("0x02")
    async with await connected(first, second, clock=clock) as client:
        first.down = True
        await client.check()
        first.down, first.genesis = False, "0x" + "ee" * 32
        clock.advance(10)
        await client.check()
        assert [each.state for each in client.health()] == ["wrong chain", "healthy"]
        assert "genesis" in client.health()[0].last_failure
        assert await client.call(READ) == b"\x02"


@pytest.mark.parametrize(
    ("chain_id", "genesis"), [(5, None), (1, "0x" + "ee" * 32)], ids=["id", "genesis"]
)
async def test_a_node_of_another_chain_is_never_read(chain_id: int, genesis: str | None) -> None:
    wrong = with_call("0x01", chain_id=chain_id)
    wrong.genesis = genesis or wrong.genesis
    async with await connected(wrong, with_call("0x02")) as client:
        assert await client.call(READ) == b"\x02"
        assert client.health()[0].state == "wrong chain"
    with pytest.raises(WrongChain, match="node-1 reads chain"):
        await connected(wrong)


async def test_where_the_genesis_is_not_known_all_nodes_must_have_the_same() -> None:
    first, second = with_call("0x01"), with_call("0x02")
    second.genesis = "0x" + "ee" * 32
    async with await connected(first, second, identity=Identity(1, None)) as client:
        assert [each.state for each in client.health()] == ["healthy", "wrong chain"]


async def test_an_old_head_makes_a_node_stale() -> None:
    first, second = with_call("0x01", timestamp=NOW - 37), with_call("0x02", timestamp=NOW - 36)
    async with await connected(first, second) as client:
        assert [each.state for each in client.health()] == ["stale", "healthy"]
        assert client.health()[0].head_age_s == 37
        assert await client.call(READ) == b"\x02"


async def test_control_without_the_age_limit_it_would_be_asked() -> None:
    first, second = with_call("0x01", timestamp=NOW - 37), with_call("0x02")
    async with await connected(first, second, stale_after_s=None) as client:
        assert await client.call(READ) == b"\x01"


@pytest.mark.parametrize(("head", "state"), [(98, "stale"), (99, "healthy")])
async def test_two_blocks_behind_the_others_make_a_node_stale(head: int, state: str) -> None:
    async with await connected(with_call("0x01", head=head), with_call("0x02")) as client:
        assert client.health()[0].state == state
        assert client.health()[0].behind == 100 - head


async def test_a_stale_node_returns_with_a_new_head() -> None:
    first, second = with_call("0x01", head=90), with_call("0x02")
    async with await connected(first, second) as client:
        assert await client.call(READ) == b"\x02"
        first.head = header(100)
        await client.check()
        assert await client.call(READ) == b"\x01"


async def test_the_newest_state_is_not_read_from_stale_nodes_but_a_block_by_hash_is() -> None:
    async with await connected(with_call("0x01", timestamp=NOW - 60)) as client:
        with pytest.raises(AllNodesDown, match=r"node-1 is stale \(its head is block 100, 60 s"):
            await client.call(READ)
        assert await client.call(READ, hash_at(50)) == b"\x01"


async def test_a_block_that_a_node_does_not_know_yet_is_waited_for_a_little() -> None:
    node = with_call(in_turn(UnknownBlock("not yet"), UnknownBlock("not yet"), "0x01"))
    clock = ManualClock(NOW)
    async with await connected(node, clock=clock) as client:
        assert await client.call(READ, hash_at(101)) == b"\x01"
        assert 0 < clock.now() - NOW < 2


async def test_a_block_that_nobody_knows_is_unknown() -> None:
    async with await connected(with_call(UnknownBlock("no"))) as client:
        with pytest.raises(UnknownBlock):
            await client.call(READ, hash_at(101))
        assert await client.block(101) is None


async def test_a_header_of_another_block_is_no_answer() -> None:
    first, second = ScriptedNode(), ScriptedNode()
    first.answers["eth_getBlockByHash"] = header(49)
    second.answers["eth_getBlockByHash"] = header(50)
    async with await connected(first, second) as client:
        found = await client.block(hash_at(50))
        assert found is not None
        assert found.number == 50


async def test_an_only_node_that_wants_to_be_left_alone_is_waited_for() -> None:
    clock = ManualClock(NOW)
    node = with_call(in_turn(RateLimited("slowly", 7), "0x01"))
    async with await connected(node, clock=clock, stale_after_s=None) as client:
        assert await client.call(READ) == b"\x01"
        assert clock.now() == NOW + 7


async def test_a_rate_limit_costs_no_new_look_at_the_chain() -> None:
    node = with_call(in_turn(RateLimited("slowly", 7), "0x01"))
    async with await connected(node, stale_after_s=None) as client:
        await client.call(READ)
        assert node.asked.count("eth_chainId") == 1
        assert node.opened == 1


async def test_it_is_not_waited_for_longer_than_one_is_patient() -> None:
    clock = ManualClock(NOW)
    node = with_call(in_turn(RateLimited("slowly", 3600), "0x01"))
    async with await connected(node, clock=clock, stale_after_s=None) as client:
        with pytest.raises(RateLimited):
            await client.call(READ)
        assert clock.now() == NOW


async def test_where_all_nodes_are_down_the_message_says_of_each_why() -> None:
    first, second = ScriptedNode(), ScriptedNode()
    async with await connected(first, second) as client:
        first.down = second.down = True
        with pytest.raises(AllNodesDown, match=r"node-1 is down: it does.*; node-2 is down: it"):
            await client.call(READ)
        first.down = second.down = False
        assert await client.block("latest") is not None


async def test_a_client_needs_one_node_that_answers() -> None:
    first, second = ScriptedNode(), ScriptedNode()
    first.down = True
    async with await connected(first, second) as client:
        assert [each.state for each in client.health()] == ["down", "healthy"]
    second.down = True
    with pytest.raises(AllNodesDown):
        await connected(first, second)


@pytest.mark.parametrize("names", [[], ["a", "a"]])
async def test_nodes_have_names_of_their_own(names: list[str]) -> None:
    with pytest.raises(InvalidValue, match="allowed are one or more, each once"):
        await ChainClient.connect([Endpoint(name, "http://x.test") for name in names], Identity())


async def test_a_request_that_takes_too_long_is_given_up() -> None:
    first, second = ScriptedNode(), with_call("0x02")

    async def never(method: str, parameters: list[Any]) -> Any:
        if method != "eth_call":
            return await ScriptedNode.ask(first, method, parameters)
        return await asyncio.Event().wait()

    first.ask = never  # type: ignore[method-assign]
    async with await connected(first, second, request_s=0.05) as client:
        assert await client.call(READ) == b"\x02"
        assert client.health()[0].last_failure == "node-1 did not answer eth_call within 0.05 s"


async def test_two_nodes_agree_on_a_block_or_not() -> None:
    first, second, third = ScriptedNode(), ScriptedNode(), ScriptedNode()
    async with await connected(first, second, third) as client:
        assert (await client.agreement(90)).agreed is True
        third.down = True
        second.answers["eth_getBlockByNumber"] = lambda place, _: header(int(place, 16), branch=3)
        said = await client.agreement(90)
        assert said.agreed is False
        assert said.hashes == {"node-1": hash_at(90), "node-2": hash_at(90, 3)}
        assert list(said.failures) == ["node-3"]
        second.answers["eth_getBlockByNumber"] = None
        assert (await client.agreement(90)).agreed is None


async def test_a_nodes_clock_is_compared_with_ours() -> None:
    node = ScriptedNode()
    async with await connected(node) as client:
        assert client.health()[0].clock_skew_s is None
        node.server_time = NOW + 9
        await client.check()
        assert client.health()[0].clock_skew_s == pytest.approx(9, abs=0.5)


async def test_a_receipt_is_looked_for_on_every_node() -> None:
    first, second = ScriptedNode(), ScriptedNode()
    first.answers["eth_getTransactionReceipt"] = None
    second.answers["eth_getTransactionReceipt"] = {
        "transactionHash": "0x" + "AB" * 32,
        "from": "0x" + "Cd" * 20,
        "status": "0x0",
        "blockNumber": "0x64",
        "blockHash": hash_at(100),
        "transactionIndex": "0x2",
        "gasUsed": "0x5208",
        "effectiveGasPrice": "0x9",
        "logs": [],
    }
    async with await connected(first, second) as client:
        found = await client.receipt("0x" + "ab" * 32)
        assert found is not None
        assert (found.succeeded, found.gas_used, found.gas_price_wei) == (False, 21_000, 9)
        assert found.transaction_hash == "0x" + "ab" * 32
        second.answers["eth_getTransactionReceipt"] = None
        assert await client.receipt("0x" + "ab" * 32) is None


@pytest.mark.parametrize("block", [-1, True, "newest", "0x12", 1.5, None])
async def test_a_block_is_named_by_height_hash_or_tag(block: Any) -> None:
    async with await connected(ScriptedNode()) as client:
        with pytest.raises(InvalidValue, match="is no height from 0 on"):
            await client.call(READ, block)


def test_the_limits_are_those_of_ethereum() -> None:
    options = ClientOptions()
    assert (options.stale_after_s, options.stale_behind) == (36, 2)
