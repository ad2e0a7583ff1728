"""Trades as a book holds them: a page of them, how many there are, and what is still pending."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Table, func, select

from aineon.ledger.records import SettlementRecord
from aineon.ledger.rows import attempt_of, observation_of, settlement_of, token_of
from aineon.ledger.scoping import in_scope
from aineon.ledger.tables import AttemptRow, ObservationRow, SettlementRow, TokenRow, table_of
from aineon.ledger.views import Pending, Scope, Trade
from aineon.primitives import Book

_TOKENS: Final = table_of(TokenRow)
_ATTEMPTS: Final = table_of(AttemptRow)
_SETTLEMENTS: Final = table_of(SettlementRow)
_OBSERVATIONS: Final = table_of(ObservationRow)
_COLUMNS: Final[tuple[ColumnElement[Any], ...]] = (
    *_ATTEMPTS.c,
    _TOKENS.c.symbol,
    _TOKENS.c.decimals,
    *(
        _SETTLEMENTS.c[field.name].label(f"settlement_{field.name}")
        for field in fields(SettlementRecord)
    ),
)
_OBSERVED: Final = tuple(column.label(f"observation_{column.name}") for column in _OBSERVATIONS.c)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which trades: of an outcome, which leaves out those in flight; of a scope."""

    outcome: str | None = None
    scope: Scope | None = None

    @property
    def table(self) -> Table:
        """Whose numbers tell the order: trades come as they were begun, or settled."""
        return _ATTEMPTS if self.outcome is None else _SETTLEMENTS

    def narrow(self, query: Select[Any]) -> Select[Any]:
        """Return a query on `table` for these alone."""
        if self.outcome is not None:
            query = query.where(_SETTLEMENTS.c.outcome == self.outcome)
        return (
            query if self.scope is None else query.where(in_scope(self.table.c.run_id, self.scope))
        )


def trades_in(
    connection: Connection, book: Book, wanted: Wanted, limit: int | None, offset: int
) -> Iterator[Trade]:
    """Deliver trades one by one, newest first."""
    # The page is found on the numbers alone; only its rows are then joined and read.
    of = wanted.table
    page = wanted.narrow(select(of.c.id, of.c.attempt_id)).order_by(of.c.id.desc())
    found = page.limit(limit).offset(offset).subquery()
    query = (
        select(*_COLUMNS)
        .select_from(found)
        .join(_ATTEMPTS, _ATTEMPTS.c.attempt_id == found.c.attempt_id)
        .join(_TOKENS, _TOKENS.c.address == _ATTEMPTS.c.base_token)
        .outerjoin(_SETTLEMENTS, _SETTLEMENTS.c.attempt_id == found.c.attempt_id)
        .order_by(found.c.id.desc())
    )
    for row in connection.execution_options(yield_per=500).execute(query).mappings():
        yield _trade(book, row)


def _trade(book: Book, row: Mapping[Any, Any]) -> Trade:
    attempt = attempt_of(row, token_of(row["base_token"], row))
    if row["settlement_attempt_id"] is None:
        return Trade(book, attempt, None)
    return Trade(book, attempt, settlement_of(row, book))


def count_of(connection: Connection, wanted: Wanted) -> int:
    """Return how many trades there are."""
    query = wanted.narrow(select(func.count()).select_from(wanted.table))
    return int(connection.execute(query).scalar_one())


def newest_in(connection: Connection) -> tuple[int, int]:
    """Return the numbers of the newest attempt and the newest settlement; 0 for none."""
    attempts, settlements = (
        connection.execute(select(func.max(table.c.id))).scalar_one()
        for table in (_ATTEMPTS, _SETTLEMENTS)
    )
    return attempts or 0, settlements or 0


def pending_in(connection: Connection, book: Book, scope: Scope | None) -> tuple[Pending, ...]:
    """Return what is seen in blocks that are not final, oldest first."""
    # By their names: SQLite would go through all attempts of the run to find the few.
    seen = connection.execute(select(_OBSERVATIONS.c.attempt_id)).scalars().all()
    if not seen:
        return ()
    query = (
        select(*_ATTEMPTS.c, _TOKENS.c.symbol, _TOKENS.c.decimals, *_OBSERVED)
        .join(_OBSERVATIONS, _OBSERVATIONS.c.attempt_id == _ATTEMPTS.c.attempt_id)
        .join(_TOKENS, _TOKENS.c.address == _ATTEMPTS.c.base_token)
        .where(_ATTEMPTS.c.attempt_id.in_(seen))
        .order_by(_OBSERVATIONS.c.block_number, _ATTEMPTS.c.id)
    )
    rows = connection.execute(Wanted(scope=scope).narrow(query)).mappings().all()
    return tuple(
        Pending(book, attempt_of(row, token_of(row["base_token"], row)), observation_of(row, book))
        for row in rows
    )
