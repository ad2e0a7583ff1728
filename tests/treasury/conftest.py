"""A treasury for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aineon.treasury import Approvers
from tests.treasury.desks import Bench, bench


@pytest.fixture
def several(tmp_path: Path) -> Iterator[Bench]:
    """A treasury that several people operate."""
    made = bench(tmp_path)
    yield made
    made.book.close()


@pytest.fixture
def single(tmp_path: Path) -> Iterator[Bench]:
    """A treasury of one operator."""
    made = bench(tmp_path, approvers=Approvers.SINGLE)
    yield made
    made.book.close()
