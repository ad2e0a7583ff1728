"""Connections to a ledger's database, and its troubles in one clear sentence.

How SQLite and PostgreSQL are made durable, and how their writers take turns, is said in
`aineon.ledger.sqlite` and `aineon.ledger.postgres`.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from aineon.errors import LedgerError, LedgerNotFound, StartError
from aineon.ledger import postgres, sqlite

BUSY_TIMEOUT_SECONDS: Final = 10.0
_SCHEMA: Final = re.compile(r"[a-z][a-z0-9_]{0,40}", re.ASCII)
_POSTGRES: Final = ("postgres", "postgresql")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is.

    Attributes:
        url: without what only we understand of it.
        name: what messages call it; never with a password.
        path: the file of an SQLite database.
        schema: which of the schemas of a PostgreSQL database.
    """

    url: URL
    name: str
    path: Path | None
    schema: str | None = None

    @property
    def is_memory(self) -> bool:
        """Whether it is an SQLite database that lives in memory only."""
        return self.schema is None and self.path is None


def parse_place(url: str) -> Place:
    """Return the place that a database URL names.

    For example `sqlite:////var/aineon/simulation.db`, or
    `postgresql://user@host/database?schema=aineon_simulation`.

    Raises:
        LedgerError: not a URL, neither SQLite nor PostgreSQL, or a schema is missing.
    """
    try:
        parsed = make_url(url)
        backend = parsed.drivername.partition("+")[0]
    except (ArgumentError, SQLAlchemyError) as error:
        raise LedgerError(
            "the database address is not a URL such as sqlite:///folder/simulation.db"
        ) from error
    if backend in _POSTGRES:
        return _postgres_place(parsed)
    if backend != "sqlite":
        raise LedgerError(f"database kind {backend!r} is not one of sqlite, postgresql")
    if not parsed.database or parsed.database == ":memory:":
        return Place(parsed, "database in memory", None)
    path = Path(parsed.database).expanduser()
    return Place(parsed.set(database=str(path)), f"database {path}", path)


def sqlite_url(path: Path) -> str:
    """Return the URL of the SQLite database in file `path`."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def postgres_url(server: str, schema: str) -> str:
    """Return the URL of one schema of the PostgreSQL database at `server`."""
    url = make_url(server).update_query_dict({"schema": schema})
    return url.render_as_string(hide_password=False)


def _postgres_place(parsed: URL) -> Place:
    schema = parsed.query.get("schema")
    if not isinstance(schema, str) or not _SCHEMA.fullmatch(schema):
        raise LedgerError(
            "the address of a PostgreSQL database must end in ?schema=NAME, a name of lower-case "
            "letters, digits and underscores"
        )
    url = parsed.difference_update_query(["schema"]).set(drivername=postgres.DRIVER)
    host = f" on {url.host}" if url.host else ""
    return Place(url, f"schema {schema} of database {url.database}{host}", None, schema)


def explain(place: Place, error: Exception) -> LedgerError:
    """Return the database's own `error` as one sentence that names it and what to do."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    advice = sqlite.advice(cause) or postgres.advice(cause)
    first_line, *_ = str(cause).splitlines() or [""]
    return LedgerError(f"{place.name} {advice or f'refused the work: {first_line}'}")


@contextmanager
def explained(place: Place) -> Iterator[None]:
    """Turn the database's own errors into `LedgerError`."""
    try:
        yield
    except _errors_of_drivers() as error:
        raise explain(place, error) from error


def _errors_of_drivers() -> tuple[type[Exception], ...]:
    """What a database raises: wrapped by SQLAlchemy, or as it comes from a cursor of the driver."""
    psycopg = sys.modules.get("psycopg")
    return (DBAPIError, sqlite3.Error, *((psycopg.Error,) if psycopg is not None else ()))


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
    """Return an engine whose every transaction may write; file or schema are created if absent.

    Raises:
        LedgerError: the database cannot be reached or written.
    """
    make_folder(place)
    with explained(place):
        if place.schema is not None:
            return postgres.writer(place.url, place.schema, busy_timeout)
        return sqlite.writer(place.url, busy_timeout)


def reader_engine(place: Place, busy_timeout: float = BUSY_TIMEOUT_SECONDS) -> Engine:
    """Return an engine that cannot write and creates nothing.

    Raises:
        LedgerNotFound: there is no such file yet.
    """
    if place.schema is not None:
        return postgres.reader(place.url, place.schema, busy_timeout)
    if place.path is not None and not place.path.is_file():
        raise LedgerNotFound(
            f"{place.name} does not exist yet; it appears when the engine has started"
        )
    return sqlite.reader(place.url, busy_timeout)


def is_there(place: Place, busy_timeout: float = BUSY_TIMEOUT_SECONDS) -> bool:
    """Whether the database exists already; nothing is changed.

    Raises:
        LedgerError: its server cannot be reached, or would not let this user create it.
    """
    if place.schema is not None:
        with explained(place):
            found = postgres.look(place.url, place.schema, busy_timeout)
        if not (found.exists or found.creatable):
            raise LedgerError(f"{place.name} {postgres.ADVICE_FOR_RIGHTS}")
        return found.exists
    return place.path is None or place.path.exists()


@contextmanager
def sole_user(url: str, holder: str, setting: str) -> Iterator[Callable[[], bool]]:
    """Be the only process that works in a PostgreSQL database in this way, until the end.

    Yields what tells whether that still holds: where the connection breaks it does not, and
    another process may begin. It is called from one thread at a time.

    Args:
        url: of the database.
        holder: what messages call another one.
        setting: the variable that names another database.

    Raises:
        StartError: another process works there.
        LedgerError: the server cannot be reached.
    """
    place = parse_place(url)
    assert place.schema is not None
    with explained(place), postgres.held(place.url, place.schema) as is_ours:
        if is_ours is None:
            raise StartError(
                f"{holder} already works in {place.name}; stop it, or name another one in "
                f"{setting}."
            )
        yield is_ours
