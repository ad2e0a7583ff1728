"""The tables of the accounts.

An entry is kept as moves, each of them an amount above zero from one account to another. So
the database cannot hold an entry that does not balance: there is no way to write one down.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from aineon.ledger.tables import BookModel
from aineon.ledger.types import Wei


class AccountEntryRow(BookModel, table=True):
    """Something that happened on a chain, for good; never changed, never deleted."""

    __tablename__ = "account_entries"
    __table_args__ = (UniqueConstraint("reference"), Index(None, "chain_id", "block_number"))

    id: int | None = Field(default=None, primary_key=True)
    reference: str
    kind: str
    chain_id: int = Field(sa_type=BigInteger)
    block_number: int = Field(sa_type=BigInteger)
    transaction_hash: str | None = Field(index=True)
    at: float
    detail: str


class AccountMoveRow(BookModel, table=True):
    """An amount that an entry moves from one account to another."""

    __tablename__ = "account_moves"
    __table_args__ = (
        Index(None, "source", "token", "entry_id"),
        Index(None, "destination", "token", "entry_id"),
    )

    entry_id: int = Field(primary_key=True, foreign_key="account_entries.id")
    ordinal: int = Field(primary_key=True)
    source: str
    destination: str
    token: str = Field(foreign_key="tokens.address")
    amount: int = Field(sa_type=Wei)


class AccountBalanceRow(BookModel, table=True):
    """What all entries come to for an account, in one token; written with each of them.

    `opened_block` is the block at which the chain's balance was first taken over into the books.
    """

    __tablename__ = "account_balances"

    chain_id: int = Field(primary_key=True, sa_type=BigInteger)
    account: str = Field(primary_key=True)
    token: str = Field(primary_key=True, foreign_key="tokens.address")
    amount: int = Field(sa_type=Wei)
    entries: int
    changed_at: float
    opened_block: int | None = Field(sa_type=BigInteger)


class ReconciliationRow(BookModel, table=True):
    """The books compared with the chain at one final block."""

    __tablename__ = "reconciliations"

    id: int | None = Field(default=None, primary_key=True)
    chain_id: int = Field(sa_type=BigInteger)
    block_number: int = Field(sa_type=BigInteger)
    block_hash: str
    at: float
    verdict: str = Field(index=True)
    balances: int
    words: str
