"""How the `-ng` generation of Tricrypto solves its equation: by Cardano's formula, in integers.

Its words are signed and divide toward zero. Where they would leave 256 bits the contract either
reverts or goes on with what is left of them; here both raise InsufficientLiquidity. Source:
curvefi/tricrypto-ng, CurveCryptoMathOptimized3.vy, version 2.0.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

from aineon.amm.cryptoswap.math import (
    LEAST_SHARE,
    MAX_UINT,
    MOST_SHARE,
    UNIT,
    Amplification,
    checked_share,
    newton_y,
    reverts,
    settled_d,
)

_HALF = 2**255
_A = 10**36 // 27
_CUBE_ROOT_STEPS = 7
_CUBE_ROOT_PLAIN = 115792089237316195423570985008687907853269
"""2^256 / 10^36: up to here a number can be scaled by 10^36 before its root is taken."""

# By how much the coefficients are shortened, for how large a first delta0.
_DIVIDERS = (
    (10**48, 10**30),
    (10**44, 10**26),
    (10**40, 10**22),
    (10**36, 10**18),
    (10**32, 10**14),
    (10**28, 10**10),
    (10**24, 10**6),
    (10**20, 10**2),
)


def cardano_y(amplification: Amplification, others: Sequence[int], invariant: int) -> int:
    """The balance that belongs to D and two others in the contract's order (`get_y`)."""
    return cardano(amplification, others, invariant)[0]


def cardano(amplification: Amplification, others: Sequence[int], invariant: int) -> tuple[int, int]:
    """That balance, and the K0 from which the next D is sought; 0 where there is none."""
    for other in others:
        checked_share(other, invariant)
    x_j, x_k = others
    try:
        a, b, c, d = _shortened(*_coefficients(amplification, x_j, x_k, invariant))
        root_k0 = _root(a, b, c, d)
        if root_k0 is None:
            return newton_y(amplification, others, invariant), 0
        y = _word(invariant * invariant // 27 // x_k * invariant) // x_j
        y = _toward_zero(_word(y * root_k0), a)
        k0 = _toward_zero(_word(UNIT * root_k0), a)
    except ZeroDivisionError as error:
        raise reverts("division by zero") from error
    if y < 0 or k0 < 0 or not LEAST_SHARE - 1 <= y * UNIT // invariant <= MOST_SHARE:
        raise reverts("a balance is outside 0.01 to 100 times D")
    return y, k0


def _coefficients(
    amplification: Amplification, x_j: int, x_k: int, invariant: int
) -> tuple[int, int, int, int]:
    ann, multiplier, gamma, _ = amplification
    gamma2 = gamma * gamma
    share = _word(_word(invariant * invariant // x_j * gamma2) * ann)
    b = 10**36 // 9 + 2 * UNIT * gamma // 27 - share // 729 // multiplier // x_k
    excess = _toward_zero(_word(gamma2 * (x_j + x_k - invariant)), invariant)
    excess = _toward_zero(_toward_zero(_word(excess * ann), 27), multiplier)
    c = 10**36 // 9 + gamma * (gamma + 4 * UNIT) // 27 + excess
    return _A, b, c, (UNIT + gamma) ** 2 // 27


def _shortened(a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
    delta0 = abs(_toward_zero(_word(3 * a * c), b) - b)
    divider = next((divider for bound, divider in _DIVIDERS if delta0 > bound), 1)
    if a > abs(b):
        longer = a // abs(b)
        return (
            _word(a * longer) // divider,
            _toward_zero(_word(b * longer), divider),
            _toward_zero(_word(c * longer), divider),
            _word(d * longer) // divider,
        )
    shorter = abs(b) // a
    return (
        a // shorter // divider,
        _toward_zero(_toward_zero(b, shorter), divider),
        _toward_zero(_toward_zero(c, shorter), divider),
        d // shorter // divider,
    )


def _root(a: int, b: int, c: int, d: int) -> int | None:
    """The K0 times a of a depressed cubic; None where three roots are real."""
    ac3 = _word(3 * a * c)
    delta0 = _toward_zero(ac3, b) - b
    last = _toward_zero(_word(_toward_zero(_word(27 * a * a), b) * d), b)
    delta1 = _toward_zero(_word(3 * ac3), b) - 2 * b - last
    inner = _word(_toward_zero(_word(4 * _word(delta0 * delta0)), b) * delta0)
    under = _word(_word(delta1 * delta1) + inner)
    if under <= 0:
        return None
    root = isqrt(under)
    b_root = cube_root(b) if b >= 0 else -cube_root(-b)
    second = (
        cube_root(_word(delta1 + root) // 2)
        if delta1 > 0
        else -cube_root(_word(root - delta1) // 2)
    )
    c1 = _toward_zero(_word(_word(b_root * b_root) // UNIT * second), UNIT)
    return _toward_zero(_word(b + _toward_zero(_word(b * delta0), c1) - c1), 3)


def cube_root(x: int) -> int:
    """The cube root of a number in 1e18, by seven steps from a start (`cbrt`)."""
    if x >= _CUBE_ROOT_PLAIN * UNIT:
        scaled, back = x, 10**12
    elif x >= _CUBE_ROOT_PLAIN:
        scaled, back = x * UNIT, 10**6
    else:
        scaled, back = x * 10**36, 1
    bits, rest = divmod(max(scaled.bit_length() - 1, 0), 3)
    root = 2**bits * 1260**rest // 1000**rest
    for _ in range(_CUBE_ROOT_STEPS):
        # An EVM division by zero that is not checked gives zero.
        root = (2 * root + (scaled // (root * root) if root else 0)) // 3
    return int(root * back)


def cardano_d(amplification: Amplification, balances: Sequence[int], k0: int = 0) -> int:
    """The invariant D of balances scaled to 1e18, sought from K0 if it is known (`newton_D`)."""
    x = sorted(balances, reverse=True)
    if not 0 < x[0] < MAX_UINT // UNIT * 27:
        raise reverts("the pool is empty or too large")
    try:
        invariant = settled_d(amplification, x, _start(x, k0))
    except ZeroDivisionError as error:
        raise reverts("division by zero") from error
    for other in x:
        if not LEAST_SHARE - 1 <= other * UNIT // invariant <= MOST_SHARE:
            raise reverts("a balance is outside 0.01 to 100 times D")
    return invariant


def _start(x: Sequence[int], k0: int) -> int:
    if not k0:
        product = _uint(_uint(x[0] * x[1]) // UNIT * x[2]) // UNIT
        return 3 * cube_root(product) if product else 0
    total = sum(x)
    unit = 10**36 if total > 10**36 else 10**24 if total > 10**24 else UNIT
    product = _uint(_uint(x[0] * x[1]) // unit * x[2]) // k0 * 27
    return cube_root(_uint(product * (unit // UNIT) ** 2 // (unit // UNIT)))


def _toward_zero(numerator: int, denominator: int) -> int:
    quotient = abs(numerator) // abs(denominator)
    return quotient if (numerator < 0) == (denominator < 0) else -quotient


def _word(value: int) -> int:
    if not -_HALF <= value < _HALF:
        raise reverts("overflow")
    return value


def _uint(value: int) -> int:
    if value > MAX_UINT:
        raise reverts("overflow")
    return value
