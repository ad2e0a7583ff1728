"""The StableSwap invariant in the contracts' own integers: get_D, get_y, get_y_D, dynamic fee.

Everything here refuses where the contracts would revert: no division by zero, no result below
zero, no product beyond 256 bits, no Newton iteration without an end. Sources: Curve's
StableSwap3Pool.vy, pool-templates, CurveStableSwapNG.vy; M. Egorov, "StableSwap" (2019).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from aineon.errors import InsufficientLiquidity, InvalidPoolState

MAX_UINT256 = 2**256 - 1
PRECISION = 10**18
FEE_DENOMINATOR = 10**10
ROUNDS = range(255)

Product = Callable[[int, Sequence[int], int], int]


def fit(value: int) -> int:
    """Return `value` where a uint256 holds it; raise InvalidPoolState where it does not."""
    if 0 <= value <= MAX_UINT256:
        return value
    raise InvalidPoolState(
        f"the contract's arithmetic meets {'a negative number' if value < 0 else 'an overflow'}; "
        "it would revert"
    )


def over_each(D: int, xp: Sequence[int], n: int) -> int:
    """D^(n+1) / (n^n prod x), each coin divided as `x * n`; most contracts."""
    product = D
    for x in xp:
        product *= D
        if product > MAX_UINT256:
            return fit(product)
        product //= x * n
    return product


def over_each_plus_one(D: int, xp: Sequence[int], n: int) -> int:
    """The same with `x * n + 1`, which the first lending pools, aave and stETH divide by."""
    product = D
    for x in xp:
        product *= D
        if product > MAX_UINT256:
            return fit(product)
        product //= x * n + 1
    return product


def over_all(D: int, xp: Sequence[int], n: int) -> int:
    """The same with the powers of n divided at the end; two-coin factory pools and -ng."""
    product = D
    for x in xp:
        product *= D
        if product > MAX_UINT256:
            return fit(product)
        product //= x
    powers: int = n**n
    return product // powers


class Invariant(NamedTuple):
    """The curve of one pool: number of coins, amplification, and how its contract rounds.

    Attributes:
        coins: n.
        Ann: the amplification in the contract's own precision, times n.
        A_precision: 1, or 100 in the contracts that keep A more finely.
        product: how D^(n+1) / (n^n prod x) is rounded.
        keeps_last: whether an iteration that has not settled after 255 rounds counts.
    """

    coins: int
    Ann: int
    A_precision: int
    product: Product
    keeps_last: bool

    def total(self, xp: Sequence[int]) -> int:
        """D of scaled balances (`get_D`).

        Raises:
            InsufficientLiquidity: a coin is missing, and the contract divides by it.
            InvalidPoolState: overflow, or no convergence.
        """
        total = fit(sum(xp))
        if not total:
            return 0
        try:
            return self._settle(total, xp)
        except ZeroDivisionError:
            raise InsufficientLiquidity(
                f"balances scaled to {tuple(xp)} have no invariant; every coin must be there"
            ) from None

    def _settle(self, total: int, xp: Sequence[int]) -> int:
        n, precision, product = self.coins, self.A_precision, self.product
        weighed, lighter = fit(self.Ann * total) // precision, self.Ann - precision
        D = total
        for _ in ROUNDS:
            previous = D
            shape = product(D, xp, n)
            grown, shrunk = (weighed + shape * n) * D, lighter * D
            if grown > MAX_UINT256 or shrunk > MAX_UINT256:
                return fit(max(grown, shrunk))
            D = grown // (shrunk // precision + (n + 1) * shape)
            if -2 < D - previous < 2:
                return D
        return self._unsettled(D)

    def coin(self, others: Iterable[int], D: int) -> int:
        """The scaled balance that belongs to those of all other coins (`get_y`, `get_y_D`).

        Raises:
            InsufficientLiquidity: another coin is missing, and the contract divides by it.
            InvalidPoolState: overflow, or no convergence.
        """
        try:
            c, b = self.quadratic(others, D)
            return self._root(c, b, D)
        except ZeroDivisionError:
            raise InsufficientLiquidity(
                "a coin of the pool is missing; the contract would divide by zero"
            ) from None

    def quadratic(self, others: Iterable[int], D: int) -> tuple[int, int]:
        """The c and b of the contract's equation y^2 + (b - D) y = c."""
        c, others_sum = D, 0
        for x in others:
            others_sum += x
            c = fit(c * D) // fit(x * self.coins)
        c = fit(c * D * self.A_precision) // (self.Ann * self.coins)
        return c, fit(others_sum + D * self.A_precision // self.Ann)

    def _root(self, c: int, b: int, D: int) -> int:
        y = D
        for _ in ROUNDS:
            previous = y
            y = fit(y * y + c) // fit(2 * y + b - D)
            if -2 < y - previous < 2:
                return y
        return self._unsettled(y)

    def _unsettled(self, last: int) -> int:
        if self.keeps_last:
            return last
        raise InvalidPoolState("the contract's iteration finds no end in 255 rounds and reverts")


def dynamic_fee(xpi: int, xpj: int, fee: int, offpeg_fee_multiplier: int) -> int:
    """The fee (1e10 is all) at two scaled balances; rises to the multiple as they part.

    Raises:
        InsufficientLiquidity: both balances are zero.
        InvalidPoolState: overflow.
    """
    if offpeg_fee_multiplier <= FEE_DENOMINATOR:
        return fee
    spread = fit((xpi + xpj) ** 2)
    if not spread:
        raise InsufficientLiquidity("both balances are zero; there is no fee between them")
    weight = fit((offpeg_fee_multiplier - FEE_DENOMINATOR) * 4 * xpi * xpj) // spread
    return offpeg_fee_multiplier * fee // (weight + FEE_DENOMINATOR)


def oracle_holds(xp: Sequence[int], D: int, invariant: Invariant) -> bool:
    """Whether the price oracle that -ng pools update in a swap can take these scaled balances."""
    n, Ann, precision = invariant.coins, invariant.Ann, invariant.A_precision
    if not all(xp) or D >= 2**128:
        return False
    powers: int = n**n
    shape = D // powers
    for x in xp:
        if shape * D > MAX_UINT256:
            return False
        shape = shape * D // x
    base = Ann * xp[0] // precision
    if shape * xp[0] > MAX_UINT256 or not base + shape:
        return False
    steepest = 10**18 * (base + shape * xp[0] // min(xp[1:]))
    return steepest <= MAX_UINT256 and steepest // (base + shape) < 2**128
