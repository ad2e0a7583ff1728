"""Small pools, where every input can be tried: the answer is the smallest best one, exactly."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aineon.primitives import Token
from aineon.search.sizing import optimal_input
from tests.search.sizing_tools import Judge, cycle, small_cycle, v2

A = Token("0x000000000000000000000000000000000000a001", "A", 0)
B = Token("0x000000000000000000000000000000000000a002", "B", 2)


@pytest.mark.parametrize("seed", range(60))
def test_small_cycles_equal_brute_force(seed: int) -> None:
    random_ = random.Random(seed)
    route = small_cycle(random_)
    fee = random_.choice([0, 0, 5, 9, 100])
    judge = Judge(route, fee)
    most = min(judge.largest_input(), 25_000)
    found = optimal_input(route, fee)
    if found and found[0] > most:
        pytest.skip("the optimum lies beyond what is tried here")
    expected = judge.brute_force(most)
    assert (found and (found[0], judge.profit(found[0]))) == expected


@settings(max_examples=60, deadline=None)
@given(
    reserves=st.tuples(*[st.integers(1, 3000)] * 4),
    fees=st.tuples(*[st.sampled_from([0, 1, 500, 3000, 10000, 300000])] * 2),
    flash_fee=st.sampled_from([0, 1, 9, 500]),
)
def test_two_tiny_v2_pools_equal_brute_force(
    reserves: tuple[int, int, int, int], fees: tuple[int, int], flash_fee: int
) -> None:
    first = v2(A, B, reserves[0], reserves[1], fees[0])
    second = v2(B, A, reserves[2], reserves[3], fees[1])
    route = cycle(A, (first, B), (second, A))
    found = optimal_input(route, flash_fee)
    expected = Judge(route, flash_fee).brute_force(2 * reserves[3])
    assert (found and found[0]) == (expected and expected[0])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), flash_fee=st.sampled_from([0, 0, 9]))
def test_random_small_mixes_equal_brute_force(seed: int, flash_fee: int) -> None:
    route = small_cycle(random.Random(seed), largest=3.6)
    judge = Judge(route, flash_fee)
    most = min(judge.largest_input(), 6000)
    found = optimal_input(route, flash_fee)
    assume(not found or found[0] <= most)
    assert (found and (found[0], judge.profit(found[0]))) == judge.brute_force(most)
