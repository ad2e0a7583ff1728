"""Connections to PostgreSQL: each database of ours is a schema of one database there.

What SQLite gives by BEGIN IMMEDIATE is had by a lock that every writer of a schema takes first
and keeps until its transaction ends: one writer at a time, and what it reads is the latest.
`synchronous_commit` is on, whatever the server's default, so that what was committed outlives a
power cut of the server.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

DRIVER: Final = "postgresql+psycopg"
_CONNECT_SECONDS: Final = 10

ADVICE_FOR_RIGHTS: Final = "may not be used; give this user the right to create and use its schemas"

_ADVICE: Final[Mapping[str, str]] = {
    "55P03": "is locked by another program; close what is writing to it and try again",
    "25006": "is read-only; name one that this user may write to",
    "42501": ADVICE_FOR_RIGHTS,
    "53100": "cannot grow because the server's disk is full; free some space and start again",
    "53300": "has no connection left; close some, or allow the server more",
    "28P01": "refused the password",
    "28000": "refused this user",
    "3D000": "does not exist on that server; create it",
    "57P03": "is starting or stopping; try again in a moment",
}
_CLASSES: Final[Mapping[str, str]] = {
    "08": "cannot be reached, or broke the connection; check that the server runs",
    "57": "was shut down or broke the work off; check the server",
    "58": "met an error of the server's system; check its disk",
}


def advice(cause: BaseException | None) -> str | None:
    """What to do about an error of PostgreSQL's; None where that is not known."""
    code = getattr(cause, "sqlstate", None)
    if isinstance(code, str):
        return _ADVICE.get(code) or _CLASSES.get(code[:2])
    if type(cause).__module__.startswith("psycopg") and type(cause).__name__ in _UNREACHABLE:
        # Without a state there was no server that could have told one.
        return _advice_without_server(str(cause))
    return None


_UNREACHABLE: Final = ("OperationalError", "ConnectionTimeout")


def _advice_without_server(words: str) -> str:
    for part, told in (
        ("password authentication failed", _ADVICE["28P01"]),
        ("no password supplied", "wants a password"),
        ("does not exist", "does not exist on that server, or its user does not"),
        ("too many clients", _ADVICE["53300"]),
    ):
        if part in words:
            return told
    return _CLASSES["08"]


def writer(url: URL, schema: str, busy_timeout: float) -> Engine:
    """Return an engine whose every transaction may write; the schema is created if absent.

    `busy_timeout`, in seconds, is how long a transaction waits for another writer.
    """
    _create(url, schema, busy_timeout)
    engine = _engine(url, schema, busy_timeout, {"synchronous_commit": "on"})
    key = _key_of("writer", schema)

    @event.listens_for(engine, "begin")
    def take_turns(connection: Connection) -> None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({key})")

    return engine


def reader(url: URL, schema: str, busy_timeout: float) -> Engine:
    """Return an engine that cannot write, and sees one moment in each transaction."""
    engine = _engine(url, schema, busy_timeout, {"default_transaction_read_only": "on"})
    return engine.execution_options(isolation_level="REPEATABLE READ")


def _engine(url: URL, schema: str, busy_timeout: float, options: Mapping[str, str]) -> Engine:
    return create_engine(
        url, pool_pre_ping=True, connect_args=_arguments(url, schema, busy_timeout, options)
    )


def _arguments(
    url: URL, schema: str, busy_timeout: float, options: Mapping[str, str]
) -> dict[str, Any]:
    """What a connection is made with; the URL's own options come first, so that ours hold."""
    told = {
        "search_path": schema,
        "lock_timeout": f"{max(1, round(busy_timeout * 1000))}ms",
        **options,
    }
    return {
        "connect_timeout": _CONNECT_SECONDS,
        "application_name": "aineon",
        "options": " ".join(
            [*_given(url), *(f"-c {name}={value}" for name, value in told.items())]
        ),
    }


def _given(url: URL) -> tuple[str, ...]:
    """What the URL says in `options`, such as `-c statement_timeout=5min`."""
    given = url.query.get("options", ())
    return (given,) if isinstance(given, str) else tuple(given)


class Found(NamedTuple):
    """Whether a schema exists, and whether it could be created by this user."""

    exists: bool
    creatable: bool


def look(url: URL, schema: str, busy_timeout: float) -> Found:
    """Look for a schema, and change nothing."""
    query = text(
        "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = :name), "
        "has_database_privilege(current_database(), 'CREATE')"
    )
    with _outside(url, busy_timeout).begin() as connection:
        exists, creatable = connection.execute(query, {"name": schema}).one()
    return Found(exists, creatable)


@contextmanager
def held(url: URL, schema: str) -> Iterator[Callable[[], bool] | None]:
    """Be the only one that holds the schema, as long as this connection lives.

    Yields what tells whether it is ours still, from one thread at a time; None where another
    connection holds it. A connection that breaks lets go of it, and whoever comes next takes it.
    """
    key = _key_of("holder", schema)
    engine = _outside(url, _CONNECT_SECONDS).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        taken = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key})
        yield partial(_lives, connection) if taken.scalar_one() else None


def _lives(connection: Connection) -> bool:
    if connection.invalidated:
        # Asked again, it would connect anew, and hold nothing.
        return False
    try:
        connection.execute(text("SELECT 1")).scalar_one()
    except DBAPIError:
        return False
    return True


def _create(url: URL, schema: str, busy_timeout: float) -> None:
    """Create the schema, once: who comes at the same moment waits for it."""
    if look(url, schema, busy_timeout).exists:
        return
    with _outside(url, busy_timeout).begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_key_of('writer', schema)})")
        connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')


def _outside(url: URL, busy_timeout: float) -> Engine:
    """An engine that stands in no schema of ours, and keeps no connection."""
    arguments = _arguments(url, "public", busy_timeout, {})
    return create_engine(url, poolclass=NullPool, connect_args=arguments)


def _key_of(what: str, schema: str) -> int:
    """The number of a lock; signed, of 64 bits."""
    digest = hashlib.sha256(f"aineon {what} of {schema}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
