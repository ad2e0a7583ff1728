"""The treasury's tables: withdrawals, who decided what about them, and where money may go.

`aineon.treasury` alone writes them. Nothing here is ever deleted, and events are never changed.
"""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field

from aineon.ledger.tables import BookModel
from aineon.ledger.types import Wei


class WithdrawalRow(BookModel, table=True):
    """A withdrawal as it is now."""

    __tablename__ = "withdrawals"

    id: str = Field(primary_key=True)
    token: str = Field(unique=True)
    fingerprint: str
    version: int
    chain_id: int = Field(sa_type=BigInteger)
    asset: str = Field(foreign_key="tokens.address")
    amount: int = Field(sa_type=Wei)
    destination: str
    strategy: str
    origin: str
    requested_by: str
    edited_by: str | None
    state: str = Field(index=True)
    reason: str
    worth_wei: int | None = Field(sa_type=Wei)
    rule_id: str | None = Field(index=True)
    created_at: float
    admitted_at: float | None
    changed_at: float
    cooling_until: float | None
    expires_at: float | None
    batch_id: str | None = Field(index=True)
    intent_id: str | None
    transaction_hash: str | None
    block_number: int | None = Field(sa_type=BigInteger)
    cancel_asked_by: str | None
    waits_because: str | None
    waits_since: float | None
    gas_wei: int | None = Field(sa_type=Wei)


class WithdrawalEventRow(BookModel, table=True):
    """One change of a withdrawal; only ever added."""

    __tablename__ = "withdrawal_events"

    id: int | None = Field(default=None, primary_key=True)
    withdrawal_id: str = Field(foreign_key="withdrawals.id", index=True)
    version: int
    what: str
    old: str | None
    new: str
    who: str
    reason: str
    audit: int
    at: float


class WithdrawalApprovalRow(BookModel, table=True):
    """Somebody's word for one version of a withdrawal."""

    __tablename__ = "withdrawal_approvals"
    id: int | None = Field(default=None, primary_key=True)
    withdrawal_id: str = Field(foreign_key="withdrawals.id", index=True)
    version: int
    digest: str
    who: str
    alone: bool
    at: float
    expires_at: float
    voided_at: float | None


class DestinationRow(BookModel, table=True):
    """An entry of the allow-list; a removed one stays on record."""

    __tablename__ = "withdrawal_destinations"

    id: int | None = Field(default=None, primary_key=True)
    address: str = Field(index=True)
    label: str
    share: int
    purpose: str
    added_by: str
    added_at: float
    usable_from: float
    removed_by: str | None
    removed_at: float | None


class WithdrawalRuleRow(BookModel, table=True):
    """A rule that starts withdrawals; a removed one stays on record."""

    __tablename__ = "withdrawal_rules"

    id: str = Field(primary_key=True)
    origin: str
    asset: str = Field(foreign_key="tokens.address")
    threshold: int | None = Field(sa_type=Wei)
    schedule: str | None
    keep: int = Field(sa_type=Wei)
    amount: int | None = Field(sa_type=Wei)
    destination: str | None
    strategy: str
    created_by: str
    created_at: float
    last_slot: float | None
    words: str
    removed_by: str | None
    removed_at: float | None


class AppliedCommandRow(BookModel, table=True):
    """A command whose effect is in this book, kept together with the effect."""

    __tablename__ = "applied_commands"

    token: str = Field(primary_key=True)
    number: int
    state: str
    answer: str
    at: float
