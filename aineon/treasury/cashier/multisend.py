"""Multisend: a contract that pays several destinations in one transaction, or none of them.

That is `aggregate3Value` of Multicall3, which lies at one address on nearly every chain and keeps
nothing between two transactions. It is called for ether alone: a token would have to be allowed to
it, and whoever calls it next could take what is allowed.

An address is not believed: the hash of the code that lies there is compared each time before a
batch is signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aineon.chain.reader import ChainReader
from aineon.primitives import Address, Block
from aineon.treasury.withdrawal import Withdrawal

MULTICALL3_CODE_HASH: Final = "0xd5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891"
"""Keccak of Multicall3's code as it lies on chain (mds1/multicall3); it has no constructor
arguments and no immutables, so it is the same on every chain."""

_AGGREGATE: Final = bytes.fromhex("174dea71")
"""`aggregate3Value((address,bool,uint256,bytes)[])`: each call is a target, whether it may fail,
its ether and its data."""
_WORD: Final = 32
_WORDS_OF_A_CALL: Final = 5
_MUST_NOT_FAIL: Final = 0


@dataclass(frozen=True, slots=True)
class Multisend:
    """Such a contract, and the hash of the code that it must have."""

    address: Address
    code_hash: str = MULTICALL3_CODE_HASH


async def is_genuine(reader: ChainReader, multisend: Multisend, head: Block) -> bool:
    """Whether the code at the address is the one that is meant.

    Raises:
        ChainError: no node answers.
    """
    # eth_utils takes 0.1 s to import, and most treasuries never pay a batch.
    from eth_utils.crypto import keccak

    code = await reader.code(multisend.address, head.hash or head.number)
    return f"0x{keccak(code).hex()}" == multisend.code_hash


def multisend_data(members: Sequence[Withdrawal]) -> bytes:
    """Return what the contract is called with to pay ether to each; one that fails fails all."""
    count = len(members)
    size = _WORD * _WORDS_OF_A_CALL
    offsets = [_WORD * count + size * place for place in range(count)]
    calls = [
        (int(each.destination, 16), _MUST_NOT_FAIL, each.amount, _WORD * 4, 0) for each in members
    ]
    numbers = [_WORD, count, *offsets, *(number for call in calls for number in call)]
    return _AGGREGATE + b"".join(number.to_bytes(_WORD, "big") for number in numbers)
