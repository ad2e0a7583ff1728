"""Every attack on the executor fails."""

from __future__ import annotations

import pytest

from tests.contracts.executor.attacks import ATTACKS
from tests.contracts.executor.scene import Scene


@pytest.mark.parametrize("name", ATTACKS)
def test_the_executor_withstands(scene: Scene, name: str) -> None:
    assert not ATTACKS[name](scene)
