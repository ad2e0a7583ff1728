"""The outbox: everything that is signed, before a byte of it leaves."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from aineon.ledger.types import Wei, wei_check

revision = "book_0003"
down_revision = "book_0002"
branch_labels = None
depends_on = None

_STATES = (
    "signed",
    "broadcast",
    "unresolved",
    "refused",
    "missed",
    "mined",
    "superseded",
    "finalised",
    "replaced",
)


def _create(name: str, *parts: Any) -> None:
    amounts = [part.name for part in parts if isinstance(getattr(part, "type", None), Wei)]
    checks = [sa.CheckConstraint(wei_check(column), name=f"{column}_wei") for column in amounts]
    op.create_table(name, *parts, *(check.ddl_if(dialect="sqlite") for check in checks))


def upgrade() -> None:
    _create(
        "outbox_keys",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("first_nonce", sa.BigInteger(), nullable=False),
        sa.Column("adopted_by", sa.String(), nullable=False),
        sa.Column("adopted_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "sender", name=op.f("pk_outbox_keys")),
    )
    _create(
        "outbox_leases",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("beat_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "sender", name=op.f("pk_outbox_leases")),
    )
    _create(
        "outbox_intents",
        sa.Column("intent_id", sa.String(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("to_address", sa.String(), nullable=False),
        sa.Column("value", Wei(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("attempt_id", sa.String(), nullable=True),
        sa.Column("cancels", sa.String(), nullable=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("intent_id", name=op.f("pk_outbox_intents")),
    )
    op.create_index(op.f("ix_outbox_intents_attempt_id"), "outbox_intents", ["attempt_id"])
    op.create_index(op.f("ix_outbox_intents_cancels"), "outbox_intents", ["cancels"])
    _create(
        "outbox_nonces",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("reserved_at", sa.Float(), nullable=False),
        sa.Column("foreign_hash", sa.String(), nullable=True),
        sa.Column("foreign_block", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("chain_id", "sender", "nonce", name=op.f("pk_outbox_nonces")),
    )
    _create(
        "outbox_transactions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("intent_id", sa.String(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("gas_limit", sa.BigInteger(), nullable=False),
        sa.Column("max_fee", Wei(), nullable=False),
        sa.Column("priority_fee", Wei(), nullable=False),
        sa.Column("first_block", sa.BigInteger(), nullable=True),
        sa.Column("last_block", sa.BigInteger(), nullable=True),
        sa.Column("signed_head", sa.BigInteger(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("signed_at", sa.Float(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", sa.String(), nullable=True),
        sa.Column("succeeded", sa.Boolean(), nullable=True),
        sa.Column("gas_used", sa.BigInteger(), nullable=True),
        sa.Column("gas_price", Wei(), nullable=True),
        sa.ForeignKeyConstraint(
            ["intent_id"],
            ["outbox_intents.intent_id"],
            name=op.f("fk_outbox_transactions_intent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["chain_id", "sender", "nonce"],
            ["outbox_nonces.chain_id", "outbox_nonces.sender", "outbox_nonces.nonce"],
            name=op.f("fk_outbox_transactions_chain_id_sender_nonce"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_transactions")),
        sa.UniqueConstraint("hash", name=op.f("uq_outbox_transactions_hash")),
        sa.UniqueConstraint(
            "chain_id",
            "sender",
            "nonce",
            "ordinal",
            name=op.f("uq_outbox_transactions_chain_id_sender_nonce_ordinal"),
        ),
        sa.CheckConstraint(f"state IN {_STATES}", name="state_known"),
    )
    op.create_index(op.f("ix_outbox_transactions_intent_id"), "outbox_transactions", ["intent_id"])
    op.create_index(op.f("ix_outbox_transactions_state"), "outbox_transactions", ["state"])
    _create(
        "outbox_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transaction_id", sa.Integer(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["outbox_transactions.id"],
            name=op.f("fk_outbox_answers_transaction_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_answers")),
    )
    op.create_index(op.f("ix_outbox_answers_transaction_id"), "outbox_answers", ["transaction_id"])


def downgrade() -> None:
    for table in (
        "outbox_answers",
        "outbox_transactions",
        "outbox_nonces",
        "outbox_intents",
        "outbox_leases",
        "outbox_keys",
    ):
        op.drop_table(table)
