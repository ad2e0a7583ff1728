from __future__ import annotations

import numpy as np
import pytest

from aineon.errors import ModelRefused
from aineon.optimizer.arms import ARMS
from aineon.optimizer.models.correction import Correction
from aineon.optimizer.models.curves import SHARES, from_log_odds, log_odds

PAIR = "USDC/WETH"
CURVE = 0.1 + 0.8 * SHARES


def taught(correction: Correction, true: np.ndarray, labels: int, pair: str = PAIR) -> None:
    dice = np.random.default_rng(4)
    for _ in range(labels):
        correction.learn(CURVE, pair, 0.005, (dice.random() < true).astype(float))


def miss(correction: Correction, true: np.ndarray, pair: str = PAIR) -> float:
    return float(np.abs(correction.chances(CURVE, pair, 0.005) - true).mean())


def test_it_begins_as_the_curve_itself() -> None:
    assert Correction().chances(CURVE, PAIR, 0.005) == pytest.approx(CURVE, abs=1e-9)


@pytest.mark.parametrize(("level", "tilt"), [(-1.5, 0.0), (1.0, 0.0), (0.0, -0.7)])
def test_it_finds_a_level_and_a_tilt(level: float, tilt: float) -> None:
    from aineon.optimizer.models.curves import SLOPE

    true = from_log_odds(log_odds(CURVE) + level + tilt * SLOPE)
    correction = Correction()
    before = miss(correction, true)
    taught(correction, true, 400)
    assert miss(correction, true) < 0.5 * before


def test_without_a_step_it_learns_nothing() -> None:
    still = Correction((0.0,))
    taught(still, from_log_odds(log_odds(CURVE) - 2), 200)
    assert still.chances(CURVE, PAIR, 0.005) == pytest.approx(CURVE, abs=1e-9)


def test_where_the_curve_is_right_it_stays_near_it() -> None:
    correction = Correction()
    taught(correction, CURVE, 500)
    assert miss(correction, CURVE) < 0.06


def test_what_one_pair_does_moves_it_more_than_the_others() -> None:
    correction = Correction()
    failing = np.full(len(ARMS), 0.02)
    dice = np.random.default_rng(5)
    for _ in range(300):
        correction.learn(CURVE, PAIR, 0.005, (dice.random() < failing).astype(float))
        correction.learn(CURVE, "LINK/WETH", 0.005, (dice.random() < CURVE).astype(float))
    assert miss(correction, failing) < miss(correction, failing, "LINK/WETH") - 0.1


def test_unknown_arms_teach_nothing() -> None:
    correction = Correction()
    correction.learn(CURVE, PAIR, 0.005, np.full(len(ARMS), np.nan))
    assert correction.labels == 0
    half = np.where(SHARES > 0.5, 1.0, np.nan)
    correction.learn(CURVE, PAIR, 0.005, half)
    assert correction.labels == 1


@pytest.mark.parametrize("net", [0.0, -1.0, 1e-30, 1e30, float("nan"), float("inf")])
def test_odd_sizes_give_chances_all_the_same(net: float) -> None:
    correction = Correction()
    taught(correction, CURVE, 20)
    correction.learn(CURVE, PAIR, net, np.zeros(len(ARMS)))
    chances = correction.chances(CURVE, PAIR, net)
    assert ((chances >= 0) & (chances <= 1)).all()
    assert (np.diff(chances) >= 0).all()


def test_it_goes_on_where_its_arrays_were() -> None:
    correction = Correction()
    taught(correction, CURVE / 2, 50)
    again = Correction.from_arrays(correction.arrays())
    assert (again.chances(CURVE, PAIR, 0.1) == correction.chances(CURVE, PAIR, 0.1)).all()


def test_arrays_of_another_shape_are_refused() -> None:
    arrays = Correction().arrays()
    arrays["shared"] = np.zeros((2, 7))
    with pytest.raises(ModelRefused, match="correction"):
        Correction.from_arrays(arrays)
