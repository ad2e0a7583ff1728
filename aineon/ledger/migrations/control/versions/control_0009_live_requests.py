"""What is asked of the supervisor may carry the asker's word, and the proof that it is theirs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "control_0009"
down_revision = "control_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("word", "proof"):
        op.add_column("requests", sa.Column(name, sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    for name in ("proof", "word"):
        op.drop_column("requests", name)
