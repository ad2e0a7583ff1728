"""From what a node spells to values, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aineon.chain.reader import BlockRef, Call, Receipt, SimulatedCall
from aineon.errors import InvalidValue
from aineon.primitives import Block, parse_address

TAGS = frozenset({"latest", "pending", "safe", "finalized", "earliest"})
FLOATING = TAGS - {"earliest"}

_HASH = re.compile(r"0x[0-9a-fA-F]{64}")


def is_hash(block: BlockRef) -> bool:
    """Whether `block` names a block by its hash."""
    return isinstance(block, str) and _HASH.fullmatch(block) is not None


def block_parameter(block: BlockRef) -> Any:
    """Return how a request for state names a block (EIP-1898 for one by hash).

    Raises:
        InvalidValue: it is no height, 0x-hash or tag.
    """
    if type(block) is int and block >= 0:
        return hex(block)
    if is_hash(block):
        return {"blockHash": block}
    if block in TAGS:
        return block
    raise InvalidValue(
        f"block {block!r} is no height from 0 on, no 0x-hash, and none of "
        + ", ".join(sorted(TAGS))
    )


def call_parameter(call: Call) -> dict[str, str]:
    """Return the transaction object of an eth_call."""
    wanted = {"data": "0x" + call.data.hex()}
    if call.to is not None:
        wanted["to"] = call.to
    if call.sender is not None:
        wanted["from"] = call.sender
    if call.value:
        wanted["value"] = hex(call.value)
    return wanted


def spelled(value: Any) -> Any:
    """Return `value` as JSON-RPC spells it: ints and bytes as 0x-hex, however deep they lie."""
    if type(value) is int:
        return hex(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Mapping):
        return {str(key): spelled(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [spelled(part) for part in value]
    return value


def quantity(value: Any) -> int:
    """Return the int that a node spells as 0x-hex.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str) or value[:2] != "0x":
        raise ValueError("no quantity in 0x-hex stands where one must")
    return int(value, 16)


def content(value: Any) -> bytes:
    """Return the bytes that a node spells as 0x-hex.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str) or value[:2] != "0x":
        raise ValueError("no data in 0x-hex stands where some must")
    return bytes.fromhex(value[2:])


def hash_of(value: Any) -> str:
    """Return a hash in lower case.

    Raises:
        ValueError: it is none.
    """
    if not is_hash(value):
        raise ValueError("no hash stands where one must")
    return str(value).lower()


def block_of(header: Any) -> Block:
    """Return the block that a header describes.

    Raises:
        ValueError, KeyError, TypeError, AineonError: it is no header.
    """
    return Block(
        number=quantity(header["number"]),
        base_fee_wei=_known(header.get("baseFeePerGas")),
        timestamp=quantity(header["timestamp"]),
        # A pending block has no hash yet.
        hash=None if header["hash"] is None else hash_of(header["hash"]),
        parent_hash=hash_of(header["parentHash"]),
        gas_used=_known(header.get("gasUsed")),
        gas_limit=_known(header.get("gasLimit")),
        logs_bloom=header.get("logsBloom"),
    )


def receipt_of(receipt: Any) -> Receipt:
    """Return the receipt that a node spells.

    Raises:
        ValueError, KeyError, TypeError, AineonError: it is none.
    """
    return Receipt(
        transaction_hash=hash_of(receipt["transactionHash"]),
        sender=parse_address(receipt["from"]),
        succeeded=quantity(receipt["status"]) == 1,
        block_number=quantity(receipt["blockNumber"]),
        block_hash=hash_of(receipt["blockHash"]),
        index=quantity(receipt["transactionIndex"]),
        gas_used=quantity(receipt["gasUsed"]),
        gas_price_wei=quantity(receipt["effectiveGasPrice"]),
        logs=tuple(receipt["logs"]),
    )


def simulated_calls(blocks: Any, wanted: int) -> list[SimulatedCall]:
    """Return what the calls of the only block of an `eth_simulateV1` came to.

    Raises:
        ValueError, KeyError, TypeError: it is no such answer, or not of so many calls.
    """
    (block,) = blocks
    calls: Sequence[Any] = block["calls"]
    if len(calls) != wanted:
        raise ValueError(f"{len(calls)} calls are told of, not {wanted}")
    return [_simulated(call) for call in calls]


def _simulated(call: Mapping[str, Any]) -> SimulatedCall:
    error = call.get("error") or {}
    output = content(call.get("returnData") or "0x")
    told = error.get("data")
    if not output and isinstance(told, str):
        output = content(told)
    return SimulatedCall(
        succeeded=quantity(call["status"]) == 1,
        output=output,
        gas_used=quantity(call["gasUsed"]),
        logs=tuple(call.get("logs") or ()),
        failure=str(error.get("message", "")),
    )


def _known(value: Any) -> int | None:
    return None if value is None else quantity(value)
