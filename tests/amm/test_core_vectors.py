"""Uniswap v3-core's own unit tests: every call with its result or its revert."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from aineon.amm.concentrated import (
    full_math,
    liquidity_math,
    sqrt_price_math,
    swap_math,
    tick_math,
)
from aineon.errors import PoolError
from tests.shared_data import load_json

VECTORS = "univ3_core_math_vectors.json"


def from_input(price: int, liquidity: int, amount: int, zero_for_one: bool) -> int:
    sqrt_price_math.require_price_and_liquidity(price, liquidity)
    if zero_for_one:
        return sqrt_price_math.next_sqrt_price_from_amount0_in(price, liquidity, amount)
    return sqrt_price_math.next_sqrt_price_from_amount1_in(price, liquidity, amount)


def from_output(price: int, liquidity: int, amount: int, zero_for_one: bool) -> int:
    sqrt_price_math.require_price_and_liquidity(price, liquidity)
    if zero_for_one:
        return sqrt_price_math.next_sqrt_price_from_amount1_out(price, liquidity, amount)
    return sqrt_price_math.next_sqrt_price_from_amount0_out(price, liquidity, amount)


def amount0(a: int, b: int, liquidity: int, round_up: bool) -> int:
    if round_up:
        return sqrt_price_math.amount0_delta_rounding_up(a, b, liquidity)
    return sqrt_price_math.amount0_delta_rounding_down(a, b, liquidity)


def amount1(a: int, b: int, liquidity: int, round_up: bool) -> int:
    if round_up:
        return sqrt_price_math.amount1_delta_rounding_up(a, b, liquidity)
    return sqrt_price_math.amount1_delta_rounding_down(a, b, liquidity)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "computeSwapStep": swap_math.compute_swap_step,
    "getSqrtRatioAtTick": tick_math.sqrt_ratio_at_tick,
    "getTickAtSqrtRatio": tick_math.tick_at_sqrt_ratio,
    "getNextSqrtPriceFromInput": from_input,
    "getNextSqrtPriceFromOutput": from_output,
    "getAmount0Delta": amount0,
    "getAmount1Delta": amount1,
    "mulDiv": full_math.mul_div,
    "mulDivRoundingUp": full_math.mul_div_rounding_up,
    "addDelta": liquidity_math.add_delta,
}
FIELDS = {
    "amountIn": "amount_in",
    "amountOut": "amount_out",
    "feeAmount": "fee_amount",
    "sqrtQ": "sqrt_price_next_x96",
}


def test_every_recorded_call_gives_the_contracts_answer() -> None:
    seen: Counter[str] = Counter()
    for vector in load_json(VECTORS)["vectors"]:
        arguments = [a if isinstance(a, bool) else int(a) for a in vector["args"]]
        function = FUNCTIONS[vector["fn"]]
        seen[vector["op"]] += 1
        if vector["op"] == "revert":
            with pytest.raises(PoolError):
                function(*arguments)
            continue
        result = function(*arguments)
        if vector.get("field"):
            result = getattr(result, FIELDS[vector["field"]])
        assert result == int(vector["expected"]), vector["test"]
    assert seen == {"eq": 124, "revert": 30}
