"""Calls of contracts, from a function's signature as Solidity spells it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.grammar import TupleType, parse
from eth_utils.crypto import keccak

REASON = bytes.fromhex("08c379a0")
"""Selector of `Error(string)`, in which Solidity and Vyper put their reasons."""


@cache
def selector(signature: str) -> bytes:
    """Return the first four bytes that name a function, or an error."""
    return keccak(text=signature)[:4]


@cache
def types_of(signature: str) -> tuple[str, ...]:
    """Return the types between a signature's brackets."""
    listed = signature[signature.index("(") :]
    if listed == "()":
        return ()
    parsed = parse(listed)
    assert isinstance(parsed, TupleType)
    return tuple(part.to_type_str() for part in parsed.components)


def call_data(signature: str, *arguments: Any) -> bytes:
    """Encode a call: `call_data("transfer(address,uint256)", to, 1)`."""
    return selector(signature) + encode(types_of(signature), arguments)


def answer(returns: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """Decode what a function returned."""
    return tuple(decode(list(returns), data))


def reason_of(data: bytes) -> str:
    """Return why a contract refused, in its own words; hex where it used none."""
    if data[:4] == REASON:
        (text,) = decode(["string"], data[4:])
        return str(text)
    return f"0x{data.hex()}" if data else "no reason given"
