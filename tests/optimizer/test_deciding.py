"""From chances to the bid that leaves most, and what one attempt may come to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.optimizer.arms import ARMS, ARMS_BPS, Channel
from aineon.optimizer.deciding import band_wei, best_arm, expected_nets, expected_wei, left_wei
from aineon.primitives.units import ETHER

CURVES = st.lists(st.floats(0, 1), min_size=len(ARMS), max_size=len(ARMS)).map(sorted)
NETS = st.floats(1e-5, 10)


@settings(max_examples=50)
@given(CURVES, NETS, st.floats(0, 1))
def test_the_best_arm_is_the_best_of_all_by_the_formula(curve, net, gas):
    chances = np.array(curve)
    for channel, miss in ((Channel.PRIVATE, 0.0), (Channel.PUBLIC, gas)):
        plain = [p * (1 - f) * net - (1 - p) * miss for p, f in zip(curve, ARMS, strict=True)]
        arm, expected = best_arm(chances, net, gas, channel)
        assert expected == pytest.approx(max(plain), rel=1e-9, abs=1e-12)
        assert plain[arm] == pytest.approx(max(plain), rel=1e-9, abs=1e-12)


def test_of_equal_arms_the_lowest_bid_is_taken():
    assert best_arm(np.zeros(len(ARMS)), 1.0, 0.0, Channel.PRIVATE).arm == 0


def test_many_opportunities_at_once_are_each_one_alone():
    chances = np.sort(np.random.default_rng(3).random((5, len(ARMS))), axis=1)
    net, gas = np.linspace(0.01, 1, 5)[:, None], np.full((5, 1), 0.02)
    together = expected_nets(chances, net, gas, Channel.PUBLIC)
    for row in range(5):
        alone = expected_nets(chances[row], float(net[row, 0]), 0.02, Channel.PUBLIC)
        assert together[row] == pytest.approx(alone)


def test_what_a_win_leaves_is_exact_and_the_builders_part_rounded_down():
    assert left_wei(10_001, 3_333) == 10_001 - 3_333  # 3333.33 wei rounded down


def test_expected_nets_count_gas_only_where_a_miss_costs_it():
    asked = (0.5, ETHER, ETHER // 10, 5_000)
    assert expected_wei(*asked, Channel.PRIVATE) == ETHER // 4
    assert expected_wei(*asked, Channel.PUBLIC) == ETHER // 4 - ETHER // 20


@pytest.mark.parametrize(
    ("lands", "band"), [(0.95, (50, 50)), (0.5, (-7, 50)), (0.05, (-7, -7)), (0.11, (-7, 50))]
)
def test_the_band_of_one_attempt_is_a_point_only_where_it_is_almost_sure(lands, band):
    assert band_wei(lands, 100, 7, 5_000, Channel.PUBLIC) == band


def test_a_private_miss_costs_nothing():
    assert band_wei(0.5, 100, 7, 5_000, Channel.PRIVATE) == (0, 50)


def test_bids_in_basis_points_are_the_arms():
    assert [bps / 10_000 for bps in ARMS_BPS] == list(ARMS)
