"""BookReader: the reading side of a book, cheap and unable to write.

The console, the command line and the exports read through it while the engine writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, func, select
from sqlmodel import SQLModel

from aineon.errors import LedgerError
from aineon.ledger.activity import funnel_of, read_activity, takings_of
from aineon.ledger.connect import (
    BUSY_TIMEOUT_SECONDS,
    Place,
    explained,
    parse_place,
    reader_engine,
)
from aineon.ledger.migrating import BOOK_SCHEMA, require_current
from aineon.ledger.records import (
    NearMissRecord,
    OpportunityRecord,
    PriceRecord,
    RunRecord,
    StepRecord,
    TakingRecord,
)
from aineon.ledger.rows import record_of
from aineon.ledger.scoping import in_scope
from aineon.ledger.store import BookStore, refuse_other_book, stored_book
from aineon.ledger.tables import (
    NearMissRow,
    OpportunityRow,
    PriceRow,
    RunRow,
    StepRow,
    TakingRow,
    table_of,
)
from aineon.ledger.token_rows import tokens_in
from aineon.ledger.trade_rows import Wanted, count_of, newest_in, pending_in, trades_in
from aineon.ledger.views import Booked, Funnel, Pending, R, Scope, TakingsTotal, Trade
from aineon.primitives import MONEY_OF, Book, Money, Provenance

_RUNS: Final = table_of(RunRow)
_OPPORTUNITIES: Final = table_of(OpportunityRow)

FIRST_PROVENANCE: Final = {
    Book.SIMULATION: Provenance.SIMULATED,
    Book.REHEARSAL: Provenance.SIMULATED,
    Book.LIVE: Provenance.LIVE,
}


def _provenance_of(model: type[SQLModel], of_run: Provenance) -> Provenance:
    """What was found and not carried out is an expectation, however real the market was."""
    expected = model in (OpportunityRow, NearMissRow) and of_run is Provenance.LIVE
    return Provenance.ESTIMATED if expected else of_run


def _narrow(query: Select[Any], table: Table, scope: Scope | None) -> Select[Any]:
    return query if scope is None else query.where(in_scope(table.c.run_id, scope))


class BookReader:
    """Reads one book; open it with `BookReader.open` or `BookReader.of`."""

    def __init__(self, place: Place, engine: Engine, book: Book, *, owns_engine: bool) -> None:
        self._place = place
        self._engine = engine
        self._book = book
        self._owns_engine = owns_engine

    @classmethod
    def open(cls, url: str, book: Book, *, busy_timeout: float = BUSY_TIMEOUT_SECONDS) -> Self:
        """Open the book at `url` for reading.

        Raises:
            LedgerNotFound: nobody has created it yet.
            MixedBooks: the database is another book.
            LedgerError: it cannot be read, is not a book, or needs another version of AINEON.
        """
        place = parse_place(url)
        engine = reader_engine(place, busy_timeout)
        try:
            with explained(place), engine.begin() as connection:
                require_current(connection, BOOK_SCHEMA, place)
                refuse_other_book(place, stored_book(connection) or book, book)
        except BaseException:
            engine.dispose()
            raise
        return cls(place, engine, book, owns_engine=True)

    @classmethod
    def of(cls, store: BookStore) -> Self:
        """Return a reader of the book that `store` writes."""
        if store.place.is_memory:
            return cls(store.place, store.engine, store.book, owns_engine=False)
        return cls(store.place, reader_engine(store.place), store.book, owns_engine=True)

    @property
    def book(self) -> Book:
        """Which book this is."""
        return self._book

    def money(self, wei: int) -> Money:
        """Return `wei` as this book's money."""
        return MONEY_OF[self._book](wei)

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """Lend a connection on which all queries see one moment of the book."""
        with explained(self._place), self._engine.begin() as connection:
            yield connection

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

    # --- runs ------------------------------------------------------------------------------

    def runs(self, limit: int = 100) -> tuple[Booked[RunRecord], ...]:
        """Return the newest runs, newest first; `number` is the run's number."""
        query = select(_RUNS).order_by(_RUNS.c.id.desc()).limit(limit)
        with self.session() as connection:
            rows = connection.execute(query).mappings().all()
            return tuple(self._run(connection, row) for row in rows)

    def latest_run(self) -> Booked[RunRecord] | None:
        """Return the newest run; None where there was none."""
        return next(iter(self.runs(limit=1)), None)

    def scope(self, run_id: int | None = None, provenance: Provenance | None = None) -> Scope:
        """Return one run, or all runs of a provenance, as a scope for the figures.

        Without arguments: all runs of the latest run's provenance.

        Raises:
            LedgerError: there is no such run.
        """
        if run_id is None:
            latest = None if provenance is not None else self.latest_run()
            if latest is not None:
                return Scope(latest.provenance)
            return Scope(provenance or FIRST_PROVENANCE[self._book])
        query = select(_RUNS.c.provenance).where(_RUNS.c.id == run_id)
        with self.session() as connection:
            found = connection.execute(query).scalar_one_or_none()
        if found is None:
            raise LedgerError(f"run {run_id} is not in {self._place.name}")
        return Scope(Provenance(found), run_id)

    # --- trades ----------------------------------------------------------------------------

    def recent_trades(
        self,
        limit: int = 50,
        offset: int = 0,
        outcome: str | None = None,
        scope: Scope | None = None,
    ) -> tuple[Trade, ...]:
        """Return trades, newest first; those in flight included unless `outcome` is given.

        With an `outcome`, the newest are those that were settled last.
        """
        return tuple(self.trades(limit=limit, offset=offset, outcome=outcome, scope=scope))

    def trades(
        self,
        *,
        limit: int | None = None,
        offset: int = 0,
        outcome: str | None = None,
        scope: Scope | None = None,
    ) -> Iterator[Trade]:
        """Deliver trades one by one, newest first, without holding them all in memory."""
        wanted = Wanted(outcome, scope)
        with self.session() as connection:
            yield from trades_in(connection, self._book, wanted, limit, offset)

    def newest(self) -> tuple[int, int]:
        """Return the numbers of the newest attempt and the newest settlement; 0 for none.

        While they stay as they are, so does every figure that is made of trades alone.
        """
        with self.session() as connection:
            return newest_in(connection)

    def trade_count(self, outcome: str | None = None, scope: Scope | None = None) -> int:
        """Return how many trades `recent_trades` would list in all."""
        with self.session() as connection:
            return count_of(connection, Wanted(outcome, scope))

    def pending(self, scope: Scope | None = None) -> tuple[Pending, ...]:
        """Return what is seen in blocks that are not final, oldest first."""
        with self.session() as connection:
            return pending_in(connection, self._book, scope)

    # --- what was observed -----------------------------------------------------------------

    def recent_opportunities(
        self,
        limit: int = 50,
        gate: str | None = None,
        since: float | None = None,
        scope: Scope | None = None,
    ) -> tuple[Booked[OpportunityRecord], ...]:
        """Return opportunities, newest first, of one gate and not older than `since`."""
        conditions = [] if gate is None else [_OPPORTUNITIES.c.gate == gate]
        return self._newest(OpportunityRow, OpportunityRecord, limit, conditions, since, scope)

    def opportunity(self, number: int) -> Booked[OpportunityRecord] | None:
        """Return one opportunity by its number; None where it is not, or no longer, kept."""
        this = [_OPPORTUNITIES.c.id == number]
        found = self._newest(OpportunityRow, OpportunityRecord, 1, this, None, None)
        return next(iter(found), None)

    def best_stopped(
        self, limit: int = 20, since: float | None = None, scope: Scope | None = None
    ) -> tuple[Booked[OpportunityRecord], ...]:
        """Return what was stopped before submission and would have earned most, best first."""
        column = _OPPORTUNITIES.c
        conditions = [column.attempt_id.is_(None), column.net_wei.is_not(None)]
        order = (column.net_wei.desc(), column.id.desc())
        return self._newest(
            OpportunityRow, OpportunityRecord, limit, conditions, since, scope, order
        )

    def near_misses(self, scope: Scope | None = None) -> tuple[Booked[NearMissRecord], ...]:
        """Return the near misses of the newest step that has any, best rate first."""
        table = table_of(NearMissRow)
        newest = _narrow(select(func.max(table.c.id)), table, scope).scalar_subquery()
        last = select(table.c.run_id, table.c.block_number, table.c.step)
        with self.session() as connection:
            row = connection.execute(last.where(table.c.id == newest)).first()
        if row is None:
            return ()
        same_step = [
            column == value
            for column, value in zip(
                (table.c.run_id, table.c.block_number, table.c.step), row, strict=True
            )
        ]
        order = (table.c.rate.desc(), table.c.id)
        return self._newest(NearMissRow, NearMissRecord, None, same_step, None, scope, order)

    def recent_steps(
        self, limit: int = 100, scope: Scope | None = None
    ) -> tuple[Booked[StepRecord], ...]:
        """Return processed steps, newest first."""
        return self._newest(StepRow, StepRecord, limit, [], None, scope)

    def recent_takings(
        self, limit: int = 50, since: float | None = None, scope: Scope | None = None
    ) -> tuple[Booked[TakingRecord], ...]:
        """Return what other searchers took, newest first."""
        return self._newest(TakingRow, TakingRecord, limit, [], since, scope)

    def price_series(
        self, pair: str, limit: int = 500, scope: Scope | None = None
    ) -> tuple[Booked[PriceRecord], ...]:
        """Return the newest sampled spot prices of a pair, oldest first, all venues mixed."""
        conditions = [table_of(PriceRow).c.pair == pair]
        return self._newest(PriceRow, PriceRecord, limit, conditions, None, scope)[::-1]

    def price_pairs(self, scope: Scope | None = None) -> tuple[str, ...]:
        """Return the pairs that have sampled prices, in alphabetical order."""
        prices = table_of(PriceRow)
        query = select(prices.c.pair).distinct().order_by(prices.c.pair)
        query = _narrow(query, prices, scope)
        with self.session() as connection:
            return tuple(connection.execute(query).scalars())

    # --- added up --------------------------------------------------------------------------

    def funnel(self, since: float | None = None, scope: Scope | None = None) -> Funnel:
        """Return how far the opportunities came, and what stopped them."""
        chosen = scope or self.scope()
        with self.session() as connection:
            start, seen = read_activity(connection, chosen, since)
        return funnel_of(self._book, chosen, start, seen)

    def takings_total(self, since: float | None = None, scope: Scope | None = None) -> TakingsTotal:
        """Return what other searchers took in all."""
        chosen = scope or self.scope()
        with self.session() as connection:
            start, seen = read_activity(connection, chosen, since)
        return takings_of(self._book, chosen, start, seen)

    # --- helpers ---------------------------------------------------------------------------

    def _newest(
        self,
        model: type[SQLModel],
        kind: Callable[..., R],
        limit: int | None,
        conditions: Sequence[ColumnElement[bool]],
        since: float | None,
        scope: Scope | None,
        order: tuple[Any, ...] | None = None,
    ) -> tuple[Booked[R], ...]:
        table = table_of(model)
        query = select(table, _RUNS.c.provenance).join(_RUNS, _RUNS.c.id == table.c.run_id)
        query = query.where(*conditions).order_by(*(order or (table.c.id.desc(),))).limit(limit)
        if since is not None:
            query = query.where(table.c.at >= since)
        query = _narrow(query, table, scope)
        with self.session() as connection:
            rows = connection.execute(query).mappings().all()
            tokens = tokens_in(connection, rows)
        return tuple(
            Booked(
                self._book,
                _provenance_of(model, Provenance(row["provenance"])),
                row["id"],
                row["at"],
                record_of(kind, row, tokens),
            )
            for row in rows
        )

    def _run(self, connection: Connection, row: Mapping[Any, Any]) -> Booked[RunRecord]:
        record = record_of(RunRecord, row, tokens_in(connection, [row]))
        return Booked(self._book, record.provenance, row["id"], record.started_at, record)
