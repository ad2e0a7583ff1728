"""One direction of a StableSwap pool: everything that does not depend on the amount, once.

`Terms` says what a pool's swaps have in common; `Direction` adds the two coins.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from typing import NamedTuple

from aineon.amm.pool import LocalCurve
from aineon.amm.stableswap.bracket import peak, smallest
from aineon.amm.stableswap.math import (
    FEE_DENOMINATOR,
    MAX_UINT256,
    PRECISION,
    Invariant,
    dynamic_fee,
    fit,
    oracle_holds,
)
from aineon.amm.stableswap.templates import Template, Trade
from aineon.errors import InvalidAmount, InvalidPoolState

# From here on the integers of the curve are so large that 2 y + b is far above zero, which the
# fast path relies on; below, every quote goes through the checked arithmetic.
_LARGE = 2**40
# A swap of more than this many times the whole pool is refused where a price oracle listens.
_ORACLE_REACH = 10**3

Solver = Callable[[int], int]


class Terms(NamedTuple):
    """A pool's state as its swaps see it: scaled balances `xp`, their invariant `D`, the fees."""

    invariant: Invariant
    template: Template
    balances: tuple[int, ...]
    rates: tuple[int, ...]
    xp: tuple[int, ...]
    D: int
    fee: int
    admin_fee: int
    offpeg_fee_multiplier: int

    def fee_at(self, x: int, y: int, i: int, j: int) -> int:
        """The fee of a swap that leads coin i to `x` and coin j to `y`."""
        return dynamic_fee(
            (self.xp[i] + x) // 2, (self.xp[j] + y) // 2, self.fee, self.offpeg_fee_multiplier
        )

    def others(self, i: int, x: int, j: int) -> list[int]:
        """The scaled balances but coin j's, with coin i at `x`, in the contract's order."""
        return [x if k == i else scaled for k, scaled in enumerate(self.xp) if k != j]

    def get_dy(self, i: int, j: int, dx: int) -> int:
        """What the view `get_dy` says.

        Raises:
            InvalidAmount: the contract reverts because so little (or so much) pays nothing.
            InsufficientLiquidity, InvalidPoolState: the pool cannot be swapped in.
        """
        rate_out, view = self.rates[j], self.template
        x = self.xp[i] + dx * self.rates[i] // PRECISION
        y = self.invariant.coin(self.others(i, x, j), self.D)
        dy = self.xp[j] - y - view.view_margin
        if dy < 0:
            raise InvalidAmount(f"an input of {dx} moves the pool by less than a unit; it reverts")
        fee = self.fee_at(x, y, i, j)
        if view.view_fee_on_output:
            dy = dy * PRECISION // rate_out
            return dy - fee * dy // FEE_DENOMINATOR
        return (dy - fee * dy // FEE_DENOMINATOR) * PRECISION // rate_out


class Direction:
    """Coin i for coin j at one state of a pool, ready to quote many sizes.

    Attributes:
        output: the exact, unchecked `amount_in -> amount_out` of `exchange`; 0 also where the
            input is so small that the contract reverts.
        most_in: the largest input that the contract's arithmetic can take.

    Raises:
        InsufficientLiquidity, InvalidPoolState: no swap of this direction can work.
    """

    __slots__ = ("_solve", "_terms", "i", "j", "most_in", "output")

    i: int
    j: int
    output: Solver
    most_in: int
    _terms: Terms
    _solve: Solver

    def __init__(self, terms: Terms, i: int, j: int) -> None:
        self.i, self.j, self._terms = i, j, terms
        _check_smallest(terms, i, j)
        self._solve = _solver(terms, i, j)
        if terms.offpeg_fee_multiplier > FEE_DENOMINATOR:
            self.output = _output_at_dynamic_fee(terms, i, j, self._solve)
        else:
            self.output = _output_at_fixed_fee(terms, i, j, self._solve)
        self.most_in = _most_in(terms, i, j, self._solve)

    def trade(self, amount_in: int) -> Trade:
        """The swap of a checked amount, as the contract books it.

        Raises:
            InvalidAmount: the input is so small that the contract reverts.
        """
        terms, i, j = self._terms, self.i, self.j
        rate_in, rate_out = terms.rates[i], terms.rates[j]
        x = terms.xp[i] + amount_in * rate_in // PRECISION
        y = self._solve(x)
        dy = terms.xp[j] - y - terms.template.margin
        if dy < 0:
            raise InvalidAmount(
                f"amount_in is {amount_in}, which moves the pool by less than a unit; it reverts"
            )
        fee = dy * terms.fee_at(x, y, i, j) // FEE_DENOMINATOR
        return Trade(
            amount_in,
            (dy - fee) * PRECISION // rate_out,
            x,
            y,
            fee,
            fee * terms.admin_fee // FEE_DENOMINATOR,
            rate_in,
            rate_out,
        )

    def balances_after(self, amount_in: int) -> tuple[int, ...]:
        """The pool's balances after a swap of a checked amount."""
        balances = list(self._terms.balances)
        balances[self.i], balances[self.j] = self._terms.template.booking(
            self.trade(amount_in), balances[self.i], balances[self.j]
        )
        return tuple(balances)

    def paying(self, amount_out: int) -> int | None:
        """An input that pays `amount_out` or more, None where none does.

        A dynamic fee can rise faster than the output of an input beyond all measure: the
        largest input is then not the one that pays most.
        """
        if not self.most_in or self.output(self.most_in) >= amount_out:
            return self.most_in or None
        if self._terms.offpeg_fee_multiplier <= FEE_DENOMINATOR:
            return None
        best = peak(self.output, self.most_in)
        return best if self.output(best) >= amount_out else None

    def smallest_input(self, amount_out: int) -> int:
        """The smallest input that pays `amount_out`, which some input must pay."""
        return self.smallest_within(amount_out, self.paying(amount_out) or self.most_in)

    def smallest_within(self, amount_out: int, highest: int) -> int:
        """The smallest input that pays `amount_out`, given one that does."""
        output = self.output
        guess = self._input_guess(amount_out)
        rate_in = self._terms.rates[self.i]
        if rate_in >= PRECISION:
            return smallest(lambda dx: output(dx) >= amount_out, guess, 1, highest)

        # Several inputs lead to one scaled balance: search among those, then take the first.
        def pays(scaled: int) -> bool:
            return output(-(-scaled * PRECISION // rate_in)) >= amount_out

        reach = highest * rate_in // PRECISION
        scaled = smallest(pays, guess * rate_in // PRECISION, 1, reach)
        return -(-scaled * PRECISION // rate_in)

    def _input_guess(self, amount_out: int) -> int:
        # From the output back: the fee added, then the other way along the same curve.
        terms, i, j = self._terms, self.i, self.j
        net = -(-amount_out * terms.rates[j] // PRECISION)
        x, y = terms.xp[i], terms.xp[j]
        # A dynamic fee depends on where the swap ends; two rounds bring the guess close.
        for _ in range(2 if terms.offpeg_fee_multiplier > FEE_DENOMINATOR else 1):
            gross = net * FEE_DENOMINATOR // (FEE_DENOMINATOR - terms.fee_at(x, y, i, j))
            y = max(terms.xp[j] - terms.template.margin - gross, 1)
            try:
                x = max(terms.invariant.coin(terms.others(j, y, i), terms.D), terms.xp[i])
            except InvalidPoolState:
                return self.most_in
        return -(-(x - terms.xp[i]) * PRECISION // terms.rates[i])

    def curve(self) -> LocalCurve:
        """The curve's slope and bend where the pool stands, after the lowest fee.

        The lowest fee is the plain one: a dynamic fee only adds to it.
        """
        terms = self._terms
        rate, bend = slope(terms, self.i, self.j)
        unit_in, unit_out = terms.rates[self.i] / PRECISION, terms.rates[self.j] / PRECISION
        kept = 1 - terms.fee / FEE_DENOMINATOR
        # A little is added: the slope must not come out below what is paid, and of a coin nearly
        # drained the last unit of D is worth a part in 1e10.
        return LocalCurve(rate * kept * unit_in / unit_out * (1 + 1e-9), bend * unit_in)


def slope(terms: Terms, i: int, j: int) -> tuple[float, float]:
    """dy/dx of scaled balances before the fee, and how fast it falls, in floats.

    From f = Ann S + D - Ann D - P with P = D^(n+1) / (n^n prod x): each coin pulls with
    Ann + P / x, the slope is the ratio of two pulls, and the bend half its relative change.
    """
    ann, shape = weights(terms)
    xi, xj = float(terms.xp[i]), float(terms.xp[j])
    pull_i, pull_j = ann + shape / xi, ann + shape / xj
    rate = pull_i / pull_j
    turn = shape * (rate / xj - 1 / xi)
    change_i = turn / xi - shape / xi**2
    change_j = turn / xj + shape / xj**2 * rate
    return rate, max(0.5 * (change_j / pull_j - change_i / pull_i), 0.0)


def weights(terms: Terms) -> tuple[float, float]:
    """A n and D^(n+1) / (n^n prod x), in floats."""
    invariant = terms.invariant
    shape = total = float(terms.D)
    for x in terms.xp:
        shape *= total / (x * invariant.coins)
    return invariant.Ann / invariant.A_precision, shape


def _check_smallest(terms: Terms, i: int, j: int) -> None:
    """Raise where the contract would revert for the smallest input.

    Its products are largest there: where they fit, no larger input overflows them.
    """
    invariant, D = terms.invariant, terms.D
    others = terms.others(i, terms.xp[i], j)
    if terms.xp[j] > D or D < _LARGE:
        invariant.coin(others, D)
        return
    # The walk from D only goes down here, so that its first step is its largest.
    c, b = invariant.quadratic(others, D)
    fit(D * D + c)
    fit(2 * D + b)


def _solver(terms: Terms, i: int, j: int) -> Solver:
    """The contract's `get_y` for coin i at x, with all that is fixed computed beforehand."""
    invariant, xp, D = terms.invariant, terms.xp, terms.D
    if D < _LARGE:
        return lambda x: invariant.coin(terms.others(i, x, j), D)
    n = invariant.coins
    before = D
    for k in range(i):
        if k != j:
            before = before * D // (xp[k] * n)
    before *= D
    after = tuple(xp[k] * n for k in range(i + 1, n) if k != j)
    lift, weight = D * invariant.A_precision, invariant.Ann * n
    rest = sum(xp) - xp[i] - xp[j] + D * invariant.A_precision // invariant.Ann - D

    def solve(x: int) -> int:
        c = before // (x * n)
        for divisor in after:
            c = c * D // divisor
        c = c * lift // weight
        b = x + rest
        # The contract walks down to the root of y^2 + b y = c by Newton's steps from D, ten of
        # them on a lopsided 3pool; the square root finds its whole part at once, in a third of
        # the time. A step from y is floor(root + (y - root)^2 / (2 y + b)), so the walk ends on
        # that whole part unless a step from there, or from two above, lands higher.
        y = (isqrt(b * b + 4 * c) - b) >> 1
        slant = y + y + b
        if y * y + c < (y + 1) * slant and (y + 2) * (y + 2) + c < (y + 1) * (slant + 4):
            return y
        return invariant.coin(terms.others(i, x, j), D)

    return solve


def _output_at_fixed_fee(terms: Terms, i: int, j: int, solve: Solver) -> Solver:
    start, rate_in, rate_out = terms.xp[i], terms.rates[i], terms.rates[j]
    top, fee = terms.xp[j] - terms.template.margin, terms.fee

    def output(amount_in: int) -> int:
        dy = top - solve(start + amount_in * rate_in // PRECISION)
        if dy <= 0:
            return 0
        return (dy - dy * fee // FEE_DENOMINATOR) * PRECISION // rate_out

    return output


def _output_at_dynamic_fee(terms: Terms, i: int, j: int, solve: Solver) -> Solver:
    start, rate_in, rate_out = terms.xp[i], terms.rates[i], terms.rates[j]
    held, margin = terms.xp[j], terms.template.margin
    raised = terms.offpeg_fee_multiplier * terms.fee
    spread = (terms.offpeg_fee_multiplier - FEE_DENOMINATOR) * 4

    def output(amount_in: int) -> int:
        x = start + amount_in * rate_in // PRECISION
        y = solve(x)
        dy = held - y - margin
        if dy <= 0:
            return 0
        xpi, xpj = (start + x) // 2, (held + y) // 2
        fee = raised // (spread * xpi * xpj // (xpi + xpj) ** 2 + FEE_DENOMINATOR)
        return (dy - dy * fee // FEE_DENOMINATOR) * PRECISION // rate_out

    return output


def _most_in(terms: Terms, i: int, j: int, solve: Solver) -> int:
    """The largest input whose every product stays within 256 bits.

    The amount times its rate must fit, and so must what it leads to: the scaled balance times
    1e18, for a dynamic fee the square of the mean balances, for a price oracle its prices.
    """
    start, held, rate_in = terms.xp[i], terms.xp[j], terms.rates[i]
    reach = MAX_UINT256 // PRECISION
    if terms.offpeg_fee_multiplier > FEE_DENOMINATOR:
        # The fee looks at means: (start + x) / 2 of the input, at most `held` of the output.
        weight = (terms.offpeg_fee_multiplier - FEE_DENOMINATOR) * 4
        mean = min(2**128 - 1 - held, MAX_UINT256 // (weight * (held + 1)))
        reach = min(reach, 2 * mean - start)
    if terms.template.keeps_oracle:
        reach = _oracle_reach(terms, i, j, solve, min(reach, start + _ORACLE_REACH * terms.D))
    if reach <= start:
        return 0
    by_reach = ((reach - start + 1) * PRECISION - 1) // rate_in
    return min(by_reach, MAX_UINT256 // rate_in, MAX_UINT256 - terms.balances[i])


def _oracle_reach(terms: Terms, i: int, j: int, solve: Solver, reach: int) -> int:
    start = terms.xp[i]
    scaled = list(terms.xp)
    while reach > start:
        scaled[i], scaled[j] = reach, solve(reach)
        if oracle_holds(scaled, terms.D, terms.invariant):
            return reach
        reach = start + (reach - start) // 2
    return start
