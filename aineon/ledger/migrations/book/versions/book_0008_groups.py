"""Settlements by venue, pair and shape of route, added up day by day.

What old books lack is added up from the settlements that they have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from aineon.ledger.types import Wei

revision = "book_0008"
down_revision = "book_0007"
branch_labels = None
depends_on = None

_DAY = 86_400
_FIGURES = ("attempts", "included", "resolved", "known", "net", "gas", "gas_unknown")


def upgrade() -> None:
    op.create_table(
        "group_days",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("day_start", sa.BigInteger(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_group_days_run_id")),
        sa.PrimaryKeyConstraint("run_id", "day_start", name=op.f("pk_group_days")),
    )
    op.create_index(op.f("ix_group_days_day_start"), "group_days", ["day_start"])
    _compute(op.get_bind())


def _compute(connection: sa.Connection) -> None:
    attempts = sa.table(
        "attempts",
        *map(sa.column, ("attempt_id", "pair", "route_key")),
        sa.column("venues", sa.JSON()),
    )
    settlements = sa.table(
        "settlements",
        *map(sa.column, ("id", "attempt_id", "run_id", "settled_at", "outcome")),
        *(sa.column(name, Wei()) for name in ("net", "gas_cost")),
    )
    query = (
        sa.select(settlements, attempts.c.venues, attempts.c.pair, attempts.c.route_key)
        .join(attempts, attempts.c.attempt_id == settlements.c.attempt_id)
        .order_by(settlements.c.id)
    )
    days: dict[tuple[int, int], dict[str, Any]] = defaultdict(
        lambda: {"venue": {}, "pair": {}, "shape": {}}
    )
    for row in connection.execute(query):
        groups = days[row.run_id, int(row.settled_at // _DAY) * _DAY]
        for kind, name in _names(row):
            figures = groups[kind].setdefault(name, dict.fromkeys(_FIGURES, 0))
            for figure, more in zip(_FIGURES, _counted(row), strict=True):
                figures[figure] += more
    rows = [
        {"run_id": run_id, "day_start": day, "groups": groups}
        for (run_id, day), groups in days.items()
    ]
    table = sa.table(
        "group_days", sa.column("run_id"), sa.column("day_start"), sa.column("groups", sa.JSON())
    )
    if rows:
        connection.execute(sa.insert(table), rows)


def _names(row: Any) -> Iterator[tuple[str, str]]:
    for venue in dict.fromkeys(row.venues):
        yield "venue", venue
    yield "pair", row.pair
    hops = row.route_key.count(">") // 2
    words = "1 hop" if hops == 1 else f"{hops} hops"
    yield "shape", f"{words}, divided" if "+" in row.route_key else words


def _counted(row: Any) -> tuple[int, ...]:
    return (
        1,
        row.outcome == "included",
        row.outcome != "unresolved",
        row.net is not None,
        row.net or 0,
        row.gas_cost or 0,
        row.gas_cost is None,
    )


def downgrade() -> None:
    op.drop_table("group_days")
