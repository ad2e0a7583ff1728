"""Why a withdrawal waits and what its gas cost, and intents of which nothing is signed any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from aineon.ledger.types import Wei, wei_check

revision = "book_0007"
down_revision = "book_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("withdrawals", sa.Column("waits_because", sa.String(), nullable=True))
    op.add_column("withdrawals", sa.Column("waits_since", sa.Float(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        check = f"CONSTRAINT ck_withdrawals_gas_wei_wei CHECK ({wei_check('gas_wei')})"
        op.execute(f"ALTER TABLE withdrawals ADD COLUMN gas_wei VARCHAR(79) {check}")
    else:
        op.add_column("withdrawals", sa.Column("gas_wei", Wei(), nullable=True))
    op.create_index(op.f("ix_withdrawals_batch_id"), "withdrawals", ["batch_id"])
    op.add_column("outbox_intents", sa.Column("retired_at", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox_intents", "retired_at")
    op.drop_index(op.f("ix_withdrawals_batch_id"), "withdrawals")
    for name in ("gas_wei", "waits_since", "waits_because"):
        op.drop_column("withdrawals", name)
