"""The treasury does what it must, and nothing that it must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.treasury.checks import CHECKS


@pytest.mark.parametrize("name", CHECKS)
def test_it_holds(name: str, tmp_path: Path) -> None:
    CHECKS[name](tmp_path)
