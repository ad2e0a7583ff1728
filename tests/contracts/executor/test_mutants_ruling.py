"""Each defence of roles, pause and delays is needed: without it, an attack achieves something."""

from __future__ import annotations

import pytest

from tests.contracts.executor.hunting import achieved
from tests.contracts.executor.mutants import RULING
from tests.contracts.executor.stage import Stage


@pytest.mark.parametrize("name", RULING)
def test_without_this_defence_an_attack_succeeds(stage: Stage, name: str) -> None:
    assert achieved(stage, RULING[name])
