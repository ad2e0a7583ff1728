"""Retention: how much of what is merely observed stays in a book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Delete, Integer, bindparam, delete, func, select
from sqlmodel import SQLModel

from aineon.errors import LedgerError
from aineon.ledger.records import BookEntry
from aineon.ledger.tables import (
    NearMissRow,
    OpportunityRow,
    PriceRow,
    SampleRow,
    StepRow,
    TakingRow,
    table_of,
)


@dataclass(frozen=True, slots=True)
class Retention:
    """How many of the newest rows are kept; attempts and settlements are kept for ever."""

    steps: int = 20_000
    opportunities: int = 20_000
    takings: int = 20_000
    prices: int = 20_000
    near_misses: int = 20_000
    samples: int = 100_000

    def __post_init__(self) -> None:
        for name in _MODEL_OF:
            kept = getattr(self, name)
            if type(kept) is not int or kept < 1:
                raise LedgerError(f"retention of {name} {kept!r} is not an int above zero")


_MODEL_OF: Final[Mapping[str, type[SQLModel]]] = {
    "steps": StepRow,
    "opportunities": OpportunityRow,
    "takings": TakingRow,
    "prices": PriceRow,
    "near_misses": NearMissRow,
    "samples": SampleRow,
}


def prune(connection: Connection, entries: Sequence[BookEntry], retention: Retention) -> None:
    """Delete the oldest rows beyond `retention` from the tables that `entries` went to."""
    for name, statement in _DELETE_OLDEST.items():
        field = "step" if name == "steps" else name
        if any(getattr(entry, field) for entry in entries):
            connection.execute(statement, {"kept": getattr(retention, name)})


def _delete_oldest(model: type[SQLModel]) -> Delete:
    number = table_of(model).c.id
    newest = select(func.max(number)).scalar_subquery()
    return delete(table_of(model)).where(number <= newest - bindparam("kept", type_=Integer))


_DELETE_OLDEST: Final = {name: _delete_oldest(model) for name, model in _MODEL_OF.items()}
