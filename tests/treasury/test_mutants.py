"""Each defence is missed where it is taken out: the stories would notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.treasury.mutants import MUTANTS, NOTHING_MISSING, without

# What only a change that does not fit would raise.
MISFITS = (NameError, ImportError, SyntaxError, TypeError, AttributeError)


@pytest.mark.parametrize("name", MUTANTS)
def test_it_is_noticed(name: str, tmp_path: Path) -> None:
    mutant = MUTANTS[name]
    with without(mutant) as stories, pytest.raises(Exception) as told:  # noqa: PT011
        stories.CHECKS[mutant.caught_by](tmp_path)
    assert not isinstance(told.value, (*MISFITS, KeyError)), repr(told.value)


def test_control_with_nothing_missing_every_story_holds(tmp_path: Path) -> None:
    with without(NOTHING_MISSING) as stories:
        for name in {mutant.caught_by for mutant in MUTANTS.values()}:
            folder = tmp_path / name
            folder.mkdir()
            stories.CHECKS[name](folder)
