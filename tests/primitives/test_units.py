"""Exact conversions between units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.primitives.units import ceil_div, ether_to_wei, format_units, gwei_to_wei, parse_units


@given(st.integers(-(2**256), 2**256), st.integers(0, 40))
def test_formatting_and_parsing_are_inverse(raw: int, decimals: int) -> None:
    assert parse_units(format_units(raw, decimals).replace(",", ""), decimals) == raw


def test_formatting_shows_no_exponent_and_all_decimals() -> None:
    assert format_units(1, 18) == "0.000000000000000001"
    assert format_units(-1_234_500_000, 6) == "-1,234.5"
    assert format_units(1_999_999, 6, places=2) == "1.99"
    assert format_units(7, 0) == "7"
    assert format_units(-1, 18, places=4) == "0"


@pytest.mark.parametrize("text", ["", "abc", "NaN", "inf", "1e400", "0.0000000000000000001", "1,5"])
def test_text_that_is_no_exact_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not|more than"):
        ether_to_wei(text)


def test_ether_and_gwei() -> None:
    assert ether_to_wei("0.5") == 5 * 10**17
    assert gwei_to_wei("0.000000001") == 1


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**20))
def test_ceil_div_is_the_smallest_int_not_below(numerator: int, denominator: int) -> None:
    result = ceil_div(numerator, denominator)
    assert result * denominator >= numerator > (result - 1) * denominator
