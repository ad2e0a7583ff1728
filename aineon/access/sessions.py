"""SessionStore: who is signed in, kept at the server, where it can be ended at once.

A browser holds a random token and the database its hash. A session ends after a while without
anybody doing something, after some hours in any case, and with whatever changes what it stands
for; an ended one is deleted. The audit says who opened and ended which.
"""

from __future__ import annotations

import hmac
import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, or_, select, update

from aineon.access.roles import Role
from aineon.access.store import SESSIONS, USERS, VOUCHERS, AccessStore
from aineon.access.tokens import new_token, token_hash
from aineon.access.user_rows import User, end_all, find_user
from aineon.errors import LedgerError, SignInRefused
from aineon.ledger.control import ControlStore

IDLE_SECONDS: Final = 1800.0
MOST_SECONDS: Final = 43_200.0
_TOUCH_SECONDS: Final = 60.0
_CLOCK_SECONDS: Final = 300.0
"""How far a clock may go back: a session of tomorrow would stand for more than its hours."""
_MOST_SESSIONS: Final = 20
_PURPOSE: Final = "session"
_NUMBER: Final = re.compile(r"[0-9a-f]{12}", re.ASCII)
_LOG: Final = logging.getLogger(__name__)
_COLUMNS: Final = (
    "s.token_hash, s.number, s.user_name, u.display_name, u.role, u.disabled, s.opened_at, "
    "s.seen_at, s.ends_at"
)


@dataclass(frozen=True, slots=True)
class Session:
    """A session that stands.

    Attributes:
        number: what it is called; no secret.
        name: the user's.
        role: the user's as of now.
        seen_at: when somebody last did something in it, to the minute.
        ends_at: when it ends even if somebody goes on.
    """

    number: str
    name: str
    display_name: str
    role: Role
    opened_at: float
    seen_at: float
    ends_at: float


class SessionStore:
    """The sessions in the control database.

    All methods raise `LedgerError` where the database cannot be read or written.

    Args:
        control: opened for writing.
        idle_seconds: how long a session stands while nobody does anything.
        most_seconds: how long it stands at most.
    """

    def __init__(
        self,
        control: ControlStore,
        idle_seconds: float = IDLE_SECONDS,
        most_seconds: float = MOST_SECONDS,
    ) -> None:
        self._store = AccessStore(control)
        self._idle = idle_seconds
        self._most = most_seconds

    def open(self, user: User, at: float) -> str:
        """Open a session for a user as he was found, and return its token, told this once.

        Raises:
            SignInRefused: he was removed, disabled or given another password since.
        """
        token = new_token()
        with self._store.turn() as connection:
            known = find_user(connection, user.name)
            if known is None or known.disabled or known.password_hash != user.password_hash:
                raise SignInRefused(f"{user.name!r} was changed just now; sign in again")
            self._make_room(connection, user.name, at)
            connection.execute(
                insert(SESSIONS).values(
                    token_hash=token_hash(_PURPOSE, token),
                    number=secrets.token_hex(6),
                    user_name=user.name,
                    opened_at=at,
                    seen_at=at,
                    ends_at=at + self._most,
                )
            )
        return token

    def find(self, token: str, at: float) -> Session | None:
        """Return the session of a token, in which somebody does something now.

        None where there is none, or it has ended.
        """
        session = self.look(token, at)
        if session is not None and at - session.seen_at >= _TOUCH_SECONDS:
            self._touch(token, at)
        return session

    def look(self, token: str, at: float) -> Session | None:
        """Return the session of a token, and do not count it as somebody's doing something.

        For what a page does by itself: one that renews its figures would never be idle.
        """
        kept = token_hash(_PURPOSE, token)
        if kept is None:
            return None
        for found, *row in self._glance(f"s.token_hash = '{kept}'"):
            if hmac.compare_digest(found, kept):
                return self._standing(row, at)
        return None

    def numbered(self, number: str, at: float) -> Session | None:
        """Return the session of this number, for whom a gate has let in by its token."""
        if not _NUMBER.fullmatch(number):
            return None
        for _, *row in self._glance(f"s.number = '{number}'"):
            return self._standing(row, at)
        return None

    def of(self, name: str, at: float) -> tuple[Session, ...]:
        """Return a user's sessions that stand, newest first."""
        columns = (
            SESSIONS.c.number,
            SESSIONS.c.user_name,
            USERS.c.display_name,
            USERS.c.role,
            USERS.c.disabled,
            SESSIONS.c.opened_at,
            SESSIONS.c.seen_at,
            SESSIONS.c.ends_at,
        )
        query = select(*columns).join_from(SESSIONS, USERS, USERS.c.name == SESSIONS.c.user_name)
        newest = query.where(SESSIONS.c.user_name == name).order_by(SESSIONS.c.opened_at.desc())
        with self._store.turn() as connection:
            rows = connection.execute(newest).all()
        found = (self._standing(row, at) for row in rows)
        return tuple(session for session in found if session is not None)

    def revoke(self, token: str) -> None:
        """End the session of a token; nothing happens where there is none."""
        kept = token_hash(_PURPOSE, token)
        if kept is not None:
            with self._store.turn() as connection:
                connection.execute(delete(SESSIONS).where(SESSIONS.c.token_hash == kept))

    def end(self, number: str) -> None:
        """End the session of this number; nothing happens where there is none."""
        with self._store.turn() as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.number == number))

    def revoke_all(self, name: str) -> None:
        """End all sessions of a user; `UserStore.end_sessions` writes it down too."""
        with self._store.turn() as connection:
            end_all(connection, name)

    def _glance(self, where: str) -> Sequence[Any]:
        # What is looked for is hex, of our own making.
        return self._store.glance(
            f"SELECT {_COLUMNS} FROM user_sessions s JOIN users u ON u.name = s.user_name "  # noqa: S608
            f"WHERE {where}"
        )

    def revoke_everybodys(self) -> None:
        """End all sessions; after a backup was put back, for one that was ended would stand again.

        What was vouched for goes with them.
        """
        with self._store.turn() as connection:
            for table in (SESSIONS, VOUCHERS):
                connection.execute(delete(table))

    def _standing(self, row: Any, at: float) -> Session | None:
        number, name, display_name, role, disabled, opened_at, seen_at, ends_at = row
        # Also where the time allowed was longer when it was opened.
        ends_at = min(ends_at, opened_at + self._most)
        begun = opened_at <= at + _CLOCK_SECONDS
        if disabled or not begun or at >= min(ends_at, seen_at + self._idle):
            return None
        return Session(number, name, display_name, Role(role), opened_at, seen_at, ends_at)

    def _touch(self, token: str, at: float) -> None:
        kept = token_hash(_PURPOSE, token)
        same = (SESSIONS.c.token_hash == kept) & (SESSIONS.c.seen_at < at)
        try:
            with self._store.turn() as connection:
                connection.execute(update(SESSIONS).where(same).values(seen_at=at))
        except LedgerError as error:
            # It stands, and is touched again at the next thing that somebody does.
            _LOG.warning("that a session is in use could not be kept: %s", error)

    def _make_room(self, connection: Connection, name: str, at: float) -> None:
        """Delete what has ended, and the oldest of a user who has too many."""
        ended = or_(SESSIONS.c.ends_at <= at, SESSIONS.c.seen_at <= at - self._idle)
        connection.execute(delete(SESSIONS).where(ended))
        mine = select(SESSIONS.c.token_hash).where(SESSIONS.c.user_name == name)
        newest = mine.order_by(SESSIONS.c.seen_at.desc(), SESSIONS.c.token_hash)
        hashes = connection.execute(newest).scalars().all()
        rest = hashes[_MOST_SESSIONS - 1 :]
        connection.execute(delete(SESSIONS).where(SESSIONS.c.token_hash.in_(rest)))
