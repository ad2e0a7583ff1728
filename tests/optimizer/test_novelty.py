"""Inputs outside of what was seen in training."""

from __future__ import annotations

import numpy as np
import pytest

from aineon.errors import ModelRefused
from aineon.optimizer.novelty import Ranges

NAMES = tuple(f"f{each}" for each in range(10))


@pytest.fixture(scope="module")
def values():
    dice = np.random.default_rng(5)
    table = dice.normal(0, 1, (500, 10))
    table[:, 3] = 7.0  # constant
    table[::2, 4] = np.nan  # often missing
    table[:, 5] = np.nan  # never known
    return table


@pytest.fixture(scope="module")
def ranges(values):
    return Ranges.of(NAMES, values)


def test_what_was_trained_on_is_not_novel(ranges, values):
    assert not any(ranges.why_novel(row) for row in values)


def test_a_few_wild_figures_are_no_novel_input_and_many_are(ranges, values):
    row = values[0].copy()
    row[0] = 1e6
    assert ranges.novel(row).sum() == 1
    assert ranges.why_novel(row) == ""
    row[1] = -1e6
    assert ranges.why_novel(row) == (
        "2 of 10 features lie outside of what the models have seen, f0 among them"
    )


def test_a_missing_figure_is_novel_only_where_it_was_hardly_ever_missing(ranges, values):
    row = values[1].copy()
    row[4] = row[5] = np.nan
    assert not ranges.novel(row).any()
    row[0] = np.nan
    assert ranges.novel(row).tolist() == [True] + [False] * 9


def test_a_constant_column_is_novel_where_it_moves(ranges, values):
    row = values[0].copy()
    row[3] = 8.0
    assert ranges.novel(row)[3]


def test_of_no_rows_everything_is_usual():
    ranges = Ranges.of(NAMES, np.empty((0, 10)))
    assert not ranges.novel(np.full(10, 1e9)).any()
    assert not ranges.novel(np.full(10, np.nan)).any()


def test_ranges_survive_as_plain_arrays(ranges, values):
    again = Ranges.from_arrays(ranges.arrays())
    assert again.names == NAMES
    assert (again.novel(values[7] * 9) == ranges.novel(values[7] * 9)).all()


@pytest.mark.parametrize("broken", [{"low": np.zeros(3)}, {"medians": "none"}])
def test_malformed_ranges_are_refused(ranges, broken):
    with pytest.raises(ModelRefused, match="ranges"):
        Ranges.from_arrays({**ranges.arrays(), **broken})
    with pytest.raises(ModelRefused, match="malformed"):
        Ranges.from_arrays({})
