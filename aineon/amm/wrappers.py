"""Wrapping as hops: ether and WETH, stETH and wstETH.

A wrapper is a pool without a price of its own: what it pays follows from one rate, whatever
was swapped before, so a swap leaves it as it was. Sources: WETH9 (`deposit`, `withdraw`);
Lido's contracts/0.6.12/WstETH.sol (`wrap`, `unwrap`).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from aineon.amm.checks import (
    check_transfers,
    checked_address,
    checked_venue,
    refuse_amount,
    refuse_tokens,
)
from aineon.amm.frozen import Frozen
from aineon.amm.lido.shares import MAX_STAKED, StakedEtherShares
from aineon.amm.pool import LocalCurve
from aineon.amm.quote import Quote
from aineon.errors import InvalidPoolState, SameToken
from aineon.primitives.address import Address
from aineon.primitives.token import ETHER, Token, Transfers

WETH9 = Token("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "WETH", 18)
STETH = Token("0xae7ab96520DE3A18E5e111B5EaAb095312D7fE84", "stETH", 18, Transfers.SHARES)
WSTETH = Token("0x7f39C581F595B53c5cb19bD0b3f8dA6c935E2Ca0", "wstETH", 18)

MAX_WRAPPED = 2**255 - 1
"""More ether than there will ever be, and still far from the end of uint256."""

_set = object.__setattr__


class _Wrapper(Frozen, ABC):
    """What wrappers share: two tokens, and answers that a swap does not change."""

    __slots__ = ("address", "tokens", "venue")

    address: Address
    tokens: tuple[Token, ...]
    venue: str

    def _set_identity(self, address: str, tokens: tuple[Token, Token], venue: str) -> None:
        for token in tokens:
            if not isinstance(token, Token):
                raise InvalidPoolState(f"a wrapper's token is {token!r}; allowed is a Token")
        if tokens[0] == tokens[1]:
            raise SameToken(f"both tokens of a wrapper are {tokens[0]!r}; it joins two tokens")
        _set(self, "address", checked_address(address))
        _set(self, "tokens", tokens)
        _set(self, "venue", checked_venue(venue))

    def _wraps(self, token_in: Token, token_out: Token) -> bool:
        if (token_in, token_out) == self.tokens:
            return True
        if (token_out, token_in) == self.tokens:
            return False
        raise refuse_tokens(self, self.tokens, token_in, token_out)

    def quote_exact_input(self, token_in: Token, token_out: Token, amount_in: int) -> Quote:
        """Quote wrapping or unwrapping `amount_in`; dust that rounds to 0 is a valid quote.

        Raises:
            InvalidAmount: not an int of at least 1, or more than the contracts can count.
            UnknownToken, SameToken: the wrapper does not join these two tokens.
        """
        most = self.max_amount_in(token_in, token_out)
        if type(amount_in) is not int or not 1 <= amount_in <= most:
            raise refuse_amount("amount_in", amount_in, most)
        amount_out = self.output_function(token_in, token_out)(amount_in)
        return Quote(amount_in, amount_out, False, self._unchanged)

    def quote_exact_output(self, token_in: Token, token_out: Token, amount_out: int) -> Quote:
        """Quote the smallest input that pays `amount_out` or, where no input hits it, more.

        `amount_out` of the quote is what is really paid.

        Raises:
            InvalidAmount: not an int of at least 1, or more than the contracts can count.
            UnknownToken, SameToken: the wrapper does not join these two tokens.
        """
        output = self.output_function(token_in, token_out)
        most = output(self.max_amount_in(token_in, token_out))
        if type(amount_out) is not int or not 1 <= amount_out <= most:
            raise refuse_amount("amount_out", amount_out, most)
        amount_in = self.input_function(token_in, token_out)(amount_out)
        return Quote(amount_in, output(amount_in), False, self._unchanged)

    @abstractmethod
    def max_amount_in(self, token_in: Token, token_out: Token) -> int:
        """The largest input that the contracts can count."""

    @abstractmethod
    def output_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked `amount_in -> amount_out`; see `Pool.output_function`."""

    @abstractmethod
    def input_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked, smallest input; see `Pool.input_function`."""

    def _unchanged(self) -> Any:
        return self

    def __hash__(self) -> int:
        return hash(self.address)


class EtherWrapper(_Wrapper):
    """Ether and WETH, one to one; see `Pool`. Its address is that of the WETH contract.

    Raises:
        InvalidPoolState: the WETH is no Token.
        SameToken: the WETH is ether itself.
    """

    __slots__ = ()

    def __init__(self, weth: Token = WETH9, venue: str = "weth") -> None:
        if not isinstance(weth, Token):
            raise InvalidPoolState(f"weth is {weth!r}; allowed is a Token")
        check_transfers((weth,))
        self._set_identity(weth.address, (ETHER, weth), venue)

    def spot_price(self, token_in: Token, token_out: Token) -> float:
        """Always 1."""
        self._wraps(token_in, token_out)
        return 1.0

    def local_curve(self, token_in: Token, token_out: Token) -> LocalCurve:
        """Rate 1 without bend."""
        self._wraps(token_in, token_out)
        return LocalCurve(1.0, 0.0)

    def max_amount_in(self, token_in: Token, token_out: Token) -> int:
        """Without a limit that ether could reach: 2^255 - 1."""
        self._wraps(token_in, token_out)
        return MAX_WRAPPED

    def output_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The identity."""
        self._wraps(token_in, token_out)
        return int

    def input_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The identity."""
        self._wraps(token_in, token_out)
        return int

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EtherWrapper):
            return NotImplemented
        return self.tokens == other.tokens and self.venue == other.venue

    __hash__ = _Wrapper.__hash__

    def __repr__(self) -> str:
        return f"EtherWrapper({self.tokens[0]}/{self.tokens[1]} {self.address})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.tokens[1], self.venue)


class StakedEtherWrapper(_Wrapper):
    """StETH and wstETH by Lido's share rate; see `Pool`. Its address is that of wstETH.

    `wrap(amount)` mints the shares of `amount`, rounded down, and takes as many. `unwrap(shares)`
    transfers their ether, rounded down, in whole shares again: what then arrives at a holder of
    nothing can be a unit or two less than the contract's own `getStETHByWstETH` says, and this
    class quotes what arrives.

    Attributes:
        shares: the share rate, and what transfers of stETH do at it.

    Raises:
        InvalidPoolState: a total is not an int from 1 to 2^128 - 1, or a token is no Token.
        SameToken: both tokens are one.
    """

    __slots__ = ("shares",)

    shares: StakedEtherShares

    def __init__(
        self,
        total_pooled_ether: int,
        total_shares: int,
        steth: Token = STETH,
        wsteth: Token = WSTETH,
        venue: str = "lido",
    ) -> None:
        self._set_identity(getattr(wsteth, "address", ""), (steth, wsteth), venue)
        check_transfers((steth,), (Transfers.SHARES, Transfers.NOMINAL))
        check_transfers((wsteth,))
        _set(self, "shares", StakedEtherShares(total_pooled_ether, total_shares))

    def with_totals(self, total_pooled_ether: int, total_shares: int) -> StakedEtherWrapper:
        """Return this wrapper at another share rate, as a report of the oracle sets it.

        Raises:
            InvalidPoolState: a total is not an int from 1 to 2^128 - 1.
        """
        steth, wsteth = self.tokens
        return StakedEtherWrapper(total_pooled_ether, total_shares, steth, wsteth, self.venue)

    def spot_price(self, token_in: Token, token_out: Token) -> float:
        """Price before rounding: raw units of `token_out` for one raw unit of `token_in`."""
        if self._wraps(token_in, token_out):
            return self.shares.total_shares / self.shares.total_pooled_ether
        return self.shares.total_pooled_ether / self.shares.total_shares

    def local_curve(self, token_in: Token, token_out: Token) -> LocalCurve:
        """The share rate, without bend."""
        # The division of two ints is off by half a unit of the float at most.
        return LocalCurve(math.nextafter(self.spot_price(token_in, token_out), math.inf), 0.0)

    def max_amount_in(self, token_in: Token, token_out: Token) -> int:
        """What Lido's conversions take on both sides: less than 2^128 - 1 units."""
        if self._wraps(token_in, token_out):
            return MAX_STAKED
        shares = self.shares
        largest = ((MAX_STAKED + 1) * shares.total_shares - 1) // shares.total_pooled_ether
        return min(MAX_STAKED, largest)

    def output_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked `amount_in -> amount_out`; see `Pool.output_function`."""
        ether, shares = self.shares.total_pooled_ether, self.shares.total_shares
        if self._wraps(token_in, token_out):
            return lambda amount_in: amount_in * shares // ether
        return lambda amount_in: amount_in * ether // shares * shares // ether * ether // shares

    def input_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked, smallest input; see `Pool.input_function`."""
        ether, shares = self.shares.total_pooled_ether, self.shares.total_shares
        if self._wraps(token_in, token_out):
            return lambda amount_out: -(-amount_out * ether // shares)
        sent = self.shares.sent
        return lambda amount_out: -(-sent(amount_out) * shares // ether)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StakedEtherWrapper):
            return NotImplemented
        return (self.tokens, self.shares, self.venue) == (other.tokens, other.shares, other.venue)

    def __hash__(self) -> int:
        return hash((self.address, self.shares))

    def __repr__(self) -> str:
        return f"StakedEtherWrapper({self.tokens[0]}/{self.tokens[1]} {self.address})"

    def __reduce__(self) -> tuple[Any, ...]:
        rate = self.shares
        return type(self), (rate.total_pooled_ether, rate.total_shares, *self.tokens, self.venue)
