"""Which figures moved a score, asked of models whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from aineon.optimizer.arms import ARMS
from aineon.optimizer.explaining import MOST_REASONS, reasons_of_models, reasons_without_models
from aineon.optimizer.models.inputs import Inputs
from aineon.optimizer.models.live import LiveTold
from tests.optimizer.synthetic import NAMES, synthetic_tape

TAPE = synthetic_tape(3, 300)
WEIGHTS = {"volatility": -0.08, "recent_share": 0.05, "noise_a": 0.02, "noise_b": 0.0}
TOLD = np.linspace(0.2, 0.8, len(ARMS))
ARM = 7


class Straight:
    """Models in which each feature adds its own share."""

    names = NAMES
    inputs = Inputs.of(TAPE)
    importance = np.array([abs(WEIGHTS.get(name, 0.0)) for name in NAMES])

    def curves(self, vectors, pair, net, gas, told):
        added = sum(w * vectors[:, NAMES.index(name)] for name, w in WEIGHTS.items())
        return told + added[:, None]


def test_effects_are_the_distance_from_the_usual_value_times_the_weight():
    vector = TAPE.features[5]
    reasons = reasons_of_models(Straight(), vector, "DAI/WETH", 0.01, 0.001, TOLD, ARM)
    usual = np.nanmedian(TAPE.features, axis=0)
    expected = {
        name: weight * (vector[NAMES.index(name)] - usual[NAMES.index(name)])
        for name, weight in WEIGHTS.items()
    }
    strongest = sorted(expected, key=lambda name: -abs(expected[name]))[:MOST_REASONS]
    assert [each.feature for each in reasons] == [
        name for name in strongest if abs(expected[name]) >= 5e-4
    ]
    for each in reasons:
        assert each.effect == pytest.approx(expected[each.feature], abs=1e-9)


def test_what_moved_nothing_is_no_reason():
    vector = np.nanmedian(TAPE.features, axis=0)
    assert reasons_of_models(Straight(), vector, "DAI/WETH", 0.01, 0.001, TOLD, ARM) == ()


def test_the_table_is_moved_by_pair_and_size():
    def chances(pair, net):
        return TOLD + (0.1 if pair == "DAI/WETH" else 0.0) - (0.05 if net > 1 else 0.0)

    def told(pair, net, added=0.0):
        table = chances(pair, net)
        return LiveTold(table, None, table + added)

    one = ("DAI/WETH", 2.0)
    reasons = reasons_without_models(told(*one), chances, *one, 0.01, ARM)
    assert [(each.feature, round(each.effect, 9)) for each in reasons] == [
        ("pair", 0.1),
        ("net", -0.05),
    ]
    assert reasons_without_models(told("other", 0.01), chances, "other", 0.01, 0.01, ARM) == ()
    reasons = reasons_without_models(told("other", 0.01, 0.2), chances, "other", 0.01, 0.01, ARM)
    assert [(each.feature, round(each.effect, 9)) for each in reasons] == [("rivals", 0.2)]
