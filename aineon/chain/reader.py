"""ChainReader: what the rest of the library may ask of an Ethereum node, and nothing more.

Readers never send a transaction; what leaves goes through `aineon.sending`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aineon.chain.decoding import RawLog
from aineon.primitives import Address, Block

BlockRef = int | str
"""A block by height, by 0x-hash, or by tag: `latest`, `pending`, `safe`, `finalized`."""


@dataclass(frozen=True, slots=True)
class Call:
    """A read of a contract.

    Attributes:
        to: the contract; None runs `data` as creation code and answers what it returns.
        data: selector and arguments.
        sender: `msg.sender` the contract sees; None is the zero address.
        value: wei sent along.
    """

    to: Address | None
    data: bytes
    sender: Address | None = None
    value: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a transaction came to, as a node tells it.

    Attributes:
        succeeded: False where it was reverted; its gas is paid for all the same.
        gas_used: units.
        gas_price_wei: what each unit cost (`effectiveGasPrice`), base fee included.
        block_hash: compare it with the canonical header before believing the receipt.
    """

    transaction_hash: str
    sender: Address
    succeeded: bool
    block_number: int
    block_hash: str
    index: int
    gas_used: int
    gas_price_wei: int
    logs: tuple[RawLog, ...]


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """What one call of an `eth_simulateV1` came to; `output` is the revert data where it failed."""

    succeeded: bool
    output: bytes
    gas_used: int
    logs: tuple[RawLog, ...]
    failure: str = ""


class ChainReader(Protocol):
    """One chain, read through one or more nodes.

    All methods raise `aineon.errors.ChainError` (or a kind of it) where no healthy node answers.
    """

    @property
    def chain_id(self) -> int: ...

    async def request(self, method: str, *parameters: Any) -> Any:
        """Make one JSON-RPC read and return its result as the node spelled it."""

    async def block(self, block: BlockRef) -> Block | None:
        """Return the header of a block; None where no such block is known."""

    async def logs(
        self,
        *,
        block_hash: str | None = None,
        from_block: int | None = None,
        to_block: int | None = None,
        addresses: Sequence[Address] = (),
        topics: Sequence[Sequence[str]] = (),
    ) -> list[RawLog]:
        """Return the logs of one block by hash, or of a range, in their order.

        Ranges are split where a node refuses their width or size. `topics` names for each place
        the values that are allowed there.
        """

    async def call(self, call: Call, block: BlockRef = "latest") -> bytes:
        """Return what a contract answers.

        Raises:
            CallReverted: the contract refused it.
        """

    async def calls(self, calls: Sequence[Call], block: BlockRef = "latest") -> list[bytes | None]:
        """Return the answers of many reads at one block; None for each that reverted."""

    async def simulate(
        self,
        transactions: Sequence[Mapping[str, Any]],
        block: BlockRef = "latest",
        *,
        state_overrides: Mapping[str, Any] | None = None,
        block_overrides: Mapping[str, Any] | None = None,
    ) -> list[SimulatedCall]:
        """Run transactions one after the other on top of `block` (`eth_simulateV1`)."""

    async def receipt(self, transaction_hash: str) -> Receipt | None:
        """Return the receipt of a transaction; None where it is in no block known here."""

    async def nonce(self, address: Address, block: BlockRef = "latest") -> int:
        """Return how many transactions of `address` are in blocks (or pending)."""

    async def balance(self, address: Address, block: BlockRef = "latest") -> int:
        """Return the ether of `address`, in wei."""

    async def code(self, address: Address, block: BlockRef = "latest") -> bytes:
        """Return the code at `address`; empty where there is none."""

    def heads(self) -> AsyncIterator[Block]:
        """Yield new heads as they come, by subscription or polling; gaps and reorgs included."""
