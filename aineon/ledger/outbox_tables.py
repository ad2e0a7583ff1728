"""The outbox's tables: every transaction that was ever signed, and who may sign.

`aineon.sending` alone writes them. Nothing here is ever deleted.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKeyConstraint, LargeBinary, UniqueConstraint
from sqlmodel import Field

from aineon.ledger.tables import BookModel
from aineon.ledger.types import Wei


class OutboxKeyRow(BookModel, table=True):
    """A sender, and the nonce from which on the outbox answers for it."""

    __tablename__ = "outbox_keys"

    chain_id: int = Field(primary_key=True, sa_type=BigInteger)
    sender: str = Field(primary_key=True)
    first_nonce: int = Field(sa_type=BigInteger)
    adopted_by: str
    adopted_at: float


class OutboxLeaseRow(BookModel, table=True):
    """Who may sign for a sender; `token` grows with every new holder."""

    __tablename__ = "outbox_leases"

    chain_id: int = Field(primary_key=True, sa_type=BigInteger)
    sender: str = Field(primary_key=True)
    token: int = Field(sa_type=BigInteger)
    holder: str
    beat_at: float
    expires_at: float


class OutboxIntentRow(BookModel, table=True):
    """Something that is to happen on chain, once."""

    __tablename__ = "outbox_intents"

    intent_id: str = Field(primary_key=True)
    chain_id: int = Field(sa_type=BigInteger)
    sender: str
    kind: str
    to_address: str
    value: int = Field(sa_type=Wei)
    data: bytes = Field(sa_type=LargeBinary)
    digest: str
    fingerprint: str
    attempt_id: str | None = Field(index=True)
    cancels: str | None = Field(index=True)
    created_at: float
    memo: str | None
    retired_at: float | None


class OutboxNonceRow(BookModel, table=True):
    """A nonce that was reserved; what a stranger spent it on, where that is proven."""

    __tablename__ = "outbox_nonces"

    chain_id: int = Field(primary_key=True, sa_type=BigInteger)
    sender: str = Field(primary_key=True)
    nonce: int = Field(primary_key=True, sa_type=BigInteger)
    reserved_at: float
    foreign_hash: str | None
    foreign_block: int | None = Field(sa_type=BigInteger)


class OutboxTransactionRow(BookModel, table=True):
    """Signed bytes; several of one nonce are versions, of which at most one is ever mined."""

    __tablename__ = "outbox_transactions"
    __table_args__ = (
        UniqueConstraint("hash"),
        UniqueConstraint("chain_id", "sender", "nonce", "ordinal"),
        ForeignKeyConstraint(
            ["chain_id", "sender", "nonce"],
            ["outbox_nonces.chain_id", "outbox_nonces.sender", "outbox_nonces.nonce"],
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    intent_id: str = Field(foreign_key="outbox_intents.intent_id", index=True)
    chain_id: int = Field(sa_type=BigInteger)
    sender: str
    nonce: int = Field(sa_type=BigInteger)
    ordinal: int
    hash: str
    raw: bytes = Field(sa_type=LargeBinary)
    gas_limit: int = Field(sa_type=BigInteger)
    max_fee: int = Field(sa_type=Wei)
    priority_fee: int = Field(sa_type=Wei)
    first_block: int | None = Field(sa_type=BigInteger)
    last_block: int | None = Field(sa_type=BigInteger)
    signed_head: int = Field(sa_type=BigInteger)
    is_public: bool
    state: str = Field(index=True)
    signed_at: float
    changed_at: float
    block_number: int | None = Field(sa_type=BigInteger)
    block_hash: str | None
    succeeded: bool | None
    gas_used: int | None = Field(sa_type=BigInteger)
    gas_price: int | None = Field(sa_type=Wei)


class OutboxAnswerRow(BookModel, table=True):
    """What a relay or node answered when it was handed a transaction."""

    __tablename__ = "outbox_answers"

    id: int | None = Field(default=None, primary_key=True)
    transaction_id: int = Field(foreign_key="outbox_transactions.id", index=True)
    carrier: str
    verdict: str
    reason: str
    block_number: int | None = Field(sa_type=BigInteger)
    at: float
