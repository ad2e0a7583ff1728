"""The integer arithmetic of Curve's pools for assets without a peg, in the contracts' own order.

Whatever a contract would revert on (an unsafe value, an overflow, a loop that does not end)
raises InsufficientLiquidity here. Sources: curvefi/curve-crypto-contract, CurveCryptoMath3.vy
and CurveCryptoSwap2.vy; Egorov, "Automatic market-making with dynamic peg" (2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from aineon.errors import InsufficientLiquidity

UNIT = 10**18
MAX_UINT = 2**256 - 1

LEAST_SHARE, MOST_SHARE = 10**16, 10**20
"""Bounds of a balance over D, in 1e18, beyond which the contracts revert."""

_LOOPS = 255
_CLOSE = 10**14


class Amplification(NamedTuple):
    """A and gamma as the contracts' mathematics take them.

    Attributes:
        ann: A * n^n, multiplied by `multiplier`.
        multiplier: the contract's A_MULTIPLIER.
        gamma: in 1e18.
        least_ratio: the smallest balance over the largest, in 1e18, that `newton_D` takes.
    """

    ann: int
    multiplier: int
    gamma: int
    least_ratio: int


def reverts(reason: str) -> InsufficientLiquidity:
    """Return the error for what the contract would revert on."""
    return InsufficientLiquidity(f"the contract reverts: {reason}")


def checked_share(amount: int, invariant: int) -> None:
    """Raise where a balance is too small or too large a share of D."""
    if not LEAST_SHARE <= amount * UNIT // invariant <= MOST_SHARE:
        raise reverts("a balance is outside 0.01 to 100 times D")


def newton_y(amplification: Amplification, others: Sequence[int], invariant: int) -> int:
    """The balance that belongs to D and the `others` (one or two), scaled to 1e18 (`newton_y`)."""
    for other in others:
        checked_share(other, invariant)
    if len(others) == 1:
        (high,) = others
        start = invariant**2 // (4 * high)
        fixed = 2 * UNIT * high // invariant
        total = high
    else:
        low, high = sorted(others)
        start = invariant // 3 * invariant // (3 * low) * invariant // (3 * high)
        fixed = UNIT * high * 3 // invariant * low * 3 // invariant
        total = low + high
    limit = max(high // _CLOSE, invariant // _CLOSE, 100)
    try:
        y = _newton_y(amplification, start, fixed * (len(others) + 1), total, invariant, limit)
    except ZeroDivisionError as error:
        raise reverts("division by zero") from error
    checked_share(y, invariant)
    return y


def _newton_y(
    amplification: Amplification, y: int, fixed: int, total: int, invariant: int, limit: int
) -> int:
    ann, multiplier, gamma, _ = amplification
    gamma_1 = gamma + UNIT
    scaled = UNIT * invariant
    over_gamma = scaled // gamma
    for _ in range(_LOOPS):
        before = y
        scaled_k0 = fixed * y
        k0 = scaled_k0 // invariant
        both = total + y
        g1k0 = (gamma_1 - k0 if gamma_1 > k0 else k0 - gamma_1) + 1
        amplified = over_gamma * g1k0 // gamma * g1k0 * multiplier
        mul1 = amplified // ann
        mul2 = UNIT + 2 * UNIT * k0 // g1k0
        yfprime = UNIT * y + both * mul2 + mul1
        if scaled_k0 > MAX_UINT or amplified > MAX_UINT or yfprime > MAX_UINT:
            raise reverts("overflow")
        less = invariant * mul2
        if yfprime < less:
            y = before // 2
            continue
        yfprime -= less
        fprime = yfprime // y
        minus = mul1 // fprime
        plus = (yfprime + scaled) // fprime + minus * UNIT // k0
        minus += UNIT * both // fprime
        y = plus - minus if plus >= minus else before // 2
        if abs(y - before) < limit or abs(y - before) < y // _CLOSE:
            return y
    raise reverts("newton_y did not converge")


def newton_d(amplification: Amplification, balances: Sequence[int]) -> int:
    """The invariant D of balances scaled to 1e18 (`newton_D`)."""
    x = sorted(balances, reverse=True)
    if not 10**9 <= x[0] <= 10**33:
        raise reverts("the largest balance is outside 1e9 to 1e33")
    for other in x[1:]:
        if other * UNIT // x[0] < amplification.least_ratio:
            raise reverts("the smallest balance is too small a part of the largest")
    try:
        invariant = settled_d(amplification, x, len(x) * geometric_mean(x))
    except ZeroDivisionError as error:
        raise reverts("division by zero") from error
    for other in x:
        checked_share(other, invariant)
    return invariant


def settled_d(amplification: Amplification, x: Sequence[int], invariant: int) -> int:
    """The D at which Newton's steps from a start come to rest, for balances from high to low."""
    ann, multiplier, gamma, _ = amplification
    n, total = len(x), sum(x)
    for _ in range(_LOOPS):
        before = invariant
        k0 = _k0(x, invariant)
        g1k0 = abs(gamma + UNIT - k0) + 1
        mul1 = _uint(UNIT * invariant // gamma * g1k0 // gamma * g1k0 * multiplier) // ann
        mul2 = 2 * UNIT * n * k0 // g1k0
        slope = _uint(total + total * mul2 // UNIT + mul1 * n // k0 - mul2 * invariant // UNIT)
        plus = _uint(invariant * (slope + total)) // slope
        minus = invariant * invariant // slope
        bend = _uint(invariant * (mul1 // slope)) // UNIT
        if k0 < UNIT:
            minus += _uint(bend * (UNIT - k0)) // k0
        else:
            minus = _uint(minus - _uint(bend * (k0 - UNIT)) // k0)
        invariant = plus - minus if plus > minus else (minus - plus) // 2
        if abs(invariant - before) * _CLOSE < max(10**16, invariant):
            return invariant
    raise reverts("newton_D did not converge")


def _k0(x: Sequence[int], invariant: int) -> int:
    if len(x) == 2:
        return 4 * UNIT * x[0] // invariant * x[1] // invariant
    k0 = UNIT
    for amount in x:
        k0 = k0 * amount * len(x) // invariant
    return k0


def geometric_mean(amounts: Sequence[int]) -> int:
    """The root of the product of two or three amounts (`geometric_mean`)."""
    x = sorted(amounts, reverse=True)
    n = len(x)
    mean = x[0]
    for _ in range(_LOOPS):
        before = mean
        if n == 2:
            mean = (mean + x[0] * x[1] // mean) // 2
        else:
            part = UNIT
            for amount in x:
                part = part * amount // mean
            mean = mean * ((n - 1) * UNIT + part) // (n * UNIT)
        change = abs(mean - before)
        if change <= 1 or change * UNIT < mean:
            return mean
    raise reverts("geometric_mean did not converge")


def half_power(power: int, precision: int = 10**10) -> int:
    """0.5 to the power of `power`, both in 1e18 (`halfpow`)."""
    whole, part = divmod(power, UNIT)
    if whole > 59:
        return 0
    result = UNIT >> whole
    if part == 0:
        return result
    term = total = UNIT
    negative = False
    for index in range(1, 256):
        k = index * UNIT
        c = k - UNIT
        if part > c:
            c = part - c
            negative = not negative
        else:
            c -= part
        term = term * (c * (UNIT // 2) // UNIT) // k
        total += -term if negative else term
        if term < precision:
            return result * total // UNIT
    raise reverts("halfpow did not converge")


def square_root(x: int) -> int:
    """The root of a number in 1e18 (`sqrt_int`)."""
    if x == 0:
        return 0
    z, y = (x + UNIT) // 2, x
    for _ in range(256):
        if z == y:
            return y
        y, z = z, (x * UNIT // z + z) // 2
    raise reverts("sqrt_int did not converge")


def _uint(value: int) -> int:
    if not 0 <= value <= MAX_UINT:
        raise reverts("overflow")
    return value
