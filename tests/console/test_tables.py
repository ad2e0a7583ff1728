"""Tables: exact numbers, and text where a column cannot hold them."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from app import format as fmt
from app.components import tables


@pytest.mark.parametrize("decimals", [60, 76, 77, 255])
@pytest.mark.parametrize("amount", [0, 1, 10**30, 2**256 - 1])
def test_a_token_of_absurd_decimals_takes_no_table_down(decimals: int, amount: int) -> None:
    """Its contract may say anything up to 255, whatever stands in the other rows."""
    values = [fmt.decimal(amount, decimals), fmt.decimal(10**30), None, fmt.decimal(5, 0)]
    for some in (values, values[:1]):
        drawn = tables.arrow([{"Size": value} for value in some]).column("Size").to_pylist()
        assert [one if one is None else Decimal(one) for one in drawn] == some


def test_numbers_stay_numbers_as_long_as_they_fit() -> None:
    def kind(*values: tuple[int, int]) -> pa.DataType:
        rows = [{"Size": fmt.decimal(amount, decimals)} for amount, decimals in values]
        return tables.arrow(rows).schema.field("Size").type

    assert kind((10**30, 18), (5, 6), (0, 63)) != pa.string()
    assert pa.types.is_decimal(kind((1, 76)))
    assert pa.types.is_decimal(kind((10**75, 0)))
    assert kind((1, 77)) == pa.string()
    # Each fits alone: together they have 58 digits before the point and 19 behind it.
    assert pa.types.is_decimal(kind((10**57, 0)))
    assert kind((10**57, 0), (1, 19)) == pa.string()
