"""SampleTable: what the optimizer learns from, read from a book.

A sample is booked together with the step that showed its outcome (`BookStore.write`), and never
changed. Each run of a seeded or recorded market begins it anew, so an earlier run knows what is
still to come in a later one: what is read here is only what was known at a time of the market's
own.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from sqlalchemy import ColumnElement, Connection, Engine, and_, false, func, or_, select

from aineon.ledger.connect import (
    BUSY_TIMEOUT_SECONDS,
    Place,
    explained,
    parse_place,
    reader_engine,
)
from aineon.ledger.migrating import BOOK_SCHEMA, require_current
from aineon.ledger.records import RunRecord, SampleRecord
from aineon.ledger.rows import record_of
from aineon.ledger.store import BookStore
from aineon.ledger.tables import RunRow, SampleRow, table_of

Sample = SampleRecord

_SAMPLES: Final = table_of(SampleRow)
_RUNS: Final = table_of(RunRow)
_MOST_RUNS: Final = 100
PAGE: Final = 500
"""Samples that are read in one transaction."""


@dataclass(frozen=True, slots=True)
class MarketSeen:
    """A market as a run looks at it: two runs of the same one see the same blocks.

    Attributes:
        feed, seed, detail: see `RunRecord`.
        now: seconds, the market's own time; what was known later is not read.
    """

    feed: str
    seed: int | None
    detail: str
    now: float

    @classmethod
    def of(cls, run: RunRecord, now: float) -> Self:
        """The market of a run at `now`."""
        return cls(run.feed, run.seed, run.detail, now)


class SampleTable:
    """Reads the samples of a book; all methods raise `LedgerError` where that is not possible."""

    def __init__(self, place: Place, engine: Engine, *, owns_engine: bool) -> None:
        self._place = place
        self._engine = engine
        self._owns_engine = owns_engine

    @classmethod
    def open(cls, url: str, *, busy_timeout: float = BUSY_TIMEOUT_SECONDS) -> Self:
        """Open the book at `url` for reading.

        Raises:
            LedgerNotFound: nobody has created it yet.
            LedgerError: it cannot be read, or needs another version of AINEON.
        """
        place = parse_place(url)
        engine = reader_engine(place, busy_timeout)
        try:
            with explained(place), engine.begin() as connection:
                require_current(connection, BOOK_SCHEMA, place)
        except BaseException:
            engine.dispose()
            raise
        return cls(place, engine, owns_engine=True)

    @classmethod
    def of(cls, store: BookStore) -> Self:
        """Return the samples of the book that `store` writes."""
        return cls(store.place, store.engine, owns_engine=False)

    def market(self) -> MarketSeen | None:
        """Return the market of the newest sample, at the time it was known; None of none."""
        newest = (
            select(_SAMPLES.c.known_at, _RUNS.c.feed, _RUNS.c.seed, _RUNS.c.detail)
            .join(_RUNS, _RUNS.c.id == _SAMPLES.c.run_id)
            .order_by(_SAMPLES.c.id.desc())
            .limit(1)
        )
        with explained(self._place), self._engine.begin() as connection:
            row = connection.execute(newest).first()
        return None if row is None else MarketSeen(row.feed, row.seed, row.detail, row.known_at)

    def newest(self, market: MarketSeen, feature_set: str, limit: int) -> Iterator[Sample]:
        """Deliver the newest samples of a market with this set of features, oldest first.

        Where several runs saw the same blocks, those of the newest run count. They come page by
        page: a hundred thousand at once would fill a small machine, and whoever takes his time
        over them holds no transaction open meanwhile. What is forgotten meanwhile is left out.
        """
        with explained(self._place), self._engine.begin() as connection:
            query = (
                select(_SAMPLES.c.id)
                .where(_SAMPLES.c.feature_set == feature_set, _chosen(connection, market))
                .order_by(_SAMPLES.c.known_at.desc(), _SAMPLES.c.id.desc())
                .limit(limit)
            )
            numbers = array("q", connection.execute(query).scalars())
        numbers.reverse()
        for first in range(0, len(numbers), PAGE):
            yield from self._page(numbers[first : first + PAGE])

    def _page(self, numbers: Sequence[int]) -> list[Sample]:
        query = (
            select(_SAMPLES)
            .where(_SAMPLES.c.id.in_(numbers))
            .order_by(_SAMPLES.c.known_at, _SAMPLES.c.id)
        )
        with explained(self._place), self._engine.begin() as connection:
            return [record_of(Sample, row, {}) for row in connection.execute(query).mappings()]

    def attempts(self, market: MarketSeen) -> tuple[int, int]:
        """Return how many attempts of a market have ended, and how many of them landed."""
        with explained(self._place), self._engine.begin() as connection:
            query = (
                select(_SAMPLES.c.won, func.count())
                .where(_SAMPLES.c.won.is_not(None), _chosen(connection, market))
                .group_by(_SAMPLES.c.won)
            )
            counts = {bool(won): int(count) for won, count in connection.execute(query)}
        return sum(counts.values()), counts.get(True, 0)

    def count(self, after: int = 0) -> tuple[int, int]:
        """Return how many samples there are beyond number `after`, and the newest's number."""
        query = select(func.count(), func.max(_SAMPLES.c.id)).where(_SAMPLES.c.id > after)
        with explained(self._place), self._engine.begin() as connection:
            count, newest = connection.execute(query).one()
        return int(count), int(newest or after)

    def close(self) -> None:
        """Let go of the database."""
        if self._owns_engine:
            self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _chosen(connection: Connection, market: MarketSeen) -> ColumnElement[bool]:
    """The samples of each run that were known by now, and before newer runs began."""
    runs = (
        select(_SAMPLES.c.run_id, func.min(_SAMPLES.c.at).label("began"))
        .join(_RUNS, _RUNS.c.id == _SAMPLES.c.run_id)
        .where(
            _RUNS.c.feed == market.feed,
            _RUNS.c.seed.is_not_distinct_from(market.seed),
            _RUNS.c.detail == market.detail,
        )
        .group_by(_SAMPLES.c.run_id)
        .order_by(_SAMPLES.c.run_id.desc())
        .limit(_MOST_RUNS)
    )
    parts, until = [], market.now
    for run in connection.execute(runs):
        parts.append(and_(_SAMPLES.c.run_id == run.run_id, _SAMPLES.c.known_at <= until))
        until = min(until, run.began)
    return or_(false(), *parts)
