"""512-bit multiply-and-divide with 256-bit results, as Uniswap's `FullMath` does it.

Source: Uniswap v3-core, contracts/libraries/FullMath.sol.
"""

from __future__ import annotations

from aineon.errors import InvalidAmount

MAX_UINT256 = 2**256 - 1


def mul_div(a: int, b: int, denominator: int) -> int:
    """Return `a * b / denominator` rounded down.

    Raises:
        InvalidAmount: the denominator is zero or the result does not fit 256 bits; the
            contract reverts there.
    """
    if denominator <= 0:
        raise InvalidAmount(f"denominator is {denominator}; allowed is a positive int")
    return _fits(a * b // denominator)


def mul_div_rounding_up(a: int, b: int, denominator: int) -> int:
    """Return `a * b / denominator` rounded up; errors as `mul_div`."""
    if denominator <= 0:
        raise InvalidAmount(f"denominator is {denominator}; allowed is a positive int")
    return _fits(-(-a * b // denominator))


def _fits(result: int) -> int:
    if result > MAX_UINT256:
        raise InvalidAmount(f"result {result} does not fit 256 bits")
    return result
