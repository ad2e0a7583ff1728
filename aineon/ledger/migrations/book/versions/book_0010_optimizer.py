"""What the optimizer thought of opportunities, and the samples that it learns from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from aineon.ledger.types import Wei, wei_check

revision = "book_0010"
down_revision = "book_0009"
branch_labels = None
depends_on = None

_AMOUNTS = ("expected_net_wei", "band_low_wei", "band_high_wei")


def upgrade() -> None:
    op.create_table(
        "optimizer_samples",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("known_at", sa.Float(), nullable=False),
        sa.Column("pair", sa.String(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("feature_set", sa.String(), nullable=False),
        sa.Column("net_wei", Wei(), nullable=False),
        sa.Column("gas_wei", Wei(), nullable=True),
        sa.Column("needed_payment_wei", Wei(), nullable=True),
        sa.Column("reachable", sa.Boolean(), nullable=True),
        sa.Column("won", sa.Boolean(), nullable=True),
        sa.Column("offered_bps", sa.Integer(), nullable=True),
        sa.Column("censored", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("lands", sa.Float(), nullable=True),
        sa.Column("provenance", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_optimizer_samples_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_optimizer_samples")),
        *(
            sa.CheckConstraint(wei_check(name), name=f"{name}_wei").ddl_if(dialect="sqlite")
            for name in ("net_wei", "gas_wei", "needed_payment_wei")
        ),
    )
    op.create_index(op.f("ix_optimizer_samples_run_id"), "optimizer_samples", ["run_id"])
    _add_to_opportunities()


def _add_to_opportunities() -> None:
    text, table = sa.String(), "opportunities"
    op.add_column(table, sa.Column("lands", sa.Float(), nullable=True))
    op.add_column(table, sa.Column("bid_bps", sa.Integer(), nullable=True))
    for name in _AMOUNTS:
        if op.get_bind().dialect.name == "sqlite":
            check = f"CONSTRAINT ck_{table}_{name}_wei CHECK ({wei_check(name)})"
            op.execute(f"ALTER TABLE {table} ADD COLUMN {name} VARCHAR(79) {check}")
        else:
            op.add_column(table, sa.Column(name, Wei(), nullable=True))
    op.add_column(table, sa.Column("decided_by", text, nullable=True))
    op.add_column(table, sa.Column("decision_words", text, nullable=True))
    op.add_column(table, sa.Column("reasons", sa.JSON(), nullable=True))
    op.add_column(table, sa.Column("regime", text, nullable=True))
    op.add_column(table, sa.Column("model_version", text, nullable=True))


def downgrade() -> None:
    for name in (
        "model_version",
        "regime",
        "reasons",
        "decision_words",
        "decided_by",
        *reversed(_AMOUNTS),
        "bid_bps",
        "lands",
    ):
        op.drop_column("opportunities", name)
    op.drop_index(op.f("ix_optimizer_samples_run_id"), "optimizer_samples")
    op.drop_table("optimizer_samples")
