"""The searches on integer functions against plain counting."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aineon.amm.integer_search import largest_input, smallest_input

AMOUNTS = st.integers(1, 400)


@given(AMOUNTS, AMOUNTS, st.integers(0, 50), st.integers(-10, 1000), st.floats(0, 100), st.data())
def test_the_smallest_input_is_the_first_that_pays_enough(
    up: int, down: int, offset: int, guess: int, rate: float, data: st.DataObject
) -> None:
    def output(amount: int) -> int:
        return max(0, amount - offset) * up // down

    most = data.draw(st.integers(1, 500))
    if output(most):
        wanted = data.draw(st.integers(1, output(most)))
        first = next(amount for amount in range(1, most + 1) if output(amount) >= wanted)
        assert smallest_input(output, wanted, most, rate, guess) == first


@given(st.integers(0, 2000), st.integers(1, 2000), st.integers(-10, 3000))
def test_the_largest_input_is_the_last_that_holds(last: int, ceiling: int, near: int) -> None:
    assert largest_input(lambda amount: amount <= last, near, ceiling) == min(last, ceiling)


def test_large_amounts_take_few_evaluations() -> None:
    asked = []

    def output(amount: int) -> int:
        asked.append(amount)
        return amount // 10**12

    smallest = 123_456_789 * 10**12
    assert smallest_input(output, 123_456_789, 10**30, 1e-12, smallest + 12_345) == smallest
    assert len(asked) < 40
