from __future__ import annotations

import numpy as np
import pytest

from aineon.optimizer.arms import Channel
from aineon.optimizer.models.curves import SHARES
from aineon.optimizer.models.mixing import Mixing, curves_of

GOOD = 0.05 + 0.9 * SHARES
TIMID = np.where(SHARES > 0.95, 0.99, 1e-4)
NEVER = np.full(16, 1e-4)


def played(table: np.ndarray, ensemble: np.ndarray, rounds: int, gas: float = 0.002) -> Mixing:
    """Outcomes come as `GOOD` says."""
    dice = np.random.default_rng(6)
    mixing = Mixing()
    curves = curves_of(table, ensemble)
    for _ in range(rounds):
        needed = (dice.random() - 0.05) / 0.9
        mixing.learn(curves, 0.01, gas, (needed <= SHARES).astype(float))
    return mixing


USUAL = {Channel.PRIVATE: "mean", Channel.PUBLIC: "plain"}


@pytest.mark.parametrize("channel", list(Channel))
def test_the_usual_way_leads_while_little_is_known(channel: Channel) -> None:
    assert played(TIMID, GOOD, 100).leading(channel) == USUAL[channel]


@pytest.mark.parametrize("channel", list(Channel))
def test_who_earns_more_on_past_labels_leads(channel: Channel) -> None:
    assert played(GOOD, TIMID, 800).leading(channel) == "plain"
    assert played(TIMID, GOOD, 800).leading(channel) == "ensemble"


@pytest.mark.parametrize("channel", list(Channel))
def test_equals_leave_the_lead_to_the_usual_way(channel: Channel) -> None:
    assert played(GOOD, GOOD, 800).leading(channel) == USUAL[channel]


def test_a_channel_may_have_another_leader_than_the_other() -> None:
    """Where a miss costs gas, a curve that hopes too much loses; where it is free, it does not."""
    dice = np.random.default_rng(7)
    mixing = Mixing()
    sober, hopeful = np.full(16, 0.05), np.full(16, 0.9)
    for _ in range(900):
        landed = np.zeros(16) if dice.random() < 0.97 else np.ones(16)
        mixing.learn(curves_of(sober, hopeful), 0.01, 0.004, landed)
    assert mixing.leading(Channel.PUBLIC) == "plain"
    assert mixing.leading(Channel.PRIVATE) != "plain"


def test_an_outcome_that_hides_a_chosen_arm_is_left_out() -> None:
    mixing = Mixing()
    mixing.learn(curves_of(GOOD, GOOD), 0.01, 0.0, np.full(16, np.nan))
    assert mixing.labels == 0


@pytest.mark.parametrize(("net", "gas"), [(0.0, 0.1), (-1.0, 0.1), (np.nan, 0.1), (1.0, np.nan)])
def test_odd_amounts_are_left_out(net: float, gas: float) -> None:
    mixing = Mixing()
    mixing.learn(curves_of(GOOD, GOOD), net, gas, np.ones(16))
    assert mixing.labels == 0
    assert mixing.money(Channel.PRIVATE) == {"plain": 0.0, "ensemble": 0.0, "mean": 0.0}


def test_the_mean_lies_between_both_and_rises() -> None:
    curves = curves_of(GOOD, TIMID)
    assert (curves.mean >= np.minimum(GOOD, TIMID) - 1e-12).all()
    assert (curves.mean <= np.maximum(GOOD, TIMID) + 1e-12).all()
    assert (np.diff(curves.mean) >= 0).all()


def test_one_huge_opportunity_does_not_decide_alone() -> None:
    mixing = played(GOOD, TIMID, 800)
    mixing.learn(curves_of(NEVER, GOOD), 1e6, 0.002, np.ones(16))
    assert mixing.leading(Channel.PRIVATE) == "plain"
