"""Blocks."""

from __future__ import annotations

from typing import Any

import pytest

from aineon.errors import InvalidValue
from aineon.primitives import Block, market_time


@pytest.mark.parametrize("name", ["number", "base_fee_wei", "timestamp", "gas_used", "gas_limit"])
@pytest.mark.parametrize("value", [-1, 1.5, True, "7"])
def test_impossible_figures_are_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InvalidValue, match=f"{name} of a block is {value!r}"):
        Block(**{"number": 7, name: value})


def test_only_the_number_must_be_known() -> None:
    assert Block(0).base_fee_wei is None
    assert Block(7, base_fee_wei=0).base_fee_wei == 0
    with pytest.raises(InvalidValue, match="number of a block is None"):
        Block(None)  # type: ignore[arg-type]


def test_the_markets_time_is_the_blocks_or_its_height_in_slots() -> None:
    assert market_time(Block(5, timestamp=1_700_000_000)) == 1_700_000_000.0
    assert market_time(Block(5, timestamp=0)) == 0.0
    assert market_time(Block(5)) == 60.0
