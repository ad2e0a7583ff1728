from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from aineon.errors import ModelRefused
from aineon.optimizer.models.curves import (
    LEAST,
    SHARES,
    Floats,
    from_log_odds,
    log_odds,
    rising,
    sizes,
)
from aineon.optimizer.models.ensemble import MEMBERS, Ensemble, Stack
from aineon.optimizer.models.inputs import Inputs
from aineon.optimizer.models.labels import labels, landed
from tests.optimizer.trained import ensemble, tape

PAIR = "USDC/WETH"


def asked(vector: Floats, pair: str = PAIR, net: float = 0.01, gas: float = 0.002) -> Floats:
    return ensemble().chances(vector, pair, net, gas)


def is_curve(curve: Floats) -> bool:
    inside = bool(((curve >= 0) & (curve <= 1)).all())
    return curve.shape == SHARES.shape and inside and bool((np.diff(curve) >= 0).all())


def test_log_odds_and_back() -> None:
    chances = np.linspace(LEAST, 1 - LEAST, 50)
    assert from_log_odds(log_odds(chances)) == pytest.approx(chances, abs=1e-12)
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()
    assert from_log_odds(np.array([-1e9, 1e9])).tolist() == [0.0, 1.0]
    assert rising(np.array([0.1, 0.3, 0.2])).tolist() == [0.1, 0.3, 0.3]


def test_every_row_gets_a_curve() -> None:
    for row in range(0, len(tape()), 29):
        pair = tape().pair_names[tape().pairs[row]]
        assert is_curve(asked(tape().features[row], pair, tape().net[row], tape().gas[row]))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300, -1e300, 0.0])
def test_odd_features_give_a_curve_all_the_same(value: float) -> None:
    assert is_curve(asked(np.full(len(tape().names), value)))


@pytest.mark.parametrize("net", [0.0, -1.0, 1e-18, 1e6])
def test_odd_amounts_and_unknown_pairs_give_a_curve_all_the_same(net: float) -> None:
    assert is_curve(asked(tape().features[5], "NEVER/SEEN", net, net))


def test_many_vectors_at_once_are_the_same_as_one_by_one() -> None:
    vectors = tape().features[:5]
    together = ensemble().curves(vectors, PAIR, 0.02, 0.001)
    for vector, curve in zip(vectors, together, strict=True):
        assert curve == pytest.approx(ensemble().chances(vector, PAIR, 0.02, 0.001), abs=1e-12)


def test_what_a_live_table_tells_moves_the_curve() -> None:
    vector = tape().features[9]
    low, high = (
        ensemble().chances(vector, PAIR, 0.01, 0.002, told)
        for told in (np.full(16, 0.02), np.full(16, 0.95))
    )
    assert (low < high).all()


def test_without_a_live_table_the_one_of_the_day_of_training_speaks() -> None:
    vector = tape().features[9]
    told = ensemble().live.chances(PAIR, 0.01)
    assert (asked(vector) == ensemble().chances(vector, PAIR, 0.01, 0.002, told)).all()


def test_importance_names_what_the_forest_asked_for() -> None:
    importance = ensemble().importance
    assert importance.shape == (len(tape().names),)
    assert (importance >= 0).all()
    assert 0 < importance.sum() <= 1


def test_a_stack_weighs_and_bends() -> None:
    ends, usual = np.array([-9.0, 9.0]), np.zeros(1)
    members = np.zeros((len(MEMBERS), 1, 16))
    members[0], members[1] = log_odds(SHARES), -5.0
    alone = Stack(np.array([1.0, 0, 0, 0, 0]), 0.0, 0.0, 0.0, 0.0, ends, ends)
    assert alone.curve(members, usual)[0] == pytest.approx(SHARES, abs=1e-9)
    assert (alone._replace(level=-1.0).curve(members, usual) < SHARES).all()
    sized = alone._replace(size_level=-1.0)
    assert sized.curve(members, usual)[0] == pytest.approx(SHARES, abs=1e-9)
    assert (sized.curve(members, np.ones(1)) < SHARES).all()
    timid = alone._replace(values=ends / 2).curve(members, usual)[0]
    assert timid == pytest.approx(from_log_odds(log_odds(SHARES) / 2), abs=1e-9)


def test_sizes_are_powers_of_ten_within_bounds() -> None:
    nets = np.array([0.005, 0.05, 5.0, 1e9, 5e-5, 1e-12, 0.0, -1.0, np.nan])
    assert sizes(nets) == pytest.approx([0, 1, 2, 2, -2, -2, -2, -2, -2])


def test_arrays_bring_the_same_ensemble_back() -> None:
    again = rebuilt(ensemble().arrays())
    assert (
        again.chances(tape().features[3], PAIR, 0.1, 0.01)
        == asked(tape().features[3], net=0.1, gas=0.01)
    ).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("line/weights", np.zeros((3, 2))),
        ("forest/values", None),
        ("forest/values", np.zeros((3, 1))),
        ("boosting/values", "two"),
        ("network/weights0", np.zeros((2, 2))),
        ("stack/weights", np.ones(2)),
        ("stack/knots", np.zeros(2)),
        ("stack/level", None),
        ("inputs/kept", np.array([10**6])),
        ("inputs/usual", np.zeros(1)),
        ("facts/boosting_start", None),
        ("facts/importance", np.array(["much"])),
        ("live/table/asked", np.zeros((1, 1, 1, 1))),
    ],
)
def test_arrays_that_do_not_fit_are_refused(name: str, value: object) -> None:
    arrays = ensemble().arrays()
    if value is None:
        del arrays[name]
    elif isinstance(value, str):
        arrays[name] = np.repeat(arrays[name], 2, axis=1)
    else:
        arrays[name] = np.asarray(value)
    with pytest.raises(ModelRefused):
        rebuilt(arrays)


def rebuilt(arrays: dict[str, np.ndarray]) -> Ensemble:
    return Ensemble.from_arrays(arrays, trained_at=1.0, began_at=0.0, rows=9, metrics={})


# --- inputs --------------------------------------------------------------------------------


def test_rows_of_a_tape_and_of_single_vectors_are_the_same() -> None:
    inputs = Inputs.of(tape())
    rows = inputs.rows(tape())
    assert rows.shape == (len(tape()), inputs.width)
    for row in (0, 77, 299):
        pair = tape().pair_names[tape().pairs[row]]
        one = inputs.rows_of(
            tape().features[row : row + 1], pair, float(tape().net[row]), float(tape().gas[row])
        )
        assert (one[0] == rows[row]).all()


def test_a_feature_that_never_differs_or_never_is_known_is_left_out() -> None:
    features = tape().features.copy()
    features[:, 0] = 3.5
    features[:, 1] = np.nan
    inputs = Inputs.of(replace(tape(), features=features))
    assert 0 not in inputs.kept
    assert 1 not in inputs.kept
    assert np.isfinite(inputs.rows(replace(tape(), features=features))).all()


def test_what_is_not_known_stands_at_what_is_usual() -> None:
    inputs = Inputs.of(tape())
    unknown = inputs.rows_of(np.full((1, len(tape().names)), np.nan), PAIR, 0.01, 0.002)
    assert (unknown[0, : len(inputs.kept)] == 0).all()


# --- labels --------------------------------------------------------------------------------


def test_a_known_need_tells_every_arm() -> None:
    told = landed(np.array([0.5, np.inf, 0.0]), np.zeros(3, dtype=bool), np.full(3, np.nan))
    assert (told[0] == (SHARES >= 0.5)).all()
    assert (told[1] == 0).all()
    assert (told[2] == 1).all()


def test_a_hidden_need_tells_one_side() -> None:
    told = landed(np.array([0.5, 0.5001]), np.ones(2, dtype=bool), np.array([0.5, 0.5]))
    assert (told[0, SHARES >= 0.5] == 1).all()
    assert np.isnan(told[0, SHARES < 0.5]).all()
    assert (told[1, SHARES <= 0.5] == 0).all()
    assert np.isnan(told[1, SHARES > 0.5]).all()


def test_a_need_that_nobody_knows_tells_nothing() -> None:
    assert np.isnan(landed(np.array([np.nan]), np.array([False]), np.array([np.nan]))).all()


def test_labels_come_in_the_order_in_which_they_were_known() -> None:
    late = tape().known_at.copy()
    late[0] = late[5]
    found = list(labels(replace(tape(), known_at=late)))
    times = [label.time for label in found]
    assert times == sorted(times)
    assert len(found) == len(tape())


# --- what decides never imports what trains --------------------------------------------------


def test_models_import_neither_training_nor_its_library() -> None:
    program = (
        "import sys, aineon.optimizer.models.registry, aineon.optimizer.models.mixing\n"
        "print(*(name for name in sys.modules if name.split('.')[0] in"
        " {'sklearn', 'scipy', 'river', 'pandas'} or '.training' in name))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
