"""What the tests of sign-in share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from aineon.ledger.control import ControlStore
from tests.access.office import Office, opened
from tests.databases import database_url, is_on_server


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A control database with nothing in it; copying one is quicker than migrating it."""
    path = tmp_path_factory.mktemp("empty") / "control.db"
    ControlStore.open(database_url(path)).close()
    return path


@pytest.fixture
def office(tmp_path: Path, empty_database: Path) -> Iterator[Office]:
    if not is_on_server():
        shutil.copy(empty_database, tmp_path / "control.db")
    with opened(tmp_path) as office:
        yield office
