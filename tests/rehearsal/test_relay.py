"""The relay and the builder: what pays goes in first, what reverts costs nothing, faults hurt."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from aineon.primitives.units import ETHER, GWEI
from aineon.rehearsal.accounts import Account as Role
from aineon.rehearsal.blocks import COINBASE, BlockMaker
from aineon.rehearsal.bundles import Fate
from aineon.rehearsal.calls import call_data
from aineon.rehearsal.relay import MOST_BLOCKS_AHEAD, Fault, Relay
from aineon.rehearsal.world import World

PATIENCE_SECONDS = 20


@dataclass
class Stage:
    """A world whose blocks we make, its relay, and those who sign."""

    world: World
    relay: Relay
    maker: BlockMaker
    nonces: dict[str, int] = field(default_factory=dict)

    def signed(self, role: Role, **fields: Any) -> str:
        """A raw transaction of somebody's next nonce; it gives the builder a tip by default."""
        nonce = self.nonces.get(role.role, 0)
        self.nonces[role.role] = nonce + 1
        usual = {
            "chainId": 31_337,
            "nonce": nonce,
            "to": to_checksum_address(self.world.accounts.treasury.address),
            "gas": 100_000,
            "maxFeePerGas": 100 * GWEI,
            "maxPriorityFeePerGas": GWEI,
        }
        raw = Account.sign_transaction({**usual, **fields}, role.key).raw_transaction
        return f"0x{bytes(raw).hex()}"

    def reverting(self, role: Role, **fields: Any) -> str:
        """A transaction that takes more WETH out than its sender has put in."""
        place = to_checksum_address(self.world.wrapped_ether.address)
        data = call_data("withdraw(uint256)", ETHER)
        return self.signed(role, to=place, data=data, **fields)

    def receipt(self, raw: str) -> Mapping[str, Any] | None:
        digest = f"0x{keccak(hexstr=raw).hex()}"
        found: Mapping[str, Any] | None = self.world.anvil.ask("eth_getTransactionReceipt", digest)
        return found

    async def send(self, *raws: str, block: int | None = None, **parameters: Any) -> Any:
        """Send a bundle, for the next block unless told otherwise, and return its answer."""
        number = hex(self.world.head() + 1 if block is None else block)
        return await self.ask("eth_sendBundle", {"txs": raws, "blockNumber": number, **parameters})

    async def ask(self, method: str, parameters: Mapping[str, Any]) -> Any:
        body = request_body(method, parameters)
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
            answer = await client.post(
                self.relay.url, content=body, headers=self.signature_of(body)
            )
        answer.raise_for_status()
        return answer.json()

    def signature_of(self, body: bytes) -> dict[str, str]:
        searcher = self.world.accounts.searcher
        message = encode_defunct(text=f"0x{keccak(body).hex()}")
        signature = Account.sign_message(message, searcher.key).signature.hex()
        return {"X-Flashbots-Signature": f"{searcher.address}:0x{signature}"}

    def balance(self, address: str) -> int:
        return int(self.world.anvil.ask("eth_getBalance", address, "latest"), 16)

    def transactions(self) -> list[str]:
        found = self.world.anvil.ask("eth_getBlockByNumber", "latest", False)
        return list(found["transactions"])


def request_body(method: str, parameters: Mapping[str, Any]) -> bytes:
    return json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": method, "params": [parameters]}
    ).encode()


@pytest.fixture
async def stage(world: World) -> AsyncIterator[Stage]:
    async with await Relay.start(world.head()) as relay:
        made = Stage(world, relay, BlockMaker(world, relay, seconds_apart=12))
        await made.maker.next_block()
        yield made


async def test_a_bundle_that_pays_is_first_in_its_block(stage: Stage) -> None:
    raw = stage.signed(stage.world.accounts.operator)
    waiting = stage.signed(stage.world.accounts.guardian, maxPriorityFeePerGas=50 * GWEI)
    stage.world.anvil.ask("eth_sendRawTransaction", waiting)
    answer = await stage.send(raw)
    made = await stage.maker.next_block()
    (verdict,) = made.verdicts
    assert verdict.fate is Fate.INCLUDED
    assert answer["result"]["bundleHash"] == verdict.bundle.hash
    assert stage.transactions()[0] == f"0x{keccak(hexstr=raw).hex()}"
    # What waited in the open is in the block too, after it.
    assert f"0x{keccak(hexstr=waiting).hex()}" in stage.transactions()[1:]
    assert list(stage.relay.verdicts) == [verdict]


async def test_what_the_trial_says_is_what_happens(stage: Stage) -> None:
    operator = stage.world.accounts.operator
    raws = [
        stage.signed(operator, to=to_checksum_address(COINBASE), value=ETHER // 1000),
        stage.signed(operator, maxPriorityFeePerGas=3 * GWEI),
    ]
    await stage.send(*raws)
    before = stage.balance(COINBASE)
    (verdict,) = (await stage.maker.next_block()).verdicts
    # The transfer, and the tips of two plain transfers of 21,000 gas.
    assert verdict.payment_wei == ETHER // 1000 + 21_000 * (GWEI + 3 * GWEI)
    receipts = [stage.receipt(raw) for raw in raws]
    assert [receipt and receipt["status"] for receipt in receipts] == ["0x1", "0x1"]
    assert stage.balance(COINBASE) - before >= verdict.payment_wei


async def test_a_bundle_that_reverts_costs_nothing(stage: Stage) -> None:
    operator = stage.world.accounts.operator
    before = stage.balance(operator.address)
    raws = [stage.signed(operator), stage.reverting(operator)]
    await stage.send(*raws)
    (verdict,) = (await stage.maker.next_block()).verdicts
    assert verdict.fate is Fate.REVERTED
    assert [stage.receipt(raw) for raw in raws] == [None, None]
    assert stage.balance(operator.address) == before


async def test_a_transaction_may_revert_where_the_bundle_says_so(stage: Stage) -> None:
    operator = stage.world.accounts.operator
    raws = [stage.signed(operator), stage.reverting(operator)]
    allowed = [f"0x{keccak(hexstr=raws[1]).hex()}"]
    await stage.send(*raws, revertingTxHashes=allowed)
    (verdict,) = (await stage.maker.next_block()).verdicts
    assert verdict.fate is Fate.INCLUDED
    receipts = [stage.receipt(raw) for raw in raws]
    assert [receipt and receipt["status"] for receipt in receipts] == ["0x1", "0x0"]


async def test_of_two_that_exclude_each_other_the_dearer_one_wins(stage: Stage) -> None:
    operator = stage.world.accounts.operator
    cheap = stage.signed(operator, nonce=0)
    dear = stage.signed(operator, nonce=0, maxPriorityFeePerGas=2 * GWEI)
    await stage.send(cheap)
    await stage.send(dear)
    first, second = (await stage.maker.next_block()).verdicts
    assert (first.fate, second.fate) == (Fate.INCLUDED, Fate.OUTBID)
    assert first.payment_wei > second.payment_wei
    assert stage.receipt(dear) is not None
    assert stage.receipt(cheap) is None


async def test_bundles_that_get_along_are_all_included(stage: Stage) -> None:
    accounts = stage.world.accounts
    raws = [stage.signed(each) for each in (accounts.operator, accounts.guardian)]
    for raw in raws:
        await stage.send(raw)
    verdicts = (await stage.maker.next_block()).verdicts
    assert [verdict.fate for verdict in verdicts] == [Fate.INCLUDED, Fate.INCLUDED]
    assert all(stage.receipt(raw) for raw in raws)


@pytest.mark.parametrize(
    ("fields", "parameters", "fate"),
    [
        ({"maxPriorityFeePerGas": 0}, {}, Fate.NOT_PAYING),
        ({"nonce": 5}, {}, Fate.WRONG_NONCE),
        ({"maxFeePerGas": GWEI // 10, "maxPriorityFeePerGas": 0}, {}, Fate.FEE_TOO_LOW),
        ({"value": 10**9 * ETHER}, {}, Fate.REFUSED),
        ({}, {"maxTimestamp": 5}, Fate.WRONG_TIME),
        ({}, {"minTimestamp": 2**40}, Fate.WRONG_TIME),
    ],
)
async def test_what_cannot_be_built_is_dropped_and_says_why(
    stage: Stage, fields: dict[str, Any], parameters: dict[str, Any], fate: Fate
) -> None:
    raw = stage.signed(stage.world.accounts.operator, **fields)
    await stage.send(raw, **parameters)
    made = await stage.maker.next_block()
    assert [verdict.fate for verdict in made.verdicts] == [fate]
    assert stage.receipt(raw) is None


async def test_a_bundle_meets_its_own_block_and_no_other(stage: Stage) -> None:
    raw = stage.signed(stage.world.accounts.operator)
    await stage.send(raw, block=stage.world.head() + 2)
    assert (await stage.maker.next_block()).verdicts == ()
    assert stage.receipt(raw) is None
    assert len((await stage.maker.next_block()).verdicts) == 1
    assert stage.receipt(raw) is not None
    assert stage.relay.waiting == ()


async def test_a_bundle_is_replaced_or_cancelled_by_its_name(stage: Stage) -> None:
    operator = stage.world.accounts.operator
    old, new = (stage.signed(operator, nonce=0, value=value) for value in (1, 2))
    await stage.send(old, replacementUuid="trade-1")
    await stage.send(new, replacementUuid="trade-1")
    assert [each.transactions[0].raw for each in stage.relay.waiting] == [new]
    answer = await stage.ask("eth_cancelBundle", {"replacementUuid": "trade-1"})
    assert answer["result"] is True
    assert stage.relay.waiting == ()


async def test_the_same_bundle_twice_is_one(stage: Stage) -> None:
    raw = stage.signed(stage.world.accounts.operator)
    answers = [await stage.send(raw) for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(stage.relay.waiting) == 1


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"txs": []}, "txs is missing or empty"),
        ({"txs": ["0x1234"]}, "0x1234… is not a signed transaction of type 2"),
        ({"blockNumber": "soon"}, "blockNumber is 'soon'"),
        ({"blockNumber": "0x1"}, "blockNumber is 1; allowed is"),
        ({"blockNumber": hex(10**6)}, f"{10**6}; allowed is"),
        ({"minTimestamp": -1}, "minTimestamp is -1"),
    ],
)
async def test_a_malformed_bundle_is_refused_by_name(
    stage: Stage, parameters: dict[str, Any], complaint: str
) -> None:
    sound = {
        "txs": [stage.signed(stage.world.accounts.operator)],
        "blockNumber": hex(stage.world.head() + MOST_BLOCKS_AHEAD),
    }
    assert "result" in await stage.ask("eth_sendBundle", sound)
    answer = await stage.ask("eth_sendBundle", {**sound, **parameters})
    assert complaint in answer["error"]["message"]


async def test_other_methods_are_not_known(stage: Stage) -> None:
    answer = await stage.ask("eth_blockNumber", {})
    assert answer["error"]["code"] == -32601


@pytest.mark.parametrize("body", [b"[]", b"nonsense", b'{"method": 5}', b"\xff"])
async def test_nonsense_is_answered_with_an_error(stage: Stage, body: bytes) -> None:
    async with httpx.AsyncClient() as client:
        headers = stage.signature_of(body)
        answer = await client.post(stage.relay.url, content=body, headers=headers)
    assert answer.json()["error"]["code"] in {-32600, -32601, -32602}


async def test_a_request_must_be_signed_for_its_own_body(stage: Stage) -> None:
    raw = stage.signed(stage.world.accounts.operator)
    parameters = {"txs": [raw], "blockNumber": hex(stage.world.head() + 1)}
    body = request_body("eth_sendBundle", parameters)
    stranger = stage.world.accounts.traders[0]
    right = stage.signature_of(body)
    name, _, signature = right["X-Flashbots-Signature"].partition(":")
    wrong = [
        {},
        {"X-Flashbots-Signature": name},
        {"X-Flashbots-Signature": f"{name}:0x1234"},
        {"X-Flashbots-Signature": f"{stranger}:{signature}"},
        stage.signature_of(body + b" "),
    ]
    async with httpx.AsyncClient() as client:
        for headers in wrong:
            answer = await client.post(stage.relay.url, content=body, headers=headers)
            assert "X-Flashbots-Signature" in answer.json()["error"]["message"]
        assert stage.relay.waiting == ()
        answer = await client.post(stage.relay.url, content=body, headers=right)
    assert "result" in answer.json()


# --- faults --------------------------------------------------------------------------------


async def test_a_relay_that_refuses_takes_nothing(stage: Stage) -> None:
    stage.relay.fault = Fault.REFUSE
    answer = await stage.send(stage.signed(stage.world.accounts.operator))
    assert answer["error"]["message"] == "the relay takes no bundles now"
    assert stage.relay.waiting == ()


async def test_a_relay_that_is_broken_answers_500(stage: Stage) -> None:
    stage.relay.fault = Fault.SERVER_ERROR
    with pytest.raises(httpx.HTTPStatusError, match="500"):
        await stage.send(stage.signed(stage.world.accounts.operator))
    assert stage.relay.waiting == ()


async def test_a_relay_that_hangs_never_answers_and_can_still_be_closed(stage: Stage) -> None:
    stage.relay.fault = Fault.HANG
    sending = asyncio.create_task(stage.send(stage.signed(stage.world.accounts.operator)))
    done: set[asyncio.Task[Any]] = set()
    while not done and not stage.relay.received:
        done, _ = await asyncio.wait([sending], timeout=0.01)
    done, _ = await asyncio.wait([sending], timeout=0.1)
    assert not done
    await stage.relay.aclose()
    with pytest.raises(httpx.TransportError):
        await sending


async def test_a_relay_that_drops_says_yes_and_does_nothing(stage: Stage) -> None:
    stage.relay.fault = Fault.DROP
    raw = stage.signed(stage.world.accounts.operator)
    assert "result" in await stage.send(raw)
    await stage.maker.next_block()
    assert stage.receipt(raw) is None


async def test_an_answer_can_be_lost_after_the_bundle_was_taken(stage: Stage) -> None:
    stage.relay.fault = Fault.LOSE_ANSWER
    raw = stage.signed(stage.world.accounts.operator)
    with pytest.raises(httpx.TransportError):
        await stage.send(raw)
    await stage.maker.next_block()
    assert stage.receipt(raw) is not None
