"""The tables of what is added up as it is booked (`aineon.ledger.rollups`)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Index
from sqlmodel import Field, SQLModel

from aineon.ledger.tables import BookModel
from aineon.ledger.types import Wei


class Figures(SQLModel):
    """The columns of a roll-up of settlements (`aineon.ledger.rollups.Tally`)."""

    included: int
    reverted: int
    missed: int
    unresolved: int
    profitable: int
    known: int
    net: int = Field(sa_type=Wei)
    gross: int = Field(sa_type=Wei)
    gas: int = Field(sa_type=Wei)
    gas_unknown: int
    builder: int = Field(sa_type=Wei)
    builder_unknown: int
    failed_gas: int = Field(sa_type=Wei)
    best: int | None = Field(sa_type=Wei)
    worst: int | None = Field(sa_type=Wei)


class ProfitHourRow(Figures, BookModel, table=True):
    """The settlements of one run in one hour, added up."""

    __tablename__ = "profit_hours"

    run_id: int = Field(primary_key=True, foreign_key="runs.id")
    hour_start: int = Field(primary_key=True, sa_type=BigInteger, index=True)


class GroupDayRow(BookModel, table=True):
    """The settlements of one run on one day by venue, pair and shape (`aineon.ledger.groups`)."""

    __tablename__ = "group_days"

    run_id: int = Field(primary_key=True, foreign_key="runs.id")
    day_start: int = Field(primary_key=True, sa_type=BigInteger, index=True)
    groups: dict[str, Any] = Field(sa_type=JSON)


class ProfitTotalRow(Figures, BookModel, table=True):
    """All settlements of one run (`run:5`) or of one provenance (`provenance:simulated`)."""

    __tablename__ = "profit_totals"

    scope: str = Field(primary_key=True)
    peak: int = Field(sa_type=Wei)
    peak_at: float | None
    deepest_fall: int = Field(sa_type=Wei)
    deepest_fall_from: float | None
    deepest_fall_at: float | None
    recovered_at: float | None


class StrategyRunRow(Figures, BookModel, table=True):
    """The attempts of one strategy run, added up.

    `whole_net` is their net in all, and NULL while one of them is not settled or not known.
    """

    __tablename__ = "strategy_runs"
    __table_args__ = (
        Index(None, "run_id", "whole_net"),
        Index(None, "provenance", "whole_net"),
        Index(None, "run_id", "submitted_at"),
        Index(None, "provenance", "submitted_at"),
    )

    strategy_run: str = Field(primary_key=True)
    run_id: int = Field(foreign_key="runs.id")
    provenance: str
    submitted_block: int = Field(sa_type=BigInteger)
    submitted_at: float
    settled_at: float | None
    submitted: int
    whole_net: int | None = Field(sa_type=Wei)


class StrategyTotalRow(BookModel, table=True):
    """How many strategy runs a scope has, and what those came to whose net is known in all."""

    __tablename__ = "strategy_totals"

    scope: str = Field(primary_key=True)
    runs: int
    known: int
    profitable: int
    net: int = Field(sa_type=Wei)


class TokenTotalRow(BookModel, table=True):
    """What the included attempts of a scope left in each base token, before gas."""

    __tablename__ = "token_totals"

    scope: str = Field(primary_key=True)
    token: str = Field(primary_key=True, foreign_key="tokens.address")
    gross_profit: int = Field(sa_type=Wei)
    flash_fee: int = Field(sa_type=Wei)


class ActivityHourRow(BookModel, table=True):
    """The funnel and the takings of one run in one hour, counted.

    `gates` holds, for each gate, how many opportunities it stopped and the newest reason.
    """

    __tablename__ = "activity_hours"

    run_id: int = Field(primary_key=True, foreign_key="runs.id")
    hour_start: int = Field(primary_key=True, sa_type=BigInteger, index=True)
    steps: int
    opportunities: int
    counts: dict[str, int] = Field(sa_type=JSON)
    gates: dict[str, Any] = Field(sa_type=JSON)
    takings: int
    takings_wei: int = Field(sa_type=Wei)
    takings_unknown: int
