"""Trying a mutant."""

from __future__ import annotations

import pytest

from aineon.errors import Unavailable
from tests.contracts.executor.attacking import pays
from tests.contracts.executor.attacks import ATTACKS
from tests.contracts.executor.compiling import mutant
from tests.contracts.executor.mutants import Mutant
from tests.contracts.executor.scene import Scene, undone
from tests.contracts.executor.stage import Stage


def achieved(stage: Stage, missing: Mutant) -> str:
    """Return what the named attack achieves against the executor without one defence."""
    try:
        code = mutant(missing.before, missing.after)
    except Unavailable as why:
        pytest.skip(str(why))
    attack = pays if missing.caught_by == "pays" else ATTACKS[missing.caught_by]
    with undone(stage):
        return attack(Scene(stage, code))
