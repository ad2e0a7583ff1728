"""What the refusals of nodes and providers are taken for."""

from __future__ import annotations

from typing import Any

import pytest

from aineon.chain.client.failures import failure_of, reverted_with, status_failure
from aineon.errors import (
    CallReverted,
    NodeRefused,
    NodeUnavailable,
    RangeTooWide,
    RateLimited,
    UnknownBlock,
)

TOO_WIDE: list[tuple[int, str, int | None]] = [
    # geth, erigon, nethermind, reth, besu
    (-32602, "exceed maximum block range 1000", 1000),
    (-32000, "block range is too large, max 2000", 2000),
    (-32602, "query exceeds max block range 100000", 100_000),
    (-32602, "query exceeds max results 20000, retry with the range 5-9", None),
    (-32000, "Requested range exceeds maximum RPC range limit", None),
    # Alchemy
    (
        -32602,
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block "
        "range and no limit on the response size, or you can request any block range with a cap "
        "of 10K logs in the response. Based on your parameters and the response size limit, this "
        "block range should work: [0xc5dc00, 0xc614a7]",
        0xC614A7 - 0xC5DC00 + 1,
    ),
    (
        -32600,
        "You can make eth_getLogs requests with up to a 500 block range. Based on your "
        "parameters, this block range should work: [0x2710, 0x2903]",
        500,
    ),
    (-32600, "Under the Free tier plan, you can make requests with up to a 10 block range.", 10),
    # Infura
    (-32005, "query returned more than 10000 results", None),
    (
        -32005,
        "query returned more than 10000 results. Try with this block range [0xCB3D, 0xCB40].",
        4,
    ),
    (-32602, "range 1000000 exceeds limit of 10000", 10_000),
    (-32005, "query timeout exceeded", None),
    # QuickNode, Ankr, dRPC, others
    (-32614, "eth_getLogs is limited to a 10,000 range", 10_000),
    (-32602, "eth_getLogs and eth_newFilter are limited to a 10,000 blocks range", 10_000),
    (-32600, "block range is too wide", None),
    (35, "ranges over 10000 blocks are not supported on freetier", 10_000),
    (-32701, "exceed maximum block range: 50000", 50_000),
    (-32602, "block range greater than 100 max", None),
    (-32000, "too wide blocks range, the limit is 100", 100),
    (-32000, "logs matched by query exceeds limit of 10000", None),
    (-32002, "request timed out", None),
    (-32000, "response is too big", None),
]
RATE: list[tuple[int, str, Any, float | None]] = [
    (429, "Your app has exceeded its compute units per second capacity.", None, None),
    (-32005, "limit exceeded", None, None),
    (-32005, "daily request count exceeded, request rate limited", None, None),
    (-32007, "50/second request limit reached - reduce calls per second", None, None),
    (
        -32005,
        "project ID request rate exceeded",
        {"rate": {"allowed_rps": 1, "backoff_seconds": 24, "current_rps": 20.1}},
        24.0,
    ),
    (-32000, "Too Many Requests", None, None),
]
UNKNOWN = [
    (-32000, "header not found"),
    (-32000, "header for hash not found"),
    (-32000, "unknown block"),
    (-32001, "Resource not found"),
    (-32001, "block not found: hash 0x" + "ab" * 32),
    (-32000, "block 0x" + "ab" * 32 + " not found"),
    (-32602, "BlockOutOfRangeError: block height is 3 but requested was 1000000"),
    (-32000, "block range extends beyond current head block"),
    (-32000, "0x12 could not be found: block is unknown"),
]
REVERTED: list[tuple[int, str, Any, bytes]] = [
    (3, "execution reverted: K", "0x08c379a0", bytes.fromhex("08c379a0")),
    (3, "execution reverted", None, b""),
    (-32000, "execution reverted", "0x", b""),
    (-32015, "VM execution error.", "Reverted 0x08c379a0", bytes.fromhex("08c379a0")),
    (-32603, "EVM error InvalidFEOpcode", None, b""),
    (-32000, "invalid opcode: INVALID", None, b""),
    (-32000, "out of gas", None, b""),
    (-32603, "VM Exception: revert", {"data": {"data": "0xabcd"}}, b"\xab\xcd"),
]


def named(code: int, message: str, data: Any = None) -> dict[str, Any]:
    return {"code": code, "message": message} | ({} if data is None else {"data": data})


@pytest.mark.parametrize(("code", "message", "blocks"), TOO_WIDE)
def test_ranges_and_results_that_are_too_much(code: int, message: str, blocks: int | None) -> None:
    failure = failure_of("alchemy", "eth_getLogs", named(code, message))
    assert isinstance(failure, RangeTooWide)
    assert failure.blocks == blocks


@pytest.mark.parametrize(("code", "message", "data", "seconds"), RATE)
@pytest.mark.parametrize("method", ["eth_getLogs", "eth_call"])
def test_rate_limits(
    method: str, code: int, message: str, data: Any, seconds: float | None
) -> None:
    failure = failure_of("infura", method, named(code, message, data))
    assert isinstance(failure, RateLimited)
    assert failure.retry_after_s == seconds


@pytest.mark.parametrize(("code", "message"), UNKNOWN[:-1])
@pytest.mark.parametrize("method", ["eth_getLogs", "eth_call"])
def test_blocks_that_a_node_does_not_know(method: str, code: int, message: str) -> None:
    assert isinstance(failure_of("infura", method, named(code, message)), UnknownBlock)


@pytest.mark.parametrize(("code", "message", "data", "output"), REVERTED)
def test_what_a_contract_refuses(code: int, message: str, data: Any, output: bytes) -> None:
    failure = failure_of("infura", "eth_call", named(code, message, data))
    assert isinstance(failure, CallReverted)
    assert failure.data == output


@pytest.mark.parametrize(
    ("method", "code", "message"),
    [
        ("eth_call", -32602, "invalid argument 0: hex string of odd length"),
        ("eth_simulateV1", -32601, "the method eth_simulateV1 does not exist/is not available"),
        ("eth_getLogs", -32602, "invalid block range params"),
        ("eth_getLogs", -32000, "invalid argument"),
        ("eth_getBalance", 3, "odd"),
        ("eth_call", -32000, "insufficient funds for gas * price + value"),
        ("eth_call", -32000, "missing trie node 07 (path ) state 0x07 is not available"),
    ],
)
def test_control_everything_else_is_the_nodes_refusal(method: str, code: int, message: str) -> None:
    failure = failure_of("node-1", method, named(code, message, "0x01"))
    assert type(failure) is NodeRefused
    assert (failure.code, failure.reason, failure.data) == (code, message, "0x01")


@pytest.mark.parametrize("error", ["no", {}, {"code": "3"}, {"message": None}, []])
def test_an_error_in_no_form_is_a_refusal_too(error: Any) -> None:
    assert type(failure_of("node-1", "eth_call", error)) is NodeRefused


def test_a_long_text_is_cut() -> None:
    assert len(str(failure_of("node-1", "eth_call", named(1, "x" * 10_000)))) < 600


@pytest.mark.parametrize(
    ("status", "header", "kind", "seconds"),
    [
        (429, "7", RateLimited, 7.0),
        (429, None, RateLimited, None),
        (429, "Wed, 21 Oct 2026 07:28:00 GMT", RateLimited, None),
        (413, None, RangeTooWide, None),
        (500, None, NodeUnavailable, None),
        (301, None, NodeUnavailable, None),
        (401, None, NodeUnavailable, None),
    ],
)
def test_http_statuses(status: int, header: str | None, kind: type, seconds: float | None) -> None:
    failure = status_failure("infura", "eth_getLogs", status, header)
    assert type(failure) is kind
    assert getattr(failure, "retry_after_s", None) == seconds


@pytest.mark.parametrize(
    "data", [None, 7, "", "no hex", [], {"stack": "at 0", "data": None}, "Reverted"]
)
def test_no_revert_data_is_none(data: Any) -> None:
    assert reverted_with(data) == b""
