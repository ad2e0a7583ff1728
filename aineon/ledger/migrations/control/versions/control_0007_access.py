"""Users, their sessions and second factors, and what was tried."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "control_0007"
down_revision = "control_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("password_changed_at", sa.Float(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_users")),
        sa.CheckConstraint(
            "role IN ('super admin', 'admin', 'trader', 'risk manager', 'viewer')",
            name="role_known",
        ),
    )
    op.create_table(
        "user_sessions",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("opened_at", sa.Float(), nullable=False),
        sa.Column("seen_at", sa.Float(), nullable=False),
        sa.Column("ends_at", sa.Float(), nullable=False),
        _of_user("user_sessions"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("number", name=op.f("uq_user_sessions_number")),
    )
    op.create_index(op.f("ix_user_sessions_user_name"), "user_sessions", ["user_name"])
    op.create_table(
        "user_devices",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("ends_at", sa.Float(), nullable=False),
        _of_user("user_devices"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_user_devices")),
    )
    op.create_index(op.f("ix_user_devices_user_name"), "user_devices", ["user_name"])
    op.create_table(
        "second_factors",
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("seed", sa.String(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("waiting", sa.String(), nullable=True),
        sa.Column("waiting_since", sa.Float(), nullable=True),
        _of_user("second_factors"),
        sa.PrimaryKeyConstraint("user_name", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        _of_user("recovery_codes"),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_user_name"), "recovery_codes", ["user_name"])
    op.create_table(
        "code_vouchers",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("ends_at", sa.Float(), nullable=False),
        _of_user("code_vouchers"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_code_vouchers")),
    )
    op.create_index(op.f("ix_code_vouchers_user_name"), "code_vouchers", ["user_name"])
    op.create_table(
        "throttles",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("spent", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttles")),
    )
    op.create_index(op.f("ix_throttles_ends_at"), "throttles", ["ends_at"])
    op.create_table(
        "refusals",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.Column("untold", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_refusals")),
    )


def downgrade() -> None:
    for table in (
        "refusals",
        "throttles",
        "code_vouchers",
        "recovery_codes",
        "second_factors",
        "user_devices",
        "user_sessions",
        "users",
    ):
        op.drop_table(table)


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    """What belongs to a user goes with him."""
    return sa.ForeignKeyConstraint(
        ["user_name"], ["users.name"], name=op.f(f"fk_{table}_user_name"), ondelete="CASCADE"
    )
