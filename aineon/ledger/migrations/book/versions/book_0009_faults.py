"""Whether a revert was a fault of ours; of older settlements it is not known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "book_0009"
down_revision = "book_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("settlements", sa.Column("at_fault", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("settlements", "at_fault")
