"""CryptoSwapPool: Curve's pools for assets without a peg, Tricrypto first among them.

Sources: curvefi/curve-crypto-contract, CurveCryptoSwap.vy and CurveCryptoViews3.vy as deployed
in May and July 2021, CurveCryptoSwap2.vy and CurveCryptoSwap2ETH.vy; curvefi/tricrypto-ng,
CurveTricryptoOptimizedWETH.vy. In these contracts `exchange` pays what `get_dy` says, with one
exception: while `future_A_gamma_time` is set, Tricrypto2's `exchange` first takes D anew from
the balances and its `get_dy` does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from aineon.amm.checks import check_indices, places_of, refuse_amount
from aineon.amm.cryptoswap.cardano import cardano, cardano_y
from aineon.amm.cryptoswap.contracts import CryptoSwapContract
from aineon.amm.cryptoswap.math import (
    LEAST_SHARE,
    MAX_UINT,
    MOST_SHARE,
    UNIT,
    newton_y,
)
from aineon.amm.cryptoswap.repeg import Trade, repegged
from aineon.amm.cryptoswap.slope import bend, slope
from aineon.amm.cryptoswap.state import FEE_UNIT, CryptoSwapState
from aineon.amm.integer_search import largest_input, smallest_input
from aineon.amm.pool import LocalCurve
from aineon.amm.quote import Quote
from aineon.errors import IncompleteState, InsufficientLiquidity, InvalidAmount, PoolPaused
from aineon.primitives.token import Token

_RATE_MARGIN = 1 + 1e-9
_DUST = 10**5
"""Up to this amount the contract does not believe the price of a swap."""
_FEE_ROUNDS = 10
"""The fee depends on where a swap ends, and the other way round: a few rounds settle both."""
_CLOSED = (IncompleteState, InsufficientLiquidity, PoolPaused)


class CryptoSwapPool(CryptoSwapState):
    """A pool that follows the price of its assets by its own oracle; see `Pool`.

    All figures are the contract's own, in its own units.

    Attributes:
        tokens: in the contract's order, two or three.
        balances: what the contract has recorded of each token, in smallest units.
        A, gamma: what its `A()` and `gamma()` say at the block.
        D: the invariant; None where it is not known, and then nothing is quoted.
        price_scale: the prices of the tokens after the first, in 1e18.
        mid_fee, out_fee: the fee of a balanced and of an unbalanced pool, in 1e10.
        fee_gamma: how fast one fee turns into the other, in 1e18.
        precisions: the factors that bring each token to 18 decimals; from the decimals by default.
        contract: its generation; None picks what address or A leave no doubt of.
        A_precise: of the first Tricrypto, which reckons with two more digits of A than it tells;
            they are zeros, unless A is or was ramping.
        future_A_gamma_time: of the later contracts; anything but 0 means that A and gamma ramp,
            and each swap takes D anew from the balances. The first Tricrypto never does; for the
            -ng contract give 0 once that time has passed.
        is_killed: whether its admin has stopped swaps; the view `get_dy` answers all the same.
        repeg: what decides how a swap moves price_scale and D; None where it is not known.
            Without it swaps are quoted, but `Quote.pool_after` raises IncompleteState.

    An exchange that has been quoted can still revert with "Loss" where rounding takes more from
    the pool than the fee brings, as dust does; with `repeg`, `Quote.pool_after` tells.

    Raises:
        InvalidPoolState: a value that such a contract cannot have, or a contract in doubt.
        SameToken: a token is named twice.
        UnsupportedToken: a token moves other amounts than it is asked to.
    """

    __slots__ = ()

    # --- quotes ----------------------------------------------------------------------------

    def get_dy(self, i: int, j: int, dx: int) -> int:
        """What the contract's view `get_dy(i, j, dx)` answers.

        Raises:
            UnknownToken, SameToken: i and j are no two tokens of the pool.
            InvalidAmount: dx is not an int of at least 1, or so little that the view reverts.
            InsufficientLiquidity: the view reverts because the pool holds too little.
            IncompleteState: D is not known.
        """
        check_indices(i, j, self, self.tokens)
        stale = self.contract is CryptoSwapContract.TRICRYPTO2
        return self._pays("dx", i, j, dx, self._known_d() if stale else self._present_d())

    def quote_exact_input(self, token_in: Token, token_out: Token, amount_in: int) -> Quote:
        """Quote what `exchange` pays for `amount_in`; dust that rounds to 0 is a valid quote.

        Raises:
            InvalidAmount: not an int of at least 1, or so little that the contract reverts.
            InsufficientLiquidity: the contract reverts because the pool holds too little.
            UnknownToken, SameToken: the pool cannot swap these two tokens.
            IncompleteState: D is not known.
            PoolPaused: the pool is killed.
        """
        i, j = self._indices(token_in, token_out)
        amount_out = self._pays("amount_in", i, j, amount_in, self._invariant())
        self._check_after(i, j, amount_in, amount_out)
        return Quote(amount_in, amount_out, False, partial(_after, self, i, j, amount_in))

    def quote_exact_output(self, token_in: Token, token_out: Token, amount_out: int) -> Quote:
        """Quote the smallest input whose `exchange` pays `amount_out` or, where it must, more.

        The contract has no exact output: `amount_out` of the quote is what is really paid.

        Raises:
            InvalidAmount: not an int of at least 1.
            InsufficientLiquidity: the pool cannot pay that much.
            UnknownToken, SameToken: the pool cannot swap these two tokens.
            IncompleteState: D is not known.
            PoolPaused: the pool is killed.
        """
        self._invariant()
        most_in = self.max_amount_in(token_in, token_out)
        most = self.output_function(token_in, token_out)(most_in) if most_in else 0
        if type(amount_out) is not int or amount_out < 1:
            raise refuse_amount("amount_out", amount_out, max(most, 1))
        if amount_out > most:
            raise InsufficientLiquidity(
                f"amount_out is {amount_out}; {self!r} can pay at most {most}"
            )
        amount_in = self._inverse(token_in, token_out, most_in)(amount_out)
        return self.quote_exact_input(token_in, token_out, amount_in)

    def spot_price(self, token_in: Token, token_out: Token) -> float:
        """Price before fees: raw units of `token_out` for one raw unit of `token_in`.

        Raises:
            InsufficientLiquidity: the pool is empty and has no price.
            IncompleteState: D is not known.
            PoolPaused: the pool is killed.
        """
        price = self._price(*self._indices(token_in, token_out), self._invariant())
        if not price:
            raise InsufficientLiquidity(f"{self!r} has balances {self.balances}: it has no price")
        return price

    def local_curve(self, token_in: Token, token_out: Token) -> LocalCurve:
        """The curve near the current price, at the lower fee; rate 0 where nothing is swapped.

        The rate bounds what a swap gets up to one unit, because fees are rounded down, and to
        the noise that the contract's Newton loop leaves in sizes below a billionth of the pool.
        """
        i, j = self._indices(token_in, token_out)
        try:
            invariant = self._invariant()
        except _CLOSED:
            return LocalCurve(0.0, 0.0)
        price = self._price(i, j, invariant)
        if not price or not self._quotes_at_all(invariant):
            return LocalCurve(0.0, 0.0)
        keep = (FEE_UNIT - min(self.mid_fee, self.out_fee)) / FEE_UNIT
        bent = bend(self._amplification, self._scaled(self.balances), invariant, i, j)
        return LocalCurve(price * keep * _RATE_MARGIN, bent * self._scale(i))

    def max_amount_in(self, token_in: Token, token_out: Token) -> int:
        """The largest input that the contract takes; 0 where there is none.

        It reverts where the token sold grows beyond 100 times D, the token bought falls below a
        hundredth of it, or the tokens get too unequal for its `newton_D`.
        """
        i, j = self._indices(token_in, token_out)
        if (i, j) not in self._most:
            self._most[i, j] = self._find_most(i, j)
        return self._most[i, j]

    def output_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked `amount_in -> amount_out`; see `Pool.output_function`.

        Dust that the contract would revert on pays 0.

        Raises:
            IncompleteState: D is not known.
            PoolPaused: the pool is killed.
        """
        solve = self._solver(*self._indices(token_in, token_out), self._invariant())
        return lambda amount_in: max(solve(amount_in), 0)

    def input_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked inverse; see `Pool.input_function`.

        The output rises in all but the last digits, where the contract's Newton loop leaves
        noise: the answer pays enough and one unit less does not, yet still smaller inputs may.

        Raises:
            IncompleteState: D is not known.
            PoolPaused: the pool is killed.
        """
        self._invariant()
        return self._inverse(token_in, token_out, self.max_amount_in(token_in, token_out))

    # --- arithmetic ------------------------------------------------------------------------

    def _quotes_at_all(self, invariant: int) -> bool:
        shares = [x * UNIT // invariant for x in self._scaled(self.balances)]
        return min(shares) >= LEAST_SHARE and max(shares) <= MOST_SHARE

    def _price(self, i: int, j: int, invariant: int) -> float:
        price = slope(self._amplification, self._scaled(self.balances), invariant, i, j)
        return price * self._scale(i) / self._scale(j)

    def _solver(self, i: int, j: int, invariant: int) -> Callable[[int], int]:
        """The exact output of an input; -1 where it is so little that the contract reverts."""
        amplification = self._amplification
        x = self._scaled(self.balances)
        sold, bought = self.balances[i], x[j]
        factor_in = self.precisions[i] * (self.price_scale[i - 1] if i else UNIT)
        price_out = self.price_scale[j - 1] if j else UNIT
        precision_out = self.precisions[j]
        others = [k for k in range(len(x)) if k != j]
        is_ng = self.contract is CryptoSwapContract.TRICRYPTO_NG
        solved: Callable[..., int] = cardano_y if is_ng else newton_y
        fee_of = self._fee

        def solve(amount_in: int) -> int:
            after = x.copy()
            after[i] = (sold + amount_in) * factor_in // UNIT
            y = solved(amplification, [after[k] for k in others], invariant)
            paid = bought - y - 1
            if paid < 0:
                return -1
            after[j] = y
            paid = paid * UNIT // price_out // precision_out
            return paid - fee_of(after) * paid // FEE_UNIT

        return solve

    def _fee(self, x: Sequence[int]) -> int:
        total, n = sum(x), len(x)
        if n == 2:
            k = 4 * UNIT * x[0] // total * x[1] // total
        else:
            k = UNIT
            for amount in x:
                k = k * n * amount // total
        f = self.fee_gamma * UNIT // (self.fee_gamma + UNIT - k)
        return (self.mid_fee * f + self.out_fee * (UNIT - f)) // UNIT

    def _pays(self, name: str, i: int, j: int, amount_in: int, invariant: int) -> int:
        if type(amount_in) is not int or amount_in < 1:
            raise refuse_amount(name, amount_in, MAX_UINT)
        try:
            paid = self._solver(i, j, invariant)(amount_in)
        except InsufficientLiquidity as error:
            raise InsufficientLiquidity(f"{name} is {amount_in} for {self!r}; {error}") from error
        if paid < 0:
            raise InvalidAmount(
                f"{name} is {amount_in}, so little that the contract of {self!r} reverts"
            )
        return paid

    def _moved(self, i: int, j: int, amount_in: int, amount_out: int) -> tuple[int, ...]:
        balances = list(self.balances)
        balances[i] += amount_in
        balances[j] -= amount_out
        return tuple(balances)

    def _check_after(self, i: int, j: int, amount_in: int, amount_out: int) -> None:
        """Raise where `exchange` reverts because no D belongs to what it leaves."""
        x = self._scaled(self._moved(i, j, amount_in, amount_out))
        # Far from every bound the answer is known, and the second Newton loop is spared.
        if min(x) * 8 > max(x) and max(x) < 10**30:
            return
        try:
            self._invariant_of(x, self._k0(i, j, amount_in))
        except InsufficientLiquidity as error:
            raise InsufficientLiquidity(
                f"amount_in is {amount_in} for {self!r}; {error}"
            ) from error

    def _k0(self, i: int, j: int, amount_in: int) -> int:
        """From where the -ng contract seeks D after an exchange; 0 in the others."""
        if self.contract is not CryptoSwapContract.TRICRYPTO_NG:
            return 0
        x = self._scaled(self._moved(i, j, amount_in, 0))
        del x[j]
        return cardano(self._amplification, x, self._invariant())[1]

    def _find_most(self, i: int, j: int) -> int:
        try:
            invariant = self._invariant()
        except _CLOSED:
            return 0
        if not self._quotes_at_all(invariant):
            return 0
        most = largest_input(partial(self._fills, i, j, invariant), *self._room(i, j, invariant))
        return most if most and self._solver(i, j, invariant)(most) >= 0 else 0

    def _fills(self, i: int, j: int, invariant: int, amount_in: int) -> bool:
        try:
            paid = self._pays("amount_in", i, j, amount_in, invariant)
            self._check_after(i, j, amount_in, paid)
        except InsufficientLiquidity:
            return False
        except InvalidAmount:
            return True
        return True

    def _room(self, i: int, j: int, invariant: int) -> tuple[int, int]:
        """The input that brings the bought token to its lower bound, about, and a sure bound."""
        ceiling = (MOST_SHARE + 1) * invariant // (self._factor(i)) + 1 - self.balances[i]
        x = self._scaled(self.balances)
        x[j] = invariant * LEAST_SHARE // UNIT + 1
        try:
            sold = newton_y(self._amplification, [x[k] for k in range(len(x)) if k != i], invariant)
        except InsufficientLiquidity:
            return 1, ceiling
        return max(1, min(sold * UNIT // self._factor(i) - self.balances[i], ceiling)), ceiling

    def _inverse(self, token_in: Token, token_out: Token, most: int) -> Callable[[int], int]:
        i, j = self._indices(token_in, token_out)
        invariant = self._invariant()
        output = self.output_function(token_in, token_out)
        rate = self.local_curve(token_in, token_out).rate

        def smallest(amount_out: int) -> int:
            guess = self._input_near(i, j, invariant, amount_out)
            return smallest_input(output, amount_out, most, rate, guess)

        return smallest

    def _input_near(self, i: int, j: int, invariant: int, amount_out: int) -> int:
        """About the input for an output, by the equation solved the other way; 0 in doubt."""
        x = self._scaled(self.balances)
        bought, sold, before_fee = x[j], x[i], 0
        try:
            for _ in range(_FEE_ROUNDS):
                last = before_fee
                before_fee = (amount_out - 1) * FEE_UNIT // (FEE_UNIT - self._fee(x)) + 1
                if before_fee == last:
                    break
                x[j] = bought - 1 + -before_fee * self._factor(j) // UNIT
                others = [amount for k, amount in enumerate(x) if k != i]
                sold = x[i] = newton_y(self._amplification, others, invariant)
        except (InsufficientLiquidity, ZeroDivisionError):
            return 0
        return max(0, sold * UNIT // self._factor(i) - self.balances[i])

    def _indices(self, token_in: Token, token_out: Token) -> tuple[int, int]:
        return places_of(self, self.tokens, token_in, token_out)


def _after(pool: CryptoSwapPool, i: int, j: int, amount_in: int) -> CryptoSwapPool:
    if pool.repeg is None:
        raise IncompleteState(
            f"{pool!r} after a swap is not known: price_scale and D follow from its oracle; "
            "give repeg (price_oracle, last_prices, xcp_profit, virtual_price …)"
        )
    invariant = pool._invariant()
    amount_out = pool._solver(i, j, invariant)(amount_in)
    balances = pool._moved(i, j, amount_in, amount_out)
    trade = Trade(
        pool.contract, pool._amplification, pool._scaled(balances), pool.price_scale,
        i, j, amount_in * pool.precisions[i], amount_out * pool.precisions[j],
        counts=min(amount_in, amount_out) > _DUST,
        future_A_gamma_time=pool.future_A_gamma_time,
    )  # fmt: skip
    try:
        after = repegged(pool.repeg, trade)
    except InsufficientLiquidity as error:
        raise InsufficientLiquidity(f"amount_in is {amount_in} for {pool!r}; {error}") from error
    return pool._with(balances=balances, **after._asdict())
