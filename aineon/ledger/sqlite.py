"""Connections to SQLite: durable, and with writers that never meet halfway.

WAL with synchronous=FULL, so that what was committed outlives a power cut; and writers begin
with BEGIN IMMEDIATE: with the deferred kind two processes that read and then write get
"database is locked" however long they are willing to wait.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import StaticPool

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


def advice(cause: BaseException | None) -> str | None:
    """What to do about an error of SQLite's; None where that is not known."""
    return _ADVICE.get(_primary_code(cause))


def writer(url: URL, busy_timeout: float) -> Engine:
    """Return an engine whose every transaction may write; the file is created if absent."""
    if not _in_memory(url):
        _make_private(url)
    engine = _engine(url, busy_timeout)
    _begin_with(engine, "BEGIN IMMEDIATE")
    try:
        if not _in_memory(url):
            _enter_wal(engine, busy_timeout)
    except BaseException:
        engine.dispose()
        raise
    return engine


def reader(url: URL, busy_timeout: float) -> Engine:
    """Return an engine that cannot write."""
    engine = _engine(url, busy_timeout)
    _begin_with(engine, "BEGIN")

    @event.listens_for(engine, "connect")
    def refuse_writes(dbapi_connection: Any, _: object) -> None:
        dbapi_connection.execute("PRAGMA query_only=ON")

    return engine


def _in_memory(url: URL) -> bool:
    return not url.database or url.database == ":memory:"


def _make_private(url: URL) -> None:
    """Create the file for its owner alone, as SQLite would not: hashes of passwords are in it.

    What SQLite puts beside it is made as readable as the file itself.
    """
    # Where it is there already nothing is changed, and SQLite says best why it cannot be made.
    with suppress(OSError):
        os.close(os.open(str(url.database), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _engine(url: URL, busy_timeout: float) -> Engine:
    arguments: dict[str, Any] = {"connect_args": {"timeout": busy_timeout}}
    if _in_memory(url):
        # One connection for all: another one would be another, empty database.
        arguments["poolclass"] = StaticPool
        arguments["connect_args"]["check_same_thread"] = False
    engine = create_engine(url, **arguments)

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


def _primary_code(error: BaseException | None) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    # The low byte is the primary code; the rest says which variant of it.
    return code & 0xFF if isinstance(code, int) else None


def _enter_wal(engine: Engine, busy_timeout: float) -> None:
    """Switch the file to WAL, once in its life.

    SQLite does not wait for another process while switching, so two that create a database
    at the same moment would meet "database is locked" here: wait in their stead.
    """
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
