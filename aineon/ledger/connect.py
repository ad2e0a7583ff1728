"""Connections to a ledger's database, and its troubles in one clear sentence.

SQLite runs in WAL mode with synchronous=FULL, so that what was committed outlives a power
cut, and writers begin with BEGIN IMMEDIATE: with the deferred kind two processes that read
and then write get "database is locked" however long they are willing to wait.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from aineon.errors import LedgerError, LedgerNotFound

BUSY_TIMEOUT_SECONDS: Final = 10.0
_WAL_RETRY_SECONDS: Final = 0.02

_ADVICE: Final[Mapping[int | None, str]] = {
    sqlite3.SQLITE_BUSY: "is locked by another program; close what is writing to it and try again",
    sqlite3.SQLITE_LOCKED: "is locked by this program itself; close its other connection",
    sqlite3.SQLITE_READONLY: "is read-only; make the file and its folder writable, or name "
    "another place",
    sqlite3.SQLITE_PERM: "may not be opened; give this user the right to read and write it",
    sqlite3.SQLITE_AUTH: "may not be opened; give this user the right to read and write it",
    sqlite3.SQLITE_FULL: "cannot grow because the disk is full; free some space and start again",
    sqlite3.SQLITE_IOERR: "cannot be read or written (input/output error); check the disk and "
    "its free space",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; check that its folder exists and that this user "
    "may write there",
    sqlite3.SQLITE_NOTADB: "is not a database; move that file away or name another place",
    sqlite3.SQLITE_CORRUPT: "is damaged; restore it from a backup or move it away",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is: its URL, and the name that messages use (never a password)."""

    url: URL
    name: str
    path: Path | None

    @property
    def is_memory(self) -> bool:
        """Whether it is an SQLite database that lives in memory only."""
        return self.url.get_backend_name() == "sqlite" and self.path is None


def parse_place(url: str) -> Place:
    """Return the place that a database URL such as `sqlite:////var/aineon/simulation.db` names.

    Raises:
        LedgerError: not a URL, or neither SQLite nor PostgreSQL.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, SQLAlchemyError) as error:
        raise LedgerError(
            "the database address is not a URL such as sqlite:///folder/simulation.db"
        ) from error
    if backend == "postgres":
        parsed, backend = parsed.set(drivername="postgresql+psycopg"), "postgresql"
    if backend not in ("sqlite", "postgresql"):
        raise LedgerError(f"database kind {backend!r} is not one of sqlite, postgresql")
    if backend == "postgresql":
        return Place(parsed, parsed.render_as_string(hide_password=True), None)
    if not parsed.database or parsed.database == ":memory:":
        return Place(parsed, "database in memory", None)
    path = Path(parsed.database).expanduser()
    return Place(parsed.set(database=str(path)), f"database {path}", path)


def sqlite_url(path: Path) -> str:
    """Return the URL of the SQLite database in file `path`."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def explain(place: Place, error: Exception) -> LedgerError:
    """Return the database's own `error` as one sentence that names it and what to do."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    advice = _ADVICE.get(_primary_code(cause))
    return LedgerError(f"{place.name} {advice or f'refused the work: {cause}'}")


@contextmanager
def explained(place: Place) -> Iterator[None]:
    """Turn the database's own errors into `LedgerError`."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise explain(place, error) from error


def _primary_code(error: BaseException | None) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    # The low byte is the primary code; the rest says which variant of it.
    return code & 0xFF if isinstance(code, int) else None


def make_folder(place: Place) -> None:
    """Create the folder that a database file is to lie in.

    Raises:
        LedgerError: the folder cannot be created.
    """
    if place.path is None:
        return
    try:
        place.path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(
            f"{place.name} cannot be created because its folder cannot: "
            f"{error.strerror or error}; name a folder this user may write to"
        ) from error


def writer_engine(place: Place, busy_timeout: float = BUSY_TIMEOUT_SECONDS) -> Engine:
    """Return an engine whose every transaction may write; the file is created if absent."""
    make_folder(place)
    engine = _engine(place, busy_timeout)
    if engine.dialect.name == "sqlite":
        _begin_with(engine, "BEGIN IMMEDIATE")
        try:
            with explained(place):
                _enter_wal(place, engine, busy_timeout)
        except BaseException:
            engine.dispose()
            raise
    return engine


def reader_engine(place: Place, busy_timeout: float = BUSY_TIMEOUT_SECONDS) -> Engine:
    """Return an engine that cannot write and creates nothing.

    Raises:
        LedgerNotFound: there is no such file yet.
    """
    if place.path is not None and not place.path.is_file():
        raise LedgerNotFound(
            f"{place.name} does not exist yet; it appears when the engine has started"
        )
    engine = _engine(place, busy_timeout)
    if engine.dialect.name == "sqlite":
        _begin_with(engine, "BEGIN")

        @event.listens_for(engine, "connect")
        def refuse_writes(dbapi_connection: Any, _: object) -> None:
            dbapi_connection.execute("PRAGMA query_only=ON")

    return engine


def _engine(place: Place, busy_timeout: float) -> Engine:
    if place.url.get_backend_name() != "sqlite":
        return create_engine(place.url, pool_pre_ping=True)
    arguments: dict[str, Any] = {"connect_args": {"timeout": busy_timeout}}
    if place.is_memory:
        # One connection for all: another one would be another, empty database.
        arguments["poolclass"] = StaticPool
        arguments["connect_args"]["check_same_thread"] = False
    engine = create_engine(place.url, **arguments)

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: Any, _: object) -> None:
        # The driver's own transaction control would begin deferred, and too late.
        dbapi_connection.isolation_level = None
        try:
            dbapi_connection.execute("PRAGMA synchronous=FULL")
            dbapi_connection.execute("PRAGMA foreign_keys=ON")
        except sqlite3.Error:
            # The pool forgets a connection that fails here without closing it.
            dbapi_connection.close()
            raise

    return engine


def _begin_with(engine: Engine, statement: str) -> None:
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)


def _enter_wal(place: Place, engine: Engine, busy_timeout: float) -> None:
    """Switch the file to WAL, once in its life.

    SQLite does not wait for another process while switching, so two that create a database
    at the same moment would meet "database is locked" here: wait in their stead.
    """
    if place.is_memory:
        return
    deadline = time.monotonic() + busy_timeout
    while True:
        try:
            with closing(engine.raw_connection()) as raw:
                cursor = raw.cursor()
                cursor.execute("PRAGMA journal_mode")
                if cursor.fetchone() != ("wal",):
                    cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if _primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        else:
            return
        time.sleep(_WAL_RETRY_SECONDS)
