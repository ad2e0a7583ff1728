"""Strategy runs: attempts that were submitted as one count as one.

Of a run with two transactions one may lose what the other one earns; looked at one by one they
would be a loss and a success that never were.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, select

from aineon.ledger.figures import StrategyFigures, StrategySummary
from aineon.ledger.reading import BookReader
from aineon.ledger.rollup_tables import StrategyRunRow, StrategyTotalRow
from aineon.ledger.rollups import StrategyRun, StrategyTotal
from aineon.ledger.tables import table_of
from aineon.ledger.views import Scope
from aineon.ledger.windows import scope_name
from aineon.primitives import Provenance

_RUNS: Final = table_of(StrategyRunRow)
_TOTALS: Final = table_of(StrategyTotalRow)


def read_strategies(reader: BookReader, scope: Scope) -> StrategySummary:
    """Return the strategy runs of `scope` added up."""
    here, net = _in(scope), _RUNS.c.whole_net
    query = select(_TOTALS).where(_TOTALS.c.scope == scope_name(scope))
    with reader.session() as connection:
        row = connection.execute(query).mappings().first()
        total = StrategyTotal() if row is None else StrategyTotal.from_row(row)
        # Both ends of an index: amounts are kept in an order that is that of the numbers.
        ends = [
            connection.execute(
                select(net).where(here, net.is_not(None)).order_by(order).limit(1)
            ).scalar_one_or_none()
            for order in (net.desc(), net)
        ]
    best, worst = (None if wei is None else reader.money(wei) for wei in ends)
    return StrategySummary(
        book=reader.book,
        provenance=scope.provenance,
        run_id=scope.run_id,
        runs=total.runs,
        known=total.known,
        profitable=total.profitable,
        success_rate=total.profitable / total.known if total.known else None,
        net=reader.money(total.net),
        average_net=reader.money(total.net // total.known) if total.known else None,
        best_net=best,
        worst_net=worst,
    )


def recent_strategies(reader: BookReader, scope: Scope, limit: int) -> tuple[StrategyFigures, ...]:
    """Return the strategy runs of `scope` that were submitted last, newest first."""
    query = select(_RUNS).where(_in(scope)).order_by(_RUNS.c.submitted_at.desc()).limit(limit)
    with reader.session() as connection:
        rows = connection.execute(query).mappings().all()
    return tuple(_figures(reader, row) for row in rows)


def _figures(reader: BookReader, row: Any) -> StrategyFigures:
    found, tally = StrategyRun.from_row(row), StrategyRun.from_row(row).tally
    net, best, worst = (
        None if wei is None else reader.money(wei)
        for wei in (found.whole_net, tally.best, tally.worst)
    )
    return StrategyFigures(
        book=reader.book,
        provenance=Provenance(found.provenance),
        strategy_run=row["strategy_run"],
        run_id=found.run_id,
        submitted_block=found.submitted_block,
        submitted_at=found.submitted_at,
        settled_at=found.settled_at,
        submitted=found.submitted,
        settled=tally.attempts,
        included=tally.included,
        net=net,
        gas=reader.money(tally.gas),
        builder_payments=reader.money(tally.builder),
        best_net=best,
        worst_net=worst,
    )


def _in(scope: Scope) -> ColumnElement[bool]:
    if scope.run_id is not None:
        return _RUNS.c.run_id == scope.run_id
    return _RUNS.c.provenance == scope.provenance.value
