"""Alarms where the market is no more what was learned, and none where it is."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

import numpy as np
import pytest

from aineon.optimizer.arms import ARMS
from aineon.optimizer.drift import DriftWatch
from aineon.optimizer.drift.alarm import ANSWERS, CALM, Alarm
from aineon.optimizer.drift.cusum import mixed, mixed_highest, path, tilt
from aineon.optimizer.drift.thresholds import (
    DAY,
    FEWEST_DAYS,
    Heights,
    Stretch,
    Thresholds,
    heights,
)
from aineon.optimizer.drift.transform import transform
from aineon.optimizer.drift.watch import FEWEST, RESTS, WAITS

STEP = 30.0
SETTLED = FEWEST + 200
PAIRS = tuple(f"pair {each}" for each in range(12))
CURVE = np.linspace(0.1, 0.9, len(ARMS))


def seen(seed: int, labels: int) -> tuple[np.ndarray, np.ndarray]:
    dice = np.random.default_rng(seed)
    return dice.random(labels), dice.integers(0, len(PAIRS), labels)


def run(watch: DriftWatch, values, pairs, start: float = 0.0, novel=None) -> list[Alarm]:
    strange = np.zeros(len(values)) if novel is None else novel
    raised = [
        watch.learn(start + step * STEP, PAIRS[pair], float(value), novel=bool(odd))
        for step, (value, pair, odd) in enumerate(zip(values, pairs, strange, strict=True))
    ]
    return [each for each in raised if each is not None]


@cache
def _settled() -> DriftWatch:
    watch = DriftWatch(1)
    assert run(watch, *seen(1, SETTLED)) == []
    assert watch.ready
    return watch


def settled() -> tuple[DriftWatch, float]:
    """A watch that knows its quiet stretch, and the time."""
    return deepcopy(_settled()), SETTLED * STEP


def test_the_transform_is_where_the_needed_bid_fell():
    assert transform(CURVE, 0.0) == pytest.approx(0.05)
    assert transform(CURVE, float("inf")) == pytest.approx(0.95)
    assert transform(CURVE, ARMS[3]) == pytest.approx(CURVE[3])
    halfway = (ARMS[3] + ARMS[4]) / 2
    assert transform(CURVE, halfway) == pytest.approx((CURVE[3] + CURVE[4]) / 2)
    assert np.isnan(transform(CURVE, float("nan")))


def test_transforms_of_right_predictions_are_even():
    dice = np.random.default_rng(8)
    needed = np.interp(dice.random(4_000), [0, *CURVE], [0, *ARMS], right=np.inf)
    values = np.array([transform(CURVE, each) for each in needed])
    assert values.mean() == pytest.approx(0.5, abs=0.02)


def test_sums_equal_pages_recursion_and_the_mixture_equals_its_definition():
    values, pairs = seen(2, 300)
    evidence = tilt(values, 3.0)
    height, sums, highest = 0.0, np.zeros(len(PAIRS)), 0.0
    for each, pair, sofar in zip(evidence, pairs, path(evidence), strict=True):
        height = max(0.0, height + each)
        assert sofar == pytest.approx(height)
        sums[pair] = max(0.0, sums[pair] + each)
        highest = max(highest, float(mixed(sums)))
    assert mixed_highest(evidence, pairs, len(PAIRS)) == pytest.approx(highest)


def test_evidence_speaks_against_a_change_on_average_where_there_is_none():
    values = seen(3, 5_000)[0]
    assert tilt(values, 3.0).mean() < 0
    assert tilt(values, -3.0).mean() < 0


def test_nothing_is_said_before_the_quiet_stretch_is_long_enough():
    watch = DriftWatch()
    assert run(watch, np.full(FEWEST - 1, 0.99), [0] * (FEWEST - 1)) == []
    assert not watch.ready
    assert watch.thresholds == Heights(*[float("inf")] * 4)


@pytest.mark.parametrize(
    ("what", "shift"), [("dearer", lambda u: u**0.3), ("cheaper", lambda u: 1 - (1 - u) ** 0.3)]
)
def test_a_change_of_all_bids_is_seen_within_the_hour(what, shift):
    watch, now = settled()
    values, pairs = seen(7, 120)
    raised = run(watch, shift(values), pairs, now)
    assert [each.what for each in raised] == [what]
    assert raised[0].at - now < 3_600


def test_some_pairs_that_fail_are_seen_where_the_whole_hardly_moves():
    watch, now = settled()
    values, pairs = seen(7, 150)
    values[pairs < 2] = 0.97
    raised = run(watch, values, pairs, now)
    assert [each.what for each in raised] == ["pairs"]


def test_novel_inputs_are_seen_though_outcomes_fit():
    watch, now = settled()
    values, pairs = seen(7, 120)
    raised = run(watch, values, pairs, now, novel=np.arange(120) % 3 == 0)
    assert [each.what for each in raised] == ["inputs"]


def test_a_quiet_day_raises_no_alarm():
    watch = DriftWatch(5)
    assert run(watch, *seen(5, 2_880)) == []


def test_errors_that_hang_together_raise_the_threshold_instead_of_alarms():
    dice = np.random.default_rng(6)
    slow = np.repeat(dice.normal(0, 0.5, 40), 40)
    values = 1 / (1 + np.exp(-(slow + np.log(1 / (1 / dice.random(1_600) - 1)))))
    watch, calm = DriftWatch(6), DriftWatch(6)
    run(watch, values, seen(6, 1_600)[1])
    run(calm, *seen(6, 1_600))
    assert watch.thresholds.dearer > calm.thresholds.dearer


def drawn(quiet: Stretch) -> Heights:
    thresholds = Thresholds(3)
    thresholds.draw(quiet, 2 * FEWEST_DAYS)
    return thresholds.least


def test_a_day_that_brings_more_than_is_drawn_has_the_higher_thresholds():
    """A part of a day is exceeded by chance more rarely than the whole of it."""
    transforms, pairs = seen(5, 6_000)
    quiet = Stretch(transforms, pairs, np.zeros(len(transforms)), DAY)
    whole, part = drawn(quiet), drawn(quiet._replace(seconds=DAY / 4))
    assert part.dearer > whole.dearer
    assert part.cheaper > whole.cheaper
    assert part.pairs > whole.pairs


def test_novel_inputs_that_came_evenly_by_luck_are_expected_to_come_in_a_row_as_well():
    transforms, pairs = seen(6, 6_000)
    novel = (np.arange(len(transforms)) % 33 == 0).astype(float)
    quiet = Stretch(transforms, pairs, novel, DAY)
    assert heights(quiet).inputs < 1.0, "the control: the stretch itself never shows it"
    assert drawn(quiet).inputs > 3.3


def test_after_an_alarm_it_rests_and_what_led_to_it_never_counts_as_quiet():
    watch, now = settled()
    values, pairs = seen(7, int((RESTS + WAITS) / STEP))
    raised = run(watch, np.full(len(values), 0.9), pairs, now)
    assert len(raised) == 2
    assert raised[1].at >= raised[0].at + RESTS


def test_an_alarm_says_what_to_do_and_for_how_long():
    watch, now = settled()
    assert watch.answer(now) == CALM
    (alarm,) = run(watch, np.full(60, 0.95), seen(1, 60)[1], now)
    assert alarm.answer == ANSWERS["dearer"] == watch.answer(alarm.at)
    assert alarm.answer.window < 1 < alarm.answer.exploring
    assert alarm.answer.retrain
    assert watch.answer(alarm.at + alarm.answer.seconds) == CALM
    assert watch.answer(alarm.at - 1) == CALM
    assert alarm.words == "bids that were needed to land are higher than predicted"


def test_unknown_outcomes_and_a_clock_that_goes_back_do_no_harm():
    watch, now = settled()
    assert watch.learn(now, PAIRS[0], float("nan"), novel=False) is None
    assert watch.learn(now - 1e6, PAIRS[0], 0.5, novel=False) is None
    (alarm,) = run(watch, np.full(60, 0.95), seen(1, 60)[1], now)
    assert alarm.at >= now
