"""Real signatures, a real node: sent, replaced, mined, final, taken back, and fenced."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address

from aineon.chain.client import ChainClient, Endpoint
from aineon.errors import StopLatched, Unavailable
from aineon.primitives import Address
from aineon.rehearsal.anvil import Anvil
from aineon.safety import Stop, StopFile
from aineon.sending.intent import Fees, Intent, IntentKind
from aineon.sending.keys import parse_private_key
from aineon.sending.relays import PublicMempool
from aineon.sending.sender import Sender
from aineon.sending.signer import LocalSigner
from aineon.sending.standing import Standing
from tests.sending.engines import open_book
from tests.sending.fakes import recipient

KEY = parse_private_key("0x" + "7c3e" * 15 + "0a51")
GWEI = 10**9
FEES = Fees(50 * GWEI, 2 * GWEI)
ETHER = 10**18
UNTIL_FINAL = 100


@dataclass(frozen=True)
class Identity:
    chain_id: int = 31_337
    genesis_hash: str | None = None


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    """A chain of the test's own, because a reverted one forgets its old states; mined on demand."""
    try:
        node = Anvil.start()
    except Unavailable as why:
        pytest.skip(f"anvil is not at hand: {why}")
    with node:
        node.ask("evm_setAutomine", False)
        node.ask("anvil_setBalance", LocalSigner(KEY).address, hex(10 * ETHER))
        yield node


@pytest.fixture
async def reader(anvil: Anvil) -> AsyncIterator[ChainClient]:
    client = await ChainClient.connect([Endpoint("node-1", anvil.url)], Identity())
    yield client
    await client.aclose()


@dataclass
class Rig:
    anvil: Anvil
    sender: Sender
    stop: Stop

    def mine(self, count: int = 1) -> None:
        self.anvil.ask("anvil_mine", hex(count))

    def received(self, number: int) -> int:
        return int(self.anvil.ask("eth_getBalance", recipient(number), "latest"), 16)


@pytest.fixture
async def rig(anvil: Anvil, reader: ChainClient, tmp_path: Path) -> AsyncIterator[Rig]:
    stop = Stop([StopFile(tmp_path / "STOP")])
    with open_book(tmp_path) as store:
        public = PublicMempool("anvil", anvil.url, 30.0)
        async with Sender(store, LocalSigner(KEY), reader, stop, public=public) as sender:
            await sender.start()
            yield Rig(anvil, sender, stop)


def payment(number: int, value: int = 5) -> Intent:
    name, to = f"withdrawal:{number}", recipient(number)
    return Intent(name, IntentKind.WITHDRAWAL, to, 21_000, FEES, value=value)


def signed_elsewhere() -> str:
    """What somebody else with our key signs, by another library's hand."""
    transaction = {
        "type": 2, "chainId": 31_337, "nonce": 0, "value": 1, "data": b"", "gas": 21_000,
        "to": to_checksum_address(recipient(9)), "maxFeePerGas": 50 * GWEI,
        "maxPriorityFeePerGas": GWEI,
    }  # fmt: skip
    signed = Account.sign_transaction(transaction, KEY.reveal())
    return "0x" + bytes(signed.raw_transaction).hex()


async def test_sent_replaced_mined_and_final(rig: Rig) -> None:
    first = await rig.sender.send(payment(1))
    assert first.standing is Standing.IN_FLIGHT
    assert first.version.state == "broadcast", first.answers
    raised = await rig.sender.reprice(payment(1), FEES.raised())
    assert (raised.version.nonce, raised.version.ordinal) == (0, 1)
    assert raised.version.state == "broadcast", raised.answers
    rig.mine()
    await rig.sender.reconcile()
    mined = await rig.sender.status("withdrawal:1")
    assert mined is not None
    assert (mined.standing, mined.version.hash) == (Standing.MINED, raised.version.hash)
    rig.mine(UNTIL_FINAL)
    await rig.sender.reconcile()
    final = await rig.sender.status("withdrawal:1")
    assert final is not None
    assert final.standing is Standing.FINAL
    assert final.version.landing is not None
    assert final.version.landing.gas_used == 21_000
    assert rig.received(1) == 5
    second = await rig.sender.send(payment(2))
    assert second.version.nonce == 1
    assert not rig.stop.state().is_set


async def test_a_reorganisation_takes_a_payment_back_and_it_is_paid_again_once(rig: Rig) -> None:
    rig.mine(5)
    await rig.sender.send(payment(3))
    rig.mine(2)
    await rig.sender.reconcile()
    # anvil does not put what it drops back into its mempool.
    rig.anvil.ask("anvil_reorg", 3, [])
    done = await rig.sender.reconcile()
    assert [change.state for change in done.changes] == ["unresolved"]
    assert len(done.handed_out) == 1
    rig.mine(UNTIL_FINAL)
    for _ in range(2):
        await rig.sender.reconcile()
    status = await rig.sender.status("withdrawal:3")
    assert status is not None
    assert status.standing is Standing.FINAL
    assert rig.received(3) == 5


async def test_a_reverted_transaction_is_final_and_failed(rig: Rig) -> None:
    # Creation code that makes a contract of one invalid opcode.
    deployed = rig.anvil.ask("eth_accounts")[0]
    trap = "0x" + "60fe60005360016000f3"
    rig.anvil.ask("eth_sendTransaction", {"from": deployed, "data": trap})
    rig.mine()
    block: dict[str, Any] = rig.anvil.ask("eth_getBlockByNumber", "latest", True)
    receipt = rig.anvil.ask("eth_getTransactionReceipt", block["transactions"][0]["hash"])
    to = Address(receipt["contractAddress"].lower())
    await rig.sender.send(Intent("approval:1", IntentKind.APPROVAL, to, 50_000, FEES, data=b"\1"))
    rig.mine(UNTIL_FINAL)
    for _ in range(2):
        await rig.sender.reconcile()
    status = await rig.sender.status("approval:1")
    assert status is not None
    assert status.version.landing is not None
    assert (status.standing, status.version.landing.succeeded) == (Standing.FINAL, False)


async def test_our_key_used_elsewhere_latches_the_stop(rig: Rig) -> None:
    signed = signed_elsewhere()
    rig.anvil.ask("eth_sendRawTransaction", signed)
    done = await rig.sender.reconcile()
    assert "its key was used elsewhere" in str(done.stop)
    with pytest.raises(StopLatched):
        await rig.sender.send(payment(4))
    rig.mine()
    assert rig.received(4) == 0


async def test_a_stranger_in_our_nonce_is_found_in_its_block(rig: Rig, anvil: Anvil) -> None:
    rig.mine(3)
    await rig.sender.send(payment(5))
    anvil.ask("anvil_dropAllTransactions")
    signed = signed_elsewhere()
    name = anvil.ask("eth_sendRawTransaction", signed)
    rig.mine(UNTIL_FINAL)
    done = await rig.sender.reconcile()
    assert [spend.transaction_hash for spend in done.foreign] == [name]
    assert name in str(done.stop)
    rig.stop.clear("ada", rig.stop.state())
    again = await rig.sender.send(payment(5))
    assert again.version.nonce == 1
    rig.mine()
    assert rig.received(5) == 5
