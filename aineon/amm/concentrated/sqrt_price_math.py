"""Amounts and prices along one liquidity, function by function as the contract has them.

Prices are square roots in Q64.96, amounts are smallest units. The segment tables use leaner
forms of the same arithmetic (`directions`); these are the checked originals.
Source: Uniswap v3-core, contracts/libraries/SqrtPriceMath.sol.
"""

from __future__ import annotations

from aineon.amm.concentrated.full_math import MAX_UINT256, mul_div, mul_div_rounding_up
from aineon.errors import InsufficientLiquidity, InvalidAmount, InvalidPoolState

_Q96 = 1 << 96
_MAX_UINT160 = 2**160 - 1


def next_sqrt_price_from_amount0_in(sqrt_price_x96: int, liquidity: int, amount: int) -> int:
    """Return the price after `amount` of token0 came in, rounded up."""
    if amount == 0:
        return sqrt_price_x96
    numerator = liquidity << 96
    denominator = numerator + amount * sqrt_price_x96
    if denominator <= MAX_UINT256:
        return mul_div_rounding_up(numerator, sqrt_price_x96, denominator)
    # Where 256 bits overflow the contract takes this form, which rounds differently.
    return -(-numerator // (numerator // sqrt_price_x96 + amount))


def next_sqrt_price_from_amount0_out(sqrt_price_x96: int, liquidity: int, amount: int) -> int:
    """Return the price after `amount` of token0 went out, rounded up.

    Raises:
        InsufficientLiquidity: the liquidity holds no such amount.
    """
    if amount == 0:
        return sqrt_price_x96
    numerator = liquidity << 96
    product = amount * sqrt_price_x96
    if product > MAX_UINT256 or numerator <= product:
        raise InsufficientLiquidity(f"liquidity {liquidity} cannot pay {amount} of token0")
    price = mul_div_rounding_up(numerator, sqrt_price_x96, numerator - product)
    return _uint160(price)


def next_sqrt_price_from_amount1_in(sqrt_price_x96: int, liquidity: int, amount: int) -> int:
    """Return the price after `amount` of token1 came in, rounded down."""
    return _uint160(sqrt_price_x96 + mul_div(amount, _Q96, liquidity))


def next_sqrt_price_from_amount1_out(sqrt_price_x96: int, liquidity: int, amount: int) -> int:
    """Return the price after `amount` of token1 went out, rounded down.

    Raises:
        InsufficientLiquidity: the liquidity holds no such amount.
    """
    quotient = mul_div_rounding_up(amount, _Q96, liquidity)
    if sqrt_price_x96 <= quotient:
        raise InsufficientLiquidity(f"liquidity {liquidity} cannot pay {amount} of token1")
    return sqrt_price_x96 - quotient


def require_price_and_liquidity(sqrt_price_x96: int, liquidity: int) -> None:
    """Refuse a price or a liquidity of zero, as the contract does before it moves a price.

    Raises:
        InvalidPoolState: either is zero.
    """
    if sqrt_price_x96 <= 0:
        raise InvalidPoolState(f"square-root price is {sqrt_price_x96}; allowed is a positive int")
    if liquidity <= 0:
        raise InvalidPoolState(f"liquidity is {liquidity}; allowed is a positive int")


def amount0_delta_rounding_up(sqrt_a_x96: int, sqrt_b_x96: int, liquidity: int) -> int:
    """Return the token0 between two prices, rounded up."""
    low, high = _ordered(sqrt_a_x96, sqrt_b_x96)
    return -(-mul_div_rounding_up(liquidity << 96, high - low, high) // low)


def amount0_delta_rounding_down(sqrt_a_x96: int, sqrt_b_x96: int, liquidity: int) -> int:
    """Return the token0 between two prices, rounded down."""
    low, high = _ordered(sqrt_a_x96, sqrt_b_x96)
    return mul_div(liquidity << 96, high - low, high) // low


def amount1_delta_rounding_up(sqrt_a_x96: int, sqrt_b_x96: int, liquidity: int) -> int:
    """Return the token1 between two prices, rounded up."""
    low, high = _ordered(sqrt_a_x96, sqrt_b_x96)
    return mul_div_rounding_up(liquidity, high - low, _Q96)


def amount1_delta_rounding_down(sqrt_a_x96: int, sqrt_b_x96: int, liquidity: int) -> int:
    """Return the token1 between two prices, rounded down."""
    low, high = _ordered(sqrt_a_x96, sqrt_b_x96)
    return mul_div(liquidity, high - low, _Q96)


def _ordered(a: int, b: int) -> tuple[int, int]:
    low, high = (a, b) if a < b else (b, a)
    if low <= 0:
        raise InvalidPoolState(f"square-root price is {low}; allowed is a positive int")
    return low, high


def _uint160(price: int) -> int:
    if price > _MAX_UINT160:
        raise InvalidAmount(f"square-root price {price} does not fit 160 bits")
    return price
