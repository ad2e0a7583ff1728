"""Signer: turns an unsigned transaction into bytes that the chain obeys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from aineon.errors import InvalidKey
from aineon.primitives import Address, parse_address
from aineon.primitives.recursion import recursion_limit_kept
from aineon.sending.intent import Fees
from aineon.sending.keys import PrivateKey, refuse_known_key


@dataclass(frozen=True, slots=True)
class UnsignedTransaction:
    """An EIP-1559 transaction, complete but for the signature."""

    chain_id: int
    nonce: int
    to: Address
    value: int
    data: bytes
    gas_limit: int
    fees: Fees


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """The bytes that leave, and the hash that the chain will know them by (0x-hex)."""

    raw: bytes
    hash: str


class Signer(Protocol):
    """Holds a key, or knows who does."""

    @property
    def address(self) -> Address: ...

    def sign(self, transaction: UnsignedTransaction) -> SignedTransaction:
        """Sign; it takes some milliseconds of computing and reads nothing."""


class LocalSigner:
    """Signs with a key in this process's memory; shows it nowhere and cannot be pickled.

    Args:
        key: from `parse_private_key`.
    """

    __slots__ = ("_account", "_address")

    def __init__(self, key: PrivateKey) -> None:
        # Loading it takes a second, and only who signs needs it.
        with recursion_limit_kept():
            from eth_account import Account

        self._account: Any = Account.from_key(key.reveal())
        self._address = parse_address(self._account.address)

    @property
    def address(self) -> Address:
        """The account that pays."""
        return self._address

    def require_secret(self) -> None:
        """Check that nobody else can know the key.

        Raises:
            InvalidKey: it is a published test key, a rehearsal's, or easily guessed.
        """
        refuse_known_key(PrivateKey(bytes(self._account.key)), self._address)

    def sign(self, transaction: UnsignedTransaction) -> SignedTransaction:
        """Sign `transaction`.

        Raises:
            InvalidKey: the library refused it; what it says may show the key and is left out.
        """
        try:
            signed = self._account.sign_transaction(_fields_of(transaction))
        except Exception as error:  # noqa: BLE001 - another library's message may hold the key
            failure = type(error).__name__
        else:
            return SignedTransaction(bytes(signed.raw_transaction), "0x" + bytes(signed.hash).hex())
        raise InvalidKey(
            f"nonce {transaction.nonce} of {self._address} could not be signed ({failure})"
        )

    def sign_text(self, text: str) -> str:
        """Return the EIP-191 signature of a personal message, 0x-hex."""
        from eth_account.messages import encode_defunct

        signed = self._account.sign_message(encode_defunct(text=text))
        return "0x" + bytes(signed.signature).hex()

    def __repr__(self) -> str:
        return f"LocalSigner({self._address})"

    def __reduce__(self) -> NoReturn:
        raise InvalidKey("a signer holds a private key and is not to be pickled or copied")


def call_data_of(raw: bytes) -> bytes:
    """Return selector and arguments of a transaction that a `Signer` signed."""
    with recursion_limit_kept():
        from eth_account.typed_transactions.typed_transaction import TypedTransaction
        from hexbytes import HexBytes

    return bytes(TypedTransaction.from_bytes(HexBytes(raw)).as_dict()["data"])


def _fields_of(transaction: UnsignedTransaction) -> dict[str, Any]:
    from eth_utils.address import to_checksum_address

    return {
        "type": 2,
        "chainId": transaction.chain_id,
        "nonce": transaction.nonce,
        "to": to_checksum_address(transaction.to),
        "value": transaction.value,
        "data": transaction.data,
        "gas": transaction.gas_limit,
        "maxFeePerGas": transaction.fees.max_fee_wei,
        "maxPriorityFeePerGas": transaction.fees.priority_fee_wei,
        "accessList": [],
    }
