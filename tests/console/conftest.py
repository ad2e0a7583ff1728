"""A console whose folder is a test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import state


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The data folder of the console that a test opens."""
    monkeypatch.setenv("AINEON_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("AINEON_ENV_FILE", "off")
    state.client.cache_clear()
    yield tmp_path
    state.client().close()
    state.client.cache_clear()
