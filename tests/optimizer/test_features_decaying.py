"""Decaying figures equal what the plain weighted sums over all blocks give."""

from __future__ import annotations

from math import isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.optimizer.features.decaying import Level, Mean, Rate
from aineon.optimizer.features.recent import Recent

EVENTS = st.lists(st.tuples(st.integers(0, 9), st.floats(-5, 5)), min_size=1, max_size=12)


def laid_out(events: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Steps forward become blocks."""
    blocks, now = [], 0
    for step, value in events:
        now += step
        blocks.append((now, value))
    return blocks


@settings(max_examples=30)
@given(EVENTS)
def test_mean_of_events(events: list[tuple[int, float]]) -> None:
    mean, blocks = Mean(7), laid_out(events)
    for now, value in blocks:
        mean.add(value, now)
    weights = [0.5 ** ((blocks[-1][0] - now) / 7) for now, _ in blocks]
    expected = sum(w * v for w, (_, v) in zip(weights, blocks, strict=True)) / sum(weights)
    assert mean.value == pytest.approx(expected, abs=1e-12)


@settings(max_examples=30)
@given(EVENTS, st.integers(0, 20))
def test_rate_a_block(events: list[tuple[int, float]], later: int) -> None:
    rate, blocks = Rate(7, 0), laid_out(events)
    for now, value in blocks:
        rate.add(now, value)
    end = blocks[-1][0] + later
    mass = sum(0.5 ** ((end - n) / 7) for n in range(end + 1))
    expected = sum(v * 0.5 ** ((end - now) / 7) for now, v in blocks) / mass
    assert rate.at(end) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=30)
@given(EVENTS, st.integers(0, 20))
def test_mean_in_time_of_what_is_held(events: list[tuple[int, float]], later: int) -> None:
    level, blocks = Level(7), laid_out(events)
    for now, value in blocks:
        level.hold(value, now)
    end = blocks[-1][0] + later
    held = {}
    for number in range(blocks[0][0], end + 1):
        held[number] = [value for now, value in blocks if now <= number][-1]
    weights = {number: 0.5 ** ((end - number) / 7) for number in held}
    expected = sum(weights[n] * held[n] for n in held) / sum(weights.values())
    assert level.mean(end) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=30)
@given(EVENTS, st.lists(st.integers(0, 40), max_size=5))
def test_reading_changes_nothing(events: list[tuple[int, float]], reads: list[int]) -> None:
    quiet, asked = (Level(3), Rate(3, 0)), (Level(3), Rate(3, 0))
    for now, value in laid_out(events):
        for level, rate in (quiet, asked):
            level.hold(value, now)
            rate.add(now, value)
        for at in reads:
            asked[0].mean(at)
            asked[1].at(at)
    assert quiet[0].mean(50) == asked[0].mean(50)
    assert quiet[1].at(50) == asked[1].at(50)


def test_what_never_happened_is_not_known() -> None:
    assert isnan(Mean(5).value)
    assert isnan(Level(5).mean(9))
    assert Rate(5, 0).at(9) == 0.0


def test_a_clock_that_goes_backwards_takes_nothing_away() -> None:
    mean = Mean(1)
    mean.add(1.0, 1000)
    mean.add(3.0, 1)
    assert mean.value == 2.0


def test_what_was_not_touched_for_longest_is_forgotten() -> None:
    kept: Recent[str, list[int]] = Recent(2, list)
    kept["a"].append(1)
    kept["b"].append(2)
    assert kept.get("a") == [1], "looking is no touching"
    kept["b"].append(3)
    kept["c"].append(4)
    assert kept.get("a") is None
    assert kept.get("b") == [2, 3]
    assert len(kept) == 2
