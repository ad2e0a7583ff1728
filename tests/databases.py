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

from aineon.ledger.connect import postgres_url, sqlite_url
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


def is_on_server() -> bool:
    """Whether databases are schemas of a server."""
    return SERVER_VARIABLE in os.environ
