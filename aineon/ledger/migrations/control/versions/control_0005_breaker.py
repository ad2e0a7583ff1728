"""Every move of a book's circuit breaker."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "control_0005"
down_revision = "control_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "breaker_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("old", sa.String(), nullable=False),
        sa.Column("new", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breaker_changes")),
    )
    op.create_index(op.f("ix_breaker_changes_book_id"), "breaker_changes", ["book", "id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_breaker_changes_book_id"), table_name="breaker_changes")
    op.drop_table("breaker_changes")
