"""Databases of the tests: SQLite files, or schemas of a PostgreSQL server.

The variable AINEON_TEST_DATABASE chooses: with `postgresql` each test process runs a server.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from aineon.ledger.connect import postgres_url, sqlite_url
from aineon.ledger.postgres import DRIVER
from tests.postgres_server import postgres_server

CHOICE_VARIABLE: Final = "AINEON_TEST_DATABASE"
SERVER_VARIABLE: Final = "AINEON_TEST_SERVER"
"""Holds the server's URL while one is used, for the processes that tests start too."""


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
