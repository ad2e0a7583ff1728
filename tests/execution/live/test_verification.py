"""Independent sources: a second node that agrees, lies, or is silent, and a block explorer."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from aineon.chain.client import ChainClient
from aineon.chain.reader import Receipt
from aineon.errors import NodeUnavailable
from aineon.execution.live.etherscan import EtherscanWitness
from aineon.execution.live.verification import NodeWitness, verify
from aineon.execution.settlement import OnchainSettlement, Outcome, Verification
from aineon.ledger.reading import BookReader
from aineon.rehearsal.relay import Relay
from tests.contracts.routes.scenes import Scene
from tests.execution.live.rig import client_of, engine
from tests.faults.proxy import Fault, FaultProxy, change, drop, lie

RECEIPT = "eth_getTransactionReceipt"
KEY = "SECRETKEY0123456789"


def more_profit(receipt: Any) -> Any:
    """The treasury's transfer, which is the largest data word of the last Transfer, raised."""
    if receipt is None:
        return None
    logs = [dict(log) for log in receipt["logs"]]
    transfer = next(log for log in reversed(logs) if len(log["topics"]) == 3)
    transfer["data"] = "0x" + f"{int(transfer['data'], 16) + 5:064x}"
    return receipt | {"logs": logs}


def cheaper_gas(receipt: Any) -> Any:
    return None if receipt is None else receipt | {"gasUsed": hex(int(receipt["gasUsed"], 16) - 1)}


async def told(
    scene: Scene, reader: ChainClient, relay: Relay, folder: Path, fault: Fault | None
) -> OnchainSettlement:
    """The settlement of an included attempt, witnessed by a node with `fault`."""
    async with FaultProxy(scene.world.anvil.url) as proxy:
        second = await client_of(proxy.url)
        if fault is not None:
            proxy.on(RECEIPT, fault)
        witness = NodeWitness("node-2", second)
        async with engine(scene, reader, relay, folder, witnesses=[witness]) as rig:
            attempt = await rig.attempt(rig.profit().plan)
            await rig.block()
            settlement = await rig.until_settled(attempt.attempt_id)
            with BookReader.of(rig.store) as book:
                (trade,) = book.recent_trades()
        await second.aclose()
    assert settlement.outcome is Outcome.INCLUDED
    assert trade.settlement is not None
    assert trade.settlement.verification == settlement.verification.value
    assert trade.settlement.verification_detail == settlement.verification_detail
    assert trade.settlement.transaction_hash == settlement.transaction_hash
    return settlement


async def test_a_second_node_says_the_same(
    scene: Scene, reader: ChainClient, relay: Relay, tmp_path: Path
) -> None:
    settlement = await told(scene, reader, relay, tmp_path, None)
    assert settlement.verification is Verification.VERIFIED
    assert settlement.verification_detail == "node-2 says the same"


@pytest.mark.parametrize(("lying", "figure"), [(more_profit, "profit"), (cheaper_gas, "gas")])
async def test_a_second_node_lies_or_the_first_one_does(
    scene: Scene,
    reader: ChainClient,
    relay: Relay,
    tmp_path: Path,
    lying: Callable[[Any], Any],
    figure: str,
) -> None:
    settlement = await told(scene, reader, relay, tmp_path, change(lying))
    assert settlement.verification is Verification.DIFFERS
    # Both figures are told.
    assert settlement.verification_detail.startswith(f"node-2 says {figure} ")
    assert "(ours " in settlement.verification_detail


@pytest.mark.parametrize(
    ("fault", "words"),
    [(drop(), "node-2 could not be asked"), (lie(None), "does not know the transaction")],
)
async def test_a_second_node_that_says_nothing(
    scene: Scene, reader: ChainClient, relay: Relay, tmp_path: Path, fault: Fault, words: str
) -> None:
    settlement = await told(scene, reader, relay, tmp_path, fault)
    assert settlement.verification is Verification.UNVERIFIED
    assert words in settlement.verification_detail


class Stumbling:
    """A witness whose answer makes us fail in a way that nobody thought of."""

    name = "stumbling"

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def receipt(self, transaction_hash: str) -> Receipt | None:
        raise self._error

    async def aclose(self) -> None:
        pass


@pytest.mark.parametrize("error", [RecursionError("deep"), KeyError("status"), OSError("url?key")])
async def test_a_witness_that_makes_us_stumble_ends_neither_trade_nor_engine(
    scene: Scene,
    reader: ChainClient,
    relay: Relay,
    tmp_path: Path,
    error: Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with engine(scene, reader, relay, tmp_path, witnesses=[Stumbling(error)]) as rig:
        attempt = await rig.attempt(rig.profit().plan)
        await rig.block()
        settlement = await rig.until_settled(attempt.attempt_id)
    assert settlement.outcome is Outcome.INCLUDED
    assert settlement.net is not None
    assert settlement.verification is Verification.UNVERIFIED
    kind = type(error).__name__
    assert settlement.verification_detail == f"stumbling could not be compared with ({kind})"
    assert "stumbling could not be compared with" in caplog.text


async def test_beside_one_that_stumbles_another_is_heard() -> None:
    claim: Any = SimpleNamespace(transaction_hash="0x1", receipt=None)
    silent = SimpleNamespace(name="other", receipt=_none)
    said, words = await verify(claim, [Stumbling(KeyError("x")), silent])  # type: ignore[list-item]
    assert (said, words) == (Verification.VERIFIED, "other says the same")


async def _none(transaction_hash: str) -> None:
    return None


async def test_a_miss_is_verified_too(
    scene: Scene, reader: ChainClient, relay: Relay, tmp_path: Path
) -> None:
    second = await client_of(scene.world.anvil.url)
    witness = NodeWitness("node-2", second)
    async with engine(scene, reader, relay, tmp_path, witnesses=[witness]) as rig:
        attempt = await rig.attempt(rig.profit().plan)
        relay.take(10**9)
        settlement = await rig.until_settled(attempt.attempt_id)
    await second.aclose()
    assert settlement.outcome is Outcome.MISSED
    assert settlement.verification is Verification.VERIFIED


async def test_a_contract_that_tells_another_profit_is_flagged(
    scene: Scene, relay: Relay, tmp_path: Path
) -> None:
    """Our own node changes the treasury's transfer, and not the contract's event."""
    async with FaultProxy(scene.world.anvil.url) as proxy:
        ours = await client_of(proxy.url)
        proxy.on(RECEIPT, change(more_profit))
        async with engine(scene, ours, relay, tmp_path) as rig:
            attempt = await rig.attempt(rig.profit().plan)
            await rig.block()
            settlement = await rig.until_settled(attempt.attempt_id)
        await ours.aclose()
    assert settlement.verification is Verification.DIFFERS
    assert "by the contract's event, and " in settlement.verification_detail
    assert "by the token's logs" in settlement.verification_detail


# --- Etherscan ---------------------------------------------------------------------------------


class Explorer:
    """Answers as Etherscan's API does, with what `answer` is."""

    def __init__(self) -> None:
        self.answer: Any = {"jsonrpc": "2.0", "id": 1, "result": None}
        self.status = 200
        self.text = ""
        self.asked: list[dict[str, str]] = []
        self.url = ""

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.query))
        text = self.text or json.dumps(self.answer)
        return web.json_response(text=text, status=self.status)


@pytest.fixture
async def explorer() -> AsyncIterator[Explorer]:
    made = Explorer()
    application = web.Application()
    application.router.add_get("/v2/api", made.serve)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v2/api"
    yield made
    await runner.cleanup()


@pytest.fixture
async def etherscan(explorer: Explorer) -> AsyncIterator[EtherscanWitness]:
    witness = EtherscanWitness(KEY, 1, url=explorer.url, answer_seconds=5.0)
    yield witness
    await witness.aclose()


HASH = "0x" + "ab" * 32
ANSWERED = {
    "transactionHash": HASH, "from": "0x" + "01" * 20, "status": "0x1", "blockNumber": "0x10",
    "blockHash": "0x" + "cd" * 32, "transactionIndex": "0x0", "gasUsed": "0x5208",
    "effectiveGasPrice": "0x3b9aca00", "logs": [],
}  # fmt: skip


async def test_etherscan_tells_a_receipt(explorer: Explorer, etherscan: EtherscanWitness) -> None:
    explorer.answer["result"] = ANSWERED
    receipt = await etherscan.receipt(HASH)
    assert receipt is not None
    assert (receipt.block_number, receipt.gas_used, receipt.succeeded) == (16, 21_000, True)
    assert explorer.asked == [
        {
            "chainid": "1",
            "module": "proxy",
            "action": RECEIPT,
            "txhash": HASH,
            "apikey": KEY,
        }
    ]
    explorer.answer["result"] = None
    assert await etherscan.receipt(HASH) is None


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ({"status": "0", "message": "NOTOK", "result": f"Invalid API Key {KEY}"}, 200, "refuses"),
        ({"status": "0"}, 200, "without a result"),
        ([], 200, "without a result"),
        ({"result": {"transactionHash": HASH}}, 200, "cannot be read"),
        ({"result": ANSWERED | {"transactionHash": "0x" + "00" * 32}}, 200, "another transaction"),
        ({"result": ANSWERED}, 502, "HTTP 502"),
    ],
)
async def test_etherscans_refusals_show_no_key(
    explorer: Explorer,
    etherscan: EtherscanWitness,
    answer: Any,
    status: int,
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    explorer.answer, explorer.status = answer, status
    with caplog.at_level(logging.DEBUG), pytest.raises(NodeUnavailable, match=words) as raised:
        await etherscan.receipt(HASH)
    shown = "".join((str(raised.value), repr(raised.value.__cause__), repr(etherscan), caplog.text))
    assert KEY not in shown


@pytest.mark.parametrize("opened", ["[", '{"result":'])
async def test_an_answer_nested_without_end_leaves_the_trade_unverified(
    explorer: Explorer, etherscan: EtherscanWitness, opened: str
) -> None:
    explorer.text = opened * 100_000
    with pytest.raises(RecursionError):
        json.loads(explorer.text)
    with pytest.raises(NodeUnavailable) as raised:
        await etherscan.receipt(HASH)
    assert str(raised.value) == "Etherscan's answer is nested too deeply to be read"
    claim: Any = SimpleNamespace(transaction_hash=HASH, receipt=None)
    said, why = await verify(claim, [etherscan])
    assert said is Verification.UNVERIFIED
    assert why == f"Etherscan could not be asked: {raised.value}"


async def test_etherscan_that_is_not_there_shows_no_key(caplog: pytest.LogCaptureFixture) -> None:
    nowhere = EtherscanWitness(KEY, url="http://127.0.0.1:9/v2/api", answer_seconds=1.0)
    with caplog.at_level(logging.DEBUG), pytest.raises(NodeUnavailable) as raised:
        await nowhere.receipt(HASH)
    assert str(raised.value) == "Etherscan cannot be asked (ConnectError)"
    assert KEY not in caplog.text
    await nowhere.aclose()
