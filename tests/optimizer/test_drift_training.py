"""Which part of the past the training process may still believe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aineon.optimizer.training.drifting import Unchanged, unchanged
from tests.optimizer.synthetic import synthetic_tape

ROWS = 1_200
ALL = Unchanged(errors=1.0, inputs=1.0)


@pytest.fixture(scope="module")
def tape():
    return synthetic_tape(31, ROWS)


def test_where_predictions_stay_right_all_of_the_past_counts(tape):
    assert unchanged(tape, tape.chances).errors == 1.0


def test_the_past_before_predictions_went_wrong_is_left_behind(tape):
    changed = synthetic_tape(31, ROWS, "three_times_as_many")
    assert 0.3 < unchanged(changed, tape.chances).errors < 0.7


def test_the_past_before_inputs_became_novel_is_left_behind(tape):
    features = np.random.default_rng(2).normal(0, 1, tape.features.shape)
    assert unchanged(replace(tape, features=features), tape.chances) == ALL
    features[ROWS * 3 // 4 :, :4] += 1e6
    found = unchanged(replace(tape, features=features), tape.chances)
    assert 0.15 < found.inputs < 0.4
    assert found.errors == 1.0


def test_missing_figures_unknown_outcomes_and_few_rows_do_no_harm(tape):
    features = tape.features.copy()
    features[:, 0], features[:, 1] = 1.0, np.nan
    assert unchanged(replace(tape, features=features), tape.chances).errors == 1.0
    unknown = replace(tape, needed=np.full(ROWS, np.nan))
    assert unchanged(unknown, tape.chances).errors == 1.0
    for rows in (0, 1, 3):
        few = tape.rows(slice(0, rows))
        assert unchanged(few, few.chances) == ALL
