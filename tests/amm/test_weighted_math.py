from __future__ import annotations

import random
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm.balancer import fixed_point
from aineon.amm.balancer.log_exp_math import ONE, exp, power
from aineon.errors import InvalidAmount
from tests.amm import reference_balancer as reference

numbers = st.integers(0, 10**38) | st.integers(0, 2 * ONE)
divisors = st.integers(1, 10**38) | st.integers(1, 2 * ONE)
bases = (
    st.integers(ONE * 7 // 10, ONE * 3 // 2)
    | st.integers(1, 10**24)
    | st.integers(ONE * 9 // 10 - 3, ONE * 9 // 10 + 3)
    | st.integers(ONE * 11 // 10 - 3, ONE * 11 // 10 + 3)
    | st.integers(ONE - 3, ONE + 3)
)
exponents = st.integers(1, 120 * ONE) | st.sampled_from((ONE, 2 * ONE, 4 * ONE, ONE // 4))


@given(numbers, divisors)
def test_products_and_quotients(a: int, b: int) -> None:
    assert fixed_point.mul_down(a, b) == reference.mul_down(a, b)
    assert fixed_point.mul_up(a, b) == reference.mul_up(a, b)
    assert fixed_point.div_down(a, b) == reference.div_down(a, b)
    assert fixed_point.div_up(a, b) == reference.div_up(a, b)


def test_complement() -> None:
    assert fixed_point.complement(ONE // 4) == ONE * 3 // 4
    assert fixed_point.complement(ONE) == fixed_point.complement(ONE + 1) == 0


def both(base: int, exponent: int) -> tuple[int | None, int | None]:
    try:
        found: int | None = power(base, exponent)
    except InvalidAmount:
        found = None
    try:
        expected: int | None = reference.power(base, exponent)
    except reference.Revert:
        expected = None
    return found, expected


@given(bases, exponents)
@settings(max_examples=400)
def test_the_power_is_the_references(base: int, exponent: int) -> None:
    found, expected = both(base, exponent)
    assert found == expected


def test_the_power_over_its_whole_range() -> None:
    rng = random.Random(3)
    reached = 0
    for _ in range(3000):
        base = rng.randint(1, 2 ** rng.randint(1, 255))
        exponent = rng.randint(0, 2 ** rng.randint(1, 80))
        found, expected = both(base, exponent)
        assert found == expected, (base, exponent)
        reached += found is not None
    assert reached > 1000


@pytest.mark.parametrize(
    ("base", "exponent"),
    [(2**255, ONE), (2, 2**254 // 10**20), (1, 2 * ONE), (10**40, 3 * ONE), (2**256, 1)],
)
def test_the_power_refuses_what_the_contract_does(base: int, exponent: int) -> None:
    assert both(base, exponent) == (None, None)


def test_powers_of_nothing_and_to_nothing() -> None:
    assert power(0, 0) == power(5, 0) == power(2**300, 0) == ONE
    assert power(0, ONE) == 0


def test_the_limits_of_the_exponential() -> None:
    assert exp(0) == ONE
    assert exp(-41 * ONE) == 10**36 // exp(41 * ONE) == 1
    assert exp(130 * ONE) == reference.exp(130 * ONE)
    for beyond in (-41 * ONE - 1, 130 * ONE + 1):
        with pytest.raises(InvalidAmount):
            exp(beyond)


def true_power(base: int, exponent: int) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        return (Decimal(base) / ONE) ** (Decimal(exponent) / ONE) * ONE


@given(
    st.integers(ONE * 7 // 10, ONE * 3 // 2),
    st.integers(ONE // 99, 99 * ONE),
)
@settings(max_examples=200)
def test_the_rounded_powers_enclose_the_true_one(base: int, exponent: int) -> None:
    true = true_power(base, exponent)
    low, high = fixed_point.pow_down(base, exponent), fixed_point.pow_up(base, exponent)
    assert low <= true <= high
    assert high - low <= 3 * true / 10**14 + 4
    assert fixed_point.pow_up_function(exponent, shortcuts=False)(base) == high


@given(st.integers(ONE * 7 // 10, ONE * 3 // 2), st.sampled_from((1, 2, 4)))
def test_the_shortcuts_lie_between_the_true_power_and_the_general_way(
    base: int, whole: int
) -> None:
    exponent = whole * ONE
    short = fixed_point.pow_up_function(exponent, shortcuts=True)(base)
    assert short == reference.pow_up(base, exponent, True)
    assert true_power(base, exponent) <= short < fixed_point.pow_up(base, exponent)
    general = fixed_point.pow_up_function(exponent, shortcuts=False)(base)
    assert general == fixed_point.pow_up(base, exponent) == reference.pow_up(base, exponent, False)


def test_pow_down_stops_at_nothing() -> None:
    assert fixed_point.pow_down(0, ONE) == 0
    assert fixed_point.pow_down(ONE // 2, 59 * ONE) == 0
