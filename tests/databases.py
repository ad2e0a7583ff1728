"""Databases of the tests: SQLite files, or schemas of a PostgreSQL server.

The variable AINEON_TEST_DATABASE chooses: with `postgresql` each test process runs a server.
New files get what the migrations made in the first one of the process: to run them again takes a
sixth of a second, and a thousand tests want a book of their own.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from aineon.ledger.connect import postgres_url, sqlite_url
from aineon.ledger.postgres import DRIVER
from tests.postgres_server import postgres_server

CHOICE_VARIABLE: Final = "AINEON_TEST_DATABASE"
SERVER_VARIABLE: Final = "AINEON_TEST_SERVER"
"""Holds the server's URL while one is used, for the processes that tests start too."""
MIGRATE: Final = command.upgrade
"""Runs the migrations themselves, whatever `migrated_once` put in its place."""

files_only = pytest.mark.skipif(
    os.environ.get(CHOICE_VARIABLE, "sqlite") != "sqlite", reason="it is about SQLite's files"
)
"""Marks tests that have nothing to ask of a server."""


@contextmanager
def chosen() -> Iterator[None]:
    """Have the databases that were chosen; a server of their own where that is PostgreSQL."""
    if os.environ.get(CHOICE_VARIABLE, "sqlite") == "sqlite":
        yield
        return
    with postgres_server() as server:
        os.environ[SERVER_VARIABLE] = server
        try:
            yield
        finally:
            del os.environ[SERVER_VARIABLE]


@contextmanager
def migrated_once() -> Iterator[None]:
    """Have new files filled by the statements that describe the first one that was migrated.

    Servers, files that hold something already, and what other processes open are migrated.
    """
    noted: dict[str, list[str]] = {}

    def upgrade(config: Config, revision: str) -> None:
        connection, kind = config.attributes["connection"], config.attributes["schema"].kind
        is_new = connection.dialect.name == "sqlite" and not description(connection)
        if is_new and kind in noted:
            for statement in noted[kind]:
                connection.exec_driver_sql(statement)
            return
        MIGRATE(config, revision)
        if is_new:
            noted[kind] = description(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "upgrade", upgrade)
        yield


def description(connection: Connection) -> list[str]:
    """Return the statements that make an SQLite file what it is, oldest first, rows included."""
    objects = (
        "SELECT sql, type, name FROM sqlite_master "
        "WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
    )
    found, rows = [], []
    for sql, kind, name in connection.exec_driver_sql(objects).all():
        found.append(sql)
        if kind == "table":
            for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"'):
                values = connection.exec_driver_sql(
                    f"SELECT {', '.join('quote(?)' for _ in row)}", tuple(row)
                ).one()
                rows.append(f'INSERT INTO "{name}" VALUES ({", ".join(values)})')
    return found + rows


def database_url(path: Path) -> str:
    """Return the URL of the database that stands for the file `path`."""
    server = os.environ.get(SERVER_VARIABLE)
    if server is None:
        return sqlite_url(path)
    name = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:24]
    return postgres_url(server, f"test_{name}")


def server_of(folder: Path) -> str | None:
    """Return what DATABASE_URL says for an installation in `folder`: None means files there.

    On a server it is a database of its own, because settings name schemas alike.
    """
    server = os.environ.get(SERVER_VARIABLE)
    if server is None:
        return None
    name = "test_" + hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:24]
    engine = create_engine(make_url(server).set(drivername=DRIVER), poolclass=NullPool)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def is_on_server() -> bool:
    """Whether databases are schemas of a server; known once tests run, not while they load."""
    return SERVER_VARIABLE in os.environ
