"""Accounts, reconciliations and strategy runs; what failures cost, and when falls began and ended.

What is added up anew is computed from the settlements that the book has.
"""

# No postponed annotations: Alembic loads this without a module that dataclasses could look up.
from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from alembic import op

from aineon.ledger.types import Wei, encode_wei, wei_check

revision = "book_0005"
down_revision = "book_0004"
branch_labels = None
depends_on = None

_ROLL_UPS = ("profit_hours", "profit_totals")
_COUNTS = (
    "included",
    "reverted",
    "missed",
    "unresolved",
    "profitable",
    "known",
    "gas_unknown",
    "builder_unknown",
)
_SUMS = ("net", "gross", "gas", "builder", "failed_gas")


def _create(name: str, *parts: Any) -> None:
    columns = [part for part in parts if isinstance(part, sa.Column)]
    amounts = [column.name for column in columns if isinstance(column.type, Wei)]
    checks = [sa.CheckConstraint(wei_check(column), name=f"{column}_wei") for column in amounts]
    op.create_table(name, *parts, *(check.ddl_if(dialect="sqlite") for check in checks))


def _add_amount(table: str, column: str) -> None:
    """Add an amount of zero to every row, checked where amounts are kept as text."""
    if op.get_bind().dialect.name == "sqlite":
        kind = f"VARCHAR(79) NOT NULL DEFAULT '{encode_wei(0)}'"
        check = f"CONSTRAINT ck_{table}_{column}_wei CHECK ({wei_check(column)})"
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind} {check}")
    else:
        op.add_column(table, sa.Column(column, Wei(), nullable=False, server_default="0"))


def upgrade() -> None:
    _create_accounts()
    _create_strategy_runs()
    for table in _ROLL_UPS:
        _add_amount(table, "failed_gas")
    for name in ("peak_at", "deepest_fall_from", "recovered_at"):
        op.add_column("profit_totals", sa.Column(name, sa.Float(), nullable=True))
    for name in ("operator", "treasury"):
        op.add_column("settlements", sa.Column(name, sa.String(), nullable=True))
    text = sa.Column("strategy_run", sa.String(), nullable=False, server_default="")
    op.add_column("attempts", text)
    op.create_index(op.f("ix_attempts_strategy_run"), "attempts", ["strategy_run"])
    _compute()


def _create_accounts() -> None:
    _create(
        "account_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_entries")),
        sa.UniqueConstraint("reference", name=op.f("uq_account_entries_reference")),
    )
    for columns in (["chain_id", "block_number"], ["transaction_hash"]):
        _index("account_entries", columns)
    above_zero = sa.CheckConstraint(f"amount > '{encode_wei(0)}'", name="amount_above_zero")
    _create(
        "account_moves",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("amount", Wei(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["account_entries.id"], name=op.f("fk_account_moves_entry_id")
        ),
        sa.ForeignKeyConstraint(["token"], ["tokens.address"], name=op.f("fk_account_moves_token")),
        sa.PrimaryKeyConstraint("entry_id", "ordinal", name=op.f("pk_account_moves")),
        sa.CheckConstraint("source <> destination", name="two_accounts"),
        above_zero.ddl_if(dialect="sqlite"),
        sa.CheckConstraint("amount > 0", name="amount_positive").ddl_if(dialect="postgresql"),
    )
    for side in ("source", "destination"):
        _index("account_moves", [side, "token", "entry_id"])
    _create(
        "account_balances",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("amount", Wei(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.Column("opened_block", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["token"], ["tokens.address"], name=op.f("fk_account_balances_token")
        ),
        sa.PrimaryKeyConstraint("chain_id", "account", "token", name=op.f("pk_account_balances")),
    )
    _create(
        "reconciliations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("balances", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliations")),
    )
    _index("reconciliations", ["verdict"])


def _create_strategy_runs() -> None:
    _create(
        "strategy_runs",
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        *(sa.Column(name, Wei(), nullable=False) for name in _SUMS),
        sa.Column("best", Wei(), nullable=True),
        sa.Column("worst", Wei(), nullable=True),
        sa.Column("strategy_run", sa.String(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("provenance", sa.String(), nullable=False),
        sa.Column("submitted_block", sa.BigInteger(), nullable=False),
        sa.Column("submitted_at", sa.Float(), nullable=False),
        sa.Column("settled_at", sa.Float(), nullable=True),
        sa.Column("submitted", sa.Integer(), nullable=False),
        sa.Column("whole_net", Wei(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_strategy_runs_run_id")),
        sa.PrimaryKeyConstraint("strategy_run", name=op.f("pk_strategy_runs")),
    )
    for columns in (
        ["run_id", "whole_net"],
        ["provenance", "whole_net"],
        ["run_id", "submitted_at"],
        ["provenance", "submitted_at"],
    ):
        _index("strategy_runs", columns)
    _create(
        "strategy_totals",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("profitable", sa.Integer(), nullable=False),
        sa.Column("net", Wei(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_strategy_totals")),
    )


def _index(table: str, columns: list[str]) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)


# --- what old books lack ---------------------------------------------------------------------


@dataclass
class _Fall:
    peak: int = 0
    deepest: int = 0
    peak_at: float | None = None
    deepest_fall_from: float | None = None
    recovered_at: float | None = None

    def follow(self, total: int, at: float) -> None:
        if total >= self.peak and self.deepest and self.recovered_at is None:
            self.recovered_at = at
        if total > self.peak:
            self.peak, self.peak_at = total, at
        if self.peak - total > self.deepest:
            self.deepest = self.peak - total
            self.deepest_fall_from, self.recovered_at = self.peak_at, None


@dataclass
class _Run:
    run_id: int
    provenance: str
    submitted_block: int
    submitted_at: float
    settled_at: float | None = None
    submitted: int = 0
    whole_net: int | None = None
    included: int = 0
    reverted: int = 0
    missed: int = 0
    unresolved: int = 0
    profitable: int = 0
    known: int = 0
    net: int = 0
    gross: int = 0
    gas: int = 0
    gas_unknown: int = 0
    builder: int = 0
    builder_unknown: int = 0
    failed_gas: int = 0
    best: int | None = None
    worst: int | None = None

    def settle(self, row: Any) -> None:
        setattr(self, row.outcome, getattr(self, row.outcome) + 1)
        self.settled_at = max(row.settled_at, self.settled_at or row.settled_at)
        self.gas += row.gas_cost or 0
        self.gas_unknown += row.gas_cost is None
        self.failed_gas += _failed_gas(row)
        self.builder += row.builder_payment or 0
        self.builder_unknown += row.builder_payment is None
        if row.net is not None:
            self.known += 1
            self.profitable += row.net > 0
            self.net += row.net
            self.gross += row.net + (row.gas_cost or 0) + (row.builder_payment or 0)
            self.best = row.net if self.best is None else max(self.best, row.net)
            self.worst = row.net if self.worst is None else min(self.worst, row.net)


def _failed_gas(row: Any) -> int:
    return 0 if row.outcome == "included" else row.gas_cost or 0


def _table(name: str) -> sa.Table:
    return sa.Table(name, sa.MetaData(), autoload_with=op.get_bind(), resolve_fks=False)


def _typed(name: str, *wei: str) -> sa.TableClause:
    """A table by its columns, those in `wei` read and written as amounts."""
    found = [column.name for column in _table(name).columns]
    return sa.table(name, *(sa.column(each, Wei() if each in wei else None) for each in found))


def _compute() -> None:
    connection = op.get_bind()
    attempts = _typed("attempts")
    key = sa.cast(attempts.c.run_id, sa.String) + ":"
    key = key + sa.cast(attempts.c.submitted_block, sa.String) + ":"
    key = key + sa.cast(attempts.c.submitted_step, sa.String)
    connection.execute(sa.update(attempts).values(strategy_run=key))
    runs = _strategy_runs(connection, attempts)
    hours: dict[tuple[int, int], int] = defaultdict(int)
    scopes: dict[str, int] = defaultdict(int)
    falls: dict[str, _Fall] = defaultdict(_Fall)
    settlements = _typed(
        "settlements", "net", "gas_cost", "builder_payment", "run_total", "provenance_total"
    )
    query = (
        sa.select(settlements, attempts.c.strategy_run)
        .join(attempts, attempts.c.attempt_id == settlements.c.attempt_id)
        .order_by(settlements.c.id)
    )
    for row in connection.execute(query):
        runs[row.strategy_run].settle(row)
        failed = _failed_gas(row)
        hours[row.run_id, int(row.settled_at // 3600) * 3600] += failed
        for scope, total in (
            (f"run:{row.run_id}", row.run_total),
            (f"provenance:{row.provenance}", row.provenance_total),
        ):
            scopes[scope] += failed
            falls[scope].follow(total, row.settled_at)
    _keep(connection, runs, hours, scopes, falls)


def _strategy_runs(connection: sa.Connection, attempts: Any) -> dict[str, _Run]:
    query = sa.select(
        attempts.c.strategy_run,
        attempts.c.run_id,
        attempts.c.provenance,
        attempts.c.submitted_block,
        attempts.c.submitted_at,
    ).order_by(attempts.c.id)
    runs: dict[str, _Run] = {}
    for name, *figures in connection.execute(query):
        runs.setdefault(name, _Run(*figures)).submitted += 1
    return runs


def _keep(
    connection: sa.Connection,
    runs: dict[str, _Run],
    hours: dict[tuple[int, int], int],
    scopes: dict[str, int],
    falls: dict[str, _Fall],
) -> None:
    amounts = (*_SUMS, "best", "worst", "whole_net")
    rows = []
    for name, run in runs.items():
        if run.known == run.submitted:
            run.whole_net = run.net
        rows.append({"strategy_run": name, **asdict(run)})
    if rows:
        connection.execute(sa.insert(_typed("strategy_runs", *amounts)), rows)
        by_scope: dict[str, dict[str, int]] = {}
        for run in runs.values():
            for scope in (f"run:{run.run_id}", f"provenance:{run.provenance}"):
                total = by_scope.setdefault(
                    scope, {"runs": 0, "known": 0, "profitable": 0, "net": 0}
                )
                total["runs"] += 1
                total["known"] += run.whole_net is not None
                total["profitable"] += (run.whole_net or 0) > 0
                total["net"] += run.whole_net or 0
        totals = [{"scope": scope, **total} for scope, total in by_scope.items()]
        connection.execute(sa.insert(_typed("strategy_totals", "net")), totals)
    by_hour = _typed("profit_hours", "failed_gas")
    for (run_id, start), gas in hours.items():
        here = (by_hour.c.run_id == run_id) & (by_hour.c.hour_start == start)
        connection.execute(sa.update(by_hour).where(here).values(failed_gas=gas))
    by_total = _typed("profit_totals", "failed_gas")
    for scope, gas in scopes.items():
        fall = falls[scope]
        connection.execute(
            sa.update(by_total)
            .where(by_total.c.scope == scope)
            .values(
                failed_gas=gas,
                peak_at=fall.peak_at,
                deepest_fall_from=fall.deepest_fall_from,
                recovered_at=fall.recovered_at,
            )
        )


def downgrade() -> None:
    op.drop_index(op.f("ix_attempts_strategy_run"), "attempts")
    op.drop_column("attempts", "strategy_run")
    for name in ("operator", "treasury"):
        op.drop_column("settlements", name)
    for name in ("peak_at", "deepest_fall_from", "recovered_at"):
        op.drop_column("profit_totals", name)
    with_check = op.get_bind().dialect.name == "sqlite"
    for table in _ROLL_UPS:
        if with_check:
            op.execute(f"ALTER TABLE {table} DROP COLUMN failed_gas")
        else:
            op.drop_column(table, "failed_gas")
    for table in (
        "strategy_totals",
        "strategy_runs",
        "reconciliations",
        "account_balances",
        "account_moves",
        "account_entries",
    ):
        op.drop_table(table)
