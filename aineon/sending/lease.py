"""Lease: one engine signs for a sender, and the database knows which.

It expires, so that a dead engine does not lock its successor out; and it carries a token that
grows with every holder. The token is what keeps two engines from signing together: each
transaction of the outbox checks it under the database's own lock. An engine that slept through
its lease, or whose clock is wrong, finds a younger token there and may neither sign nor book.
The clock decides only how soon a successor may try.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    and_,
    bindparam,
    insert,
    select,
    text,
    update,
)

from aineon.errors import LeaseHeld, LeaseLost
from aineon.ledger.connect import Place, explained
from aineon.ledger.outbox_tables import OutboxLeaseRow
from aineon.ledger.tables import table_of
from aineon.primitives import Address, Clock
from aineon.sending.crashpoints import CrashHook, CrashPoint, no_crash

LEASE_SECONDS: Final = 15.0
_RELEASED: Final = 0.0
"""A time that has passed by every clock."""
_LEASES: Final = table_of(OutboxLeaseRow)
_HELD: Final[Select[Any]] = (
    select(_LEASES.c.token, _LEASES.c.holder, _LEASES.c.beat_at, _LEASES.c.expires_at)
    .where(_LEASES.c.chain_id == bindparam("chain_id"), _LEASES.c.sender == bindparam("sender"))
    .with_for_update()
)


class Party(NamedTuple):
    """A sender on a chain: what nonces count for, and leases are held for."""

    chain_id: int
    sender: Address


class Lease:
    """The right to sign for one sender.

    Args:
        place, engine: the book's database.
        party: for whom.
        holder: who asks, for messages: machine and process.
        clock: seconds since the epoch; processes that share a book should agree on them.
        seconds: how long it holds without a beat.
        crash: called before and after each commit.
    """

    def __init__(
        self,
        place: Place,
        engine: Engine,
        party: Party,
        holder: str,
        clock: Clock,
        seconds: float = LEASE_SECONDS,
        crash: CrashHook = no_crash,
    ) -> None:
        self._place = place
        self._engine = engine
        self._party = party
        self._holder = holder
        self._clock = clock
        self._seconds = seconds
        self._crash = crash
        self._token: int | None = None

    @property
    def party(self) -> Party:
        """The sender it is for."""
        return self._party

    @property
    def seconds(self) -> float:
        """How long it holds without a beat."""
        return self._seconds

    def acquire(self) -> int:
        """Become the holder and return the token.

        Raises:
            LeaseHeld: another engine is, and its lease has not run out.
            LedgerError: the database cannot be written.
        """
        with explained(self._place), self._engine.begin() as connection:
            make_durable(connection)
            row = connection.execute(_HELD, self._party._asdict()).one_or_none()
            now = self._clock.now()
            if row is not None and row.token != self._token and self._is_held(row, now):
                raise LeaseHeld(
                    f"{row.holder} signs for {self._party.sender} on chain {self._party.chain_id}; "
                    f"its lease runs out in {row.expires_at - now:.0f} seconds unless it is renewed"
                )
            token = 1 if row is None else row.token + 1
            values = {"token": token, "holder": self._holder, **self._times()}
            if row is None:
                connection.execute(insert(_LEASES).values(**self._party._asdict(), **values))
            else:
                connection.execute(update(_LEASES).where(self._mine()).values(**values))
            self._crash(CrashPoint.BEFORE_LEASE_COMMIT)
        self._crash(CrashPoint.AFTER_LEASE_COMMIT)
        self._token = token
        return token

    def beat(self) -> None:
        """Hold it for another while.

        Raises:
            LeaseLost: it is somebody else's by now.
            LedgerError: the database cannot be written.
        """
        with explained(self._place), self._engine.begin() as connection:
            self.require(connection)
            connection.execute(update(_LEASES).where(self._mine()).values(**self._times()))
            self._crash(CrashPoint.BEFORE_LEASE_COMMIT)
        self._crash(CrashPoint.AFTER_LEASE_COMMIT)

    def check(self) -> None:
        """Check that it is still ours, without writing.

        Raises:
            LeaseLost: it never was, or is somebody else's by now.
            LedgerError: the database cannot be read.
        """
        with explained(self._place), self._engine.begin() as connection:
            self.require(connection)

    def release(self) -> None:
        """Let go of it, so that a successor need not wait; does nothing where it is lost."""
        if self._token is None:
            return
        with explained(self._place), self._engine.begin() as connection:
            connection.execute(
                update(_LEASES)
                .where(and_(self._mine(), _LEASES.c.token == self._token))
                .values(expires_at=_RELEASED)
            )
            self._crash(CrashPoint.BEFORE_LEASE_COMMIT)
        self._crash(CrashPoint.AFTER_LEASE_COMMIT)
        self._token = None

    def require(self, connection: Connection) -> None:
        """Check, within an open transaction of the outbox, that it is still ours.

        The row stays locked until that transaction ends (on SQLite the whole database is).

        Raises:
            LeaseLost: it never was, or is somebody else's by now.
        """
        row = connection.execute(_HELD, self._party._asdict()).one_or_none()
        if self._token is None or row is None or row.token != self._token:
            holder = "nobody" if row is None else row.holder
            raise LeaseLost(
                f"{self._holder} may not sign for {self._party.sender} on chain "
                f"{self._party.chain_id}: the lease belongs to {holder}"
            )

    def _is_held(self, row: Row[Any], now: float) -> bool:
        """Whether a successor must wait.

        A beat that is further ahead than a lease lasts was told by a clock that has been set
        right since: waiting for it could take years. Should its engine live, the token stops it.
        """
        return bool(now < row.expires_at and row.beat_at <= now + self._seconds)

    def _mine(self) -> ColumnElement[bool]:
        return and_(
            _LEASES.c.chain_id == self._party.chain_id, _LEASES.c.sender == self._party.sender
        )

    def _times(self) -> dict[str, float]:
        now = self._clock.now()
        return {"beat_at": now, "expires_at": now + self._seconds}


def make_durable(connection: Connection) -> None:
    """Have the open transaction outlive a power cut, whatever a server's configuration says.

    SQLite's connections are FULL from the start (`aineon.ledger.connect`).
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL synchronous_commit TO on"))
