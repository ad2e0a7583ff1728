from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import numpy as np
import pytest
import sklearn.ensemble  # noqa: F401 (its threads must be there before they can be limited)
from threadpoolctl import threadpool_limits

from aineon.errors import ModelRefused
from aineon.optimizer.models.curves import from_log_odds, rising
from aineon.optimizer.models.ensemble import bid_rows, boosting_odds, forest_chances, forest_rows
from aineon.optimizer.models.trees import Trees
from aineon.optimizer.training import members
from aineon.optimizer.training.material import Material
from aineon.optimizer.training.members import boost, boosting_arrays, forest_arrays, grow_forest


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """As in training: more threads than cores are slower. And few trees are enough."""
    with threadpool_limits(limits=1), patch.dict(members._FOREST, n_estimators=10):
        yield


@pytest.fixture(scope="module")
def material() -> Material:
    dice = np.random.default_rng(8)
    rows = dice.normal(size=(160, 9))
    needed = from_log_odds(rows[:, 0] + dice.normal(size=160))
    told = np.repeat(np.linspace(-2, 2, 16)[None, :], 160, axis=0) + 0.1 * rows[:, 1:2]
    landed = (needed[:, None] <= np.linspace(0.02, 0.99, 16)).astype(np.float64)
    return Material(rows, told, landed)


@pytest.fixture(scope="module")
def asked() -> tuple[np.ndarray, np.ndarray]:
    dice = np.random.default_rng(9)
    return dice.normal(size=(40, 9)), np.sort(dice.normal(size=(40, 16)), axis=1)


def test_the_flat_forest_says_what_the_other_library_says(
    material: Material, asked: tuple[np.ndarray, np.ndarray]
) -> None:
    forest = grow_forest(material)
    rows, told = asked
    missed = forest.predict(forest_rows(rows, told))
    theirs = rising(np.clip(from_log_odds(told) + missed, 0, 1))
    ours = forest_chances(forest_arrays(forest), rows, told)
    assert np.abs(ours - theirs).max() < 1e-12


def test_a_flat_forest_of_classes_has_the_same_probabilities(material: Material) -> None:
    from sklearn.ensemble import RandomForestClassifier

    dice = np.random.default_rng(10)
    classes = (material.landed[:, 8] > 0).astype(int)
    forest = RandomForestClassifier(20, max_depth=6, random_state=1).fit(material.rows, classes)
    trees = forest_arrays(forest)
    asked = dice.normal(size=(64, 9))
    # Leaves of one output hold a share of each class.
    single = asked.astype(np.float32).astype(np.float64)
    share = np.stack(
        [each.tree_.value[each.tree_.apply(asked.astype(np.float32)), 0, 0] for each in forest]
    )
    assert np.abs(trees.leaves(single)[:, :, 0] - share).max() == 0
    theirs = forest.predict_proba(asked)[:, 0]
    assert np.abs(trees.leaves(single)[:, :, 0].mean(axis=0) - theirs).max() < 1e-12


def test_the_flat_boosting_says_what_the_other_library_says(
    material: Material, asked: tuple[np.ndarray, np.ndarray]
) -> None:
    boosting = boost(material)
    rows, told = asked
    theirs = boosting.predict_proba(bid_rows(rows, told))[:, 1].reshape(40, 16)
    start = float(boosting._baseline_prediction.ravel()[0])
    ours = from_log_odds(boosting_odds(boosting_arrays(boosting), start, rows, told))
    assert np.abs(ours - theirs).max() < 1e-12


def test_a_dearer_bid_never_lands_less_often_in_the_boosting(
    material: Material, asked: tuple[np.ndarray, np.ndarray]
) -> None:
    odds = boosting_odds(boosting_arrays(boost(material)), 0.0, *asked)
    assert (np.diff(odds, axis=1) >= 0).all()


def test_a_single_leaf_is_a_tree() -> None:
    trees = Trees(
        roots=np.array([0]),
        feature=np.array([0]),
        threshold=np.array([0.0]),
        children=np.array([[0, 0]]),
        values=np.array([[0.25]]),
        depth=0,
    )
    assert trees.leaves(np.zeros((3, 2))).tolist() == [[[0.25]] * 3]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("roots", [99]),
        ("feature", [5, 0, 0]),
        ("feature", [-1, 0, 0]),
        ("children", [[1, 3], [1, 1], [2, 2]]),
        ("children", [[1, -2], [1, 1], [2, 2]]),
        ("children", [[1, 2]]),
        ("threshold", [0.0]),
        ("values", [[0.0]]),
        ("depth", -1),
        ("depth", 1000),
    ],
)
def test_trees_that_point_outside_of_themselves_are_refused(name: str, value: object) -> None:
    good = Trees(
        roots=np.array([0]),
        feature=np.array([1, 0, 0]),
        threshold=np.array([0.5, 0.0, 0.0]),
        children=np.array([[1, 2], [1, 1], [2, 2]]),
        values=np.array([[0.0], [0.1], [0.9]]),
        depth=1,
    )
    again = Trees.from_arrays(good.arrays(), width=2)
    assert again.leaves(np.array([[0.0, 0.5], [0.0, 0.6]]))[0, :, 0].tolist() == [0.1, 0.9]
    with pytest.raises(ModelRefused):
        Trees.from_arrays(good.arrays() | {name: np.array(value)}, width=2)
