"""Signed transactions as they arrive in a bundle: who sends what, read from the raw bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak
from hexbytes import HexBytes

from aineon.errors import RehearsalRefused
from aineon.primitives import Address, parse_address


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A typed transaction (EIP-2718) and what a simulation has to know of it.

    Attributes:
        raw: 0x-hex, as it is sent.
        hash: 0x-hex.
        request: the same as parameters of a call.
    """

    raw: str
    hash: str
    sender: Address
    nonce: int
    max_fee_wei: int
    request: dict[str, Any]


def read_transaction(raw: object) -> SignedTransaction:
    """Decode 0x-hex bytes, signature included.

    Raises:
        RehearsalRefused: they are not a signed transaction with an EIP-1559 fee (type 2).
    """
    from eth_account import Account
    from eth_account.typed_transactions.typed_transaction import TypedTransaction

    try:
        content = bytes.fromhex(str(raw).removeprefix("0x"))
        fields = TypedTransaction.from_bytes(HexBytes(content)).as_dict()
        sender = parse_address(Account.recover_transaction(content))
        max_fee_wei = fields["maxFeePerGas"]
    except Exception as error:
        # Whatever a decoder raises over a stranger's bytes, it is the same answer to them.
        raise RehearsalRefused(f"{str(raw)[:20]}… is not a signed transaction of type 2") from error
    return SignedTransaction(
        raw=f"0x{content.hex()}",
        hash=f"0x{keccak(content).hex()}",
        sender=sender,
        nonce=fields["nonce"],
        max_fee_wei=max_fee_wei,
        request=_request(sender, fields),
    )


def _request(sender: Address, fields: Mapping[str, Any]) -> dict[str, Any]:
    request = {
        "from": sender,
        "input": f"0x{bytes(fields['data']).hex()}",
        "accessList": [
            {"address": each["address"], "storageKeys": list(each["storageKeys"])}
            for each in fields["accessList"]
        ],
    }
    for name in ("gas", "value", "nonce", "maxFeePerGas", "maxPriorityFeePerGas"):
        request[name] = hex(fields[name])
    if fields["to"]:
        request["to"] = f"0x{bytes(fields['to']).hex()}"
    return request
