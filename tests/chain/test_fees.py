from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.chain.fees import next_base_fee_wei
from aineon.errors import InvalidHeader
from tests.shared_data import load_json

GWEI = 10**9


def test_recorded_vectors_are_met_exactly() -> None:
    vectors = load_json("eip1559_vectors.json")["vectors"]
    assert len(vectors) == 10
    for vector in vectors:
        got = next_base_fee_wei(vector["base_fee"], vector["gas_used"], vector["gas_limit"])
        assert got == vector["next_base_fee"], vector


@pytest.mark.parametrize(
    ("base_fee", "gas_used", "gas_limit", "expected"),
    [
        (GWEI, 15_000_000, 30_000_000, GWEI),
        (GWEI, 30_000_000, 30_000_000, 1_125_000_000),
        (GWEI, 0, 30_000_000, 875_000_000),
        (0, 30_000_000, 30_000_000, 1),
        (1, 30_000_000, 30_000_000, 2),
        (7, 15_000_001, 30_000_000, 8),
        (7, 0, 30_000_000, 7),
        (8, 0, 30_000_000, 7),
        (0, 0, 30_000_000, 0),
        (GWEI, 4, 5, 1_125_000_000),
    ],
)
def test_target_full_empty_and_tiny_fees(
    base_fee: int, gas_used: int, gas_limit: int, expected: int
) -> None:
    assert next_base_fee_wei(base_fee, gas_used, gas_limit) == expected


def test_another_chain_may_have_another_elasticity_and_denominator() -> None:
    assert next_base_fee_wei(GWEI, 30, 30, elasticity=6, denominator=50) == 1_100_000_000


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((-1, 0, 30), "base_fee_wei"),
        ((1.5, 0, 30), "base_fee_wei"),
        ((True, 0, 30), "base_fee_wei"),
        ((None, 0, 30), "base_fee_wei"),
        ((1, -1, 30), "gas_used"),
        ((1, 31, 30), "gas_used"),
        ((1, 0, 0), "gas_limit"),
        ((1, 0, 1), "gas_limit"),
        ((1, 1, 30, 0), "elasticity"),
        ((1, 1, 30, 2, 0), "denominator"),
    ],
)
def test_bad_input_is_refused_by_name(arguments: tuple[int, ...], name: str) -> None:
    with pytest.raises(InvalidHeader, match=name):
        next_base_fee_wei(*arguments)


@settings(max_examples=100)
@given(
    base_fee=st.integers(0, 10**13),
    gas_limit=st.integers(2, 60_000_000),
    share=st.integers(0, 1000),
)
def test_never_moves_by_more_than_an_eighth_of_an_even_limit(
    base_fee: int, gas_limit: int, share: int
) -> None:
    gas_limit -= gas_limit % 2
    gas_used = gas_limit * share // 1000
    moved = next_base_fee_wei(base_fee, gas_used, gas_limit) - base_fee
    assert abs(moved) <= max(base_fee // 8, 1)
    if gas_used > gas_limit // 2:
        assert moved > 0
