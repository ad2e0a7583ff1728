from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aineon.errors import OptimizerError
from aineon.optimizer.training.folds import folds
from tests.optimizer.synthetic import synthetic_tape

TAPE = synthetic_tape(2, 303)


@pytest.mark.parametrize("count", [1, 2, 4, 7])
def test_whatever_is_trained_on_was_known_before_the_first_judged_decision(count: int) -> None:
    found = list(folds(TAPE, count))
    assert len(found) == count
    for train, judge in found:
        assert TAPE.known_at[train].max() <= TAPE.times[judge].min()
        assert train.max() < judge.min()


def test_judged_rows_are_the_newer_parts_once_each() -> None:
    judged = np.concatenate([fold.judge for fold in folds(TAPE, 4)])
    assert (judged == np.arange(303 // 5, 303)).all()


def test_outcomes_that_became_known_late_are_purged() -> None:
    late = replace(TAPE, known_at=TAPE.times + 600.0)
    for (train, judge), (more, _) in zip(folds(late), folds(TAPE), strict=True):
        assert len(train) < len(more)
        assert late.known_at[train].max() <= late.times[judge].min()


def test_an_embargo_leaves_more_out() -> None:
    for train, judge in folds(TAPE, embargo=900.0):
        assert TAPE.known_at[train].max() <= TAPE.times[judge].min() - 900.0


def test_a_tape_shorter_than_the_folds_has_fewer_of_them() -> None:
    assert len(list(folds(TAPE.rows(slice(0, 3)), 4))) == 3
    assert list(folds(TAPE.rows(slice(0, 0)), 4)) == []


@pytest.mark.parametrize(("count", "embargo"), [(0, 0.0), (2, -1.0), (2, float("nan"))])
def test_folds_that_make_no_sense_are_refused(count: int, embargo: float) -> None:
    with pytest.raises(OptimizerError, match="folds"):
        list(folds(TAPE, count, embargo))
