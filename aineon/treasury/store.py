"""TreasuryStore: withdrawals in a book's database; and TreasuryView, which reads them alone."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import NamedTuple, Self

from sqlalchemy import Connection, Engine, and_, insert, select, update

from aineon.errors import MixedBooks, UnknownWithdrawal, WithdrawalMoved
from aineon.ledger.connect import Place, explained
from aineon.ledger.outbox_tables import OutboxTransactionRow
from aineon.ledger.reading import BookReader
from aineon.ledger.store import BookStore
from aineon.ledger.tables import table_of
from aineon.ledger.tokens import save_token
from aineon.primitives import Address, Book
from aineon.treasury.approvals import Approval
from aineon.treasury.destinations import Destination
from aineon.treasury.policy import Used
from aineon.treasury.rows import (
    APPLIED,
    APPROVALS,
    DESTINATIONS,
    EVENTS,
    RULES,
    WITHDRAWALS,
    all_destinations,
    approvals_of,
    events_of,
    in_states,
    listed_rules,
    rule_columns,
    used_at,
    used_without,
    withdrawal_columns,
    withdrawals_where,
)
from aineon.treasury.rules import Rule
from aineon.treasury.states import ENDED, IN_FLIGHT, SIGNED_OR_LATER, WithdrawalState, check_move
from aineon.treasury.withdrawal import Withdrawal, WithdrawalEvent

DEFAULT_LIMIT = 100
_TRANSACTIONS = table_of(OutboxTransactionRow)


class Applied(NamedTuple):
    """What came of a command whose effect is in this book."""

    state: str
    answer: str


class Reading:
    """The treasury as of one moment, within an open transaction."""

    def __init__(self, connection: Connection, book: Book) -> None:
        self._connection = connection
        self._book = book

    def find(self, withdrawal_id: str) -> Withdrawal | None:
        """Return a withdrawal; None where there is none of this name."""
        condition = WITHDRAWALS.c.id == withdrawal_id
        return next(iter(withdrawals_where(self._connection, self._book, condition)), None)

    def get(self, withdrawal_id: str) -> Withdrawal:
        """Return a withdrawal.

        Raises:
            UnknownWithdrawal: there is none of this name.
        """
        found = self.find(withdrawal_id)
        if found is None:
            raise UnknownWithdrawal(f"there is no withdrawal {withdrawal_id!r:.80}")
        return found

    def newest(self, limit: int = DEFAULT_LIMIT) -> tuple[Withdrawal, ...]:
        """Return the newest withdrawals, newest first."""
        return withdrawals_where(self._connection, self._book, limit=limit)

    def in_states(self, states: Collection[WithdrawalState]) -> tuple[Withdrawal, ...]:
        """Return all withdrawals in one of `states`, oldest first."""
        found = withdrawals_where(self._connection, self._book, in_states(states))
        return found[::-1]

    def batch(self, batch_id: str) -> tuple[Withdrawal, ...]:
        """Return all parts of a batch, ended or not, in the order of their names."""
        condition = WITHDRAWALS.c.batch_id == batch_id
        found = withdrawals_where(self._connection, self._book, condition)
        return tuple(sorted(found, key=lambda each: each.id))

    def unpaid_of_rule(self, rule_id: str, since: float) -> Withdrawal | None:
        """Return one that a rule started and that ended unpaid after `since`; None without one."""
        condition = and_(
            WITHDRAWALS.c.rule_id == rule_id,
            WITHDRAWALS.c.changed_at > since,
            in_states(ENDED - {WithdrawalState.CONFIRMED}),
        )
        return next(iter(withdrawals_where(self._connection, self._book, condition, 1)), None)

    def due(self, now: float) -> tuple[Withdrawal, ...]:
        """Return what has cooled and may be signed now, oldest first."""
        return tuple(
            each
            for each in self.in_states({WithdrawalState.COOLING})
            if each.cooling_until is not None
            and now >= each.cooling_until
            and (each.expires_at is None or now < each.expires_at)
        )

    def events(self, withdrawal_id: str) -> tuple[WithdrawalEvent, ...]:
        """Return all changes of a withdrawal, oldest first."""
        return events_of(self._connection, withdrawal_id)

    def approvals(self, withdrawal_id: str) -> tuple[Approval, ...]:
        """Return all approvals that were ever given to a withdrawal."""
        return approvals_of(self._connection, withdrawal_id)

    def used(self, at: float, without: str = "") -> Used:
        """Return what counts against a day's limits: in flight, or paid in 24 hours."""
        return used_without(used_at(self._connection, at, IN_FLIGHT), without)

    def leaving(self, at: float, without: str = "") -> Used:
        """Return what may be paid at any moment, or was in 24 hours."""
        return used_without(used_at(self._connection, at, SIGNED_OR_LATER), without)

    def destinations(self) -> tuple[Destination, ...]:
        """Return the allow-list, aged or not, oldest first."""
        return tuple(each for each in all_destinations(self._connection) if each.is_listed)

    def former_destinations(self) -> tuple[Destination, ...]:
        """Return the entries that were removed, oldest first."""
        return tuple(each for each in all_destinations(self._connection) if not each.is_listed)

    def destination(self, address: Address) -> Destination | None:
        """Return the entry of an address on the allow-list; None where it is not on it."""
        return next((each for each in self.destinations() if each.address == address), None)

    def paid_destinations(self) -> frozenset[Address]:
        """Return the addresses that were ever paid."""
        query = select(WITHDRAWALS.c.destination).distinct()
        paid = query.where(in_states({WithdrawalState.CONFIRMED}))
        return frozenset(map(Address, self._connection.execute(paid).scalars()))

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules in force, oldest first."""
        return listed_rules(self._connection)

    def was_signed(self, intent_id: str) -> bool:
        """Whether the outbox holds anything that was signed for an intent."""
        query = select(_TRANSACTIONS.c.id).where(_TRANSACTIONS.c.intent_id == intent_id).limit(1)
        return self._connection.execute(query).first() is not None

    def by_token(self, token: str) -> tuple[Withdrawal, str] | None:
        """Return the withdrawal that was asked for under `token`, and its request's fingerprint."""
        query = select(WITHDRAWALS.c.id, WITHDRAWALS.c.fingerprint)
        row = self._connection.execute(query.where(WITHDRAWALS.c.token == token)).one_or_none()
        return None if row is None else (self.get(row.id), row.fingerprint)

    def applied(self, token: str) -> Applied | None:
        """Return what came of a command; None where it has not been applied."""
        query = select(APPLIED.c.state, APPLIED.c.answer).where(APPLIED.c.token == token)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Applied(*row)


class Work(Reading):
    """A transaction that writes: all of it is kept, or nothing."""

    def add(self, withdrawal: Withdrawal, token: str, fingerprint: str) -> None:
        """Keep a new withdrawal."""
        save_token(self._connection, withdrawal.asset)
        columns = withdrawal_columns(withdrawal) | {"token": token, "fingerprint": fingerprint}
        self._connection.execute(insert(WITHDRAWALS).values(**columns))

    def change(self, old: Withdrawal, new: Withdrawal) -> None:
        """Keep what a withdrawal has become.

        Raises:
            IllegalWithdrawalMove: its state cannot follow the stored one, or that has ended.
            WithdrawalMoved: it is not `old` any more.
        """
        if new.state is not old.state or old.state in ENDED:
            check_move(old.id, old.state, new.state)
        save_token(self._connection, new.asset)
        unchanged = and_(
            WITHDRAWALS.c.id == old.id,
            WITHDRAWALS.c.version == old.version,
            WITHDRAWALS.c.state == old.state.value,
            # A wish to cancel changes neither, and must not be lost.
            WITHDRAWALS.c.cancel_asked_by.is_not_distinct_from(old.cancel_asked_by),
        )
        done = self._connection.execute(
            update(WITHDRAWALS).where(unchanged).values(**withdrawal_columns(new))
        )
        if done.rowcount != 1:
            raise WithdrawalMoved(
                f"withdrawal {old.id} is not version {old.version} in state {old.state} any "
                "more; look at it again"
            )

    def note_waiting(self, withdrawal_id: str, why: str | None, since: float | None) -> None:
        """Keep why a withdrawal waits, and since when; None where it does not."""
        self._connection.execute(
            update(WITHDRAWALS)
            .where(WITHDRAWALS.c.id == withdrawal_id)
            .values(waits_because=why, waits_since=since)
        )

    def add_event(self, event: WithdrawalEvent) -> None:
        """Keep a change; the event's own number is given here."""
        columns = {
            "withdrawal_id": event.withdrawal_id,
            "version": event.version,
            "what": event.what,
            "old": None if event.old is None else event.old.value,
            "new": event.new.value,
            "who": event.who,
            "reason": event.reason,
            "audit": event.audit,
            "at": event.at,
        }
        self._connection.execute(insert(EVENTS).values(**columns))

    def add_approval(self, approval: Approval) -> None:
        """Keep somebody's word."""
        columns = {name: getattr(approval, name) for name in Approval.__slots__}
        self._connection.execute(insert(APPROVALS).values(**columns))

    def void_approvals(self, withdrawal_id: str, at: float) -> None:
        """Make all approvals of a withdrawal void."""
        self._connection.execute(
            update(APPROVALS)
            .where(APPROVALS.c.withdrawal_id == withdrawal_id, APPROVALS.c.voided_at.is_(None))
            .values(voided_at=at)
        )

    def add_destination(self, destination: Destination) -> None:
        """Enter an address into the allow-list."""
        columns = {name: getattr(destination, name) for name in Destination.__slots__}
        columns["purpose"] = destination.purpose.value
        self._connection.execute(insert(DESTINATIONS).values(**columns))

    def change_destination(self, address: Address, values: Mapping[str, object]) -> None:
        """Change the entry of a listed address."""
        self._connection.execute(
            update(DESTINATIONS)
            .where(DESTINATIONS.c.address == address, DESTINATIONS.c.removed_at.is_(None))
            .values(**values)
        )

    def add_rule(self, rule: Rule) -> None:
        """Put a rule into force."""
        save_token(self._connection, rule.asset)
        columns = rule_columns(rule) | {"removed_by": None, "removed_at": None}
        self._connection.execute(insert(RULES).values(**columns))

    def change_rule(self, rule_id: str, values: Mapping[str, object]) -> None:
        """Change a rule in force."""
        self._connection.execute(
            update(RULES)
            .where(RULES.c.id == rule_id, RULES.c.removed_at.is_(None))
            .values(**values)
        )

    def keep_answer(self, token: str, number: int, applied: Applied, at: float) -> None:
        """Keep that a command was applied, together with its effect."""
        self._connection.execute(
            insert(APPLIED).values(
                token=token, number=number, state=applied.state, answer=applied.answer, at=at
            )
        )


class TreasuryStore:
    """The treasury of a book that holds real or rehearsed money.

    Raises:
        MixedBooks: the book is a simulation: play money cannot leave.
    """

    def __init__(self, store: BookStore) -> None:
        _refuse_simulation(store.book)
        self._place: Place = store.place
        self._engine: Engine = store.engine
        self._book = store.book
        # One writer at a time in this process, and a transaction that is open is joined.
        self._turn = threading.RLock()
        self._open: Work | None = None

    @property
    def book(self) -> Book:
        """Whose money it is."""
        return self._book

    @contextmanager
    def writing(self) -> Iterator[Work]:
        """Begin a transaction that holds the database's write lock from its first moment.

        Within one, in the same thread, it is joined: what belongs together is kept together.
        """
        with self._turn:
            if self._open is not None:
                yield self._open
                return
            with explained(self._place), self._engine.begin() as connection:
                self._open = Work(connection, self._book)
                try:
                    yield self._open
                finally:
                    self._open = None

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Lend the treasury as of one moment."""
        with self.writing() as work:
            yield work

    def due(self, now: float) -> tuple[Withdrawal, ...]:
        """Return what has cooled and may be signed now, oldest first."""
        with self.reading() as treasury:
            return treasury.due(now)

    def get(self, withdrawal_id: str) -> Withdrawal:
        """Return a withdrawal.

        Raises:
            UnknownWithdrawal: there is none of this name.
        """
        with self.reading() as treasury:
            return treasury.get(withdrawal_id)

    def in_states(self, states: Collection[WithdrawalState]) -> tuple[Withdrawal, ...]:
        """Return all withdrawals in one of `states`, oldest first."""
        with self.reading() as treasury:
            return treasury.in_states(states)

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules in force, oldest first."""
        with self.reading() as treasury:
            return treasury.rules()


class TreasuryView:
    """Reads a book's treasury and cannot write; for console, command line and exports."""

    def __init__(self, reader: BookReader) -> None:
        _refuse_simulation(reader.book)
        self._reader = reader

    @classmethod
    def open(cls, url: str, book: Book) -> Self:
        """Open the treasury of the book at `url`.

        Raises:
            LedgerNotFound: nobody has created the book yet.
            MixedBooks: it is another book, or a simulation.
            LedgerError: it cannot be read.
        """
        _refuse_simulation(book)
        return cls(BookReader.open(url, book))

    @property
    def book(self) -> Book:
        """Whose money it is."""
        return self._reader.book

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Lend the treasury as of one moment."""
        with self._reader.session() as connection:
            yield Reading(connection, self._reader.book)

    def close(self) -> None:
        """Let go of the database."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _refuse_simulation(book: Book) -> None:
    if book is Book.SIMULATION:
        raise MixedBooks(
            "the simulation book holds play money, which nothing can be withdrawn of; withdrawals "
            "need the rehearsal or the live book"
        )
