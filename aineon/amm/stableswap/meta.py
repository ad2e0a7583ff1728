"""A metapool over its base pool's coins: what `exchange_underlying` does, as a pool of its own.

A swap into the base pool's coins is a swap for its LP token and a withdrawal of one coin; a
swap out of them is a deposit of one coin and a swap of the LP tokens minted. Between two coins
of the base pool the metapool only passes the swap on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from aineon.amm.checks import check_indices, places_of, refuse_amount
from aineon.amm.frozen import Frozen
from aineon.amm.pool import LocalCurve
from aineon.amm.quote import Quote
from aineon.amm.stableswap.bracket import peak, smallest
from aineon.amm.stableswap.checks import checked_amount
from aineon.amm.stableswap.direction import weights
from aineon.amm.stableswap.liquidity import deposit_slope, mint, shares_by_views, withdraw_one
from aineon.amm.stableswap.math import FEE_DENOMINATOR, MAX_UINT256, PRECISION
from aineon.amm.stableswap.pool import StableSwapPool
from aineon.errors import (
    InsufficientLiquidity,
    InvalidAmount,
    InvalidPoolState,
    PoolError,
    PoolPaused,
)
from aineon.primitives.address import Address
from aineon.primitives.token import Token

_set = object.__setattr__


class _Moved(NamedTuple):
    """What a swap pays, and the metapool it leaves."""

    amount_out: int
    after: Callable[[], StableSwapPool]


class UnderlyingPool(Frozen):
    """A metapool's own coins and its base pool's, swapped as `exchange_underlying` does.

    It has the metapool's address: a market holds the metapool or this view of it, not both.
    It quotes with the base pool it was made with; where that changes, make it anew from
    `metapool.with_base_pool(…)`.

    Attributes:
        metapool: in the state that is quoted.
        tokens: the metapool's coins but the LP token, then the base pool's.

    Raises:
        InvalidPoolState: the pool has no base pool, or shares a coin with it.
        IncompleteState: the base pool's LP supply is not known.
    """

    __slots__ = ("_most", "metapool", "tokens")

    metapool: StableSwapPool
    tokens: tuple[Token, ...]
    # The largest input of each direction, searched for when it is first asked for.
    _most: dict[tuple[Token, Token], int]

    def __init__(self, metapool: StableSwapPool) -> None:
        if not isinstance(metapool, StableSwapPool):
            raise InvalidPoolState(f"metapool is {metapool!r}; allowed is a StableSwapPool")
        if metapool.base_pool is None:
            raise InvalidPoolState(f"{metapool!r} has no base_pool; it has no underlying coins")
        tokens = (*metapool.tokens[:-1], *metapool.base_pool.tokens)
        if len(set(tokens)) < len(tokens):
            raise InvalidPoolState(f"{metapool!r} shares a coin with its base pool")
        metapool.base_pool.known_supply()
        _set(self, "metapool", metapool)
        _set(self, "tokens", tokens)
        _set(self, "_most", {})

    @property
    def address(self) -> Address:
        """The metapool's."""
        return self.metapool.address

    @property
    def venue(self) -> str:
        """The metapool's."""
        return self.metapool.venue

    @property
    def base_pool(self) -> StableSwapPool:
        """The metapool's base pool."""
        base = self.metapool.base_pool
        assert isinstance(base, StableSwapPool)
        return base

    def quote_exact_input(self, token_in: Token, token_out: Token, amount_in: int) -> Quote:
        """Quote what `exchange_underlying` pays for `amount_in`.

        Raises:
            InvalidAmount: not an int of at least 1, or the contract reverts for its size.
            InsufficientLiquidity, InvalidPoolState: no swap works in this state.
            PoolPaused: the metapool or its base pool is killed.
            UnknownToken, SameToken: the pool cannot swap these two tokens.
        """
        move = self._move(token_in, token_out)
        if type(amount_in) is not int or not 0 < amount_in <= MAX_UINT256:
            raise refuse_amount("amount_in", amount_in, MAX_UINT256)
        moved = move(amount_in)
        return Quote(amount_in, moved.amount_out, False, partial(_view, moved))

    def quote_exact_output(self, token_in: Token, token_out: Token, amount_out: int) -> Quote:
        """Quote the smallest input that pays at least `amount_out`; see `StableSwapPool`.

        Raises:
            InsufficientLiquidity: the pools cannot pay that much.
            As `quote_exact_input`.
        """
        move = self._move(token_in, token_out)
        if type(amount_out) is not int or amount_out < 1:
            raise refuse_amount("amount_out", amount_out, MAX_UINT256)
        output = _output(move)
        highest = self._paying(token_in, token_out, output, amount_out)
        guess = self._input_guess(token_in, token_out, output, amount_out)
        amount_in = smallest(lambda dx: output(dx) >= amount_out, guess, 1, highest)
        return Quote(amount_in, amount_out, False, partial(_after, move, amount_in))

    def spot_price(self, token_in: Token, token_out: Token) -> float:
        """Price before fees: raw units of `token_out` for one raw unit of `token_in`.

        Raises:
            InsufficientLiquidity: a coin is missing and there is no price.
        """
        i, j = self._indices(token_in, token_out)
        if self._own(i) and self._own(j):
            return self.metapool.spot_price(token_in, token_out)
        if not self._own(i) and not self._own(j):
            return self.base_pool.spot_price(token_in, token_out)
        lp = self.metapool.tokens[-1]
        if self._own(i):
            return self.metapool.spot_price(token_in, lp) / self._lp_per(j)
        return self._lp_per(i) * self.metapool.spot_price(lp, token_out)

    def local_curve(self, token_in: Token, token_out: Token) -> LocalCurve:
        """The two steps' curves in a row; rate 0 where nothing can be swapped.

        The base pool's step is taken without its fee for imbalance and without bend, so that
        the rate stays an upper bound.
        """
        i, j = self._indices(token_in, token_out)
        lp = self.metapool.tokens[-1]
        try:
            self._check_alive()
            if self._own(i) and self._own(j):
                return self.metapool.local_curve(token_in, token_out)
            if not self._own(i) and not self._own(j):
                return self.base_pool.local_curve(token_in, token_out)
            if self._own(i):
                rate, bend = self.metapool.local_curve(token_in, lp)
                return LocalCurve(rate / self._lp_per(j), bend)
            minted = self._lp_per(i)
            rate, bend = self.metapool.local_curve(lp, token_out)
        except (InsufficientLiquidity, InvalidPoolState, PoolPaused):
            return LocalCurve(0.0, 0.0)
        return LocalCurve(minted * rate, minted * bend)

    def max_amount_in(self, token_in: Token, token_out: Token) -> int:
        """The largest input that both pools take; 0 where nothing can be swapped."""
        try:
            output = _output(self._move(token_in, token_out))
            return self._most_in(token_in, token_out, output)
        except (InsufficientLiquidity, InvalidPoolState, PoolPaused):
            return 0

    def output_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact `amount_in -> amount_out`; 0 where the contracts revert."""
        return _output(self._move(token_in, token_out))

    def input_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, smallest input; see `Pool.input_function`."""
        output = _output(self._move(token_in, token_out))

        def smallest_input(amount_out: int) -> int:
            highest = self._paying(token_in, token_out, output, amount_out)
            guess = self._input_guess(token_in, token_out, output, amount_out)
            return smallest(lambda dx: output(dx) >= amount_out, guess, 1, highest)

        return smallest_input

    def get_dy(self, i: int, j: int, dx: int) -> int:
        """What the metapool's view `get_dy_underlying` foretells.

        It foretells deposits without the fee, and takes half a base fee off instead (-ng: as
        charged), so that `exchange_underlying` pays a little else.

        Raises:
            As `StableSwapPool.get_dy`.
        """
        check_indices(i, j, self, self.tokens)
        checked_amount("dx", dx)
        own = len(self.metapool.tokens) - 1
        if i >= own and j >= own:
            return self.base_pool.get_dy(i - own, j - own, dx)
        terms = self.metapool._usable_terms(min(i, own), min(j, own))
        if i < own:
            x = terms.xp[i] + dx * terms.rates[i] // PRECISION
        else:
            x = terms.xp[own] + self._foretold_deposit(i - own, dx)
        i, base_j, j = min(i, own), j - own, min(j, own)
        y = terms.invariant.coin(terms.others(i, x, j), terms.D)
        dy = terms.xp[j] - y - 1
        if dy < 0:
            raise InvalidAmount(f"dx is {dx}, which moves the pool by less than a unit; it reverts")
        dy -= terms.fee_at(x, y, i, j) * dy // FEE_DENOMINATOR
        paid = dy * PRECISION // terms.rates[j]
        return paid if base_j < 0 else self.base_pool.calc_withdraw_one_coin(paid, base_j)

    def _foretold_deposit(self, k: int, dx: int) -> int:
        base, price = self.base_pool, self.metapool.rates[-1]
        amounts = self._alone(k, dx)
        if self.metapool.template.charges_view:
            return shares_by_views(base._ready(), base.known_supply(), amounts) * price // PRECISION
        worth = base.calc_token_amount(amounts, True) * price // PRECISION
        return worth - worth * base.fee // (2 * FEE_DENOMINATOR)

    def _move(self, token_in: Token, token_out: Token) -> Callable[[int], _Moved]:
        i, j = self._indices(token_in, token_out)
        self._check_alive()
        if self._own(i) and self._own(j):
            return partial(self._swap_meta, token_in, token_out)
        if self._own(i):
            return partial(self._swap_out, token_in, self._base_index(j))
        if self._own(j):
            return partial(self._swap_in, self._base_index(i), token_out)
        return partial(self._swap_base, token_in, token_out)

    def _swap_meta(self, token_in: Token, token_out: Token, amount_in: int) -> _Moved:
        quote = self.metapool.quote_exact_input(token_in, token_out, amount_in)
        return _Moved(quote.amount_out, partial(_pool_after, quote))

    def _swap_base(self, token_in: Token, token_out: Token, amount_in: int) -> _Moved:
        quote = self.base_pool.quote_exact_input(token_in, token_out, amount_in)

        def after() -> StableSwapPool:
            # Even here the contract reads, and renews, its cached virtual price first.
            renewed = self.metapool._swapped(self.metapool.balances)
            return renewed.with_base_pool(_pool_after(quote))

        return _Moved(quote.amount_out, after)

    def _swap_out(self, token_in: Token, k: int, amount_in: int) -> _Moved:
        quote = self.metapool.quote_exact_input(token_in, self.metapool.tokens[-1], amount_in)
        burned = quote.amount_out
        if not burned:
            raise InvalidAmount(f"amount_in is {amount_in}, for which no LP token is to be had")
        base, supply = self.base_pool, self.base_pool.known_supply()
        booked = withdraw_one(base._ready(), supply, burned, k)
        after = partial(_over, quote, base, booked.balances, supply - burned)
        return _Moved(booked.amount, after)

    def _swap_in(self, k: int, token_out: Token, amount_in: int) -> _Moved:
        base, supply = self.base_pool, self.base_pool.known_supply()
        booked = mint(base._ready(), supply, self._alone(k, amount_in))
        if not booked.amount:
            raise InvalidAmount(f"amount_in is {amount_in}, which mints no LP token")
        lp = self.metapool.tokens[-1]
        quote = self.metapool.quote_exact_input(lp, token_out, booked.amount)
        after = partial(_over, quote, base, booked.balances, supply + booked.amount)
        return _Moved(quote.amount_out, after)

    def _check_alive(self) -> None:
        for pool in (self.metapool, self.base_pool):
            if pool.is_killed:
                raise PoolPaused(f"{pool!r} is killed; it takes no swaps")

    def _most_in(self, token_in: Token, token_out: Token, output: Callable[[int], int]) -> int:
        known = self._most.get((token_in, token_out))
        if known is None:
            i, _ = self._indices(token_in, token_out)
            own = self._own(i)
            held = (
                self.metapool.balances[i] if own else self.base_pool.balances[self._base_index(i)]
            )
            known = self._most[token_in, token_out] = _last_paying(output, max(held // 1000, 1))
        return known

    def _paying(
        self, token_in: Token, token_out: Token, output: Callable[[int], int], amount_out: int
    ) -> int:
        """An input that pays `amount_out` or more; raise InsufficientLiquidity where none does."""
        near = 2 * self._input_guess(token_in, token_out, output, amount_out)
        if output(near) >= amount_out:
            return near
        most = self._most_in(token_in, token_out, output)
        if most and output(most) < amount_out:
            # A dynamic fee may make the largest input pay less than a smaller one.
            most = peak(output, most)
        if not most or output(most) < amount_out:
            raise InsufficientLiquidity(
                f"amount_out is {amount_out}; {self!r} cannot pay that much {token_out}"
            )
        return most

    def _input_guess(
        self, token_in: Token, token_out: Token, output: Callable[[int], int], amount_out: int
    ) -> int:
        rate = self.local_curve(token_in, token_out).rate
        guess = int(amount_out / rate) if rate else 1
        # Nearly proportional near the peg: a few corrections bring the guess close.
        for _ in range(4):
            paid = output(guess) if guess else 0
            if not paid:
                break
            guess = guess * amount_out // paid
        return max(guess, 1)

    def _lp_per(self, index: int) -> float:
        """LP tokens for a unit of a base coin, in floats, before the fee for imbalance."""
        base = self.base_pool
        k = self._base_index(index)
        terms = base._usable_terms(k, k)
        ann, shape = weights(terms)
        grown = deposit_slope(terms.invariant, ann, shape, terms.D, terms.xp[k])
        return grown * base.known_supply() / terms.D * terms.rates[k] / PRECISION

    def _own(self, index: int) -> bool:
        return index < len(self.metapool.tokens) - 1

    def _base_index(self, index: int) -> int:
        return index - len(self.metapool.tokens) + 1

    def _alone(self, k: int, amount: int) -> tuple[int, ...]:
        return tuple(amount if m == k else 0 for m in range(len(self.base_pool.tokens)))

    def _indices(self, token_in: Token, token_out: Token) -> tuple[int, int]:
        return places_of(self, self.tokens, token_in, token_out)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, UnderlyingPool):
            return NotImplemented
        return self.metapool == other.metapool

    def __hash__(self) -> int:
        return hash(("underlying", self.metapool))

    def __repr__(self) -> str:
        names = "/".join(str(token) for token in self.tokens)
        return f"UnderlyingPool({names} {self.venue} {self.address})"

    def __reduce__(self) -> tuple[Any, ...]:
        return UnderlyingPool, (self.metapool,)


def _last_paying(output: Callable[[int], int], start: int) -> int:
    """The largest input that pays, between a size that does and one that is refused."""
    paying = start
    while paying and not output(paying):
        paying //= 2
    refused = paying
    while paying and output(refused):
        paying, refused = refused, refused * 16
    while refused - paying > 1:
        middle = (paying + refused) // 2
        if output(middle):
            paying = middle
        else:
            refused = middle
    return paying


def _output(move: Callable[[int], _Moved]) -> Callable[[int], int]:
    def output(amount_in: int) -> int:
        try:
            return move(amount_in).amount_out
        except PoolError:
            return 0

    return output


def _pool_after(quote: Quote) -> StableSwapPool:
    after = quote.pool_after
    assert isinstance(after, StableSwapPool)
    return after


def _over(
    quote: Quote, base: StableSwapPool, balances: tuple[int, ...], supply: int
) -> StableSwapPool:
    changed = base._changed(balances=balances, lp_total_supply=supply)
    return _pool_after(quote).with_base_pool(changed)


def _view(moved: _Moved) -> UnderlyingPool:
    return UnderlyingPool(moved.after())


def _after(move: Callable[[int], _Moved], amount_in: int) -> UnderlyingPool:
    return _view(move(amount_in))
