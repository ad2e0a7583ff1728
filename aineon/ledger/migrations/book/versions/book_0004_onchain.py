"""What became of attempts on a chain: their transactions, who confirmed them, what is pending."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from aineon.ledger.types import Wei, wei_check

revision = "book_0004"
down_revision = "book_0003"
branch_labels = None
depends_on = None

_OF_SETTLEMENTS: dict[str, sa.types.TypeEngine[Any]] = {
    "chain_id": sa.BigInteger(),
    "transaction_hash": sa.String(),
    "finalised": sa.Boolean(),
    "verification": sa.String(),
    "verification_detail": sa.String(),
}


def upgrade() -> None:
    for name, kind in _OF_SETTLEMENTS.items():
        op.add_column("settlements", sa.Column(name, kind, nullable=True))
    op.create_index(op.f("ix_settlements_transaction_hash"), "settlements", ["transaction_hash"])
    op.add_column("outbox_intents", sa.Column("memo", sa.String(), nullable=True))
    op.create_table(
        "observations",
        sa.Column("attempt_id", sa.String(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("net", Wei(), nullable=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.attempt_id"], name=op.f("fk_observations_attempt_id")
        ),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_observations")),
        sa.CheckConstraint(wei_check("net"), name="net_wei").ddl_if(dialect="sqlite"),
    )


def downgrade() -> None:
    op.drop_table("observations")
    op.drop_column("outbox_intents", "memo")
    op.drop_index(op.f("ix_settlements_transaction_hash"), "settlements")
    for name in _OF_SETTLEMENTS:
        op.drop_column("settlements", name)
