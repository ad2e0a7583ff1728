"""The client over real connections, behind a proxy that makes the faults real nodes have."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from aineon.chain.client import ChainClient, Endpoint
from aineon.chain.reader import Call
from aineon.errors import (
    AllNodesDown,
    ChainError,
    NodeRefused,
    RangeTooWide,
    RateLimited,
    UnknownBlock,
    WrongChain,
)
from aineon.primitives import Address
from aineon.rehearsal.anvil import Anvil
from tests.chain.client_world import (
    ECHO,
    LOG,
    QUICK,
    REFUSE,
    SENDER,
    AnvilChain,
    an_anvil,
    deploy,
    send,
)
from tests.faults import proxy as faults
from tests.faults.proxy import Fault, FaultProxy

LOGS_A_BLOCK = 3
BLOCKS = 20


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


@pytest.fixture(scope="module")
def anvil() -> Iterator[Anvil]:
    with an_anvil() as anvil:
        yield anvil


@pytest.fixture(scope="module")
def emitter(anvil: Anvil) -> Address:
    """A contract that has made some logs in each of the first blocks."""
    emitter = deploy(anvil, LOG)
    deploy(anvil, ECHO)
    anvil.rpc.ask("evm_setAutomine", False)
    for block in range(BLOCKS):
        for place in range(LOGS_A_BLOCK):
            wanted = {"from": SENDER, "to": emitter, "data": "0x" + word(block * 10 + place).hex()}
            anvil.rpc.ask("eth_sendTransaction", wanted | {"gas": "0x186a0"})
        anvil.rpc.ask("evm_mine")
    anvil.rpc.ask("evm_setAutomine", True)
    return emitter


@pytest.fixture
async def first(anvil: Anvil) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(anvil.url) as proxy:
        yield proxy


@pytest.fixture
async def second(anvil: Anvil) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(anvil.url) as proxy:
        yield proxy


async def over(*urls: str, **options: Any) -> ChainClient:
    endpoints = [Endpoint(f"node-{place}", url) for place, url in enumerate(urls, 1)]
    return await ChainClient.connect(endpoints, AnvilChain(), options=replace(QUICK, **options))


# --- one node after the other ----------------------------------------------------------------

FAULTS: dict[str, Callable[[], Fault]] = {
    "cut": faults.drop,
    "hanging": faults.hang,
    "429": lambda: faults.status(429, Retry_After="60"),
    "500": lambda: faults.status(500),
    "301": lambda: faults.status(301, Location="http://127.0.0.1:1/"),
    "html": faults.garbage,
    "no JSON-RPC": lambda: faults.garbage(b"[]"),
    "no text": lambda: faults.garbage(b"\xff\xfe\x00"),
    "nested without end": lambda: faults.garbage(b"[" * 100_000),
    "truncated": faults.truncated,
    "refused": lambda: faults.refuse(-32603, "internal error"),
    "rate limit": lambda: faults.refuse(-32005, "limit exceeded"),
    "nonsense": lambda: faults.lie("0xno"),
    "nothing": lambda: faults.lie(None),
}


def _seconds(fault: object) -> float:
    """How long a request may take: only where none will be answered it is to be short."""
    return 0.5 if fault in {"hanging", faults.hang} else 2.0


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("scheme", ["http", "ws"])
async def test_the_next_node_answers(
    first: FaultProxy, second: FaultProxy, emitter: Address, fault: str, scheme: str
) -> None:
    urls = [each.url.replace("http", scheme, 1) for each in (first, second)]
    async with await over(*urls, request_s=_seconds(fault)) as client:
        first.on("eth_getCode", FAULTS[fault]())
        assert (await client.code(emitter)).hex() == LOG
        assert second.asked["eth_getCode"] == 1
        assert (await client.code(emitter)).hex() == LOG


@pytest.mark.parametrize("fault", FAULTS)
async def test_control_an_only_node_that_fails_is_seen_to_fail(
    first: FaultProxy, emitter: Address, fault: str
) -> None:
    async with await over(first.url, request_s=_seconds(fault), patience_s=0.3) as client:
        first.on("eth_getCode", FAULTS[fault]())
        with pytest.raises(ChainError):
            await client.code(emitter)


@pytest.mark.parametrize("scheme", ["http", "ws"])
async def test_a_node_of_another_chain_is_refused(first: FaultProxy, scheme: str) -> None:
    first.on("eth_chainId", faults.lie("0x5"))
    with pytest.raises(WrongChain, match="node-1 reads chain 5 "):
        await over(first.url.replace("http", scheme, 1))


async def test_a_node_that_is_behind_is_not_asked_for_the_newest(
    first: FaultProxy, second: FaultProxy, anvil: Anvil, emitter: Address
) -> None:
    await first.freeze()
    async with await over(first.url, second.url) as client:
        anvil.rpc.ask("anvil_mine", "0x2")
        await client.check()
        assert [each.state for each in client.health()] == ["stale", "healthy"]
        newest = await client.block("latest")
        assert newest is not None
        assert newest.number == int(anvil.rpc.ask("eth_blockNumber"), 16)
        first.clear()
        await client.check()
        assert [each.state for each in client.health()] == ["healthy", "healthy"]


async def test_a_block_that_the_preferred_node_does_not_know_is_read_from_the_next(
    first: FaultProxy, second: FaultProxy, anvil: Anvil, emitter: Address
) -> None:
    await first.freeze()
    receipt = send(anvil, emitter, "0x" + word(7).hex())
    block = receipt["blockHash"]
    async with await over(first.url, second.url) as client:
        assert await client.call(Call(deploy(anvil, ECHO), word(4)), block) == word(4)
        (log,) = await client.logs(block_hash=block)
        assert log["topics"] == ["0x" + word(7).hex()]
        assert await client.block(block) is not None
        found = await client.receipt(receipt["transactionHash"])
        assert found is not None
        assert found.succeeded
    async with await over(first.url, rounds=1) as client:
        with pytest.raises(UnknownBlock):
            await client.call(Call(emitter, b""), block)
        assert await client.block(block) is None
        assert await client.receipt(receipt["transactionHash"]) is None


async def test_a_dead_socket_is_replaced(first: FaultProxy, emitter: Address) -> None:
    async with await over(first.websocket_url) as client:
        await first.close_sockets()
        assert (await client.code(emitter)).hex() == LOG


async def test_requests_over_a_socket_keep_apart(first: FaultProxy, anvil: Anvil) -> None:
    echo = deploy(anvil, ECHO)
    async with await over(first.websocket_url, parallel=50) as client:
        first.on("eth_call", faults.delay(0.05), only=lambda each: int(each["id"]) % 2 == 0)
        found = await asyncio.gather(
            *(client.call(Call(echo, word(number))) for number in range(60))
        )
        assert found == [word(number) for number in range(60)]


# --- logs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        faults.widest(7),
        faults.widest(7, "eth_getLogs is limited to a {} range"),
        faults.widest(1, "block range is too wide"),
        faults.most_logs(5),
        faults.most_logs(LOGS_A_BLOCK, "Log response size exceeded"),
        faults.duplicated_logs(),
        faults.shuffled_logs(),
    ],
    ids=["7 blocks", "7 named", "1", "5 logs", "3 logs", "twice", "shuffled"],
)
async def test_all_logs_come_once_and_in_order(
    first: FaultProxy, emitter: Address, fault: Fault
) -> None:
    async with await over(first.url) as client:
        wanted = {"from_block": 0, "to_block": BLOCKS, "addresses": [emitter]}
        truth = await client.logs(**wanted)  # type: ignore[arg-type]
        assert len(truth) == BLOCKS * LOGS_A_BLOCK
        first.on("eth_getLogs", fault)
        assert await client.logs(**wanted) == truth  # type: ignore[arg-type]


async def test_control_the_faults_do_change_what_a_node_answers(
    first: FaultProxy, emitter: Address
) -> None:
    async with await over(first.url) as client:
        wanted = {"fromBlock": "0x0", "toBlock": hex(BLOCKS), "address": emitter}
        truth = await client.request("eth_getLogs", wanted)
        for fault in (faults.duplicated_logs(), faults.shuffled_logs(), faults.missing_logs()):
            first.on("eth_getLogs", fault)
            assert await client.request("eth_getLogs", wanted) != truth
        first.on("eth_getLogs", faults.widest(3))
        with pytest.raises(RangeTooWide):
            await client.request("eth_getLogs", wanted)


async def test_a_rate_limit_in_the_middle_is_waited_for(
    first: FaultProxy, emitter: Address
) -> None:
    async with await over(first.url) as client:
        first.on("eth_getLogs", faults.status(429, Retry_After="0"), times=1, after=2)
        first.on("eth_getLogs", faults.widest(4))
        found = await client.logs(from_block=0, to_block=BLOCKS, addresses=[emitter])
        assert len(found) == BLOCKS * LOGS_A_BLOCK


async def test_retry_after_is_honoured(first: FaultProxy, emitter: Address) -> None:
    async with await over(first.url) as client:
        first.on("eth_getCode", faults.status(429, b"{}", Retry_After="3600"))
        with pytest.raises(RateLimited) as refused:
            await client.code(emitter)
        assert refused.value.retry_after_s == 3600
        assert first.asked["eth_getCode"] == 1
        with pytest.raises(AllNodesDown, match="node-1 is asked too often"):
            await client.code(emitter)
        assert first.asked["eth_getCode"] == 1


# --- heads -------------------------------------------------------------------------------------


async def heads_of(client: ChainClient, count: int) -> list[int]:
    found = []
    heads = client.heads()
    async with asyncio.timeout(20):
        async for head in heads:
            found.append(head.number)
            if len(found) == count:
                break
    await heads.aclose()  # type: ignore[attr-defined]
    return found


async def mine(anvil: Anvil) -> None:
    while True:
        await asyncio.sleep(0.1)
        anvil.rpc.ask("evm_mine")


async def heads_while_mining(client: ChainClient, anvil: Anvil, count: int) -> list[int]:
    mining = asyncio.create_task(mine(anvil))
    try:
        return await heads_of(client, count)
    finally:
        mining.cancel()


@pytest.mark.parametrize("scheme", ["http", "ws"])
async def test_heads_come_as_they_are_made(first: FaultProxy, anvil: Anvil, scheme: str) -> None:
    async with await over(first.url.replace("http", scheme, 1)) as client:
        start = int(anvil.rpc.ask("eth_blockNumber"), 16)
        found = await heads_while_mining(client, anvil, 4)
        assert found[0] == start
        assert found == sorted(set(found))
        assert first.asked["eth_subscribe"] == (scheme == "ws")


async def test_a_silent_subscription_is_replaced_by_the_next_nodes(
    first: FaultProxy, second: FaultProxy, anvil: Anvil
) -> None:
    first.silence()
    async with await over(first.websocket_url, second.websocket_url, silent_after_s=0.15) as client:
        found = await heads_while_mining(client, anvil, 4)
        assert len(found) == 4
        assert first.asked["eth_subscribe"] == 1


async def test_where_no_subscription_works_heads_are_asked_for(
    first: FaultProxy, anvil: Anvil
) -> None:
    async with await over(first.websocket_url) as client:
        first.on("eth_subscribe", faults.refuse(-32601, "subscriptions are not supported"))
        found = await heads_while_mining(client, anvil, 3)
        assert len(found) == 3
        assert found == sorted(found)


async def test_a_closed_socket_does_not_end_the_heads(first: FaultProxy, anvil: Anvil) -> None:
    async with await over(first.websocket_url) as client:
        heads = client.heads()
        found = {(await anext(heads)).number}
        await first.close_sockets()
        mining = asyncio.create_task(mine(anvil))
        async with asyncio.timeout(20):
            while len(found) < 4:
                found.add((await anext(heads)).number)
        mining.cancel()
        await heads.aclose()  # type: ignore[attr-defined]


async def test_a_reorg_shows_other_heads(first: FaultProxy, anvil: Anvil) -> None:
    async with await over(first.url) as client:
        heads = client.heads()
        before = await anext(heads)
        snapshot = anvil.rpc.ask("evm_snapshot")
        anvil.rpc.ask("evm_mine")
        gone = await anext(heads)
        anvil.rpc.ask("evm_revert", snapshot)
        anvil.rpc.ask("evm_setNextBlockTimestamp", hex((gone.timestamp or 0) + 5))
        anvil.rpc.ask("evm_mine")
        came = await anext(heads)
        assert came.number == gone.number
        assert came.hash != gone.hash
        assert came.parent_hash == before.hash
        await heads.aclose()  # type: ignore[attr-defined]


async def test_where_all_nodes_are_down_the_heads_end_with_an_error(first: FaultProxy) -> None:
    async with await over(first.websocket_url, patience_s=0.5) as client:
        first.refuse_sockets()
        await first.close_sockets()
        with pytest.raises(AllNodesDown):
            await heads_of(client, 99)


# --- simulation ----------------------------------------------------------------------------------


async def test_transactions_are_simulated_one_after_the_other(
    first: FaultProxy, anvil: Anvil, emitter: Address
) -> None:
    async with await over(first.url) as client:
        nobody = Address("0x" + "99" * 20)
        found = await client.simulate(
            [
                {"from": SENDER, "to": nobody, "value": 10**18},
                {"from": nobody, "to": emitter, "data": word(6), "value": 1},
                {"from": nobody, "to": deploy(anvil, REFUSE)},
                {"from": nobody, "to": deploy(anvil, ECHO), "data": word(3)},
            ],
            state_overrides={SENDER: {"balance": 2 * 10**18}},
            block_overrides={"baseFeePerGas": 0},
        )
        assert [each.succeeded for each in found] == [True, True, False, True]
        assert found[0].gas_used == 21_000
        assert found[1].logs[0]["topics"] == ["0x" + word(6).hex()]
        assert found[2].output.hex() == "deadbeef"
        assert found[2].failure
        assert found[3].output == word(3)


async def test_a_node_that_cannot_simulate_is_passed_over(
    first: FaultProxy, second: FaultProxy, emitter: Address
) -> None:
    first.on("eth_simulateV1", faults.refuse(-32601, "the method does not exist"))
    async with await over(first.url, second.url) as client:
        assert len(await client.simulate([{"from": SENDER, "to": emitter}])) == 1
    async with await over(first.url) as client:
        with pytest.raises(NodeRefused, match="the method does not exist") as refused:
            await client.simulate([{"from": SENDER, "to": emitter}])
        assert refused.value.code == -32601


# --- secrets -------------------------------------------------------------------------------------

CANARIES = ("C4naryKey0123456789", "Us3rname", "P4ssw%C3%B6rd", "P4sswörd", "Qu3ryKey")
ECHOING = "invalid project id {0} for https://x.test/v3/{0}?key={4}: auth {1}:{2} {3}".format(
    *CANARIES
)


def secret_url(url: str) -> str:
    key, user, password, _, query = CANARIES
    return url.replace("://", f"://{user}:{password}@", 1) + f"/v3/{key}?api={query}"


def all_that_an_error_tells(error: BaseException | None) -> str:
    """Its traceback, and that of everything that stands behind it, suppressed or not."""
    told, seen = "", set()
    open_ = [error]
    while open_:
        each = open_.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        told += "".join(traceback.format_exception(each)) + f"{each!r} {each.args!r} {vars(each)!r}"
        open_ += [each.__cause__, each.__context__]
    return told


@pytest.mark.parametrize("scheme", ["http", "ws"])
@pytest.mark.parametrize(
    "fault",
    [
        *FAULTS.values(),
        lambda: faults.refuse(-32600, ECHOING, {"see": ECHOING}),
        lambda: faults.refuse(3, ECHOING, ECHOING),
        lambda: faults.refuse(-32005, ECHOING),
        lambda: faults.status(401, ECHOING.encode()),
        lambda: faults.status(429, ECHOING.encode()),
        lambda: faults.lie(ECHOING),
        lambda: faults.garbage(ECHOING.encode()),
    ],
)
async def test_no_failure_tells_a_secret(
    first: FaultProxy,
    emitter: Address,
    fault: Callable[[], Fault],
    scheme: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    url = secret_url(first.url.replace("http", scheme, 1))
    async with await over(url, request_s=_seconds(fault), patience_s=0.3, rounds=2) as client:
        first.on("eth_call", fault())
        first.on("eth_getLogs", fault())
        told = repr(client)
        for read in (client.call(Call(emitter, b"")), client.logs(from_block=0, to_block=9)):
            with pytest.raises(ChainError) as refused:
                await read
            told += all_that_an_error_tells(refused.value)
        told += repr(client.health())
    told += caplog.text
    for canary in CANARIES:
        assert canary.lower() not in told.lower()


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "ws://127.0.0.1:9"])
async def test_nobody_at_home_tells_no_secret(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(AllNodesDown) as refused:
        await over(secret_url(address))
    told = all_that_an_error_tells(refused.value) + caplog.text
    for canary in CANARIES:
        assert canary.lower() not in told.lower()


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_a_refused_socket_tells_no_secret(anvil: Anvil, status: int) -> None:
    async with FaultProxy(anvil.url) as proxy:
        proxy.refuse_sockets(status)
        with pytest.raises(ChainError) as refused:
            await over(secret_url(proxy.websocket_url))
        for canary in CANARIES:
            assert canary.lower() not in all_that_an_error_tells(refused.value).lower()
        assert isinstance(refused.value, RateLimited) == (status == 429)


async def test_control_web3s_own_provider_would_tell_them(caplog: pytest.LogCaptureFixture) -> None:
    from web3 import AsyncHTTPProvider

    caplog.set_level(logging.DEBUG)
    provider = AsyncHTTPProvider(
        secret_url("http://127.0.0.1:9"), exception_retry_configuration=None
    )
    with pytest.raises(OSError, match="127") as refused:
        await provider.make_request("eth_chainId", [])  # type: ignore[arg-type]
    await provider.disconnect()
    assert CANARIES[0] in all_that_an_error_tells(refused.value) + caplog.text
