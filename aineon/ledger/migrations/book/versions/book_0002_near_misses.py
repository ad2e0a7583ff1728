"""The cycles that came close in a step."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from aineon.ledger.types import Wei, wei_check

revision = "book_0002"
down_revision = "book_0001"
branch_labels = None
depends_on = None

_AMOUNTS = ("amount_in", "gross_profit", "flash_fee", "gas_cost")


def upgrade() -> None:
    checks = [sa.CheckConstraint(wei_check(name), name=f"{name}_wei") for name in _AMOUNTS]
    op.create_table(
        "near_misses",
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
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("amount_in", Wei(), nullable=True),
        sa.Column("gross_profit", Wei(), nullable=True),
        sa.Column("flash_fee", Wei(), nullable=True),
        sa.Column("gas_units", sa.BigInteger(), nullable=False),
        sa.Column("gas_cost", Wei(), nullable=True),
        sa.ForeignKeyConstraint(
            ["base_token"], ["tokens.address"], name=op.f("fk_near_misses_base_token")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_near_misses_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_near_misses")),
        *(check.ddl_if(dialect="sqlite") for check in checks),
    )
    op.create_index(
        op.f("ix_near_misses_run_id_block_number_step"),
        "near_misses",
        ["run_id", "block_number", "step"],
    )


def downgrade() -> None:
    op.drop_table("near_misses")
