"""One way through one of Balancer's stable pools, made for loops that quote thousands of sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from aineon.amm.balancer.fixed_point import ONE, div_up
from aineon.amm.balancer.pool import Direction
from aineon.amm.balancer.stable_math import AMP_PRECISION, equation, solve, token_balance
from aineon.amm.balancer.state import MAX_BALANCE
from aineon.amm.integer_search import largest_input, smallest_input
from aineon.errors import InsufficientLiquidity, InvalidAmount, InvalidPoolState, PoolError

if TYPE_CHECKING:
    from aineon.amm.balancer.pool import BalancerPool


class Terms(NamedTuple):
    """What all directions of a state share: the curve, without the pool's own token."""

    amp: int
    balances: tuple[int, ...]
    invariant: int


def slope(terms: Terms, x: int, y: int) -> tuple[float, float]:
    """Return the price of token `x` in token `y`, both with 18 decimals, and its bend.

    The curve is A n^n S + D = A n^n D + K with K = D^(n+1) / (n^n P); see `LocalCurve`.
    """
    n = len(terms.balances)
    ann = terms.amp * n / AMP_PRECISION
    k = invariant = float(terms.invariant)
    for balance in terms.balances:
        k *= invariant / (n * balance)
    per_x, per_y = 1.0 / terms.balances[x], 1.0 / terms.balances[y]
    along_x, along_y = ann + k * per_x, ann + k * per_y
    turn = (along_y * per_x) ** 2 - along_x * along_y * per_x * per_y + (along_x * per_y) ** 2
    return along_x / along_y, k * turn / (along_y * along_y * along_x)


class StableDirection(Direction):
    """One way through a stable pool; `x` and `y` are its places among the curve's balances."""

    __slots__ = ("pool", "terms", "x", "y")

    def __init__(
        self,
        pool: BalancerPool,
        terms: Terms,
        places: tuple[int, int],
        on_curve: tuple[int, int],
    ) -> None:
        self.pool = pool
        self.terms = terms
        self.i, self.j = places
        self.x, self.y = on_curve
        least, self.most_in = self._find_range()
        output = self._make_output()
        self.output = output if least == 1 else lambda x: output(x) if x >= least else 0

    def given_out(self, amount_out: int) -> int:
        pool, (amp, balances, invariant), x, y = self.pool, self.terms, self.x, self.y
        amount = amount_out * pool.scaling_factors[self.j] // ONE
        if amount >= balances[y]:
            raise InsufficientLiquidity(
                f"amount_out is {amount_out}; {pool!r} holds {pool.balances[self.j]} and cannot "
                "pay that much"
            )
        moved = list(balances)
        moved[y] -= amount
        more = token_balance(amp, moved, invariant, x) - balances[x] + 1
        if more < 1:
            raise InvalidAmount(
                f"amount_out is {amount_out}; that is so little that the contract of {pool!r} "
                "reverts"
            )
        net = div_up(more, pool.scaling_factors[self.i])
        return div_up(net, ONE - pool.swap_fee)

    def check_dust(self, amount_in: int) -> None:
        amp, balances, invariant = self.terms
        left = token_balance(amp, self._moved(amount_in), invariant, self.y)
        if left >= balances[self.y]:
            raise InvalidAmount(
                f"amount_in is {amount_in}; that is so little that the contract of {self.pool!r} "
                "reverts"
            )

    def smallest_input(self, amount_out: int) -> int:
        pool = self.pool
        rate, _ = slope(self.terms, self.x, self.y)
        rate *= pool.scaling_factors[self.i] / pool.scaling_factors[self.j]
        try:
            guess = self.given_out(amount_out)
        except PoolError:
            guess = self.most_in
        return smallest_input(self.output, amount_out, self.most_in, rate, guess)

    def _moved(self, amount_in: int) -> list[int]:
        pool = self.pool
        kept = amount_in * (ONE - pool.swap_fee) // ONE
        moved = list(self.terms.balances)
        moved[self.x] += kept * pool.scaling_factors[self.i] // ONE
        return moved

    def _find_range(self) -> tuple[int, int]:
        """The least and the most that fit into the Vault and whose swaps stay within 256 bits.

        Products grow with the input and the constant term falls, so where the arithmetic holds
        for two amounts, it holds between them; only in absurd states it does not for the least.
        """
        room = MAX_BALANCE - self.pool.balances[self.i]
        if room and self._holds(1):
            return 1, room if self._holds(room) else largest_input(self._holds, room, room)
        if room and self._holds(room):
            return largest_input(lambda amount_in: not self._holds(amount_in), 1, room) + 1, room
        return 1, 0

    def _holds(self, amount_in: int) -> bool:
        amp, _, invariant = self.terms
        try:
            equation(amp, self._moved(amount_in), invariant, self.y)
        except InvalidPoolState:
            return False
        return True

    def _make_output(self) -> Callable[[int], int]:
        pool, (amp, balances, invariant), x, y = self.pool, self.terms, self.x, self.y
        n = len(balances)
        ann = amp * n
        keep = ONE - pool.swap_fee
        factor_in, factor_out = pool.scaling_factors[self.i], pool.scaling_factors[self.j]
        balance_x, balance_y = balances[x], balances[y]
        squared = invariant * invariant
        others = sum(balances) - balance_y + invariant // ann * AMP_PRECISION
        # The contract multiplies the balances one by one and divides after each but the first.
        before, divisor = n, 1
        for place in range(x):
            before = before * balances[place] // divisor * n
            divisor = invariant
        after = tuple(balance * n for balance in balances[x + 1 :])
        weighed = AMP_PRECISION * balance_y

        def output(amount_in: int) -> int:
            amount = amount_in * keep // ONE * factor_in // ONE
            product = before * (balance_x + amount) // divisor
            for balance in after:
                product = product * balance // invariant
            c = -(-squared // (ann * product)) * weighed
            b = others + amount
            guess = -(-(squared + c) // (invariant + b))
            paid = balance_y - 1 - solve(b - invariant, c, guess)
            return paid * ONE // factor_out if paid > 0 else 0

        return output
