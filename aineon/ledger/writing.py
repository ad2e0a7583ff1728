"""Writing: how the parts of a book entry become rows, within the transaction that is open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Insert, bindparam, delete, insert, select
from sqlmodel import SQLModel

from aineon.errors import LedgerError
from aineon.ledger.accounts.making import trade_entry
from aineon.ledger.accounts.posting import post
from aineon.ledger.connect import Place
from aineon.ledger.posting import Attempted, Posting
from aineon.ledger.records import (
    AttemptRecord,
    BookEntry,
    NearMissRecord,
    ObservationRecord,
    OpportunityRecord,
    SettlementRecord,
)
from aineon.ledger.rows import row_of
from aineon.ledger.tables import (
    AttemptRow,
    NearMissRow,
    ObservationRow,
    OpportunityRow,
    PriceRow,
    RunRow,
    SampleRow,
    SettlementRow,
    StepRow,
    TakingRow,
    table_of,
)
from aineon.primitives import Book, Token

_RUNS: Final = table_of(RunRow)
_ATTEMPTS: Final = table_of(AttemptRow)
_OBSERVATIONS: Final = table_of(ObservationRow)

# Statements are built once: building them would cost more than running them.
_ATTEMPT: Final = select(*(_ATTEMPTS.c[name] for name in Attempted._fields)).where(
    _ATTEMPTS.c.attempt_id == bindparam("attempt")
)
_INSERT: Final[Mapping[type[SQLModel], Insert]] = {
    model: insert(table_of(model))
    for model in (
        StepRow,
        OpportunityRow,
        AttemptRow,
        SettlementRow,
        TakingRow,
        PriceRow,
        NearMissRow,
        SampleRow,
        ObservationRow,
    )
}


class Writing:
    """Entries on their way into a book; what is added up is written by `flush`.

    Args:
        connection: of the open transaction.
        place: for messages.
        book: which one it is.
        provenances: of runs that are known by number already; what is looked up is added.
    """

    def __init__(
        self, connection: Connection, place: Place, book: Book, provenances: dict[int, str]
    ) -> None:
        self._connection = connection
        self._place = place
        self._book = book
        self._provenances = provenances
        self._posting = Posting(connection)

    def insert(self, entry: BookEntry) -> None:
        """Write an entry's rows.

        Raises:
            LedgerError: an unknown run or attempt, or figures that contradict each other.
        """
        for run_id in {run_id for record in records_of(entry) if (run_id := _run_of(record))}:
            self._provenance(run_id)
        if entry.step is not None:
            self._add(StepRow, [row_of(entry.step)])
            seen_at = {"at": entry.step.at}
            self._add(TakingRow, [row_of(each) | seen_at for each in entry.takings])
        self._add(OpportunityRow, map(row_of, entry.opportunities))
        self._add(AttemptRow, map(row_of, entry.attempts))
        self._add(PriceRow, map(row_of, entry.prices))
        self._add(NearMissRow, map(row_of, entry.near_misses))
        self._add(SampleRow, map(row_of, entry.samples))
        self._posting.post_activity(entry)
        for attempt in entry.attempts:
            self._posting.post_attempt(attempt)
        beside = {each.attempt_id: Attempted.of(each) for each in entry.attempts}
        self._add(SettlementRow, [self._settled(each, beside) for each in entry.settlements])
        self._observe(entry)

    def flush(self) -> None:
        """Write all that was added up."""
        self._posting.flush()

    def _settled(
        self, settlement: SettlementRecord, beside: Mapping[str, Attempted]
    ) -> dict[str, Any]:
        attempted = beside.get(settlement.attempt_id) or self._find(settlement.attempt_id)
        _check_amounts(settlement, attempted.amount_in)
        provenance = self._provenance(attempted.run_id)
        scopes = {"run_id": attempted.run_id, "provenance": provenance}
        if self._book is not Book.SIMULATION:
            self._post(settlement, Token(attempted.base_token))
        placed = self._posting.post_settlement(settlement, attempted, provenance)
        return row_of(settlement) | scopes | placed

    def _post(self, settlement: SettlementRecord, base_token: Token) -> None:
        entry = trade_entry(settlement, base_token)
        if entry is not None and not post(self._connection, entry):
            raise LedgerError(
                f"attempt {settlement.attempt_id} is settled by transaction "
                f"{settlement.transaction_hash}, which is in the accounts already"
            )

    def _find(self, attempt_id: str) -> Attempted:
        row = self._connection.execute(_ATTEMPT, {"attempt": attempt_id}).first()
        if row is None:
            raise LedgerError(f"attempt {attempt_id} cannot be settled because it is not booked")
        return Attempted(*row)

    def _provenance(self, run_id: int) -> str:
        if run_id not in self._provenances:
            query = select(_RUNS.c.provenance).where(_RUNS.c.id == run_id)
            found = self._connection.execute(query).scalar_one_or_none()
            if found is None:
                raise LedgerError(f"run {run_id} is not in {self._place.name}; begin it first")
            self._provenances[run_id] = found
        return self._provenances[run_id]

    def _observe(self, entry: BookEntry) -> None:
        """Keep what is pending; what is settled is not pending any more."""
        if entry.observations is not None:
            self._connection.execute(delete(_OBSERVATIONS))
            self._add(ObservationRow, map(row_of, entry.observations))
        elif entry.settlements:
            settled = [each.attempt_id for each in entry.settlements]
            gone = delete(_OBSERVATIONS).where(_OBSERVATIONS.c.attempt_id.in_(settled))
            self._connection.execute(gone)

    def _add(self, model: type[SQLModel], rows: Iterable[dict[str, Any]]) -> None:
        made: Sequence[dict[str, Any]] = list(rows)
        if made:
            self._connection.execute(_INSERT[model], made)


def records_of(entry: BookEntry) -> Iterator[Any]:
    """Yield all records of an entry."""
    if entry.step is not None:
        yield entry.step
    yield from entry.opportunities
    yield from entry.attempts
    yield from entry.settlements
    yield from entry.takings
    yield from entry.prices
    yield from entry.near_misses
    yield from entry.samples
    yield from entry.observations or ()


def tokens_of(entry: BookEntry) -> Iterator[Token]:
    """Yield all tokens that an entry names."""
    records: tuple[OpportunityRecord | NearMissRecord | AttemptRecord, ...] = (
        *entry.opportunities,
        *entry.near_misses,
        *entry.attempts,
    )
    yield from (record.base_token for record in records)
    yield from (taking.profit_token for taking in entry.takings)


def _run_of(record: Any) -> int | None:
    of_attempt = isinstance(record, SettlementRecord | ObservationRecord)
    return None if of_attempt else record.run_id


def _check_amounts(settlement: SettlementRecord, amount_in: int) -> None:
    out, gross = settlement.amount_out, settlement.gross_profit
    if out is not None and gross is not None and gross != out - amount_in:
        raise LedgerError(
            f"gross profit {gross} of attempt {settlement.attempt_id} is not its amount out "
            f"{out} less its amount in {amount_in}"
        )
