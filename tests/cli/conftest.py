"""What the tests of the command share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.nest import Nest
from tests.cli.shell import Shell


@pytest.fixture(scope="session")
def nest() -> Iterator[Nest | None]:
    """Where commands are forked from; None where processes cannot fork."""
    if not hasattr(os, "fork"):
        yield None
        return
    with Nest() as nest:
        yield nest


@pytest.fixture
def shell(tmp_path: Path, nest: Nest | None, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path, nest, tmp_path_factory.mktemp("said"))
