"""The sieve names exactly the steps that land in the arc."""

from __future__ import annotations

import random
from fractions import Fraction
from math import gcd
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aineon.search import Route, Scanner
from aineon.search.sizing import candidates, optimal_input, search
from aineon.search.sizing.candidates import Candidates, Stretch
from aineon.search.sizing.model import Model
from aineon.search.sizing.pieces import Piece
from aineon.search.sizing.sieve import first_step_into, least_step, steps_into
from aineon.search.sizing.walks import Walk
from tests.benchmarks.universe import WETH, Universe
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


@pytest.mark.parametrize("seed", range(40))
def test_a_walk_is_listed_as_it_is_sieved(seed: int) -> None:
    random_ = random.Random(seed)
    spared = random_.choice((1, 1, 7, 100, 1999))
    turn = random_.choice([turn for turn in range(spared) if gcd(turn, spared) == 1] or [0])
    count = random_.choice((1, 3000, 70_000))
    start, step = random_.getrandbits(110) - (1 << 109), random_.getrandbits(97) - (1 << 96)
    walk = Walk(start, step, spared, turn, random_.choice((0.0, 1e-12)))
    allowed = random_.choice((1e-4, 0.01, 0.3))
    listed = {int(step) for part in walk.listed(allowed, count) for step in part}
    sieved = set(walk.steps(allowed, count))
    # Where a sieve does not look at the fee, it lets more pass.
    arcs = walk._arcs(allowed, count)[0]
    assert listed == sieved if spared == 1 or arcs > 1 else listed <= sieved
    loss = {k: _loss(walk, k) for k in range(0, count, 1 + count // 5000)}
    assert {k for k, lost in loss.items() if lost <= allowed} <= listed


def _loss(walk: Walk, step: int) -> Fraction:
    """What a step loses of a unit, and of the fee next to it."""
    whole, part = divmod(walk.start + walk.step * step, 1 << 96)
    rank = whole * pow(walk.turn, -1, walk.spared) % walk.spared if walk.spared > 1 else 0
    return Fraction(rank, walk.spared) + Fraction(part, 1 << 96)


def test_steps_that_lose_nothing_are_listed() -> None:
    """Exact positions, where what is cut off would lead around the circle."""
    walk = Walk((5 << 96) - (1 << 96) // 3 * 3 - 1, (1 << 96) // 3, 1, 0, 0.0)
    exact = Walk(0, 1 << 95, 1, 0, 0.0)
    assert [int(k) for part in exact.listed(1e-9, 9) for k in part] == [0, 2, 4, 6, 8]
    assert set(walk.steps(1e-9, 9)) <= {int(k) for part in walk.listed(1e-9, 9) for k in part}


@pytest.fixture(scope="module")
def life_size() -> list[Route]:
    """Cycles of a market like mainnet's, through hubs and other tokens."""
    universe = Universe(600, seed=3)
    scanner = Scanner([WETH], 3, size_at_most=25, size_exactly=lambda _: False, judge=None)
    found: list[Route] = []
    for _ in range(3):
        universe.market.apply(universe.next_block())
        found += [each.route for each in scanner.scan(universe.market).opportunities]
    return found


@pytest.mark.parametrize("flash_fee", [0, 9])
def test_life_size_cycles_are_sized_the_same_when_all_is_looked_at(
    life_size: list[Route], flash_fee: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = [optimal_input(route, flash_fee) for route in life_size]
    monkeypatch.setattr(candidates, "SIEVE_FROM", 1 << 60)
    monkeypatch.setattr(candidates, "_SELECTIVE", 1 << 60)
    monkeypatch.setattr(search, "MOST_CANDIDATES", 1 << 18)
    looked_through = 0
    for route, found in zip(life_size, quick, strict=True):
        expected = optimal_input(route, flash_fee)
        if found != expected:
            # There were too many to look at without a sieve: that may only be worse.
            assert _rank(found, flash_fee) >= _rank(expected, flash_fee)
        looked_through += found == expected
    assert looked_through > len(life_size) * 2 // 3 > 30


def _rank(amounts: tuple[int, ...] | None, flash_fee: int) -> tuple[int, int]:
    assert amounts
    fee = -(-amounts[0] * flash_fee // 10_000)
    return amounts[-1] - amounts[0] - fee, -amounts[0]


@given(st.data())
def test_amounts_of_which_a_fee_takes_least_too_much(data: st.DataObject) -> None:
    of = data.draw(st.sampled_from([10, 100, 1000, 2000]))
    keep = data.draw(st.integers(1, of - 1).filter(lambda keep: gcd(keep, of) == 1))
    origin = data.draw(st.integers(0, 10**6))
    first = origin + data.draw(st.integers(1, 10**6))
    last = first + data.draw(st.integers(0, 9000))
    spared = data.draw(st.integers(1, of // 3))
    piece = Piece(1, 1 << 256, origin, keep, of, 1, 0, 0, 1, 1, 0.0)
    model = cast("Model", SimpleNamespace(pieces=[piece]))
    looked = Candidates(0, [1.0, 1.0], 1 << 20)
    found = [
        batch.anchor + int(distance)
        for batch in looked._spared(Stretch(model, first, last, 0.0), spared)
        for distance in batch.distances
    ]
    amounts = range(first, last + 1)
    assert found == [each for each in amounts if (each - origin) * keep % of < spared]


def test_the_least_step_is_the_least_of_all() -> None:
    random_ = random.Random(9)
    for _ in range(2000):
        start, step = random_.random(), random_.choice((random_.random(), 0.0, 0.5, 1e-9, 1 - 1e-9))
        count = random_.randint(1, 300)
        k = least_step(start, step, count)
        least = min((start + step * each) % 1 for each in range(count))
        found = (start + step * k) % 1
        assert 0 <= k < count
        # What is a hair below a whole number may be taken for one: floats cannot tell.
        assert min(found, 1 - found) <= least + 1e-9
