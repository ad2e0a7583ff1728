"""What the outbox and the book know of attempts, for an engine that takes over from another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from aineon.execution.live.memo import read_memo
from aineon.execution.settlement import Attempt, Outcome
from aineon.ledger.connect import explained
from aineon.ledger.outbox_tables import OutboxIntentRow, OutboxTransactionRow
from aineon.ledger.store import BookStore
from aineon.ledger.tables import AttemptRow, SettlementRow, table_of
from aineon.primitives import Address
from aineon.sending.intent import IntentKind
from aineon.sending.states import TransactionState

LATE: Final = ":late"
"""What is appended to an attempt's id where it is mined after it was settled as missed."""

_INTENTS: Final = table_of(OutboxIntentRow)
_TRANSACTIONS: Final = table_of(OutboxTransactionRow)
_ATTEMPTS: Final = table_of(AttemptRow)
_SETTLEMENTS: Final = table_of(SettlementRow)
_LATE_ONES: Final = table_of(SettlementRow).alias("late")
_LANDED: Final = (TransactionState.MINED.value, TransactionState.FINALISED.value)
_OVER: Final = (TransactionState.MISSED.value, TransactionState.REPLACED.value)


class Entry(NamedTuple):
    """An attempt of the outbox.

    Attributes:
        intent_id: under which it was sent.
        attempt: as it was submitted.
        is_booked: whether the book knows the attempt.
        outcome: as it was settled; None where it was not.
    """

    intent_id: str
    attempt: Attempt
    is_booked: bool
    outcome: Outcome | None


class Journal:
    """Reads the attempts of one sender on one chain out of a book's database.

    Args:
        store: the rehearsal's or the live book.
        chain_id, sender: whose transactions.
    """

    def __init__(self, store: BookStore, chain_id: int, sender: Address) -> None:
        self._place = store.place
        self._engine = store.engine
        self._mine = and_(
            _INTENTS.c.chain_id == chain_id,
            _INTENTS.c.sender == sender,
            _INTENTS.c.kind == IntentKind.TRADE.value,
            _INTENTS.c.memo.is_not(None),
        )

    def unsettled(self) -> list[Entry]:
        """Return what is to be followed further, oldest first.

        An attempt that is neither booked nor able to cost anything any more is none: an engine
        died before it had told anybody of it.
        """
        matters = or_(_ATTEMPTS.c.attempt_id.is_not(None), _has_state_other_than(_OVER))
        return self._entries(_SETTLEMENTS.c.attempt_id.is_(None), matters)

    def late(self) -> list[Entry]:
        """Return what was settled as missed, was mined all the same, and is not settled as such."""
        unsettled = ~exists(
            select(_LATE_ONES.c.id).where(_LATE_ONES.c.attempt_id == _INTENTS.c.attempt_id + LATE)
        )
        missed = _SETTLEMENTS.c.outcome == Outcome.MISSED.value
        return self._entries(missed, _has_state(_LANDED), unsettled)

    def faults(self) -> list[str]:
        """Return the intents that reverted by a fault of ours since a trade went through."""
        of_intent = _SETTLEMENTS.c.attempt_id.in_(
            [_INTENTS.c.attempt_id, _INTENTS.c.attempt_id + LATE]
        )
        settled = select(_INTENTS.c.intent_id).join(_SETTLEMENTS, of_intent).where(self._mine)
        went_through = (
            select(func.coalesce(func.max(_SETTLEMENTS.c.id), 0))
            .join(_INTENTS, of_intent)
            .where(self._mine, _SETTLEMENTS.c.outcome == Outcome.INCLUDED.value)
        )
        query = settled.where(
            _SETTLEMENTS.c.at_fault.is_(True), _SETTLEMENTS.c.id > went_through.scalar_subquery()
        ).order_by(_SETTLEMENTS.c.id)
        with explained(self._place), self._engine.begin() as connection:
            return list(connection.execute(query).scalars())

    def entry(self, intent_id: str) -> Entry | None:
        """Return one attempt; None where the outbox does not know it."""
        return next(iter(self._entries(_INTENTS.c.intent_id == intent_id)), None)

    def _entries(self, *conditions: ColumnElement[bool]) -> list[Entry]:
        query = (
            select(
                _INTENTS.c.intent_id,
                _INTENTS.c.memo,
                _ATTEMPTS.c.attempt_id,
                _SETTLEMENTS.c.outcome,
            )
            .outerjoin(_ATTEMPTS, _ATTEMPTS.c.attempt_id == _INTENTS.c.attempt_id)
            .outerjoin(_SETTLEMENTS, _SETTLEMENTS.c.attempt_id == _INTENTS.c.attempt_id)
            .where(self._mine, *conditions)
            .order_by(_INTENTS.c.created_at, _INTENTS.c.intent_id)
        )
        with explained(self._place), self._engine.begin() as connection:
            return [_entry_of(row) for row in connection.execute(query)]


def _entry_of(row: Any) -> Entry:
    outcome = None if row.outcome is None else Outcome(row.outcome)
    return Entry(row.intent_id, read_memo(row.memo), row.attempt_id is not None, outcome)


def _has_state(states: Sequence[str]) -> ColumnElement[bool]:
    return _version(_TRANSACTIONS.c.state.in_(states))


def _has_state_other_than(states: Sequence[str]) -> ColumnElement[bool]:
    return _version(_TRANSACTIONS.c.state.not_in(states))


def _version(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    of_intent = _TRANSACTIONS.c.intent_id == _INTENTS.c.intent_id
    return exists(select(_TRANSACTIONS.c.id).where(of_intent, condition))
