"""The first tables of a book."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from aineon.ledger.types import Wei, wei_check

revision = "book_0001"
down_revision = None
branch_labels = None
depends_on = None


def _wei(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, Wei(), nullable=nullable)


def _create(table: str, *items: sa.Column[Any] | sa.Constraint) -> None:
    """Create a table whose every amount is checked where amounts are kept as text."""
    amounts = [item for item in items if isinstance(item, sa.Column) and isinstance(item.type, Wei)]
    checks = [sa.CheckConstraint(wei_check(item.name), name=f"{item.name}_wei") for item in amounts]
    op.create_table(table, *items, *(check.ddl_if(dialect="sqlite") for check in checks))


def upgrade() -> None:
    _create(
        "meta",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meta")),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    _create(
        "profit_totals",
        sa.Column("included", sa.Integer(), nullable=False),
        sa.Column("reverted", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("unresolved", sa.Integer(), nullable=False),
        sa.Column("profitable", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        _wei("net"),
        _wei("gross"),
        _wei("gas"),
        sa.Column("gas_unknown", sa.Integer(), nullable=False),
        _wei("builder"),
        sa.Column("builder_unknown", sa.Integer(), nullable=False),
        _wei("best", nullable=True),
        _wei("worst", nullable=True),
        sa.Column("scope", sa.String(), nullable=False),
        _wei("peak"),
        _wei("deepest_fall"),
        sa.Column("deepest_fall_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_profit_totals")),
    )
    _create(
        "tokens",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("decimals", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_tokens")),
    )
    _create(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("provenance", sa.String(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("native_token", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["native_token"], ["tokens.address"], name=op.f("fk_runs_native_token")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_provenance"), "runs", ["provenance"])
    _create(
        "token_totals",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        _wei("gross_profit"),
        _wei("flash_fee"),
        sa.ForeignKeyConstraint(["token"], ["tokens.address"], name=op.f("fk_token_totals_token")),
        sa.PrimaryKeyConstraint("scope", "token", name=op.f("pk_token_totals")),
    )
    _create(
        "activity_hours",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("hour_start", sa.BigInteger(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("opportunities", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("gates", sa.JSON(), nullable=False),
        sa.Column("takings", sa.Integer(), nullable=False),
        _wei("takings_wei"),
        sa.Column("takings_unknown", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_activity_hours_run_id")),
        sa.PrimaryKeyConstraint("run_id", "hour_start", name=op.f("pk_activity_hours")),
    )
    op.create_index(op.f("ix_activity_hours_hour_start"), "activity_hours", ["hour_start"])
    _create(
        "attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.String(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("route_key", sa.String(), nullable=False),
        sa.Column("route_text", sa.String(), nullable=False),
        sa.Column("pair", sa.String(), nullable=False),
        sa.Column("venues", sa.JSON(), nullable=False),
        sa.Column("base_token", sa.String(), nullable=False),
        _wei("amount_in"),
        _wei("expected_out"),
        _wei("expected_profit"),
        _wei("expected_net_wei", nullable=True),
        sa.Column("gas_limit", sa.BigInteger(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("submitted_block", sa.BigInteger(), nullable=False),
        sa.Column("submitted_step", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.Float(), nullable=False),
        sa.Column("provenance", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["base_token"], ["tokens.address"], name=op.f("fk_attempts_base_token")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_attempts_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_attempts_attempt_id")),
    )
    op.create_index(op.f("ix_attempts_provenance"), "attempts", ["provenance"])
    op.create_index(op.f("ix_attempts_run_id"), "attempts", ["run_id"])
    _create(
        "opportunities",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("route_key", sa.String(), nullable=False),
        sa.Column("route_text", sa.String(), nullable=False),
        sa.Column("pair", sa.String(), nullable=False),
        sa.Column("venues", sa.JSON(), nullable=False),
        sa.Column("hops", sa.Integer(), nullable=False),
        sa.Column("base_token", sa.String(), nullable=False),
        _wei("amount_in"),
        _wei("amount_out"),
        _wei("gross_profit"),
        _wei("flash_fee"),
        sa.Column("gas_units", sa.BigInteger(), nullable=True),
        _wei("gas_cost", nullable=True),
        _wei("net_profit", nullable=True),
        _wei("net_wei", nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("gate", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("attempt_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["base_token"], ["tokens.address"], name=op.f("fk_opportunities_base_token")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_opportunities_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunities")),
    )
    op.create_index(op.f("ix_opportunities_at"), "opportunities", ["at"])
    op.create_index(op.f("ix_opportunities_gate"), "opportunities", ["gate"])
    op.create_index("ix_opportunities_missed", "opportunities", ["attempt_id", "net_wei"])
    _create(
        "prices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("pair", sa.String(), nullable=False),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("price", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_prices_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prices")),
    )
    op.create_index(op.f("ix_prices_pair"), "prices", ["pair"])
    _create(
        "profit_hours",
        sa.Column("included", sa.Integer(), nullable=False),
        sa.Column("reverted", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("unresolved", sa.Integer(), nullable=False),
        sa.Column("profitable", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        _wei("net"),
        _wei("gross"),
        _wei("gas"),
        sa.Column("gas_unknown", sa.Integer(), nullable=False),
        _wei("builder"),
        sa.Column("builder_unknown", sa.Integer(), nullable=False),
        _wei("best", nullable=True),
        _wei("worst", nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("hour_start", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_profit_hours_run_id")),
        sa.PrimaryKeyConstraint("run_id", "hour_start", name=op.f("pk_profit_hours")),
    )
    op.create_index(op.f("ix_profit_hours_hour_start"), "profit_hours", ["hour_start"])
    _create(
        "steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("block_time", sa.Float(), nullable=True),
        _wei("base_fee_wei", nullable=True),
        sa.Column("pools_changed", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("scan_seconds", sa.Float(), nullable=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_steps_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_steps")),
    )
    op.create_index(op.f("ix_steps_at"), "steps", ["at"])
    _create(
        "takings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("searcher", sa.String(), nullable=False),
        sa.Column("profit_token", sa.String(), nullable=False),
        _wei("profit"),
        _wei("profit_wei", nullable=True),
        sa.ForeignKeyConstraint(
            ["profit_token"], ["tokens.address"], name=op.f("fk_takings_profit_token")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_takings_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_takings")),
    )
    op.create_index(op.f("ix_takings_at"), "takings", ["at"])
    _create(
        "settlements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("settled_block", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.Float(), nullable=False),
        _wei("amount_out", nullable=True),
        _wei("gross_profit", nullable=True),
        _wei("flash_fee"),
        sa.Column("gas_used", sa.BigInteger(), nullable=True),
        _wei("gas_cost", nullable=True),
        _wei("builder_payment", nullable=True),
        _wei("net", nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("run_ordinal", sa.Integer(), nullable=False),
        _wei("run_total"),
        sa.Column("provenance", sa.String(), nullable=False),
        sa.Column("provenance_ordinal", sa.Integer(), nullable=False),
        _wei("provenance_total"),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.attempt_id"], name=op.f("fk_settlements_attempt_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_settlements_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlements")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_settlements_attempt_id")),
        sa.CheckConstraint(
            "outcome IN ('included', 'reverted', 'missed', 'unresolved')", name="outcome_known"
        ),
        sa.UniqueConstraint(
            "provenance",
            "provenance_ordinal",
            name=op.f("uq_settlements_provenance_provenance_ordinal"),
        ),
        sa.UniqueConstraint(
            "run_id", "run_ordinal", name=op.f("uq_settlements_run_id_run_ordinal")
        ),
    )
    op.create_index(op.f("ix_settlements_outcome"), "settlements", ["outcome"])
    op.create_index(
        op.f("ix_settlements_provenance_settled_at"), "settlements", ["provenance", "settled_at"]
    )
    op.create_index(
        op.f("ix_settlements_run_id_settled_at"), "settlements", ["run_id", "settled_at"]
    )


def downgrade() -> None:
    for table in (
        "settlements",
        "takings",
        "steps",
        "profit_hours",
        "prices",
        "opportunities",
        "attempts",
        "activity_hours",
        "token_totals",
        "runs",
        "tokens",
        "profit_totals",
        "meta",
    ):
        op.drop_table(table)
