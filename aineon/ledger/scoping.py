"""A scope as a condition on the number of the run."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, select

from aineon.ledger.tables import RunRow, table_of
from aineon.ledger.views import Scope

_RUNS: Final = table_of(RunRow)


def in_scope(run_id: ColumnElement[Any], scope: Scope) -> ColumnElement[bool]:
    """Return the condition that rows with column `run_id` belong to `scope`."""
    if scope.run_id is not None:
        return run_id == scope.run_id
    return run_id.in_(select(_RUNS.c.id).where(_RUNS.c.provenance == scope.provenance.value))
