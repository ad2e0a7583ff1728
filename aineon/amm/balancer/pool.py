"""What all pools in Balancer's Vault share: tokens, Vault balances, the fee, and how to be asked.

Sources: Balancer V2, Vault (PoolBalances, Swaps, BalanceAllocation), BasePool,
BaseMinimalSwapInfoPool and BaseGeneralPool.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

from aineon.amm.balancer.fixed_point import ONE
from aineon.amm.balancer.state import (
    MAX_BALANCE,
    checked_balances,
    checked_factors,
    checked_pool_id,
    checked_swap_fee,
)
from aineon.amm.checks import (
    check_transfers,
    checked_address,
    checked_flag,
    checked_tokens,
    checked_venue,
    places_of,
    refuse_amount,
    refuse_tokens,
)
from aineon.amm.frozen import Frozen
from aineon.amm.pool import LocalCurve
from aineon.amm.quote import Quote
from aineon.errors import (
    InsufficientLiquidity,
    InvalidAmount,
    PoolError,
    PoolPaused,
)
from aineon.primitives.address import Address
from aineon.primitives.token import Token

# Floats are rounded a few times on the way to a rate that must bound what is paid.
ABOVE = 1.0 + 2.0**-48
NOTHING = LocalCurve(0.0, 0.0)

_new = object.__new__
_new_tuple = tuple.__new__
_set = object.__setattr__


class Direction:
    """One way through a pool's state, with all worked out that does not depend on the amount.

    Attributes:
        i, j: places of the tokens sold and bought.
        most_in: the largest input that the contract and the Vault take; 0 where there is none.
        output: the exact amount out; 0 where an input is so small that the contract reverts.
    """

    __slots__ = ("i", "j", "most_in", "output")

    i: int
    j: int
    most_in: int
    output: Callable[[int], int]

    @abstractmethod
    def given_out(self, amount_out: int) -> int:
        """Return what the contract asks for `amount_out` (its GIVEN_OUT), or raise."""

    @abstractmethod
    def check_dust(self, amount_in: int) -> None:
        """Raise where the contract reverts for so little, rather than paying nothing."""

    @abstractmethod
    def smallest_input(self, amount_out: int) -> int:
        """Return the input that `output` pays `amount_out` for, with one unit less not doing."""


class BalancerPool(Frozen):
    """The part of a Balancer V2 pool that does not depend on its curve; see `Pool`.

    Attributes:
        address, venue: of the pool's contract, and its protocol.
        pool_id: the Vault's 32-byte id, canonical; None where not known.
        tokens: as the Vault lists them.
        balances: in the Vault, smallest units, each a uint112.
        swap_fee: 1e18 is all; taken off the input, and stays in the pool.
        scaling_factors: what brings each token to 18 decimals, times 1e18, times the rate of a
            token that grows: 1e30 for 6 decimals without rate.
        is_paused, swap_enabled: a paused pool, or one whose owner has disabled swaps, refuses.
    """

    __slots__ = (
        "_directions",
        "address",
        "balances",
        "is_paused",
        "pool_id",
        "scaling_factors",
        "swap_enabled",
        "swap_fee",
        "tokens",
        "venue",
    )
    _STATE: tuple[str, ...] = (
        "address",
        "tokens",
        "balances",
        "swap_fee",
        "scaling_factors",
        "pool_id",
        "is_paused",
        "swap_enabled",
        "venue",
    )

    address: Address
    pool_id: str | None
    venue: str
    tokens: tuple[Token, ...]
    balances: tuple[int, ...]
    swap_fee: int
    scaling_factors: tuple[int, ...]
    is_paused: bool
    swap_enabled: bool
    # Worked out when first asked for, once for each state.
    _directions: dict[tuple[Token, Token], Direction]

    def _set_vault_state(
        self,
        most_tokens: int,
        address: str,
        tokens: Sequence[Token],
        balances: Sequence[int],
        swap_fee: int,
        scaling_factors: Sequence[int] | None,
        pool_id: str | None,
        is_paused: bool,
        swap_enabled: bool,
        venue: str,
    ) -> None:
        canonical = checked_address(address)
        held = checked_tokens(tokens, most_tokens)
        check_transfers(held)
        _set(self, "address", canonical)
        _set(self, "tokens", held)
        _set(self, "balances", checked_balances(balances, len(held)))
        _set(self, "swap_fee", checked_swap_fee(swap_fee))
        _set(self, "scaling_factors", checked_factors(scaling_factors, held))
        _set(self, "pool_id", checked_pool_id(pool_id, canonical))
        _set(self, "is_paused", checked_flag("is_paused", is_paused))
        _set(self, "swap_enabled", checked_flag("swap_enabled", swap_enabled))
        _set(self, "venue", checked_venue(venue))
        self._forget()

    # --- what events change ----------------------------------------------------------------

    def with_balances(self, balances: Sequence[int]) -> Self:
        """Return this pool with other balances in the Vault.

        Raises:
            InvalidPoolState: not one uint112 for each token.
        """
        return self._changed(balances=checked_balances(balances, len(self.tokens)))

    def with_scaling_factors(self, scaling_factors: Sequence[int]) -> Self:
        """Return this pool with other scaling factors, as a token's rate moves.

        Raises:
            InvalidPoolState: not one positive factor for each token.
        """
        return self._changed(scaling_factors=checked_factors(scaling_factors, self.tokens))

    def with_swap_fee(self, swap_fee: int) -> Self:
        """Return this pool with another fee, as SwapFeePercentageChanged reports it.

        Raises:
            InvalidPoolState: not an int from 0 to below 1e18.
        """
        return self._changed(swap_fee=checked_swap_fee(swap_fee))

    def paused(self) -> Self:
        """Return this pool as PausedStateChanged(true) leaves it."""
        return self._changed(is_paused=True)

    def unpaused(self) -> Self:
        """Return this pool as PausedStateChanged(false) leaves it."""
        return self._changed(is_paused=False)

    def with_swaps_enabled(self) -> Self:
        """Return this pool as SwapEnabledSet(true) leaves it."""
        return self._changed(swap_enabled=True)

    def with_swaps_disabled(self) -> Self:
        """Return this pool as SwapEnabledSet(false) leaves it."""
        return self._changed(swap_enabled=False)

    # --- the protocol of every pool --------------------------------------------------------

    def quote_exact_input(self, token_in: Token, token_out: Token, amount_in: int) -> Quote:
        """Quote a swap of `amount_in` (GIVEN_IN); an output of 0 is a valid quote.

        Raises:
            InvalidAmount: not an int from 1 to `max_amount_in`, or so little that the contract
                reverts.
            InsufficientLiquidity: too little is left of a token.
            InvalidPoolState: the contract's arithmetic has no answer in this state.
            IncompleteState: what the contract needs for it is not part of this state.
            PoolPaused: the pool is paused, or its swaps are disabled.
            UnknownToken, SameToken: the pool cannot swap these two tokens.
        """
        direction = self._direction(token_in, token_out)
        if type(amount_in) is not int or not 0 < amount_in <= direction.most_in:
            self._check_takes(direction)
            raise refuse_amount("amount_in", amount_in, direction.most_in)
        amount_out = direction.output(amount_in)
        if not amount_out:
            direction.check_dust(amount_in)
        after = partial(_after, self, direction, amount_in, amount_out)
        return _new_tuple(Quote, (amount_in, amount_out, False, after))

    def quote_exact_output(self, token_in: Token, token_out: Token, amount_out: int) -> Quote:
        """Quote what the contract asks for `amount_out` (GIVEN_OUT).

        The contract rounds the two directions apart: sold, `amount_in` can pay some units of
        the last digits more or less than `amount_out`.

        Raises:
            InvalidAmount: not an int of at least 1, or it costs more than the Vault can hold.
            InsufficientLiquidity: the contract does not pay that much, or a token is missing.
            InvalidPoolState, IncompleteState, PoolPaused, UnknownToken, SameToken: as
                `quote_exact_input`.
        """
        direction = self._direction(token_in, token_out)
        if type(amount_out) is not int or amount_out < 1:
            raise refuse_amount("amount_out", amount_out, self.balances[direction.j])
        amount_in = direction.given_out(amount_out)
        room = MAX_BALANCE - self.balances[direction.i]
        if amount_in > room:
            raise InvalidAmount(
                f"amount_out is {amount_out}, which costs {amount_in}; "
                f"{self!r} can take at most {room}"
            )
        after = partial(_after, self, direction, amount_in, amount_out)
        return Quote(amount_in, amount_out, False, after)

    def spot_price(self, token_in: Token, token_out: Token) -> float:
        """Price before fees: raw units of `token_out` for one raw unit of `token_in`.

        Raises:
            InsufficientLiquidity: a token is missing and there is no price.
            InvalidPoolState, IncompleteState: as `quote_exact_input`.
        """
        return self._curve(*self._places(token_in, token_out)).rate

    def local_curve(self, token_in: Token, token_out: Token) -> LocalCurve:
        """The curve where the pool stands, after the fee; rate 0 where nothing can be swapped."""
        i, j = self._places(token_in, token_out)
        try:
            if not self._direction(token_in, token_out).most_in:
                return NOTHING
            rate, bend = self._curve(i, j)
        except PoolError:
            return NOTHING
        keep = (ONE - self.swap_fee) / ONE
        return _new_tuple(LocalCurve, (rate * keep * ABOVE, bend * keep))

    def max_amount_in(self, token_in: Token, token_out: Token) -> int:
        """The largest input that contract and Vault take; 0 where nothing can be swapped."""
        self._places(token_in, token_out)
        try:
            return self._direction(token_in, token_out).most_in
        except PoolError:
            return 0

    def output_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked `amount_in -> amount_out`; see `Pool.output_function`.

        0 where the input is so small that the contract reverts.

        Raises:
            PoolPaused, InsufficientLiquidity, InvalidPoolState, IncompleteState: nothing can
                be swapped.
        """
        direction = self._direction(token_in, token_out)
        self._check_takes(direction)
        return direction.output

    def input_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked inverse; see `Pool.input_function`.

        The contracts' arithmetic is not strictly rising: in its last digits a larger input may
        be paid a unit less. The answer always pays what was asked while one unit less does not;
        where the noise lets several inputs do so, it is one of them.

        Raises:
            As `output_function`.
        """
        direction = self._direction(token_in, token_out)
        self._check_takes(direction)
        return direction.smallest_input

    # --- what a kind of pool adds ----------------------------------------------------------

    @abstractmethod
    def _curve(self, i: int, j: int) -> LocalCurve:
        """Return the price before fees and its bend, in raw units, or raise."""

    @abstractmethod
    def _make_direction(self, i: int, j: int) -> Direction:
        """Work out one direction, or raise where nothing can be swapped."""

    # --- within ----------------------------------------------------------------------------

    def _direction(self, token_in: Token, token_out: Token) -> Direction:
        try:
            known = self._directions.get((token_in, token_out))
        except TypeError:  # what cannot be hashed is no token
            raise refuse_tokens(self, self.tokens, token_in, token_out) from None
        return known or self._find(token_in, token_out)

    def _find(self, token_in: Token, token_out: Token) -> Direction:
        i, j = self._places(token_in, token_out)
        if self.is_paused or not self.swap_enabled:
            reason = "is paused" if self.is_paused else "has its swaps disabled"
            raise PoolPaused(f"{self!r} {reason}; it takes no swaps")
        direction = self._make_direction(i, j)
        self._directions[token_in, token_out] = direction
        return direction

    def _check_takes(self, direction: Direction) -> None:
        if not direction.most_in:
            raise InsufficientLiquidity(
                f"{self!r} has balances {self.balances}; in this state it takes no amount of "
                f"{self.tokens[direction.i]}"
            )

    def _places(self, token_in: Token, token_out: Token) -> tuple[int, int]:
        return places_of(self, self.tokens, token_in, token_out)

    def _refuse_empty(self) -> InsufficientLiquidity:
        return InsufficientLiquidity(
            f"{self!r} has balances {self.balances}; a swap needs its tokens above zero"
        )

    def _changed(self, **changes: object) -> Self:
        changed = _new(type(self))
        for name in self._STATE:
            _set(changed, name, getattr(self, name))
        for name, value in changes.items():
            _set(changed, name, value)
        changed._forget()
        return changed

    def _forget(self) -> None:
        _set(self, "_directions", {})

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._STATE)

    def __hash__(self) -> int:
        return hash((self.address, self.balances, self.swap_fee))

    def __repr__(self) -> str:
        names = "/".join(str(token) for token in self.tokens)
        return f"{type(self).__name__}({names} {self.venue} {self.address})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), tuple(getattr(self, name) for name in self._STATE))


def _rebuilt(kind: type[BalancerPool], values: tuple[Any, ...]) -> BalancerPool:
    pool = _new(kind)
    for name, value in zip(kind._STATE, values, strict=True):
        _set(pool, name, value)
    pool._forget()
    return pool


def _after(
    pool: BalancerPool, direction: Direction, amount_in: int, amount_out: int
) -> BalancerPool:
    balances = list(pool.balances)
    balances[direction.i] += amount_in
    balances[direction.j] -= amount_out
    return pool._changed(balances=tuple(balances))
