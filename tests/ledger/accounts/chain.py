"""A chain of balances, and a book of one account on it, for tests of the accounts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

from sqlalchemy import insert

from aineon.chain.reader import BlockRef, Call
from aineon.errors import ChainError
from aineon.ledger.outbox_tables import OutboxIntentRow, OutboxNonceRow, OutboxTransactionRow
from aineon.ledger.records import AttemptRecord, RunRecord, SettlementRecord
from aineon.ledger.store import BookStore
from aineon.ledger.tables import table_of
from aineon.primitives import Address, Block, Book, Provenance, RehearsalMoney, Token
from tests.ledger.booked import NOON, WETH, attempt, included, reverted

CHAIN_ID = 31_337
OPERATOR = Address("0x" + "0a" * 20)
TREASURY = Address("0x" + "7e" * 20)
FRIEND = Address("0x" + "f0" * 20)


def hash_of(number: int) -> str:
    return f"0x{number:064x}"


def open_rehearsal(url: str) -> BookStore:
    return BookStore.open(url, Book.REHEARSAL)


def begin(store: BookStore) -> int:
    return store.begin_run(RunRecord("rehearsal", Provenance.SIMULATED, None, "", NOON, WETH))


def settled(
    number: int,
    *,
    block: int = 5,
    gross: int | None = 100,
    fee: int = 1,
    gas: int = 7,
    builder: int = 2,
    **changes: Any,
) -> SettlementRecord:
    """A settlement of attempt `r-<number>`; reverted where there is no gross profit."""
    plain = included(f"r-{number}", gross) if gross is not None else reverted(f"r-{number}")
    builder = builder if gross is not None else 0
    net = (gross or 0) - (fee if gross is not None else 0) - gas - builder
    record = replace(
        plain,
        settled_block=block,
        flash_fee=fee if gross is not None else 0,
        gas_cost=RehearsalMoney(gas),
        builder_payment=RehearsalMoney(builder),
        net=RehearsalMoney(net),
        chain_id=CHAIN_ID,
        transaction_hash=hash_of(number),
        finalised=True,
        verification="verified",
        verification_detail="",
        operator=OPERATOR,
        treasury=TREASURY,
    )
    return replace(record, **changes)


def attempted(run_id: int, number: int, **changes: Any) -> AttemptRecord:
    return attempt(run_id, f"r-{number}", **changes)


def sign(
    store: BookStore,
    number: int,
    *,
    nonce: int,
    kind: str = "trade",
    state: str = "finalised",
    block: int | None = 5,
    succeeded: bool = True,
    gas: int = 7,
) -> str:
    """Keep a transaction in the outbox as if it had been sent; returns its hash."""
    intent = {
        "intent_id": f"i-{number}", "chain_id": CHAIN_ID, "sender": OPERATOR, "kind": kind,
        "to_address": FRIEND, "value": 0, "data": b"", "digest": "", "fingerprint": "",
        "attempt_id": f"r-{number}" if kind == "trade" else None, "cancels": None, "memo": None,
        "created_at": NOON,
    }  # fmt: skip
    place = {"chain_id": CHAIN_ID, "sender": OPERATOR, "nonce": nonce}
    transaction = {
        "intent_id": f"i-{number}", **place, "ordinal": 0, "hash": hash_of(number), "raw": b"",
        "gas_limit": 1, "max_fee": 1, "priority_fee": 1, "signed_head": 1, "is_public": False,
        "state": state, "signed_at": NOON, "changed_at": NOON, "block_number": block,
        "block_hash": hash_of(block or 0), "succeeded": succeeded, "gas_used": 1, "gas_price": gas,
    }  # fmt: skip
    with store.engine.begin() as connection:
        connection.execute(insert(table_of(OutboxIntentRow)).values(**intent))
        nonce_row = {**place, "reserved_at": NOON}
        connection.execute(insert(table_of(OutboxNonceRow)).values(**nonce_row))
        connection.execute(insert(table_of(OutboxTransactionRow)).values(**transaction))
    return hash_of(number)


class BalanceChain:
    """A node that knows balances and nonces as of its final block, and nothing else."""

    def __init__(self) -> None:
        self.final: int | None = 10
        self.ether: dict[Address, int] = defaultdict(int)
        self.tokens: dict[tuple[Address, str], int | None] = defaultdict(int)
        self.nonces: dict[Address, int] = defaultdict(int)
        self.asked: set[BlockRef] = set()
        self.is_down = False

    @property
    def chain_id(self) -> int:
        return CHAIN_ID

    async def block(self, block: BlockRef) -> Block | None:
        assert block == "finalized"
        if self.is_down:
            raise ChainError("no node answers")
        return None if self.final is None else Block(self.final, hash=hash_of(self.final))

    async def balance(self, address: Address, block: BlockRef = "latest") -> int:
        self.asked.add(block)
        return self.ether[address]

    async def nonce(self, address: Address, block: BlockRef = "latest") -> int:
        self.asked.add(block)
        return self.nonces[address]

    async def calls(self, calls: list[Call], block: BlockRef = "latest") -> list[bytes | None]:
        self.asked.add(block)
        answers: list[bytes | None] = []
        for call in calls:
            assert call.to is not None
            assert call.data[:4].hex() == "70a08231"
            holder = Address("0x" + call.data[-20:].hex())
            held = self.tokens[holder, call.to]
            answers.append(None if held is None else held.to_bytes(32, "big"))
        return answers

    def give(self, holder: Address, token: Token, amount: int) -> None:
        self.tokens[holder, token.address] = amount
