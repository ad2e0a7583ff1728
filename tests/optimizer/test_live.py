"""The live member hears of rivals by the features' names, and learns only from what is known."""

from __future__ import annotations

import numpy as np
import pytest

from aineon.optimizer.arms import ARMS, FIRST
from aineon.optimizer.models.labels import Label
from aineon.optimizer.models.live import Live

NAMES = ("since_gap", *FIRST)
ODDS = np.linspace(-1.0, 2.0, len(ARMS))
PAIR = "DAI/WETH"


def label(landed: np.ndarray, odds: np.ndarray = ODDS) -> Label:
    vector = np.concatenate([[7.0], odds])
    return Label(100.0, PAIR, 0.01, 0.001, vector, landed)


def taught(labels: int = 5) -> Live:
    live = Live(NAMES)
    for _ in range(labels):
        live.learn(label(np.ones(len(ARMS))))
    return live


def test_what_was_learned_goes_on_under_other_columns() -> None:
    live = taught()
    other = Live.from_arrays(live.arrays(), (*FIRST, "since_gap", "another"))
    vector = np.concatenate([ODDS, [7.0, 3.0]])
    before = live.told(PAIR, 0.01, np.concatenate([[7.0], ODDS]))
    after = other.told(PAIR, 0.01, vector)
    assert after.rivals is not None
    assert after.rivals == pytest.approx(before.rivals)
    assert after.curve == pytest.approx(before.curve)
    assert Live.from_arrays(live.arrays(), ("since_gap",)).told(PAIR, 0.01, vector).rivals is None


def test_where_only_a_bound_is_known_nothing_is_learned_of_the_builders_reach() -> None:
    bound = np.full(len(ARMS), np.nan)
    bound[-1] = 1.0
    live, ever = taught(), taught()
    for _ in range(200):
        live.learn(label(bound))
        ever.learn(label(np.ones(len(ARMS))))
    assert live.arrays()["rivals/reach"] == pytest.approx(taught().arrays()["rivals/reach"])
    assert ever.arrays()["rivals/reach"] != pytest.approx(taught().arrays()["rivals/reach"])


def test_builders_that_stop_taking_bundles_are_noticed_and_chance_is_not() -> None:
    live, sure = Live(NAMES), np.full(len(ARMS), 6.0)
    asked = np.concatenate([[7.0], sure])

    def told() -> float:
        rivals = live.told(PAIR, 0.01, asked).rivals
        assert rivals is not None
        return float(rivals[-1])

    for number in range(2_000):
        live.learn(label(np.full(len(ARMS), float(number % 10 > 0)), sure))
    before = told()
    for _ in range(6):
        live.learn(label(np.zeros(len(ARMS)), sure))
    assert before == pytest.approx(0.9, abs=0.01)
    assert told() == pytest.approx(before, abs=0.01)
    for number in range(600):
        live.learn(label(np.full(len(ARMS), float(number % 2)), sure))
    assert told() < 0.62


def test_rivals_are_heard_of_where_the_newest_outcome_told_of_them() -> None:
    live = taught()
    assert live.hears_of_rivals
    live.learn(label(np.ones(len(ARMS)), np.full(len(ARMS), np.nan)))
    assert not live.hears_of_rivals
    assert not Live(NAMES).hears_of_rivals
