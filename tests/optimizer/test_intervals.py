"""Bands for the net of the next minutes that keep their promise."""

from __future__ import annotations

import numpy as np
import pytest

from aineon.optimizer.intervals import SpanBands
from aineon.optimizer.intervals.conformal import FEWEST, Conformal
from aineon.optimizer.intervals.coverage import Coverage
from aineon.optimizer.intervals.rate import Rate

SPAN = 900.0
DAY = 86_400


def market(seed: int, curse: float = 1.0, days: float = 2.0):
    """Opportunities of heavy-tailed money; expectations that are `curse` times too high."""
    dice = np.random.default_rng(seed)
    count = int(days * 2_000)
    times = np.sort(dice.uniform(0, days * DAY, count))
    net = 0.005 * np.exp(dice.normal(0, 1.1, count))
    chance = dice.uniform(0.1, 0.7, count)
    won = dice.random(count) < chance
    return times, curse * chance * net, won * net


def follow(bands: SpanBands, times, expected, came) -> SpanBands:
    for row in zip(times, expected, came, strict=True):
        bands.learn(*(float(each) for each in row))
    return bands


@pytest.mark.parametrize("curse", [1.0, 1.3])
def test_the_band_holds_nine_in_ten_and_its_middle_is_right(curse):
    bands = follow(SpanBands(SPAN), *market(3, curse))
    assert 0.87 <= bands.coverage.share <= 0.93
    assert abs(bands.coverage.bias) <= 0.10


def test_without_the_correction_the_winners_curse_would_show():
    _, expected, came = market(3, 1.3)
    assert expected.sum() / came.sum() > 1.2  # the control: this is what it takes out


def test_the_band_follows_when_the_market_becomes_wilder():
    times, expected, came = market(5, days=3.0)
    wild = times > 1.5 * DAY
    heavier = came * np.where(wild, np.random.default_rng(1).exponential(1, len(came)) ** 2 / 2, 1)
    bands = follow(SpanBands(SPAN), times, expected, heavier)
    assert bands.coverage.share == pytest.approx(0.9, abs=0.04)


def test_before_enough_was_seen_there_is_no_band():
    bands = SpanBands(SPAN)
    assert bands.forecast(0.0) is None
    bands.learn(0.0, 0.01, 0.0)
    assert bands.forecast(60.0) is None
    assert bands.coverage.share is None
    assert bands.coverage.bias is None


def test_a_market_that_falls_silent_is_expected_to_leave_less():
    bands = follow(SpanBands(SPAN), *market(3, days=1.0))
    now = float(DAY)
    busy, silent = bands.forecast(now), bands.forecast(now + 6 * 3_600)
    assert silent.expected < busy.expected
    assert silent.high < busy.high


def test_a_clock_that_goes_back_does_no_harm():
    times, expected, came = market(3, days=1.0)
    bands = follow(SpanBands(SPAN), times, expected, came)
    bands.learn(0.0, 0.01, 0.01)
    low, middle, high = bands.forecast(float(times[-1]))
    assert low <= middle <= high


def test_spans_in_which_nothing_happens_count_too():
    bands = SpanBands(SPAN)
    for step in range(400):
        bands.learn(step * SPAN / 2, 0.001, 0.001)
    spans = bands.coverage.spans
    bands.learn(400 * SPAN / 2 + 10 * SPAN, 0.001, 0.001)
    assert bands.coverage.spans >= spans + 9 * 15


@pytest.mark.parametrize("jump", [13 * SPAN, 4e8, 1e19, float(2**255)])
def test_a_clock_that_jumps_costs_no_more_work_than_a_silence(jump, monkeypatch):
    bands = follow(SpanBands(SPAN), *market(3, days=1.0))
    spans, made, work = bands.coverage.spans, [], bands._expect

    def counted(now):
        made.append(now)
        assert len(made) < 400  # as many as a silence may cost, or it would never end
        return work(now)

    monkeypatch.setattr(bands, "_expect", counted)
    for later in (0.0, 60.0, 120.0):
        bands.learn(DAY + jump + later, 0.01, 0.01)
    assert len(made) <= 3
    assert bands.coverage.spans == spans  # what was open is neither hit nor missed
    bands.learn(DAY, 0.01, 0.01)
    bands.learn(float("inf"), 0.01, 0.01)
    assert len(made) <= 3


def test_after_a_jump_forecasts_are_followed_up_again():
    bands = follow(SpanBands(SPAN), *market(3, days=1.0))
    spans, start = bands.coverage.spans, 5.0 * DAY
    for step in range(61):
        bands.learn(start + step * SPAN / 15, 0.01, 0.01)
    assert bands.coverage.spans == spans + 61 - 15


def test_a_conformal_range_is_the_shortest_one_that_holds_enough():
    conformal = Conformal()
    for _ in range(FEWEST - 1):
        conformal.learn(0.0, None)
    assert conformal.range() is None
    for ratio in (*[0.0] * 22, 1.0, 2.0, 50.0):
        conformal.learn(ratio, None)
    assert conformal.range() == (0.0, 1.0)


def test_forecasts_that_overlap_tell_as_much_as_one():
    alone, together = Conformal(), Conformal(overlap=10)
    for ratio in np.linspace(0, 1, 100):
        alone.learn(float(ratio), None)
        together.learn(float(ratio), None)
    low, high = alone.range()
    assert high - low < 0.92
    wide_low, wide_high = together.range()
    assert wide_high - wide_low > 0.97


def test_misses_widen_the_range_and_hits_narrow_it():
    ratios = np.linspace(0, 1, 300)
    wide, narrow = Conformal(), Conformal()
    for ratio in ratios:
        wide.learn(float(ratio), True)
        narrow.learn(float(ratio), False)
    widths = [high - low for low, high in (wide.range(), narrow.range())]
    assert widths[0] > 0.9 > widths[1]


def test_rates_recover_a_steady_flow_from_the_first_hours_on():
    rate = Rate(0.0)
    for step in range(1, 200):
        rate.add(step * 60.0, 3.0)
    assert rate(200 * 60.0) == pytest.approx(0.05, rel=0.02)
    assert Rate(0.0)(0.0) == 0.0


def test_coverage_counts():
    coverage = Coverage()
    coverage.learn(0.0, 1.0, 2.0, 2.0)
    coverage.learn(0.0, 1.0, 2.0, 3.0)
    assert coverage.share == 0.5
    assert coverage.bias == pytest.approx(2 / 5 - 1)
