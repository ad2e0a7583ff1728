"""Balancer V2's swap arithmetic written down once more, step by step as the contracts take them.

Nothing is shared with the library: numbers are checked to fit 256 bits after every step,
signed division truncates, and `Revert` is raised wherever the contracts revert.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

ONE = 10**18
ONE_20 = 10**20
ONE_36 = 10**36
MOST = 2**256 - 1
MOST_BALANCE = 2**112 - 1


class Revert(Exception):
    """The contract refuses."""


class Side(NamedTuple):
    """What a swap needs to know of one token."""

    balance: int
    factor: int
    weight: int = 0


def require(holds: bool, why: str) -> None:
    if not holds:
        raise Revert(why)


def fit(value: int) -> int:
    require(0 <= value <= MOST, "does not fit 256 bits")
    return value


def add(a: int, b: int) -> int:
    return fit(a + b)


def sub(a: int, b: int) -> int:
    return fit(a - b)


def mul(a: int, b: int) -> int:
    return fit(a * b)


def div(a: int, b: int, up: bool = False) -> int:
    require(b != 0, "division by zero")
    if not up or a == 0:
        return a // b
    return 1 + (a - 1) // b


def mul_down(a: int, b: int) -> int:
    return mul(a, b) // ONE


def mul_up(a: int, b: int) -> int:
    return div(mul(a, b), ONE, True)


def div_down(a: int, b: int) -> int:
    return div(mul(a, ONE), b)


def div_up(a: int, b: int) -> int:
    return div(mul(a, ONE), b, True)


# --- LogExpMath ----------------------------------------------------------------------------


def quo(a: int, b: int) -> int:
    """Signed division that truncates toward zero."""
    magnitude = abs(a) // abs(b)
    return magnitude if (a < 0) == (b < 0) else -magnitude


def rem(a: int, b: int) -> int:
    return a - b * quo(a, b)


X = [2 ** (7 - n) * 10**18 if n < 2 else 2 ** (12 - n) * 10**20 // 32 for n in range(12)]
A = [
    38877084059945950922200000000000000000000000000000000000,
    6235149080811616882910000000,
    7896296018268069516100000000000000,
    888611052050787263676000000,
    298095798704172827474000,
    5459815003314423907810,
    738905609893065022723,
    271828182845904523536,
    164872127070012814685,
    128402541668774148407,
    113314845306682631683,
    106449445891785942956,
]


def ln_36(x: int) -> int:
    x *= ONE
    z = quo((x - ONE_36) * ONE_36, x + ONE_36)
    z_squared = quo(z * z, ONE_36)
    num = z
    series = num
    for n in (3, 5, 7, 9, 11, 13, 15):
        num = quo(num * z_squared, ONE_36)
        series += quo(num, n)
    return series * 2


def ln(a: int) -> int:
    if a < ONE:
        return -ln(quo(ONE * ONE, a))
    total = 0
    for n in (0, 1):
        if a >= A[n] * ONE:
            a = quo(a, A[n])
            total += X[n]
    total *= 100
    a *= 100
    for n in range(2, 12):
        if a >= A[n]:
            a = quo(a * ONE_20, A[n])
            total += X[n]
    z = quo((a - ONE_20) * ONE_20, a + ONE_20)
    z_squared = quo(z * z, ONE_20)
    num = z
    series = num
    for n in (3, 5, 7, 9, 11):
        num = quo(num * z_squared, ONE_20)
        series += quo(num, n)
    return quo(total + series * 2, 100)


def exp(x: int) -> int:
    require(-41 * ONE <= x <= 130 * ONE, "exponent")
    if x < 0:
        return quo(ONE * ONE, exp(-x))
    first = 1
    if x >= X[0]:
        x -= X[0]
        first = A[0]
    elif x >= X[1]:
        x -= X[1]
        first = A[1]
    x *= 100
    product = ONE_20
    for n in range(2, 10):
        if x >= X[n]:
            x -= X[n]
            product = quo(product * A[n], ONE_20)
    series = ONE_20
    term = x
    series += term
    for n in range(2, 13):
        term = quo(quo(term * x, ONE_20), n)
        series += term
    return quo(quo(product * series, ONE_20) * first, 100)


def power(x: int, y: int) -> int:
    if y == 0:
        return ONE
    if x == 0:
        return 0
    require(x < 2**255, "base")
    require(y < 2**254 // ONE_20, "exponent")
    if 9 * 10**17 < x < 11 * 10**17:
        log = ln_36(x)
        product = quo(log, ONE) * y + quo(rem(log, ONE) * y, ONE)
    else:
        product = ln(x) * y
    return exp(quo(product, ONE))


def pow_up(x: int, y: int, shortcuts: bool) -> int:
    if shortcuts and y == ONE:
        return x
    if shortcuts and y == 2 * ONE:
        return mul_up(x, x)
    if shortcuts and y == 4 * ONE:
        square = mul_up(x, x)
        return mul_up(square, square)
    raw = power(x, y)
    return add(raw, add(mul_up(raw, 10000), 1))


# --- what the Vault and all pools do -------------------------------------------------------


def less_fee(amount: int, fee: int) -> int:
    return sub(amount, mul_up(amount, fee))


def plus_fee(amount: int, fee: int) -> int:
    return div_up(amount, sub(ONE, fee))


def moved(side_in: Side, side_out: Side, amount_in: int, amount_out: int) -> tuple[int, int]:
    """The Vault's balances after the swap."""
    after_in = side_in.balance + amount_in
    require(after_in <= MOST_BALANCE, "balance overflows")
    return after_in, sub(side_out.balance, amount_out)


# --- weighted pools ------------------------------------------------------------------------


def weighted_given_in(sold: Side, bought: Side, fee: int, amount: int, shortcuts: bool) -> int:
    balance_in = mul_down(sold.balance, sold.factor)
    balance_out = mul_down(bought.balance, bought.factor)
    amount = mul_down(less_fee(amount, fee), sold.factor)
    require(amount <= mul_down(balance_in, 3 * 10**17), "MAX_IN_RATIO")
    base = div_up(balance_in, add(balance_in, amount))
    raised = pow_up(base, div_down(sold.weight, bought.weight), shortcuts)
    complement = ONE - raised if raised < ONE else 0
    return div_down(mul_down(balance_out, complement), bought.factor)


def weighted_given_out(sold: Side, bought: Side, fee: int, amount: int, shortcuts: bool) -> int:
    balance_in = mul_down(sold.balance, sold.factor)
    balance_out = mul_down(bought.balance, bought.factor)
    amount = mul_down(amount, bought.factor)
    require(amount <= mul_down(balance_out, 3 * 10**17), "MAX_OUT_RATIO")
    base = div_up(balance_out, sub(balance_out, amount))
    raised = pow_up(base, div_up(bought.weight, sold.weight), shortcuts)
    paid = mul_up(balance_in, sub(raised, ONE))
    return plus_fee(div_up(paid, sold.factor), fee)


# --- stable pools --------------------------------------------------------------------------


def invariant_up(amp: int, balances: Sequence[int]) -> int:
    total = 0
    for balance in balances:
        total = add(total, balance)
    if total == 0:
        return 0
    n = len(balances)
    invariant = total
    ann = amp * n
    for _ in range(255):
        p = balances[0] * n
        for j in range(1, n):
            p = div(mul(mul(p, balances[j]), n), invariant, True)
        previous = invariant
        invariant = div(
            add(
                mul(mul(n, invariant), invariant),
                div(mul(mul(ann, total), p), 1000, True),
            ),
            add(mul(n + 1, invariant), div(mul(ann - 1000, p), 1000, False)),
            True,
        )
        if abs(invariant - previous) <= 1:
            return invariant
    raise Revert("STABLE_INVARIANT_DIDNT_CONVERGE")


def invariant_down(amp: int, balances: Sequence[int]) -> int:
    total = 0
    for balance in balances:
        total = add(total, balance)
    if total == 0:
        return 0
    n = len(balances)
    invariant = total
    ann = amp * n
    for _ in range(255):
        p = invariant
        for j in range(n):
            p = div(mul(p, invariant), mul(balances[j], n))
        previous = invariant
        invariant = div(
            mul(add(div(mul(ann, total), 1000), mul(p, n)), invariant),
            add(div(mul(ann - 1000, invariant), 1000), mul(n + 1, p)),
        )
        if abs(invariant - previous) <= 1:
            return invariant
    raise Revert("STABLE_INVARIANT_DIDNT_CONVERGE")


def balance_given_invariant(amp: int, balances: Sequence[int], invariant: int, index: int) -> int:
    n = len(balances)
    ann = amp * n
    total = balances[0]
    p = balances[0] * n
    for j in range(1, n):
        p = div(mul(mul(p, balances[j]), n), invariant)
        total = add(total, balances[j])
    total -= balances[index]
    squared = mul(invariant, invariant)
    c = mul(mul(div(squared, mul(ann, p), True), 1000), balances[index])
    b = add(total, mul(div(invariant, ann), 1000))
    balance = div(add(squared, c), add(invariant, b), True)
    for _ in range(255):
        previous = balance
        balance = div(add(mul(balance, balance), c), sub(add(mul(balance, 2), b), invariant), True)
        if abs(balance - previous) <= 1:
            return balance
    raise Revert("STABLE_GET_BALANCE_DIDNT_CONVERGE")


class Stable(NamedTuple):
    """A stable pool without its own token."""

    amp: int
    fee: int
    balances: Sequence[int]
    factors: Sequence[int]
    rounds_up: bool

    def _start(self) -> tuple[list[int], int]:
        scaled = [mul_down(b, f) for b, f in zip(self.balances, self.factors, strict=True)]
        invariant = invariant_up if self.rounds_up else invariant_down
        return scaled, invariant(self.amp, scaled)

    def given_in(self, i: int, j: int, amount: int) -> int:
        amount = mul_down(less_fee(amount, self.fee), self.factors[i])
        scaled, invariant = self._start()
        scaled[i] = add(scaled[i], amount)
        final = balance_given_invariant(self.amp, scaled, invariant, j)
        return div_down(sub(sub(scaled[j], final), 1), self.factors[j])

    def given_out(self, i: int, j: int, amount: int) -> int:
        amount = mul_down(amount, self.factors[j])
        scaled, invariant = self._start()
        scaled[j] = sub(scaled[j], amount)
        final = balance_given_invariant(self.amp, scaled, invariant, i)
        paid = add(sub(final, scaled[i]), 1)
        return plus_fee(div_up(paid, self.factors[i]), self.fee)
