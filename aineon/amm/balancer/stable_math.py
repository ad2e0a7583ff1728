"""The arithmetic of Balancer's stable pools, in both of its versions, overflow refused.

Source: Balancer V2, StableMath. `amp` includes the contract's precision of 1000; balances are
scaled to 18 decimals, rates included, and leave the pool's own token out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt

from aineon.amm.balancer.fixed_point import MAX_UINT256
from aineon.errors import InvalidPoolState

AMP_PRECISION = 1000
_ROUNDS = 255
_CERTAIN = 17

Invariant = Callable[[int, Sequence[int]], int]


def _fits(value: int) -> int:
    if value > MAX_UINT256:
        raise InvalidPoolState(
            "the contract's 256-bit arithmetic overflows in this state, and it refuses the swap"
        )
    return value


def _up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def invariant_rounded_up(amp: int, balances: Sequence[int]) -> int:
    """Return the invariant as pools of 2021 reckon it for a swap: every step rounded up.

    Raises:
        InvalidPoolState: the contract finds none.
    """
    n = len(balances)
    total = sum(balances)
    if not total:
        return 0
    ann = amp * n
    invariant = total
    for _ in range(_ROUNDS):
        before = invariant
        product = balances[0] * n
        for balance in balances[1:]:
            product = _up(_fits(product * balance * n), before)
        invariant = _up(
            _fits(n * before * before + _up(_fits(ann * total * product), AMP_PRECISION)),
            (n + 1) * before + (ann - AMP_PRECISION) * product // AMP_PRECISION,
        )
        if -1 <= invariant - before <= 1:
            return invariant
    raise InvalidPoolState(f"the contract's invariant of {tuple(balances)} does not converge")


def invariant_rounded_down(amp: int, balances: Sequence[int]) -> int:
    """Return the invariant as pools since 2022 reckon it: every step rounded down.

    Raises:
        InvalidPoolState: the contract finds none.
    """
    n = len(balances)
    total = sum(balances)
    if not total:
        return 0
    if not all(balances):
        raise InvalidPoolState(f"one of the balances {tuple(balances)} is 0; there is no invariant")
    ann = amp * n
    weighed = ann * total // AMP_PRECISION
    invariant = total
    for _ in range(_ROUNDS):
        before = product = invariant
        for balance in balances:
            product = _fits(product * before) // (balance * n)
        invariant = _fits((weighed + product * n) * before) // (
            _fits((ann - AMP_PRECISION) * before) // AMP_PRECISION + (n + 1) * product
        )
        if -1 <= invariant - before <= 1:
            return invariant
    raise InvalidPoolState(f"the contract's invariant of {tuple(balances)} does not converge")


def equation(amp: int, balances: Sequence[int], invariant: int, index: int) -> tuple[int, int, int]:
    """Return b, c and the contract's first guess of y^2 + (b - D) * y = c, where y is a balance.

    Raises:
        InvalidPoolState: the contract's arithmetic has no answer.
    """
    n = len(balances)
    ann = amp * n
    product = balances[0] * n
    for balance in balances[1:]:
        product = _fits(product * balance * n) // invariant
    if not product:
        raise InvalidPoolState(
            f"the balances {tuple(balances)} are too uneven for the contract's arithmetic"
        )
    squared = _fits(invariant * invariant)
    c = _fits(_up(squared, _fits(ann * product)) * AMP_PRECISION * balances[index])
    b = sum(balances) - balances[index] + invariant // ann * AMP_PRECISION
    guess = _up(_fits(squared + c), invariant + b)
    _fits(guess * guess + c)
    return b, c, guess


def token_balance(amp: int, balances: Sequence[int], invariant: int, index: int) -> int:
    """Return what balance of one token keeps the invariant beside all the others, rounded up.

    Raises:
        InvalidPoolState: the contract finds none.
    """
    b, c, guess = equation(amp, balances, invariant, index)
    return solve(b - invariant, c, guess)


def solve(slope: int, c: int, guess: int) -> int:
    """Return the contract's root of y^2 + slope * y = c: Newton's steps rounded up from `guess`.

    `guess` is not below the root, so every step falls or stands still, and the last one is at
    most 4 above the root r. It ends on m = r rounded up, then, where m * (m + slope) - c is at
    least 17: the error of a step from e above r is e^2 / (2 * r + slope + 2 * e), too little to
    reach beyond m. So a root from floats, made exact by one step, nearly always is the answer,
    at half the time; where that is not certain, the steps are made.
    """
    y = _close_root(float(slope), float(c))
    if y + slope > 0:
        y = -(-(y * y + c) // (2 * y + slope))
        rest = y * (y + slope) - c
        if _CERTAIN <= rest < 2 * y - 1 + slope:
            return y
    y = guess
    for _ in range(_ROUNDS):
        before = y
        y = _up(y * y + c, 2 * y + slope)
        if -1 <= y - before <= 1:
            return y
    raise InvalidPoolState("the contract's balance does not converge in this state")


def _close_root(slope: float, c: float) -> int:
    width = sqrt(slope * slope + 4.0 * c)
    # Of two equal formulas the one that does not subtract what is nearly the same.
    return int((width - slope) / 2.0 if slope < 0.0 else 2.0 * c / (width + slope))
