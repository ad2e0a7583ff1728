"""A small chain of our own, a signer that costs nothing, and carriers that fail on demand.

Transactions are JSON, so that the chain can read what was signed. The chain keeps what was
handed to it in a mempool, mines what its nonces allow, and counts what each recipient got: that
balance is the oracle of all tests here, and never the outbox.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aineon.chain.reader import BlockRef, Receipt
from aineon.primitives import Address, Block
from aineon.sending.carriers import Answer, Parcel, Verdict
from aineon.sending.signer import SignedTransaction, UnsignedTransaction

CHAIN_ID = 31337
SENDER = Address("0x" + "a1" * 20)


def recipient(number: int) -> Address:
    # Far above the precompiled contracts, which would spend the gas.
    return Address(f"0x{0xBEEF0000 + number:040x}")


class PlainSigner:
    """ "Signs" by writing the transaction down."""

    def __init__(self, address: Address = SENDER) -> None:
        self._address = address

    @property
    def address(self) -> Address:
        return self._address

    def sign(self, transaction: UnsignedTransaction) -> SignedTransaction:
        fees = transaction.fees
        content = {
            "from": self._address, "nonce": transaction.nonce, "to": transaction.to,
            "value": transaction.value, "data": transaction.data.hex(),
            "max_fee": fees.max_fee_wei, "tip": fees.priority_fee_wei,
        }  # fmt: skip
        raw = json.dumps(content).encode()
        return SignedTransaction(raw, hash_of(raw))


@functools.cache
def hash_of(raw: bytes) -> str:
    return "0x" + hashlib.sha256(raw).hexdigest()


@dataclass
class MinedBlock:
    number: int
    hash: str
    parent: str
    transactions: list[bytes] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


class FakeChain:
    """Blocks, a mempool and bundles; `transactions` of a block are raw bytes."""

    def __init__(self, final_after: int = 4) -> None:
        self.final_after = final_after
        self.blocks = [MinedBlock(0, _block_hash("genesis", 0), "0x" + "00" * 32)]
        self.mempool: list[bytes] = []
        self.bundles: list[tuple[bytes, tuple[int, ...]]] = []
        self.submitted = 0
        self.reverting: set[str] = set()
        self._fork = 0

    # what carriers do

    def submit(self, raw: bytes) -> None:
        """Take a public transaction; what is there already, or spent, is refused."""
        self.submitted += 1
        if raw in self.mempool or any(raw in block.transactions for block in self.blocks):
            raise ValueError("already known")
        transaction = json.loads(raw)
        if transaction["nonce"] < self.count(transaction["from"]):
            raise ValueError("nonce too low")
        rivals = [r for r in self.mempool if _place(r) == _place(raw)]
        for rival in rivals:
            if transaction["max_fee"] * 10 < json.loads(rival)["max_fee"] * 11:
                raise ValueError("replacement transaction underpriced")
            self.mempool.remove(rival)
        self.mempool.append(raw)

    def bundle(self, raw: bytes, blocks: tuple[int, ...]) -> None:
        self.submitted += 1
        self.bundles.append((raw, blocks))

    # what miners do

    def mine(self, count: int = 1, *, takes: Callable[[bytes], bool] = lambda raw: True) -> None:
        """Mine blocks with all that nonces allow and `takes` says yes to."""
        for _ in range(count):
            number = self.head.number + 1
            offered = [raw for raw, blocks in self.bundles if number in blocks] + self.mempool
            chosen: list[bytes] = []
            self.bundles = [(r, blocks) for r, blocks in self.bundles if blocks[-1] > number - 9]
            for raw in sorted((r for r in offered if takes(r)), key=lambda r: _place(r)[1]):
                transaction = json.loads(raw)
                mine = [r for r in chosen if _place(r)[0] == transaction["from"]]
                if transaction["nonce"] == self.count(transaction["from"]) + len(mine):
                    chosen.append(raw)
            self._append(chosen)
            self.mempool = [r for r in self.mempool if _place(r)[1] >= self.count(_place(r)[0])]

    def _append(self, transactions: list[bytes]) -> None:
        number = self.head.number + 1
        name = _block_hash(self.head.hash, self._fork)
        counts = dict(self.head.counts)
        for raw in transactions:
            sender = _place(raw)[0]
            counts[sender] = counts.get(sender, 0) + 1
        self.blocks.append(MinedBlock(number, name, self.head.hash, transactions, counts))

    def reorganise(self, depth: int, *, keep: bool = False) -> None:
        """Replace the newest blocks by as many others; their transactions are dropped, or kept."""
        taken = self.blocks[-depth:]
        self.blocks = self.blocks[:-depth]
        self._fork += 1
        for block in taken:
            self._append(list(block.transactions) if keep else [])

    # what nodes answer

    @property
    def head(self) -> MinedBlock:
        return self.blocks[-1]

    @property
    def final(self) -> int:
        return max(self.head.number - self.final_after, 0)

    def count(self, sender: str, upto: int | None = None) -> int:
        block = self.head if upto is None else self.blocks[upto]
        return block.counts.get(sender, 0)

    def received(self, address: str) -> int:
        """What an address got: the oracle."""
        return sum(
            json.loads(raw)["value"]
            for block in self.blocks
            for raw in block.transactions
            if json.loads(raw)["to"] == address and hash_of(raw) not in self.reverting
        )


def _block_hash(parent: str, fork: int) -> str:
    return "0x" + hashlib.sha256(f"{parent}/{fork}".encode()).hexdigest()


@functools.cache
def _place(raw: bytes) -> tuple[str, int]:
    transaction = json.loads(raw)
    return transaction["from"], transaction["nonce"]


class FakeReader:
    """A node that sees a `FakeChain`; what it is asked beyond sending's needs is an error."""

    def __init__(self, chain: FakeChain) -> None:
        self.chain = chain
        self.asked: list[str] = []
        self.forgets_receipts = False

    @property
    def chain_id(self) -> int:
        return CHAIN_ID

    async def request(self, method: str, *parameters: Any) -> Any:
        assert method == "eth_getBlockByNumber"
        block = self.chain.blocks[int(parameters[0], 16)]
        transactions = [
            {
                "from": _place(raw)[0],
                "nonce": hex(_place(raw)[1]),
                "hash": hash_of(raw),
            }
            for raw in block.transactions
        ]
        return {"transactions": transactions}

    def _block(self, block: BlockRef) -> MinedBlock | None:
        if isinstance(block, int):
            return self.chain.blocks[block] if block <= self.chain.head.number else None
        if block in {"latest", "pending"}:
            return self.chain.head
        if block == "finalized":
            return self.chain.blocks[self.chain.final]
        return next((b for b in self.chain.blocks if b.hash == block), None)

    async def block(self, block: BlockRef) -> Block | None:
        self.asked.append(f"block {block}")
        found = self._block(block)
        return found and Block(found.number, hash=found.hash, parent_hash=found.parent)

    async def nonce(self, address: Address, block: BlockRef = "latest") -> int:
        self.asked.append(f"nonce {block}")
        found = self._block(block)
        assert found is not None
        count = self.chain.count(address, found.number)
        if block == "pending":
            while any(_place(raw) == (address, count) for raw in self.chain.mempool):
                count += 1
        return count

    async def receipt(self, transaction_hash: str) -> Receipt | None:
        self.asked.append(f"receipt {transaction_hash}")
        if self.forgets_receipts:
            return None
        for block in self.chain.blocks:
            for index, raw in enumerate(block.transactions):
                if hash_of(raw) == transaction_hash:
                    good = transaction_hash not in self.chain.reverting
                    sender = Address(_place(raw)[0])
                    return Receipt(
                        transaction_hash,
                        sender,
                        good,
                        block.number,
                        block.hash,
                        index,
                        21000,
                        7,
                        (),
                    )
        return None

    async def logs(self, **_: Any) -> Any:
        raise AssertionError("sending reads no logs")

    async def call(self, *_: Any) -> Any:
        raise AssertionError("sending calls no contracts")

    calls = simulate = balance = code = call

    def heads(self) -> AsyncIterator[Block]:
        raise AssertionError("sending follows no heads")


class FakeCarrier:
    """Carries to a `FakeChain`; `faults` are taken one for each parcel, then all goes well.

    Faults: `lost` (never arrives, no answer), `unheard` (arrives, the answer is lost), `refused`
    (says no and drops it), `liar` (says no and keeps it), `broken` (raises), or a callable that
    is called at the moment of the fault.
    """

    def __init__(
        self, chain: FakeChain, faults: Sequence[Any] = (), *, is_public: bool = True
    ) -> None:
        self.name = "public" if is_public else "relay"
        self.is_public = is_public
        self.chain = chain
        self.faults = list(faults)
        self.parcels: list[Parcel] = []

    async def carry(self, parcel: Parcel) -> Sequence[Answer]:
        self.parcels.append(parcel)
        fault = self.faults.pop(0) if self.faults else ""
        if callable(fault):
            fault()
            fault = ""
        if fault == "broken":
            raise RuntimeError("a mistake of ours")
        if fault == "lost":
            return [Answer(self.name, Verdict.UNCLEAR, "did not answer")]
        if fault == "refused":
            return [Answer(self.name, Verdict.REFUSED, "no")]
        try:
            self._deliver(parcel)
        except ValueError as error:
            return [Answer(self.name, Verdict.REFUSED, str(error))]
        if fault == "unheard":
            return [Answer(self.name, Verdict.UNCLEAR, "did not answer")]
        if fault == "liar":
            return [Answer(self.name, Verdict.REFUSED, "no")]
        return [Answer(self.name, Verdict.ACCEPTED)]

    def _deliver(self, parcel: Parcel) -> None:
        for raw in parcel.raw:
            if self.is_public:
                self.chain.submit(raw)
            else:
                self.chain.bundle(raw, parcel.blocks)

    async def aclose(self) -> None:
        """Nothing is open."""
