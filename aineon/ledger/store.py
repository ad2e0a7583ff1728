"""BookStore: the one writer of a book.

Each `write` is one transaction, durable when it returns: all of it is kept, or nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Final, Self

from sqlalchemy import ColumnElement, Connection, Engine, insert, select
from sqlalchemy.exc import IntegrityError

from aineon.errors import LedgerError, MixedBooks
from aineon.ledger.connect import (
    BUSY_TIMEOUT_SECONDS,
    Place,
    explained,
    parse_place,
    writer_engine,
)
from aineon.ledger.migrating import BOOK_SCHEMA, upgrade
from aineon.ledger.outbox_tables import OutboxIntentRow
from aineon.ledger.records import (
    AttemptRecord,
    BookEntry,
    NearMissRecord,
    ObservationRecord,
    OpportunityRecord,
    PriceRecord,
    RunRecord,
    SampleRecord,
    SettlementRecord,
    StepRecord,
    TakingRecord,
)
from aineon.ledger.retention import Retention, prune
from aineon.ledger.rows import attempt_of, row_of, token_of
from aineon.ledger.tables import (
    AttemptRow,
    BookMeta,
    RunRow,
    SettlementRow,
    TokenRow,
    table_of,
)
from aineon.ledger.tokens import describes, save_token
from aineon.ledger.validation import check_record
from aineon.ledger.writing import Writing, records_of, tokens_of
from aineon.primitives import Book, Token

_META: Final = table_of(BookMeta)
_TOKENS: Final = table_of(TokenRow)
_RUNS: Final = table_of(RunRow)
_ATTEMPTS: Final = table_of(AttemptRow)
_SETTLEMENTS: Final = table_of(SettlementRow)
_INTENTS: Final = table_of(OutboxIntentRow)
_SIGNED: Final = select(_INTENTS.c.attempt_id).where(_INTENTS.c.attempt_id.is_not(None))


def stored_book(connection: Connection) -> Book | None:
    """Return which book a database is; None before it was said."""
    name = connection.execute(select(_META.c.book)).scalar_one_or_none()
    return None if name is None else Book(name)


def refuse_other_book(place: Place, found: Book, wanted: Book) -> None:
    """Check that a database is the book it is opened as.

    Raises:
        MixedBooks: it is another one.
    """
    if found is not wanted:
        raise MixedBooks(
            f"{place.name} is the {found.value} book and cannot be opened as the "
            f"{wanted.value} book; name another place"
        )


class BookStore:
    """The writing side of one book; open it with `BookStore.open`."""

    def __init__(self, place: Place, engine: Engine, book: Book, retention: Retention) -> None:
        self._place = place
        self._engine = engine
        self._book = book
        self._retention = retention
        self._tokens: dict[str, Token] = {}
        self._provenance_of_run: dict[int, str] = {}

    @classmethod
    def open(
        cls,
        url: str,
        book: Book,
        *,
        retention: Retention | None = None,
        busy_timeout: float = BUSY_TIMEOUT_SECONDS,
    ) -> Self:
        """Open the book at `url`, creating and upgrading it where needed.

        Args:
            url: e.g. `sqlite:////var/aineon/simulation.db`; missing folders are created.
            book: which book it is; a new database is that book from then on.
            retention: how many of the newest rows to keep.
            busy_timeout: seconds to wait for another writer.

        Raises:
            MixedBooks: the database is another book.
            LedgerError: it cannot be opened or written, is not a book, or is of a newer AINEON.
        """
        place = parse_place(url)
        engine = writer_engine(place, busy_timeout)
        try:
            with explained(place), engine.begin() as connection:
                upgrade(connection, BOOK_SCHEMA, place)
                found = stored_book(connection)
                if found is None:
                    meta = {"id": 1, "book": book.value, "created_at": time.time()}
                    connection.execute(insert(_META).values(**meta))
                refuse_other_book(place, found or book, book)
        except BaseException:
            engine.dispose()
            raise
        return cls(place, engine, book, retention or Retention())

    @property
    def book(self) -> Book:
        """Which book this is."""
        return self._book

    @property
    def place(self) -> Place:
        """Where it is."""
        return self._place

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine behind the store."""
        return self._engine

    def begin_run(self, run: RunRecord) -> int:
        """Book the start of a run and return its number.

        Raises:
            MixedBooks: its provenance does not belong into this book.
            LedgerError: it cannot be stored.
        """
        check_record(run, self._book)
        tokens = [] if run.native_token is None else [run.native_token]
        with explained(self._place), self._engine.begin() as connection:
            self._save_tokens(connection, tokens)
            result = connection.execute(insert(_RUNS).values(**row_of(run)))
            key = result.inserted_primary_key
        self._remember(tokens)
        if key is None:
            raise LedgerError(f"{self._place.name} gave the new run no number")
        return int(key[0])

    def write(
        self,
        step: StepRecord | None = None,
        opportunities: Iterable[OpportunityRecord] = (),
        attempts: Iterable[AttemptRecord] = (),
        settlements: Iterable[SettlementRecord] = (),
        takings: Iterable[TakingRecord] = (),
        prices: Iterable[PriceRecord] = (),
        near_misses: Iterable[NearMissRecord] = (),
        samples: Iterable[SampleRecord] = (),
        observations: Iterable[ObservationRecord] | None = None,
    ) -> None:
        """Book what belongs together, in one transaction.

        `step` may be None where only attempts, settlements, opportunities or prices are booked.
        `observations` are all that is pending from now on; None leaves what is booked.

        Raises:
            MixedBooks: money or a provenance of another book.
            LedgerError: a value that cannot be stored, an unknown run or attempt, an attempt
                booked or settled twice, or a database that cannot be written. Nothing of this
                call is kept then, and nothing booked before is lost.
        """
        self.write_all(
            [
                BookEntry(
                    step,
                    tuple(opportunities),
                    tuple(attempts),
                    tuple(settlements),
                    tuple(takings),
                    tuple(prices),
                    tuple(near_misses),
                    tuple(samples),
                    None if observations is None else tuple(observations),
                )
            ]
        )

    def write_all(self, entries: Sequence[BookEntry]) -> None:
        """Book several entries in one transaction; see `write`.

        One commit waits for the disk once, so a warm-up is booked faster in portions.
        """
        for entry in entries:
            self._check(entry)
        tokens = {token for entry in entries for token in tokens_of(entry)}
        try:
            with explained(self._place), self._engine.begin() as connection:
                self._save_tokens(connection, tokens)
                writing = Writing(connection, self._place, self._book, self._provenance_of_run)
                for entry in entries:
                    writing.insert(entry)
                writing.flush()
                prune(connection, entries, self._retention)
        except LedgerError as error:
            if isinstance(error.__cause__, IntegrityError):
                raise LedgerError(
                    f"{self._place.name} refused an entry that contradicts what is booked: "
                    f"{str(error.__cause__.orig).splitlines()[0]}"
                ) from error
            raise
        self._remember(tokens)

    def unsettled(self) -> list[AttemptRecord]:
        """Return the attempts without a settlement, oldest first.

        After a crash these are the ones whose outcome nobody saw.
        """
        return self._unsettled()

    def abandoned(self) -> list[AttemptRecord]:
        """Return those of the unsettled attempts that no transaction of the outbox carries out.

        What became of the others the chain tells, however long nobody looked.
        """
        return self._unsettled(_ATTEMPTS.c.attempt_id.not_in(_SIGNED))

    def unbooked(self, attempt_ids: Iterable[str]) -> frozenset[str]:
        """Return those of `attempt_ids` that are not booked."""
        asked = frozenset(attempt_ids)
        query = select(_ATTEMPTS.c.attempt_id).where(_ATTEMPTS.c.attempt_id.in_(asked))
        with explained(self._place), self._engine.begin() as connection:
            return asked.difference(connection.execute(query).scalars())

    def _unsettled(self, *conditions: ColumnElement[bool]) -> list[AttemptRecord]:
        open_attempts = (
            select(_ATTEMPTS, _TOKENS.c.symbol, _TOKENS.c.decimals)
            .join(_TOKENS, _TOKENS.c.address == _ATTEMPTS.c.base_token)
            .outerjoin(_SETTLEMENTS, _SETTLEMENTS.c.attempt_id == _ATTEMPTS.c.attempt_id)
            .where(_SETTLEMENTS.c.attempt_id.is_(None), *conditions)
            .order_by(_ATTEMPTS.c.id)
        )
        with explained(self._place), self._engine.begin() as connection:
            rows = connection.execute(open_attempts).mappings().all()
        return [attempt_of(row, token_of(row["base_token"], row)) for row in rows]

    def close(self) -> None:
        """Let go of the database."""
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

    def _check(self, entry: BookEntry) -> None:
        if entry.step is None and entry.takings:
            raise LedgerError("takings need the step they were seen in, and it is missing")
        for record in records_of(entry):
            check_record(record, self._book)

    def _save_tokens(self, connection: Connection, tokens: Iterable[Token]) -> None:
        for token in tokens:
            known = self._tokens.get(token.address)
            if known is None or not describes(known, token):
                save_token(connection, token)

    def _remember(self, tokens: Iterable[Token]) -> None:
        # Only what is committed may be remembered; a transaction can be refused at its end.
        self._tokens.update((token.address, token) for token in tokens)
