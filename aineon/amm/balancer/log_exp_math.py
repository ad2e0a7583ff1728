"""Logarithm and exponential as the contracts reckon them: 18 decimals, every truncation included.

Source: Balancer V2, LogExpMath. Solidity truncates toward zero and Python floors, so whatever
may be negative is carried here as a magnitude; every step of the contract is odd in its sign.
"""

from __future__ import annotations

from aineon.errors import InvalidAmount

ONE = 10**18
_ONE_20 = 10**20
_ONE_36 = 10**36
_MAX_EXPONENT = 130 * ONE
_MIN_EXPONENT = -41 * ONE
_MOST_BASE = 2**255 - 1
_MOST_POWER = 2**254 // _ONE_20 - 1
# Between these the logarithm is reckoned with 36 decimals.
_NEAR_ONE = (9 * 10**17, 11 * 10**17)

# e^128 and e^64 as whole numbers.
_E128 = 38877084059945950922200000000000000000000000000000000000
_E64 = 6235149080811616882910000000
# (x, e^x) with 20 decimals, for x = 2^5 … 2^-2; the logarithm goes on to 2^-4.
_EXP_STEPS = (
    (32 * _ONE_20, 7896296018268069516100000000000000),
    (16 * _ONE_20, 888611052050787263676000000),
    (8 * _ONE_20, 298095798704172827474000),
    (4 * _ONE_20, 5459815003314423907810),
    (2 * _ONE_20, 738905609893065022723),
    (_ONE_20, 271828182845904523536),
    (_ONE_20 // 2, 164872127070012814685),
    (_ONE_20 // 4, 128402541668774148407),
)
_LN_STEPS = (
    *_EXP_STEPS,
    (_ONE_20 // 8, 113314845306682631683),
    (_ONE_20 // 16, 106449445891785942956),
)
_LAST_EXP_STEP = _EXP_STEPS[-1][0]
# Divisors of the terms of e^x; dividing by 1e20 and then by n truncates as dividing by both.
_EXP_DIVISORS = tuple(n * _ONE_20 for n in range(2, 13))


def power(base: int, exponent: int) -> int:
    """Return `base ** exponent`, all with 18 decimals (the contract's `pow`).

    Raises:
        InvalidAmount: beyond what the contract reckons with; it reverts.
    """
    if exponent == 0:
        return ONE
    if base == 0:
        return 0
    if base > _MOST_BASE or exponent > _MOST_POWER:
        raise InvalidAmount(f"{base} to the power of {exponent} is beyond the contract's numbers")
    if _NEAR_ONE[0] < base < _NEAR_ONE[1]:
        magnitude = _ln_36(base) * exponent // _ONE_36
        negative = base < ONE
    else:
        magnitude, negative = _ln(base)
        magnitude = magnitude * exponent // ONE
    return exp(-magnitude if negative else magnitude)


def exp(exponent: int) -> int:
    """Return e to the power of `exponent`, both with 18 decimals.

    Raises:
        InvalidAmount: not from -41 to 130; the contract reverts.
    """
    if exponent < 0:
        if exponent < _MIN_EXPONENT:
            raise _refuse(exponent)
        return _ONE_36 // _exp(-exponent)
    if exponent > _MAX_EXPONENT:
        raise _refuse(exponent)
    return _exp(exponent)


def _refuse(exponent: int) -> InvalidAmount:
    return InvalidAmount(f"the exponent is {exponent}; the contract allows -41e18 to 130e18")


def _exp(x: int) -> int:
    whole = 1
    if x >= 128 * ONE:
        x -= 128 * ONE
        whole = _E128
    elif x >= 64 * ONE:
        x -= 64 * ONE
        whole = _E64
    x *= 100
    product = _ONE_20
    if x >= _LAST_EXP_STEP:
        for step, factor in _EXP_STEPS:
            if x >= step:
                x -= step
                product = product * factor // _ONE_20
    term = x
    series = _ONE_20 + x
    for divisor in _EXP_DIVISORS:
        term = term * x // divisor
        if not term:
            break
        series += term
    return product * series // _ONE_20 * whole // 100


def _ln(a: int) -> tuple[int, bool]:
    """Return the magnitude of the logarithm of `a`, and whether it is negative."""
    if a < ONE:
        return _ln_above_one(_ONE_36 // a), True
    return _ln_above_one(a), False


def _ln_above_one(a: int) -> int:
    total = 0
    if a >= _E128 * ONE:
        a //= _E128
        total += 128 * ONE
    if a >= _E64 * ONE:
        a //= _E64
        total += 64 * ONE
    total *= 100
    a *= 100
    for step, factor in _LN_STEPS:
        if a >= factor:
            a = a * _ONE_20 // factor
            total += step
    z = (a - _ONE_20) * _ONE_20 // (a + _ONE_20)
    squared = z * z // _ONE_20
    term = z
    series = z
    for n in (3, 5, 7, 9, 11):
        term = term * squared // _ONE_20
        series += term // n
    return (total + 2 * series) // 100


def _ln_36(x: int) -> int:
    """Return the magnitude of the logarithm of an `x` near one, with 36 decimals."""
    x *= ONE
    z = abs(x - _ONE_36) * _ONE_36 // (x + _ONE_36)
    squared = z * z // _ONE_36
    term = series = z
    for n in (3, 5, 7, 9, 11, 13, 15):
        term = term * squared // _ONE_36
        if not term:
            break
        series += term // n
    return 2 * series
