"""The tables of a book and of the control database.

SQLModel's table classes do not validate, so records are checked before they get here
(`aineon.ledger.validation`). The tables are created by the migrations alone; a test holds
the two together.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Index, MetaData, Table, UniqueConstraint
from sqlmodel import Field, SQLModel
from sqlmodel._compat import SQLModelConfig

from aineon.ledger.types import Wei

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class BookModel(SQLModel):
    """Base of the tables that every book has."""

    # No table class validates, so none needs to build what it would validate with.
    model_config = SQLModelConfig(defer_build=True)

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)


class ControlModel(SQLModel):
    """Base of the control database's tables."""

    model_config = SQLModelConfig(defer_build=True)

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)


class BookMeta(BookModel, table=True):
    """One row: which book this is."""

    __tablename__ = "meta"

    id: int = Field(primary_key=True)
    book: str
    created_at: float


class TokenRow(BookModel, table=True):
    """A token that other rows name."""

    __tablename__ = "tokens"

    address: str = Field(primary_key=True)
    symbol: str
    decimals: int | None


class RunRow(BookModel, table=True):
    """One run of the engine."""

    __tablename__ = "runs"

    id: int | None = Field(default=None, primary_key=True)
    feed: str
    provenance: str = Field(index=True)
    seed: int | None = Field(sa_type=BigInteger)
    detail: str
    started_at: float
    native_token: str | None = Field(foreign_key="tokens.address")


class StepRow(BookModel, table=True):
    """One processed step of the market; the newest are kept."""

    __tablename__ = "steps"

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="runs.id")
    block_number: int = Field(sa_type=BigInteger)
    step: int
    block_time: float | None
    base_fee_wei: int | None = Field(sa_type=Wei)
    pools_changed: int
    counts: dict[str, int] = Field(sa_type=JSON)
    scan_seconds: float | None
    at: float = Field(index=True)


class OpportunityRow(BookModel, table=True):
    """One opportunity and where it stopped; the newest are kept."""

    __tablename__ = "opportunities"
    __table_args__ = (Index("ix_opportunities_missed", "attempt_id", "net_wei"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="runs.id")
    block_number: int = Field(sa_type=BigInteger)
    step: int
    at: float = Field(index=True)
    route_key: str
    route_text: str
    pair: str
    venues: list[str] = Field(sa_type=JSON)
    hops: int
    base_token: str = Field(foreign_key="tokens.address")
    amount_in: int = Field(sa_type=Wei)
    amount_out: int = Field(sa_type=Wei)
    gross_profit: int = Field(sa_type=Wei)
    flash_fee: int = Field(sa_type=Wei)
    gas_units: int | None = Field(sa_type=BigInteger)
    gas_cost: int | None = Field(sa_type=Wei)
    net_profit: int | None = Field(sa_type=Wei)
    net_wei: int | None = Field(sa_type=Wei)
    confidence: float | None
    stage: str
    gate: str | None = Field(index=True)
    reason: str
    attempt_id: str | None
    lands: float | None
    bid_bps: int | None
    expected_net_wei: int | None = Field(sa_type=Wei)
    band_low_wei: int | None = Field(sa_type=Wei)
    band_high_wei: int | None = Field(sa_type=Wei)
    decided_by: str | None
    decision_words: str | None
    reasons: dict[str, float] | None = Field(sa_type=JSON)
    regime: str | None
    model_version: str | None


class SampleRow(BookModel, table=True):
    """An opportunity as it was judged and what it came to; never changed, the newest are kept."""

    __tablename__ = "optimizer_samples"

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="runs.id", index=True)
    block_number: int = Field(sa_type=BigInteger)
    at: float
    known_at: float
    pair: str
    vector: bytes
    feature_set: str
    net_wei: int = Field(sa_type=Wei)
    gas_wei: int | None = Field(sa_type=Wei)
    needed_payment_wei: int | None = Field(sa_type=Wei)
    reachable: bool | None
    won: bool | None
    offered_bps: int | None
    censored: bool
    decided_by: str
    lands: float | None
    provenance: str


class AttemptRow(BookModel, table=True):
    """A submitted plan; never deleted."""

    __tablename__ = "attempts"
    __table_args__ = (UniqueConstraint("attempt_id"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="runs.id", index=True)
    attempt_id: str
    plan_id: str
    route_key: str
    route_text: str
    pair: str
    venues: list[str] = Field(sa_type=JSON)
    base_token: str = Field(foreign_key="tokens.address")
    amount_in: int = Field(sa_type=Wei)
    expected_out: int = Field(sa_type=Wei)
    expected_profit: int = Field(sa_type=Wei)
    expected_net_wei: int | None = Field(sa_type=Wei)
    gas_limit: int = Field(sa_type=BigInteger)
    confidence: float | None
    submitted_block: int = Field(sa_type=BigInteger)
    submitted_step: int
    submitted_at: float
    provenance: str = Field(index=True)
    strategy_run: str = Field(index=True)


class SettlementRow(BookModel, table=True):
    """What an attempt came to; never changed, never deleted.

    `*_ordinal` counts the settlements of the run and of the provenance from 1 on, and
    `*_total` is the known net so far, this one included: a curve over a hundred thousand
    trades reads a few hundred rows.
    """

    __tablename__ = "settlements"
    __table_args__ = (
        UniqueConstraint("attempt_id"),
        UniqueConstraint("run_id", "run_ordinal"),
        UniqueConstraint("provenance", "provenance_ordinal"),
        Index(None, "run_id", "settled_at"),
        Index(None, "provenance", "settled_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    attempt_id: str = Field(foreign_key="attempts.attempt_id")
    outcome: str = Field(index=True)
    reason: str
    settled_block: int | None = Field(sa_type=BigInteger)
    settled_at: float
    amount_out: int | None = Field(sa_type=Wei)
    gross_profit: int | None = Field(sa_type=Wei)
    flash_fee: int = Field(sa_type=Wei)
    gas_used: int | None = Field(sa_type=BigInteger)
    gas_cost: int | None = Field(sa_type=Wei)
    builder_payment: int | None = Field(sa_type=Wei)
    net: int | None = Field(sa_type=Wei)
    run_id: int = Field(foreign_key="runs.id")
    run_ordinal: int
    run_total: int = Field(sa_type=Wei)
    provenance: str
    provenance_ordinal: int
    provenance_total: int = Field(sa_type=Wei)
    chain_id: int | None = Field(sa_type=BigInteger)
    transaction_hash: str | None = Field(index=True)
    finalised: bool | None
    verification: str | None
    verification_detail: str | None
    operator: str | None
    treasury: str | None
    at_fault: bool | None


class ObservationRow(BookModel, table=True):
    """An attempt seen in a block that is not final; it goes when the attempt is settled."""

    __tablename__ = "observations"

    attempt_id: str = Field(primary_key=True, foreign_key="attempts.attempt_id")
    chain_id: int = Field(sa_type=BigInteger)
    transaction_hash: str
    outcome: str
    block_number: int = Field(sa_type=BigInteger)
    net: int | None = Field(sa_type=Wei)
    at: float


class TakingRow(BookModel, table=True):
    """What another searcher took; the newest are kept."""

    __tablename__ = "takings"

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="runs.id")
    block_number: int = Field(sa_type=BigInteger)
    step: int
    at: float = Field(index=True)
    reference: str
    searcher: str
    profit_token: str = Field(foreign_key="tokens.address")
    profit: int = Field(sa_type=Wei)
    profit_wei: int | None = Field(sa_type=Wei)


class NearMissRow(BookModel, table=True):
    """A cycle that came close in a step; the newest are kept."""

    __tablename__ = "near_misses"
    __table_args__ = (Index(None, "run_id", "block_number", "step"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="runs.id")
    block_number: int = Field(sa_type=BigInteger)
    step: int
    at: float
    route_key: str
    route_text: str
    pair: str
    venues: list[str] = Field(sa_type=JSON)
    hops: int
    base_token: str = Field(foreign_key="tokens.address")
    rate: float
    verdict: str
    reason: str
    amount_in: int | None = Field(sa_type=Wei)
    gross_profit: int | None = Field(sa_type=Wei)
    flash_fee: int | None = Field(sa_type=Wei)
    gas_units: int = Field(sa_type=BigInteger)
    gas_cost: int | None = Field(sa_type=Wei)


class PriceRow(BookModel, table=True):
    """A sampled spot price; the newest are kept."""

    __tablename__ = "prices"

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="runs.id")
    block_number: int = Field(sa_type=BigInteger)
    at: float
    pair: str = Field(index=True)
    venue: str
    pool: str
    price: float


class HeartbeatRow(ControlModel, table=True):
    """One row: what the engine said of itself last."""

    __tablename__ = "heartbeat"

    id: int = Field(primary_key=True)
    beat_at: float
    body: dict[str, Any] = Field(sa_type=JSON)


class StopRow(ControlModel, table=True):
    """An emergency stop; it holds until somebody has cleared it."""

    __tablename__ = "stops"

    id: int | None = Field(default=None, primary_key=True)
    reason: str
    who: str
    at: float
    cleared_by: str | None
    cleared_at: float | None


class BreakerRow(ControlModel, table=True):
    """A move of a book's circuit breaker; never changed, never deleted."""

    __tablename__ = "breaker_changes"
    __table_args__ = (Index(None, "book", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    book: str
    old: str
    new: str
    cause: str
    reason: str
    who: str
    at: float


class RequestRow(ControlModel, table=True):
    """What was asked of the supervisor, and its answer."""

    __tablename__ = "requests"

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    mode: str
    who: str
    at: float
    state: str
    answer: str
    changed_at: float
    word: str = ""
    proof: str = ""


class CommandRow(ControlModel, table=True):
    """What was asked of the engine, and its answer; `token` names the wish once and for all."""

    __tablename__ = "commands"

    number: int | None = Field(default=None, primary_key=True)
    token: str = Field(unique=True)
    kind: str
    book: str
    body: dict[str, Any] = Field(sa_type=JSON)
    who: str
    at: float
    state: str = Field(index=True)
    answer: str
    changed_at: float


def table_of(model: type[SQLModel]) -> Table:
    """Return the SQLAlchemy table behind a table class."""
    return model.metadata.tables[str(model.__tablename__)]
