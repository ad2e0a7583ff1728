"""Settlements of a scope added up: all of them, or those of a time.

Totals and whole hours are read from roll-ups; only the hours that a time cuts through are added
up from single rows.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Final

from sqlalchemy import ColumnElement, Connection, select

from aineon.ledger.posting import Total, provenance_scope, run_scope
from aineon.ledger.rollup_tables import ProfitHourRow, ProfitTotalRow
from aineon.ledger.rollups import HOUR, Tally, hour_of
from aineon.ledger.scoping import in_scope
from aineon.ledger.tables import SettlementRow, table_of
from aineon.ledger.views import Scope

_HOURS: Final = table_of(ProfitHourRow)
_TOTALS: Final = table_of(ProfitTotalRow)
_SETTLEMENTS: Final = table_of(SettlementRow)
FIGURES: Final = tuple(_HOURS.c[field.name] for field in fields(Tally))
"""The columns of a tally, in its order."""


def scope_name(scope: Scope) -> str:
    """Return the name under which the totals of a scope are kept."""
    if scope.run_id is not None:
        return run_scope(scope.run_id)
    return provenance_scope(scope.provenance)


def settled_in(scope: Scope) -> ColumnElement[bool]:
    """Return the condition that a settlement belongs to a scope."""
    if scope.run_id is not None:
        return _SETTLEMENTS.c.run_id == scope.run_id
    return _SETTLEMENTS.c.provenance == scope.provenance.value


def total_of(connection: Connection, scope: Scope) -> Total:
    """Return all settlements of a scope added up."""
    query = select(_TOTALS).where(_TOTALS.c.scope == scope_name(scope))
    row = connection.execute(query).mappings().first()
    return Total() if row is None else Total.from_row(row)


def window(connection: Connection, scope: Scope, since: float | None, until: float) -> Tally:
    """Add up the settlements from `since` to `until`, both included."""
    later = select(_SETTLEMENTS.c.id).where(settled_in(scope), _SETTLEMENTS.c.settled_at > until)
    nothing_later = connection.execute(later.limit(1)).first() is None
    if since is None and nothing_later:
        return total_of(connection, scope).tally
    # Whole hours lie in [first, last); what sticks out on either side comes from rows.
    first = None if since is None else -(-since // HOUR) * HOUR
    last = None if nothing_later else hour_of(until)
    if first is not None and first > (until if last is None else last):
        return rows_between(connection, scope, since, until)
    parts = [_whole_hours(connection, scope, first, last)]
    if first is not None and since is not None and since < first:
        parts.append(rows_between(connection, scope, since, first, includes_end=False))
    if last is not None:
        parts.append(rows_between(connection, scope, last, until))
    return Tally.of(parts)


def _whole_hours(
    connection: Connection, scope: Scope, first: float | None, last: float | None
) -> Tally:
    query = select(*FIGURES).where(in_scope(_HOURS.c.run_id, scope))
    if first is not None:
        query = query.where(_HOURS.c.hour_start >= first)
    if last is not None:
        query = query.where(_HOURS.c.hour_start < last)
    return Tally.of(Tally(*row) for row in connection.execute(query))


def rows_between(
    connection: Connection,
    scope: Scope,
    since: float | None,
    until: float,
    *,
    includes_end: bool = True,
) -> Tally:
    """Add up single settlements from `since` to `until`."""
    column = _SETTLEMENTS.c
    query = select(column.outcome, column.net, column.gas_cost, column.builder_payment).where(
        settled_in(scope),
        column.settled_at <= until if includes_end else column.settled_at < until,
    )
    if since is not None:
        query = query.where(column.settled_at >= since)
    tally = Tally()
    for row in connection.execute(query):
        tally.add(*row)
    return tally
