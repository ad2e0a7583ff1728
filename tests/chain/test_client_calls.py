"""Hundreds of contract calls in one request answer what each would answer alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.chain.client import ChainClient, Endpoint
from aineon.chain.client.aggregate import Answer, answers_in, creation_code, portions
from aineon.chain.reader import Call
from aineon.errors import CallReverted
from aineon.primitives import Address
from aineon.rehearsal.anvil import Anvil
from tests.chain.client_world import (
    BIG,
    BURN,
    CALLER,
    COUNT,
    ECHO,
    QUICK,
    REFUSE,
    THIRSTY,
    WRITE,
    AnvilChain,
    an_anvil,
    deploy,
)
from tests.chain.scripted_node import ScriptedNode, connected
from tests.faults.proxy import FaultProxy, lie, refuse

NOBODY = Address("0x" + "77" * 20)


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


@pytest.fixture(scope="module")
def anvil() -> Iterator[Anvil]:
    with an_anvil() as anvil:
        yield anvil


@pytest.fixture(scope="module")
def contracts(anvil: Anvil) -> dict[str, Address]:
    codes = (ECHO, REFUSE, BURN, WRITE, COUNT, CALLER, THIRSTY, BIG)
    return {code: deploy(anvil, code) for code in codes}


@pytest.fixture
async def proxy(anvil: Anvil) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(anvil.url) as proxy:
        yield proxy


@pytest.fixture
async def client(proxy: FaultProxy) -> AsyncIterator[ChainClient]:
    endpoints = [Endpoint("node-1", proxy.url)]
    async with await ChainClient.connect(endpoints, AnvilChain(), options=QUICK) as client:
        yield client


async def test_a_thousand_calls_are_few_requests(
    client: ChainClient, contracts: dict[str, Address], proxy: FaultProxy
) -> None:
    calls = [Call(contracts[ECHO], word(number)) for number in range(1000)]
    assert await client.calls(calls) == [word(number) for number in range(1000)]
    assert proxy.asked["eth_call"] == 3


async def test_no_call_is_no_request(client: ChainClient, proxy: FaultProxy) -> None:
    assert await client.calls([]) == []
    assert proxy.asked["eth_call"] == 0


async def test_each_answers_what_it_would_answer_alone(
    client: ChainClient, contracts: dict[str, Address]
) -> None:
    calls = [Call(contracts[code], word(5)) for code in contracts if code != CALLER]
    calls += [
        Call(NOBODY, b"\x01"),
        Call(contracts[ECHO], b""),
        Call(contracts[ECHO], b"\xff" * 900),
    ]
    block = await client.block("latest")
    assert block is not None
    assert block.hash is not None
    alone: list[bytes | None] = []
    for call in calls:
        try:
            alone.append(await client.call(call, block.hash))
        except CallReverted:
            alone.append(None)
    together = await client.calls(calls * 6, block.hash)
    assert together == alone * 6
    assert None in alone
    assert b"" in alone


async def test_one_that_burns_its_gas_takes_nothing_from_the_others(
    client: ChainClient, contracts: dict[str, Address], proxy: FaultProxy
) -> None:
    calls = [Call(contracts[BURN], b"")] * 3
    calls += [Call(contracts[ECHO], word(number)) for number in range(300)]
    found = await client.calls(calls)
    assert found == [None] * 3 + [word(number) for number in range(300)]
    # All at once, those that burnt once more, and then each of them alone.
    assert proxy.asked["eth_call"] <= 8


async def test_one_that_needs_more_than_its_share_gets_it(
    client: ChainClient, contracts: dict[str, Address]
) -> None:
    calls = [Call(contracts[THIRSTY], b"")] * 5 + [Call(contracts[ECHO], word(1))] * 395
    assert (await client.calls(calls))[:5] == [b""] * 5


async def test_no_call_sees_what_another_wrote_and_one_that_writes_is_answered(
    client: ChainClient, contracts: dict[str, Address]
) -> None:
    assert await client.calls([Call(contracts[WRITE], b"")] * 3) == [word(1)] * 3


async def test_a_sender_is_what_the_contract_sees(
    client: ChainClient, contracts: dict[str, Address]
) -> None:
    named = Call(contracts[CALLER], b"", sender=NOBODY)
    found = await client.calls([named, Call(contracts[ECHO], word(2)), named])
    assert found == [word(int(NOBODY, 16)), word(2), word(int(NOBODY, 16))]


async def test_creation_code_is_run_where_no_contract_is_named(client: ChainClient) -> None:
    assert await client.call(Call(None, bytes.fromhex(COUNT))) is not None
    assert (
        await client.calls([Call(None, bytes.fromhex(BIG.replace("010000", "000040")))] * 2)
        == [bytes(64)] * 2
    )


async def test_all_are_made_at_one_block(
    client: ChainClient, contracts: dict[str, Address], anvil: Anvil
) -> None:
    block = await client.block("latest")
    assert block is not None
    assert block.hash is not None
    anvil.rpc.ask("evm_mine")
    count = Call(contracts[COUNT], b"")
    assert await client.calls([count] * 500, block.hash) == [word(block.number)] * 500
    assert await client.calls([count] * 500, block.number) == [word(block.number)] * 500
    assert await client.calls([count] * 500) == [word(block.number + 1)] * 500


@pytest.mark.parametrize(
    "fault",
    [
        refuse(3, "execution reverted"),
        refuse(-32000, "max initcode size exceeded"),
        refuse(-32000, "out of gas"),
        refuse(3, "execution reverted", "0x0000"),
        refuse(3, "execution reverted", "0x03ffffff00"),
    ],
    ids=["keeps the data", "too large", "no gas", "half an answer", "less than it says"],
)
async def test_where_a_node_cannot_join_calls_each_is_made_alone(
    client: ChainClient, contracts: dict[str, Address], proxy: FaultProxy, fault: object
) -> None:
    proxy.on("eth_call", fault, only=lambda request: "to" not in request["params"][0])  # type: ignore[arg-type]
    calls = [Call(contracts[ECHO], word(number)) for number in range(20)]
    calls.append(Call(contracts[REFUSE], b""))
    assert await client.calls(calls) == [word(number) for number in range(20)] + [None]


async def test_a_program_that_did_not_revert_did_not_run(
    anvil: Anvil, contracts: dict[str, Address]
) -> None:
    async with FaultProxy(anvil.url) as liar, FaultProxy(anvil.url) as honest:
        endpoints = [Endpoint("node-1", liar.url), Endpoint("node-2", honest.url)]
        async with await ChainClient.connect(endpoints, AnvilChain(), options=QUICK) as client:
            liar.on("eth_call", lie("0x"), only=lambda request: "to" not in request["params"][0])
            calls = [Call(contracts[ECHO], word(number)) for number in range(20)]
            assert await client.calls(calls) == [word(number) for number in range(20)]


async def test_calls_are_asked_in_turns() -> None:
    node = ScriptedNode()
    node.answers["eth_call"] = "0x"
    async with await connected(node, parallel=2, calls_at_once=1) as client:
        assert await client.calls([Call(NOBODY, b"")] * 9, 5) == [b""] * 9
        assert node.asked.count("eth_call") == 9


@given(sizes=st.lists(st.integers(0, 60_000), min_size=1, max_size=40), at_once=st.integers(1, 50))
def test_portions_fit_and_lose_nothing(sizes: list[int], at_once: int) -> None:
    found = list(portions(range(len(sizes)), sizes, at_once))
    assert [place for portion in found for place in portion] == list(range(len(sizes)))
    for portion in found:
        assert 1 <= len(portion) <= at_once
        code = creation_code([Call(NOBODY, bytes(sizes[place])) for place in portion])
        assert len(code) <= 49_152 or len(portion) == 1


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.binary(max_size=70)), max_size=9))
def test_answers_are_read_as_they_were_packed(told: list[tuple[bool, bool, bytes]]) -> None:
    packed = b"".join(
        bytes([ok + 2 * cheap]) + len(output).to_bytes(3, "big") + output
        for ok, cheap, output in told
    )
    assert answers_in(packed, len(told)) == [
        Answer(output if ok else None, cheap) for ok, cheap, output in told
    ]
    with pytest.raises(ValueError, match="do not hold"):
        answers_in(packed, len(told) + 1)
    with pytest.raises(ValueError, match="do not hold"):
        answers_in(packed + b"\x00", len(told))


def test_options_may_be_changed() -> None:
    assert replace(QUICK, calls_at_once=7).calls_at_once == 7
