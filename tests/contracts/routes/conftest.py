"""One chain with the real protocols and our executor for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aineon.errors import Unavailable
from tests.contracts.routes.scenes import Scene


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """A world of this file's own; the file is skipped with a notice where there can be none."""
    try:
        made = Scene(seed=1)
    except Unavailable as why:
        pytest.skip(f"the real contracts are not at hand: {why}")
    yield made
    made.close()
