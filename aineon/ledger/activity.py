"""The funnel and the takings since some moment: whole hours from roll-ups, the rest from rows."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, func, select

from aineon.ledger.rollup_tables import ActivityHourRow
from aineon.ledger.rollups import HOUR, Activity, hour_of
from aineon.ledger.scoping import in_scope
from aineon.ledger.tables import OpportunityRow, StepRow, TakingRow, table_of
from aineon.ledger.views import Funnel, Scope, Stopped, TakingsTotal
from aineon.primitives import MONEY_OF, Book

_HOURS: Final = table_of(ActivityHourRow)
_STEPS: Final = table_of(StepRow)
_OPPORTUNITIES: Final = table_of(OpportunityRow)
_TAKINGS: Final = table_of(TakingRow)


def read_activity(
    connection: Connection, scope: Scope, since: float | None
) -> tuple[float | None, Activity]:
    """Return what happened in `scope` since `since`, and the moment it is counted from.

    That moment is the start of the hour where the hour's single rows are no longer kept.
    """
    if since is None:
        return None, _hours_from(connection, scope, None)
    hour = hour_of(since)
    if since == hour or not all(
        _reaches_back(connection, table, since) for table in (_STEPS, _OPPORTUNITIES, _TAKINGS)
    ):
        return float(hour), _hours_from(connection, scope, hour)
    whole = _rows_between(connection, scope, since, hour + HOUR)
    whole.merge(_hours_from(connection, scope, hour + HOUR))
    return since, whole


def funnel_of(book: Book, scope: Scope, since: float | None, seen: Activity) -> Funnel:
    """Return the funnel of what `read_activity` found; the gates that stopped most come first."""
    gates = sorted(seen.gates.items(), key=lambda item: (-item[1][0], item[0]))
    return Funnel(
        book=book,
        provenance=scope.provenance,
        run_id=scope.run_id,
        since=since,
        steps=seen.steps,
        opportunities=seen.opportunities,
        counts=seen.counts,
        stopped=tuple(Stopped(gate, count, reason) for gate, (count, reason) in gates),
    )


def takings_of(book: Book, scope: Scope, since: float | None, seen: Activity) -> TakingsTotal:
    """Return what other searchers took of what `read_activity` found."""
    return TakingsTotal(
        book=book,
        provenance=scope.provenance,
        run_id=scope.run_id,
        since=since,
        count=seen.takings,
        wei=MONEY_OF[book](seen.takings_wei),
        unknown=seen.takings_unknown,
    )


def _hours_from(connection: Connection, scope: Scope, first: int | None) -> Activity:
    query = select(_HOURS).where(in_scope(_HOURS.c.run_id, scope))
    if first is not None:
        query = query.where(_HOURS.c.hour_start >= first)
    query = query.order_by(_HOURS.c.hour_start, _HOURS.c.run_id)
    whole = Activity()
    for row in connection.execute(query).mappings():
        whole.merge(Activity.from_row(row))
    return whole


def _reaches_back(connection: Connection, table: Table, since: float) -> bool:
    """Whether no row from `since` on has been deleted to keep the table small."""
    oldest = connection.execute(select(table.c.id, table.c.at).order_by(table.c.id).limit(1))
    row = oldest.first()
    return row is None or row.id == 1 or row.at < since


def _rows_between(connection: Connection, scope: Scope, since: float, until: float) -> Activity:
    found = Activity()

    def within(table: Table) -> tuple[ColumnElement[bool], ...]:
        return (table.c.at >= since, table.c.at < until, in_scope(table.c.run_id, scope))

    for counts in connection.execute(select(_STEPS.c.counts).where(*within(_STEPS))).scalars():
        found.steps += 1
        found.add_counts(counts)
    newest = (
        select(_OPPORTUNITIES.c.gate, func.count().label("n"), func.max(_OPPORTUNITIES.c.id))
        .where(*within(_OPPORTUNITIES))
        .group_by(_OPPORTUNITIES.c.gate)
    )
    for gate, count, number in connection.execute(newest).all():
        found.opportunities += count
        if gate is not None:
            reason = select(_OPPORTUNITIES.c.reason).where(_OPPORTUNITIES.c.id == number)
            found.add_gate(gate, count, connection.execute(reason).scalar_one())
    for worth in connection.execute(
        select(_TAKINGS.c.profit_wei).where(*within(_TAKINGS))
    ).scalars():
        found.takings += 1
        found.takings_wei += worth or 0
        found.takings_unknown += worth is None
    return found
