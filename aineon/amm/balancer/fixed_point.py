"""Numbers with 18 decimals, rounded as Balancer's contracts round them.

Source: Balancer V2, FixedPoint. The contract refuses what overflows 256 bits; these functions
do not look, so callers keep their operands small enough.
"""

from __future__ import annotations

from collections.abc import Callable

from aineon.amm.balancer.log_exp_math import ONE, power

MAX_UINT256 = 2**256 - 1
# What the contracts allow the power function to be off by, in parts of 1e18.
_MAX_RELATIVE_ERROR = 10_000

__all__ = [
    "MAX_UINT256",
    "ONE",
    "complement",
    "div_down",
    "div_up",
    "mul_down",
    "mul_up",
    "pow_down",
    "pow_up",
    "pow_up_function",
]


def mul_down(a: int, b: int) -> int:
    """Return a * b rounded down."""
    return a * b // ONE


def mul_up(a: int, b: int) -> int:
    """Return a * b rounded up."""
    return -(-a * b // ONE)


def div_down(a: int, b: int) -> int:
    """Return a / b rounded down."""
    return a * ONE // b


def div_up(a: int, b: int) -> int:
    """Return a / b rounded up."""
    return -(-a * ONE // b)


def complement(a: int) -> int:
    """Return 1 - a, or 0 where a is more than one."""
    return ONE - a if a < ONE else 0


def pow_down(base: int, exponent: int) -> int:
    """Return base ** exponent, never above the true value.

    Raises:
        InvalidAmount: beyond what the contract reckons with.
    """
    raw = power(base, exponent)
    error = mul_up(raw, _MAX_RELATIVE_ERROR) + 1
    return max(raw - error, 0)


def pow_up(base: int, exponent: int) -> int:
    """Return base ** exponent, never below the true value.

    Raises:
        InvalidAmount: beyond what the contract reckons with.
    """
    raw = power(base, exponent)
    return raw + mul_up(raw, _MAX_RELATIVE_ERROR) + 1


def _unchanged(base: int) -> int:
    return base


def _squared_up(base: int) -> int:
    return mul_up(base, base)


def _fourth_power_up(base: int) -> int:
    square = mul_up(base, base)
    return mul_up(square, square)


_SHORTCUTS: dict[int, Callable[[int], int]] = {
    ONE: _unchanged,
    2 * ONE: _squared_up,
    4 * ONE: _fourth_power_up,
}


def pow_up_function(exponent: int, *, shortcuts: bool) -> Callable[[int], int]:
    """Return `pow_up` of one exponent.

    Contracts since September 2022 take shortcuts for the exponents 1, 2 and 4, whose results
    are a little less than those of the general way.
    """
    shortcut = _SHORTCUTS.get(exponent) if shortcuts else None
    if shortcut is not None:
        return shortcut

    def power_up(base: int) -> int:
        raw = power(base, exponent)
        # raw * 1e4 / 1e18 rounded up, with both divided by 1e4.
        return raw - -raw // 10**14 + 1

    return power_up
