"""WeightedPool: Balancer V2 pools whose tokens have weights, to the last unit.

Sources: Balancer V2, WeightedMath, BaseWeightedPool, WeightedPool2Tokens. Pools whose weights
move (liquidity bootstrapping, investment, managed) reckon the same with those of the moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import expm1, log1p

from aineon.amm.balancer.fixed_point import ONE, div_down, div_up, mul_down, mul_up, pow_up_function
from aineon.amm.balancer.pool import BalancerPool, Direction
from aineon.amm.balancer.state import MAX_BALANCE, checked_weights, scaled
from aineon.amm.checks import checked_flag
from aineon.amm.integer_search import smallest_input
from aineon.amm.pool import LocalCurve
from aineon.errors import InsufficientLiquidity
from aineon.primitives.token import Token

MOST_TOKENS = 100
# One in a hundred, less what the storage of moving weights rounds off.
MIN_WEIGHT = 99 * 10**14
# Weights that move are kept in as few as 16 bits, so that they add up to about one only.
WEIGHTS_TOLERANCE = 10**15
# No swap moves more than this share of a balance, in either direction.
MAX_RATIO = 3 * 10**17

_set = object.__setattr__


class WeightedPool(BalancerPool):
    """A pool of 2 to 100 tokens that keeps the product of balance ** weight; see `Pool`.

    Attributes:
        weights: of each token, 1e18 together (about, where they move).
        pow_up_shortcuts: whether the contract takes the exponents 1, 2 and 4 as plain products.
            Those of the factories since September 2022 do, older ones do not.
        address, venue, pool_id, tokens, balances, swap_fee, scaling_factors, is_paused,
            swap_enabled: see `BalancerPool`.

    Raises:
        InvalidPoolState: a value that such a contract cannot have.
        SameToken: a token appears twice.
        UnsupportedToken: a token moves other amounts than it is asked to.
    """

    __slots__ = ("pow_up_shortcuts", "weights")
    _STATE = (*BalancerPool._STATE, "weights", "pow_up_shortcuts")

    weights: tuple[int, ...]
    pow_up_shortcuts: bool

    def __init__(
        self,
        address: str,
        tokens: Sequence[Token],
        balances: Sequence[int],
        weights: Sequence[int],
        swap_fee: int,
        *,
        scaling_factors: Sequence[int] | None = None,
        pool_id: str | None = None,
        pow_up_shortcuts: bool = False,
        is_paused: bool = False,
        swap_enabled: bool = True,
        venue: str = "balancer_v2",
    ) -> None:
        self._set_vault_state(
            MOST_TOKENS,
            address,
            tokens,
            balances,
            swap_fee,
            scaling_factors,
            pool_id,
            is_paused,
            swap_enabled,
            venue,
        )
        _set(self, "weights", _checked(weights, len(self.tokens)))
        _set(self, "pow_up_shortcuts", checked_flag("pow_up_shortcuts", pow_up_shortcuts))

    def with_weights(self, weights: Sequence[int]) -> WeightedPool:
        """Return this pool with other weights, as they stand at another time.

        Raises:
            InvalidPoolState: not one weight for each token, or they do not add up to one.
        """
        return self._changed(weights=_checked(weights, len(self.tokens)))

    def _curve(self, i: int, j: int) -> LocalCurve:
        balance_in, balance_out = self.balances[i], self.balances[j]
        if not (balance_in and balance_out):
            raise self._refuse_empty()
        ratio = self.weights[i] / self.weights[j]
        return LocalCurve(balance_out / balance_in * ratio, (1.0 + ratio) / (2.0 * balance_in))

    def _make_direction(self, i: int, j: int) -> Direction:
        if not (self.balances[i] and self.balances[j]):
            raise self._refuse_empty()
        return WeightedDirection(self, i, j)


class WeightedDirection(Direction):
    """One way through a weighted pool."""

    __slots__ = ("balance_in", "balance_out", "pool", "power_up")

    def __init__(self, pool: WeightedPool, i: int, j: int) -> None:
        self.pool = pool
        self.i = i
        self.j = j
        keep = ONE - pool.swap_fee
        factor_in, factor_out = pool.scaling_factors[i], pool.scaling_factors[j]
        balance_in = self.balance_in = scaled(pool.balances[i], factor_in)
        balance_out = self.balance_out = scaled(pool.balances[j], factor_out)
        most = (mul_down(balance_in, MAX_RATIO) + 1) * ONE - 1
        most = ((most // factor_in + 1) * ONE - 1) // keep
        self.most_in = min(most, MAX_BALANCE - pool.balances[i])
        inflated_in = balance_in * ONE
        exponent = div_down(pool.weights[i], pool.weights[j])
        power_up = pow_up_function(exponent, shortcuts=pool.pow_up_shortcuts)
        self.power_up = power_up

        def output(amount_in: int) -> int:
            # The fee rounded up and taken off is the rest rounded down.
            amount = amount_in * keep // ONE * factor_in // ONE
            power = power_up(-(-inflated_in // (balance_in + amount)))
            return (ONE - power) * balance_out // ONE * ONE // factor_out if power < ONE else 0

        self.output = output

    def given_out(self, amount_out: int) -> int:
        pool, i, j = self.pool, self.i, self.j
        amount = mul_down(amount_out, pool.scaling_factors[j])
        most = mul_down(self.balance_out, MAX_RATIO)
        if amount > most:
            largest = div_down(most, pool.scaling_factors[j])
            raise InsufficientLiquidity(
                f"amount_out is {amount_out}; {pool!r} holds {pool.balances[j]} and pays at most "
                f"{largest} at once"
            )
        exponent = div_up(pool.weights[j], pool.weights[i])
        power_up = pow_up_function(exponent, shortcuts=pool.pow_up_shortcuts)
        power = power_up(div_up(self.balance_out, self.balance_out - amount))
        net = div_up(mul_up(self.balance_in, power - ONE), pool.scaling_factors[i])
        return div_up(net, ONE - pool.swap_fee)

    def check_dust(self, amount_in: int) -> None:
        """Weighted contracts pay nothing for dust, and take it."""

    def smallest_input(self, amount_out: int) -> int:
        """Search the ratio of the balances before and after, 18 decimals, on which all depends.

        There are far fewer of them than inputs, and a guess in floats is some hundred off.
        """
        pool = self.pool
        most_cut = ONE - self._base(self._amount(self.most_in))
        ratio = pool.weights[self.i] / pool.weights[self.j]
        balance_out = pool.balances[self.j]
        # The contract allows for an error of 1e-14 in the power, in favour of the pool.
        share = min((amount_out + balance_out * 1e-14) / balance_out, 1.0 - 2.0**-53)
        guess = -expm1(log1p(-share) / ratio)
        slope = balance_out * ratio * (1.0 - share) / ((1.0 - guess) * 1e18)
        cut = smallest_input(self._paid, amount_out, most_cut, slope, int(guess * 1e18))
        amount_in = self._input(ONE - cut)
        if self.output(amount_in) >= amount_out > self.output(amount_in - 1):
            return amount_in
        # The noise of the last digits, met where single units make whole steps of the ratio.
        return smallest_input(self.output, amount_out, self.most_in, 0.0, amount_in)

    def _amount(self, amount_in: int) -> int:
        pool = self.pool
        return amount_in * (ONE - pool.swap_fee) // ONE * pool.scaling_factors[self.i] // ONE

    def _base(self, amount: int) -> int:
        return div_up(self.balance_in, self.balance_in + amount)

    def _paid(self, cut: int) -> int:
        """What is paid where the ratio of the balances falls by `cut` from one."""
        power = self.power_up(ONE - cut)
        paid = mul_down(self.balance_out, ONE - power) if power < ONE else 0
        return div_down(paid, self.pool.scaling_factors[self.j])

    def _input(self, base: int) -> int:
        """Return the smallest input that brings the ratio of the balances down to `base`."""
        amount = -(-self.balance_in * ONE // base) - self.balance_in
        net = div_up(amount, self.pool.scaling_factors[self.i])
        return div_up(net, ONE - self.pool.swap_fee)


def _checked(weights: Sequence[int], tokens: int) -> tuple[int, ...]:
    return checked_weights(weights, tokens, MIN_WEIGHT, WEIGHTS_TOLERANCE)
