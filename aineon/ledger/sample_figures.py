"""What the samples of a book come to: how much was learned from, and how much of it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, case, func, or_, select

from aineon.ledger.reading import BookReader
from aineon.ledger.scoping import in_scope
from aineon.ledger.tables import SampleRow, table_of
from aineon.ledger.views import Scope
from aineon.primitives import Book, Provenance

_SAMPLES: Final = table_of(SampleRow)


@dataclass(frozen=True, slots=True)
class SampleFigures:
    """The samples of a part of a book.

    Attributes:
        samples: how many are kept.
        known: of how many every bid's outcome is known.
        bounded: of how many it is known only that what was offered was enough, or was not.
        attempted, won: how many were attempted, and how many of these landed.
        deciders: who decided → how many.
        oldest, newest: when the first and the last outcome was known, in the market's own time;
            None of none.
    """

    book: Book
    provenance: Provenance
    run_id: int | None
    samples: int
    known: int
    bounded: int
    attempted: int
    won: int
    deciders: Mapping[str, int]
    oldest: float | None
    newest: float | None


def sample_figures(reader: BookReader, scope: Scope) -> SampleFigures:
    """Return what the samples of `scope` come to.

    Raises:
        LedgerError: the book cannot be read.
    """
    is_known = or_(_SAMPLES.c.needed_payment_wei.is_not(None), _SAMPLES.c.reachable.is_(False))
    query = (
        select(
            _SAMPLES.c.decided_by,
            func.count(),
            _times(~_SAMPLES.c.censored & is_known),
            _times(_SAMPLES.c.censored),
            _times(_SAMPLES.c.won.is_not(None)),
            _times(_SAMPLES.c.won.is_(True)),
            func.min(_SAMPLES.c.known_at),
            func.max(_SAMPLES.c.known_at),
        )
        .where(in_scope(_SAMPLES.c.run_id, scope))
        .group_by(_SAMPLES.c.decided_by)
        .order_by(_SAMPLES.c.decided_by)
    )
    with reader.session() as connection:
        rows = connection.execute(query).all()
    counts = [sum(int(row[place]) for row in rows) for place in range(1, 6)]
    samples, known, bounded, attempted, won = counts
    return SampleFigures(
        book=reader.book,
        provenance=scope.provenance,
        run_id=scope.run_id,
        samples=samples,
        known=known,
        bounded=bounded,
        attempted=attempted,
        won=won,
        deciders={row[0]: int(row[1]) for row in rows},
        oldest=min((row[6] for row in rows), default=None),
        newest=max((row[7] for row in rows), default=None),
    )


def _times(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
