"""StableSwapPool: Curve's pools of coins that trade near a fixed rate, to the last unit.

Sources: curvefi/curve-contract (pools, pool-templates), curvefi/curve-factory
(implementations), curvefi/stableswap-ng (CurveStableSwapNG, CurveStableSwapMetaNG, Views).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from aineon.amm.checks import (
    check_index,
    check_indices,
    places_of,
    refuse_amount,
    refuse_tokens,
)
from aineon.amm.pool import LocalCurve
from aineon.amm.quote import Quote
from aineon.amm.stableswap.checks import checked_amount, checked_balances
from aineon.amm.stableswap.direction import Direction, slope
from aineon.amm.stableswap.liquidity import shares_of, withdraw_one
from aineon.amm.stableswap.updates import StableSwapUpdates
from aineon.errors import InsufficientLiquidity, InvalidPoolState, PoolPaused
from aineon.primitives.token import Token

if TYPE_CHECKING:
    from aineon.amm.stableswap.meta import UnderlyingPool

_new_tuple = tuple.__new__


class StableSwapPool(StableSwapUpdates):
    """A pool of 2 to 8 coins on Curve's StableSwap curve; see `Pool`.

    Quotes say what `exchange` pays. The views of the contract are offered under their own
    names (`get_dy` and the like, by index of the coin) and may differ from it by a unit.
    `StableSwapState` lists the attributes, `StableSwapUpdates` what events change.
    """

    __slots__ = ()

    # --- the protocol of every pool --------------------------------------------------------

    def quote_exact_input(self, token_in: Token, token_out: Token, amount_in: int) -> Quote:
        """Quote what `exchange` pays for `amount_in`; an output of 0 is a valid quote.

        Raises:
            InvalidAmount: not an int from 1 to `max_amount_in`, or so little that the contract
                reverts.
            InsufficientLiquidity: a coin of the pool is missing.
            InvalidPoolState: the contract's arithmetic has no answer in this state.
            PoolPaused: the pool is killed.
            UnknownToken, SameToken: the pool cannot swap these two tokens.
        """
        direction = self._direction(token_in, token_out)
        if type(amount_in) is not int or not 0 < amount_in <= direction.most_in:
            raise refuse_amount("amount_in", amount_in, direction.most_in)
        amount_out = direction.output(amount_in)
        if not amount_out:
            direction.trade(amount_in)
        after = partial(_after, self, direction, amount_in)
        return _new_tuple(Quote, (amount_in, amount_out, False, after))

    def quote_exact_output(self, token_in: Token, token_out: Token, amount_out: int) -> Quote:
        """Quote the smallest input whose `exchange` pays at least `amount_out`.

        `amount_out` of the quote is what was asked; a coin of few decimals can be paid for with
        an input that brings a little more, and `pool_after` shows that.

        Raises:
            InvalidAmount: not an int of at least 1.
            InsufficientLiquidity: the pool cannot pay that much, or a coin is missing.
            InvalidPoolState, PoolPaused, UnknownToken, SameToken: as `quote_exact_input`.
        """
        direction = self._direction(token_in, token_out)
        held = self.balances[direction.j]
        if type(amount_out) is not int or amount_out < 1:
            raise refuse_amount("amount_out", amount_out, held)
        highest = direction.paying(amount_out)
        if highest is None:
            raise InsufficientLiquidity(
                f"amount_out is {amount_out}; {self!r} holds {held} and cannot pay that much"
            )
        amount_in = direction.smallest_within(amount_out, highest)
        return Quote(amount_in, amount_out, False, partial(_after, self, direction, amount_in))

    def spot_price(self, token_in: Token, token_out: Token) -> float:
        """Price before fees: raw units of `token_out` for one raw unit of `token_in`.

        Raises:
            InsufficientLiquidity: a coin is missing and there is no price.
        """
        i, j = self._indices(token_in, token_out)
        terms = self._usable_terms(i, j)
        return slope(terms, i, j)[0] * terms.rates[i] / terms.rates[j]

    def local_curve(self, token_in: Token, token_out: Token) -> LocalCurve:
        """The curve where the pool stands; rate 0 where nothing can be swapped.

        The rate bounds what any size is paid per unit, but for inputs of a few units, where
        the contract's rounding of the invariant weighs more than the fee.
        """
        try:
            direction = self._direction(token_in, token_out)
        except (InsufficientLiquidity, InvalidPoolState, PoolPaused):
            return LocalCurve(0.0, 0.0)
        return direction.curve() if direction.most_in else LocalCurve(0.0, 0.0)

    def max_amount_in(self, token_in: Token, token_out: Token) -> int:
        """What the contract's 256-bit arithmetic takes, whatever there is of the token.

        Pools with a price oracle (-ng, EMA) are asked for at most a thousand times their whole
        invariant, and less where the oracle would refuse. 0 where nothing can be swapped.
        """
        try:
            return self._direction(token_in, token_out).most_in
        except (InsufficientLiquidity, InvalidPoolState, PoolPaused):
            return 0

    def output_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked `amount_in -> amount_out`; see `Pool.output_function`.

        0 where the input is so small that the contract reverts.

        Raises:
            PoolPaused, InsufficientLiquidity, InvalidPoolState: nothing can be swapped.
        """
        return self._direction(token_in, token_out).output

    def input_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked, smallest input; see `Pool.input_function`.

        Raises:
            As `output_function`.
        """
        return self._direction(token_in, token_out).smallest_input

    # --- the contract's views --------------------------------------------------------------

    def get_dy(self, i: int, j: int, dx: int) -> int:
        """What the contract's view foretells; `quote_exact_input` says what is paid.

        Raises:
            UnknownToken, SameToken: i and j are no two coins of the pool.
            InvalidAmount: `dx` is not an int from 1 on, or the view reverts.
            InvalidPoolState: the arithmetic has no answer.
            InsufficientLiquidity: a coin is missing.
        """
        check_indices(i, j, self, self.tokens)
        return self._usable_terms(i, j).get_dy(i, j, checked_amount("dx", dx))

    def get_dy_underlying(self, i: int, j: int, dx: int) -> int:
        """A metapool's view over its own coins and its base pool's, as the contract counts them.

        Raises:
            As `get_dy`, and InvalidPoolState where this is no metapool.
        """
        return self.underlying.get_dy(i, j, dx)

    def calc_token_amount(self, amounts: Sequence[int], is_deposit: bool) -> int:
        """LP tokens minted for a deposit, or burned for a withdrawal, of these amounts.

        As the contract's view: most leave the fee for imbalance out, -ng pools take it.

        Raises:
            IncompleteState: the LP supply is not known.
            InvalidPoolState, InsufficientLiquidity: as the contract reverts.
        """
        checked = checked_balances(amounts, len(self.tokens))
        return shares_of(self._ready(), self.known_supply(), checked, 1 if is_deposit else -1)

    def calc_withdraw_one_coin(self, amount: int, i: int) -> int:
        """What burning `amount` LP tokens pays in coin i alone.

        Raises:
            IncompleteState: the LP supply is not known.
            UnknownToken: i is no coin of the pool.
            InvalidAmount: `amount` is not an int from 1 to the supply, or pays nothing.
            InvalidPoolState, InsufficientLiquidity: as the contract reverts.
        """
        check_index("i", i, self, self.tokens)
        return withdraw_one(
            self._ready(), self.known_supply(), checked_amount("amount", amount), i
        ).amount

    @property
    def underlying(self) -> UnderlyingPool:
        """This metapool as `exchange_underlying` sees it: a `Pool` over the base pool's coins.

        Raises:
            InvalidPoolState: this is no metapool.
        """
        from aineon.amm.stableswap.meta import UnderlyingPool

        return UnderlyingPool(self)

    # --- within ----------------------------------------------------------------------------

    def _direction(self, token_in: Token, token_out: Token) -> Direction:
        try:
            known = self._directions.get((token_in, token_out))
        except TypeError:  # what cannot be hashed is no token
            raise refuse_tokens(self, self.tokens, token_in, token_out) from None
        return known or self._find_direction(token_in, token_out)

    def _find_direction(self, token_in: Token, token_out: Token) -> Direction:
        i, j = self._indices(token_in, token_out)
        if self.is_killed:
            raise PoolPaused(f"{self!r} is killed; it takes no swaps")
        direction = Direction(self._usable_terms(i, j), i, j)
        self._directions[token_in, token_out] = direction
        return direction

    def _indices(self, token_in: Token, token_out: Token) -> tuple[int, int]:
        return places_of(self, self.tokens, token_in, token_out)


def _after(pool: StableSwapPool, direction: Direction, amount_in: int) -> StableSwapPool:
    return pool._swapped(direction.balances_after(amount_in))
