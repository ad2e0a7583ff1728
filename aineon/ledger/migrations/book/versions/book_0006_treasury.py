"""The treasury: withdrawals, their events and approvals, destinations, rules."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from aineon.ledger.types import Wei, wei_check

revision = "book_0006"
down_revision = "book_0005"
branch_labels = None
depends_on = None

_STATES = (
    "draft",
    "pending_approval",
    "approved",
    "cooling",
    "signed",
    "broadcast",
    "replaced",
    "mined",
    "confirmed",
    "failed",
    "cancelled",
    "rejected",
    "expired",
)


def _create(name: str, *parts: Any) -> None:
    amounts = [part.name for part in parts if isinstance(getattr(part, "type", None), Wei)]
    checks = [sa.CheckConstraint(wei_check(column), name=f"{column}_wei") for column in amounts]
    op.create_table(name, *parts, *(check.ddl_if(dialect="sqlite") for check in checks))


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Float(), nullable=nullable)


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def upgrade() -> None:
    _create(
        "withdrawals",
        _text("id"),
        _text("token"),
        _text("fingerprint"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        _text("asset"),
        sa.Column("amount", Wei(), nullable=False),
        _text("destination"),
        _text("strategy"),
        _text("origin"),
        _text("requested_by"),
        _text("edited_by", nullable=True),
        _text("state"),
        _text("reason"),
        sa.Column("worth_wei", Wei(), nullable=True),
        _text("rule_id", nullable=True),
        _time("created_at"),
        _time("admitted_at", nullable=True),
        _time("changed_at"),
        _time("cooling_until", nullable=True),
        _time("expires_at", nullable=True),
        _text("batch_id", nullable=True),
        _text("intent_id", nullable=True),
        _text("transaction_hash", nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        _text("cancel_asked_by", nullable=True),
        sa.ForeignKeyConstraint(["asset"], ["tokens.address"], name=op.f("fk_withdrawals_asset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawals")),
        sa.UniqueConstraint("token", name=op.f("uq_withdrawals_token")),
        sa.CheckConstraint(f"state IN {_STATES}", name="state_known"),
    )
    _index("withdrawals", "state")
    _index("withdrawals", "rule_id")
    _create(
        "withdrawal_events",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("withdrawal_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("what"),
        _text("old", nullable=True),
        _text("new"),
        _text("who"),
        _text("reason"),
        sa.Column("audit", sa.Integer(), nullable=False),
        _time("at"),
        sa.ForeignKeyConstraint(
            ["withdrawal_id"], ["withdrawals.id"], name=op.f("fk_withdrawal_events_withdrawal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal_events")),
    )
    _index("withdrawal_events", "withdrawal_id")
    _create(
        "withdrawal_approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("withdrawal_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("digest"),
        _text("who"),
        sa.Column("alone", sa.Boolean(), nullable=False),
        _time("at"),
        _time("expires_at"),
        _time("voided_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["withdrawal_id"],
            ["withdrawals.id"],
            name=op.f("fk_withdrawal_approvals_withdrawal_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal_approvals")),
    )
    _index("withdrawal_approvals", "withdrawal_id")
    _create(
        "withdrawal_destinations",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("address"),
        _text("label"),
        sa.Column("share", sa.Integer(), nullable=False),
        _text("purpose"),
        _text("added_by"),
        _time("added_at"),
        _time("usable_from"),
        _text("removed_by", nullable=True),
        _time("removed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal_destinations")),
    )
    _index("withdrawal_destinations", "address")
    _create(
        "withdrawal_rules",
        _text("id"),
        _text("origin"),
        _text("asset"),
        sa.Column("threshold", Wei(), nullable=True),
        _text("schedule", nullable=True),
        sa.Column("keep", Wei(), nullable=False),
        sa.Column("amount", Wei(), nullable=True),
        _text("destination", nullable=True),
        _text("strategy"),
        _text("created_by"),
        _time("created_at"),
        _time("last_slot", nullable=True),
        _text("words"),
        _text("removed_by", nullable=True),
        _time("removed_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["asset"], ["tokens.address"], name=op.f("fk_withdrawal_rules_asset")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal_rules")),
    )
    _create(
        "applied_commands",
        _text("token"),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("state"),
        _text("answer"),
        _time("at"),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_applied_commands")),
    )


def downgrade() -> None:
    for table in (
        "applied_commands",
        "withdrawal_rules",
        "withdrawal_destinations",
        "withdrawal_approvals",
        "withdrawal_events",
        "withdrawals",
    ):
        op.drop_table(table)
