"""The sieve names exactly the steps that land in the arc."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aineon.search.sizing import candidates, optimal_input
from aineon.search.sizing.sieve import first_step_into, steps_into
from tests.search.sizing_tools import small_cycle


@given(st.data())
def test_steps_into_an_arc(data: st.DataObject) -> None:
    circle = data.draw(st.integers(2, 400))
    arc = data.draw(st.integers(1, circle - 1))
    start = data.draw(st.integers(-1000, 1000))
    step = data.draw(st.integers(-1000, 1000))
    count = data.draw(st.integers(1, 700))
    expected = [k for k in range(count) if (start + step * k) % circle < arc]
    assert list(steps_into(start, step, circle, arc, count)) == expected


@given(st.data())
def test_first_step_into_a_range(data: st.DataObject) -> None:
    circle = data.draw(st.integers(2, 300))
    step = data.draw(st.integers(0, circle - 1))
    low = data.draw(st.integers(0, circle - 1))
    high = data.draw(st.integers(low, circle - 1))
    hits = (k for k in range(circle) if low <= step * k % circle <= high)
    assert first_step_into(step, circle, low, high) == next(hits, None)


def test_millions_of_steps_take_no_millions_of_looks() -> None:
    circle = 1 << 96
    step = int(circle * 0.618033988749895)
    found = list(steps_into(12345, step, circle, circle >> 40, 10**12))
    assert 0 < len(found) < 5
    assert all((12345 + step * k) % circle < circle >> 40 for k in found)


@pytest.mark.parametrize("seed", range(25))
def test_sizing_finds_the_same_with_and_without_a_sieve(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    route = small_cycle(random.Random(1000 + seed), largest=9.0)
    # From where on it pays; small cycles would hardly meet it.
    monkeypatch.setattr(candidates, "SIEVE_FROM", 600)
    with_sieve = optimal_input(route)
    monkeypatch.setattr(candidates, "SIEVE_FROM", 1 << 60)
    assert optimal_input(route) == with_sieve


@given(st.integers(0, 2**32))
def test_a_walk_of_zero_steps(start: int) -> None:
    assume(start % 1000 >= 10)
    assert list(steps_into(start, 0, 1000, 10, 50)) == []
    assert list(steps_into(start - start % 1000, 1000, 1000, 10, 50)) == list(range(50))
