"""StakedEtherPool: another protocol's pool of stETH, quoted by what arrives.

A pool that pays `amount` of stETH transfers it, and a transfer moves whole shares: a unit or two
less arrive than its arithmetic says. The next hop can only go on with what arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, Self

from aineon.amm.checks import checked_int
from aineon.amm.frozen import Frozen
from aineon.amm.lido.shares import MAX_STAKED, StakedEtherShares
from aineon.amm.pool import LocalCurve, Pool
from aineon.amm.quote import Quote
from aineon.errors import IncompleteState, InvalidPoolState
from aineon.primitives.address import Address
from aineon.primitives.token import Token, Transfers

_set = object.__setattr__


class HoldingPool(Pool, Protocol):
    """A pool that says what it has recorded of each token."""

    @property
    def balances(self) -> tuple[int, ...]: ...

    def with_balances(self, balances: Sequence[int]) -> Any:
        """Return the same pool with other balances."""


class StakedEtherPool(Frozen):
    """A pool with stETH among its tokens, such as Curve's of ether and stETH; see `Pool`.

    Swaps that pay stETH are quoted by what arrives at a receiver of nothing. Swaps that take
    stETH are the pool's own: it reckons with what was asked.

    Attributes:
        pool: the pool by its own arithmetic.
        shares: the share rate of stETH.
        held: the stETH that the pool's contract holds (`balanceOf`), fees of the admin included;
            None where it is not known. Without it swaps are quoted, but `Quote.pool_after`
            raises IncompleteState, because the shares that move decide what is left.

    Raises:
        InvalidPoolState: no pool with balances or no share rate was given, not exactly one token
            moves in shares, or held is less than the pool has recorded.
    """

    __slots__ = ("held", "pool", "shares", "steth")

    pool: HoldingPool
    shares: StakedEtherShares
    held: int | None
    steth: Token

    def __init__(
        self, pool: HoldingPool, shares: StakedEtherShares, held: int | None = None
    ) -> None:
        if not isinstance(pool, Pool) or not hasattr(pool, "with_balances"):
            raise InvalidPoolState(f"pool is {pool!r}; allowed is a pool that records balances")
        if not isinstance(shares, StakedEtherShares):
            raise InvalidPoolState(f"shares is {shares!r}; allowed is a StakedEtherShares")
        moving = [token for token in pool.tokens if token.transfers is Transfers.SHARES]
        if len(moving) != 1:
            raise InvalidPoolState(
                f"{pool!r} holds {len(moving)} tokens that move in shares; allowed is one"
            )
        if held is not None:
            recorded = pool.balances[pool.tokens.index(moving[0])]
            checked_int("held", held, recorded, MAX_STAKED)
        _set(self, "pool", pool)
        _set(self, "shares", shares)
        _set(self, "held", held)
        _set(self, "steth", moving[0])

    @property
    def address(self) -> Address:
        """That of the pool."""
        return self.pool.address

    @property
    def venue(self) -> str:
        """That of the pool."""
        return self.pool.venue

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Those of the pool."""
        return self.pool.tokens

    @property
    def balances(self) -> tuple[int, ...]:
        """Those of the pool."""
        return self.pool.balances

    def with_balances(self, balances: Sequence[int], held: int | None = None) -> Self:
        """Return this pool with other balances, and what is held of stETH where it is known."""
        return type(self)(self.pool.with_balances(balances), self.shares, held)

    def with_shares(self, shares: StakedEtherShares, held: int | None = None) -> Self:
        """Return this pool at another share rate; what it holds grows or shrinks with it."""
        return type(self)(self.pool, shares, held)

    def quote_exact_input(self, token_in: Token, token_out: Token, amount_in: int) -> Quote:
        """Quote a swap of `amount_in` by what arrives.

        Raises:
            As the pool itself does.
        """
        quote = self.pool.quote_exact_input(token_in, token_out, amount_in)
        arrives = quote.amount_out
        if token_out == self.steth:
            arrives = self.shares.received(arrives)
        return quote._replace(
            amount_out=arrives, after=partial(_after, self, quote, token_in, token_out)
        )

    def quote_exact_output(self, token_in: Token, token_out: Token, amount_out: int) -> Quote:
        """Quote a swap after which at least `amount_out` has arrived.

        Raises:
            As the pool itself does.
        """
        wanted = amount_out
        if token_out == self.steth and type(amount_out) is int and amount_out > 0:
            wanted = self.shares.sent(amount_out)
        quote = self.pool.quote_exact_output(token_in, token_out, wanted)
        return self.quote_exact_input(token_in, token_out, quote.amount_in)

    def spot_price(self, token_in: Token, token_out: Token) -> float:
        """That of the pool."""
        return self.pool.spot_price(token_in, token_out)

    def local_curve(self, token_in: Token, token_out: Token) -> LocalCurve:
        """That of the pool: a unit less arrives at most, never more."""
        return self.pool.local_curve(token_in, token_out)

    def max_amount_in(self, token_in: Token, token_out: Token) -> int:
        """That of the pool."""
        return self.pool.max_amount_in(token_in, token_out)

    def output_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked `amount_in -> amount_out`; see `Pool.output_function`."""
        output = self.pool.output_function(token_in, token_out)
        if token_out != self.steth:
            return output
        received = self.shares.received
        return lambda amount_in: received(output(amount_in))

    def input_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked, smallest input; see `Pool.input_function`."""
        smallest = self.pool.input_function(token_in, token_out)
        if token_out != self.steth:
            return smallest
        sent = self.shares.sent
        return lambda amount_out: smallest(sent(amount_out))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StakedEtherPool):
            return NotImplemented
        return (self.pool, self.shares, self.held) == (other.pool, other.shares, other.held)

    def __hash__(self) -> int:
        return hash((self.pool, self.shares))

    def __repr__(self) -> str:
        return f"StakedEtherPool({self.pool!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.pool, self.shares, self.held)


def _after(
    before: StakedEtherPool, quote: Quote, token_in: Token, token_out: Token
) -> StakedEtherPool:
    """The pool after a swap: its own answer, less or more what shares make of the transfer."""
    after: Any = quote.pool_after
    if before.steth not in (token_in, token_out):
        return StakedEtherPool(after, before.shares, before.held)
    if before.held is None:
        raise IncompleteState(
            f"{before!r} after a swap is not known: the shares it holds decide; give held"
        )
    paid_in = quote.amount_in if token_in == before.steth else 0
    paid_out = quote.amount_out if token_out == before.steth else 0
    held = before.shares.balance_after(before.held, paid_in, paid_out)
    balances = list(after.balances)
    balances[before.tokens.index(before.steth)] += held - (before.held + paid_in - paid_out)
    return StakedEtherPool(after.with_balances(tuple(balances)), before.shares, held)
