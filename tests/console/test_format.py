"""Figures are written exactly, and the unknown is not zero."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.engine.funnel import Stage
from aineon.primitives import SimulatedMoney
from app import format as fmt

ETHER = 10**18


@pytest.mark.parametrize(
    ("wei", "text"),
    [
        (0, "0 ETH"),
        (1, "+0.000000000000000001 ETH"),
        (ETHER, "+1 ETH"),
        (-3_229_192_604_468_000, "-0.003229 ETH"),
        (1234 * ETHER + 56 * ETHER // 100, "+1,234.56 ETH"),
        (None, "—"),
    ],
)
def test_ether_with_its_sign(wei: int | None, text: str) -> None:
    money = None if wei is None else SimulatedMoney(wei)
    assert fmt.signed_ether(money) == text
    assert fmt.signed_ether(wei) == text


def test_nothing_that_is_not_zero_is_shown_as_zero() -> None:
    for exponent in range(30):
        assert Decimal(fmt.amount(10**exponent, 18).replace(",", "")) > 0


@given(st.integers(-(10**30), 10**30))
def test_what_is_shown_is_rounded_and_close(raw: int) -> None:
    with localcontext(prec=60):
        shown = int(Decimal(fmt.amount(raw, 18).replace(",", "")).scaleb(18))
    assert abs(shown - raw) <= abs(raw) // 2_000
    assert (shown > 0) == (raw > 0)


@given(st.integers(1, 999_999))
def test_a_figure_rounds_as_the_cell_of_a_table_does(micro_and_more: int) -> None:
    # 0.001 to 0.01: there a figure has as many decimals as a table's column.
    raw = 10**15 + micro_and_more * 9 * 10**9 + 1
    assert fmt.amount(raw, 18) == f"{Decimal(f'{raw / ETHER:.6f}').normalize():f}"


@given(st.integers(-(10**30), 10**30), st.integers(0, 18))
def test_a_table_holds_every_digit(raw: int, decimals: int) -> None:
    value = fmt.decimal(raw, decimals)
    assert value is not None
    with localcontext(prec=60):
        assert int(value.scaleb(decimals)) == raw


def test_amounts_without_known_decimals_are_units() -> None:
    assert fmt.amount(12_345, None) == "12,345 units"
    assert fmt.decimal(12_345, None) is None


def test_times_are_utc_and_say_so() -> None:
    assert fmt.time_utc(0) == "1970-01-01 00:00:00 UTC"
    assert fmt.moment(3600, now=7200) == "01:00 UTC"
    assert fmt.moment(3600, now=90_000) == "1970-01-01 01:00 UTC"
    assert fmt.time_utc(None) == "—"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (3.9, "3 s"), (150, "2 min"), (7_260, "2 h 1 min"), (200_000, "2 days")],
)
def test_ages(seconds: float, text: str) -> None:
    assert fmt.age(seconds) == text


def test_the_stages_are_those_of_the_engine() -> None:
    assert list(fmt.STAGES) == [str(stage) for stage in Stage]


def test_a_gate_without_words_keeps_its_name() -> None:
    assert fmt.gate_words("min_profit") == "Profit below the minimum"
    assert fmt.gate_words("brand_new") == "brand_new"
    assert fmt.gate_words(None) == "—"
