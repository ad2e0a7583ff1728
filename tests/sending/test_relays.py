"""The way out: each answer a relay or node can give, and that nothing is ever sent twice."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils.crypto import keccak

from aineon.errors import SendingError
from aineon.sending.carriers import Answer, CarrierSet, Parcel, Verdict, summary
from aineon.sending.intent import IntentKind
from aineon.sending.keys import parse_private_key
from aineon.sending.relays import BundleRelay, PublicMempool, RelayIdentity, check_bundle
from aineon.sending.signer import LocalSigner
from tests.sending.relay_server import RelayServer, error, result

HASH = "0x" + "ab" * 32
PARCEL = Parcel((b"\x02\x01",), (HASH,), (100,))
IDENTITY = RelayIdentity(LocalSigner(parse_private_key("0x" + "5a17" * 15 + "0001")))
BUNDLE_HASH = result({"bundleHash": "0x" + "cd" * 32})
SOON = 0.5
PATIENT = 20.0  # a busy machine is no fault of a relay

FAULTS = [
    ("hang", Verdict.UNCLEAR, "did not answer within 0.5 seconds"),
    ("drop", Verdict.UNCLEAR, "broke off"),
    ("cut", Verdict.UNCLEAR, "broke off"),
    ((500, {}), Verdict.UNCLEAR, "answered HTTP 500 without a result"),
    (error("overloaded", status=503), Verdict.UNCLEAR, "answered HTTP 503"),
    ((200, b"<html>"), Verdict.UNCLEAR, "answered HTTP 200 without a result"),
    ((200, b""), Verdict.UNCLEAR, "answered HTTP 200 without a result"),
    ((200, b"[" * 100_000), Verdict.UNCLEAR, "without a result"),
    ((200, b"\xff" * (2 << 20)), Verdict.UNCLEAR, "without a result"),
    ((200, []), Verdict.UNCLEAR, "without a result"),
    (result(None), Verdict.UNCLEAR, "answered"),
    (result({}), Verdict.UNCLEAR, "answered"),
    ((307, {}), Verdict.UNCLEAR, "answered HTTP 307"),
    ((403, b"forbidden"), Verdict.UNCLEAR, "answered HTTP 403"),
    ((429, b"slow down"), Verdict.REFUSED, "no more requests now"),
    (error("nonce too low"), Verdict.REFUSED, r"nonce too low \(-32000\)"),
    (error("bad", status=400), Verdict.REFUSED, "bad"),
    ((200, {"error": "plain words"}), Verdict.REFUSED, "plain words"),
]


@pytest.mark.parametrize(("fault", "verdict", "reason"), FAULTS)
async def test_every_answer_has_a_meaning_and_nothing_is_sent_twice(
    fault: Any, verdict: Verdict, reason: str
) -> None:
    patience = SOON if fault == "hang" else PATIENT
    async with RelayServer([fault]) as server:
        for carrier in (
            BundleRelay("one", server.url, IDENTITY, patience),
            PublicMempool("node", server.url, patience),
        ):
            server.requests.clear()
            (answer,) = await carrier.carry(PARCEL)
            assert answer.verdict is verdict
            assert re.search(reason, answer.reason)
            assert answer.carrier == carrier.name
            # On a busy machine the patience for `hang` may end before the request is read.
            assert len(server.requests) == 1 or (fault == "hang" and not server.requests)
            await carrier.aclose()


async def test_nobody_there_is_a_refusal_because_no_byte_left() -> None:
    async with RelayServer(["drop"]) as server:
        url = server.url
    relay = BundleRelay("one", url, IDENTITY, PATIENT)
    assert await relay.carry(PARCEL) == [
        Answer("one", Verdict.REFUSED, "could not be reached", 100)
    ]
    await relay.aclose()


async def test_a_bundle_is_one_signed_request_for_each_block() -> None:
    async with RelayServer([BUNDLE_HASH]) as server:
        relay = BundleRelay("one", server.url, IDENTITY, PATIENT)
        answers = await relay.carry(Parcel((b"\1", b"\2"), (HASH, HASH), (100, 101, 102)))
        await relay.aclose()
    assert [(a.verdict, a.block) for a in answers] == [("accepted", n) for n in (100, 101, 102)]
    asked = sorted(request["params"][0]["blockNumber"] for request in server.requests)
    assert asked == ["0x64", "0x65", "0x66"]
    for headers, body, request in zip(server.headers, server.bodies, server.requests, strict=True):
        assert request["method"] == "eth_sendBundle"
        assert request["params"][0]["txs"] == ["0x01", "0x02"]
        address, signature = headers["x-flashbots-signature"].split(":")
        message = encode_defunct(text="0x" + keccak(body).hex())
        assert Account.recover_message(message, signature=signature) == address


async def test_a_node_must_name_the_hash() -> None:
    async with RelayServer([result(HASH), result("0x" + "00" * 32)]) as server:
        node = PublicMempool("node", server.url, PATIENT)
        first, second = [*await node.carry(PARCEL), *await node.carry(PARCEL)]
        await node.aclose()
    assert first == Answer("node", Verdict.ACCEPTED)
    assert (second.verdict, second.reason) == (
        Verdict.UNCLEAR, "answered another hash than the transaction's",
    )  # fmt: skip
    assert server.requests[0]["method"] == "eth_sendRawTransaction"
    assert server.requests[0]["params"] == ["0x0201"]


async def test_relays_are_asked_at_once_and_one_that_hangs_holds_nobody_up() -> None:
    async with RelayServer(["hang"]) as slow, RelayServer([BUNDLE_HASH]) as good:
        relays = [
            BundleRelay("slow", slow.url, IDENTITY, SOON),
            BundleRelay("good", good.url, IDENTITY, PATIENT),
        ]
        carriers = CarrierSet(relays, None)
        async with asyncio.timeout(30):
            answers = await carriers.carry(IntentKind.TRADE, PARCEL)
        await carriers.aclose()
    assert [(a.carrier, a.verdict) for a in answers] == [("slow", "unclear"), ("good", "accepted")]
    assert summary(answers) is Verdict.ACCEPTED


async def test_what_a_relay_says_is_cleaned() -> None:
    async with RelayServer(["drop"]) as server:
        secret = "0123456789abcdefSECRET"
        said = f"no\n\x1b[31m at {server.url} key {secret.lower()} " + "x" * 500
        server._answers = [error(said)]
        relay = BundleRelay("one", server.url, IDENTITY, PATIENT)
        (answer,) = await relay.carry(PARCEL)
        assert secret.lower() not in answer.reason.lower()
        assert "http" not in answer.reason
        assert answer.reason.isprintable()
        assert len(answer.reason) <= 200
        assert secret not in f"{relay!r} {PublicMempool('node', server.url)!r} {relay._channel!r}"
        await relay.aclose()


@pytest.mark.parametrize(
    "parcel",
    [
        Parcel((b"\1",) * 101, (HASH,) * 101, (1,)),
        Parcel((b"\1" * 300_001,), (HASH,), (1,)),
        Parcel((), (), (1,)),
        Parcel((b"\1",), (HASH,), ()),
    ],
)
async def test_bundles_that_no_relay_takes_are_not_sent(parcel: Parcel) -> None:
    async with RelayServer([BUNDLE_HASH]) as server:
        relay = BundleRelay("one", server.url, IDENTITY, PATIENT)
        with pytest.raises(SendingError, match="bundle"):
            await relay.carry(parcel)
        await relay.aclose()
    assert server.requests == []


def test_the_largest_bundle_is_taken() -> None:
    check_bundle(Parcel((b"\1" * 3000,) * 100, (HASH,) * 100, (1,)))


def test_a_summary_needs_one_who_took_it() -> None:
    yes, no, unclear = (Answer("x", verdict) for verdict in Verdict)
    assert summary([no, yes, unclear]) is Verdict.ACCEPTED
    assert summary([no, unclear]) is Verdict.UNCLEAR
    assert summary([no, no]) is Verdict.REFUSED
    assert summary([]) is Verdict.UNCLEAR


async def test_a_url_that_is_none_is_an_answer_too() -> None:
    relay = BundleRelay("one", "no address at all", IDENTITY, SOON)
    (answer,) = await relay.carry(PARCEL)
    assert answer.verdict is not Verdict.ACCEPTED
    assert "no address" not in answer.reason
    await relay.aclose()
