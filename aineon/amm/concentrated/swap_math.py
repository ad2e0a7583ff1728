"""One step of a Uniswap V3 swap, function by function as the contract has it.

Prices falling means token0 comes in; the direction follows from the two prices.
Source: Uniswap v3-core, contracts/libraries/SwapMath.sol.
"""

from __future__ import annotations

from typing import NamedTuple

from aineon.amm.concentrated.full_math import mul_div, mul_div_rounding_up
from aineon.amm.concentrated.sqrt_price_math import (
    amount0_delta_rounding_down,
    amount0_delta_rounding_up,
    amount1_delta_rounding_down,
    amount1_delta_rounding_up,
    next_sqrt_price_from_amount0_in,
    next_sqrt_price_from_amount0_out,
    next_sqrt_price_from_amount1_in,
    next_sqrt_price_from_amount1_out,
    require_price_and_liquidity,
)
from aineon.primitives.units import PIPS


class SwapStep(NamedTuple):
    """What one step moves: the price it ends at, and amounts in smallest units."""

    sqrt_price_next_x96: int
    amount_in: int
    amount_out: int
    fee_amount: int


def compute_swap_step(
    sqrt_price_x96: int,
    sqrt_price_target_x96: int,
    liquidity: int,
    amount_remaining: int,
    fee_pips: int,
) -> SwapStep:
    """Return the step from a price toward a target price.

    `amount_remaining` is positive for exact input and negative for exact output, as in the
    contract.
    """
    if amount_remaining >= 0:
        return _exact_input_step(
            sqrt_price_x96, sqrt_price_target_x96, liquidity, amount_remaining, fee_pips
        )
    return _exact_output_step(
        sqrt_price_x96, sqrt_price_target_x96, liquidity, -amount_remaining, fee_pips
    )


def _exact_input_step(price: int, target: int, liquidity: int, left: int, fee: int) -> SwapStep:
    left_less_fee = mul_div(left, PIPS - fee, PIPS)
    amount_in = _amount_in(price, target, liquidity)
    if left_less_fee >= amount_in:
        reached = target
    else:
        require_price_and_liquidity(price, liquidity)
        move = next_sqrt_price_from_amount0_in
        if target > price:
            move = next_sqrt_price_from_amount1_in
        reached = move(price, liquidity, left_less_fee)
    if reached != target:
        amount_in = _amount_in(price, reached, liquidity)
        fee_amount = left - amount_in
    else:
        fee_amount = mul_div_rounding_up(amount_in, fee, PIPS - fee)
    return SwapStep(reached, amount_in, _amount_out(price, reached, liquidity), fee_amount)


def _exact_output_step(price: int, target: int, liquidity: int, left: int, fee: int) -> SwapStep:
    amount_out = _amount_out(price, target, liquidity)
    if left >= amount_out:
        reached = target
    else:
        require_price_and_liquidity(price, liquidity)
        move = next_sqrt_price_from_amount1_out
        if target > price:
            move = next_sqrt_price_from_amount0_out
        reached = move(price, liquidity, left)
        amount_out = _amount_out(price, reached, liquidity)
    amount_in = _amount_in(price, reached, liquidity)
    fee_amount = mul_div_rounding_up(amount_in, fee, PIPS - fee)
    return SwapStep(reached, amount_in, min(amount_out, left), fee_amount)


def _amount_in(start: int, end: int, liquidity: int) -> int:
    if end <= start:
        return amount0_delta_rounding_up(start, end, liquidity)
    return amount1_delta_rounding_up(start, end, liquidity)


def _amount_out(start: int, end: int, liquidity: int) -> int:
    if end <= start:
        return amount1_delta_rounding_down(start, end, liquidity)
    return amount0_delta_rounding_down(start, end, liquidity)
