"""ConstantProductPool: Uniswap V2 and its many forks, SushiSwap among them.

Sources: Uniswap v2-core, contracts/UniswapV2Pair.sol; v2-periphery,
contracts/libraries/UniswapV2Library.sol.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from aineon.amm.checks import checked_int, refuse_amount
from aineon.amm.frozen import draft_of
from aineon.amm.pair_pool import PairPool
from aineon.amm.pool import LocalCurve
from aineon.amm.quote import Quote
from aineon.errors import InsufficientLiquidity, InvalidAmount
from aineon.primitives.token import Token
from aineon.primitives.units import PIPS

MAX_RESERVE = 2**112 - 1

_new_tuple = tuple.__new__
_set = object.__setattr__


class ConstantProductPool(PairPool):
    """A pool that keeps the product of its two reserves from falling; see `Pool`.

    Attributes:
        reserve0, reserve1: what the contract has recorded of each token, in smallest units,
            from 0 to 2^112 - 1 (its uint112).
        fee_pips: millionths of the input; 3000 gives exactly the contracts' 997/1000.

    Raises:
        InvalidPoolState: a value that such a contract cannot have.
        SameToken: both tokens are one.
    """

    __slots__ = ("_keep", "reserve0", "reserve1")

    reserve0: int
    reserve1: int
    _keep: int

    def __init__(
        self,
        address: str,
        token0: Token,
        token1: Token,
        reserve0: int,
        reserve1: int,
        fee_pips: int = 3000,
        venue: str = "uniswap_v2",
    ) -> None:
        self._set_identity(address, token0, token1, fee_pips, venue)
        _set(self, "_keep", PIPS - fee_pips)
        _set(self, "reserve0", checked_int("reserve0", reserve0, 0, MAX_RESERVE))
        _set(self, "reserve1", checked_int("reserve1", reserve1, 0, MAX_RESERVE))

    def with_reserves(self, reserve0: int, reserve1: int) -> ConstantProductPool:
        """Return this pool with other reserves, as a Sync event reports them.

        Raises:
            InvalidPoolState: a reserve is not an int from 0 to 2^112 - 1.
        """
        if (
            type(reserve0) is not int
            or type(reserve1) is not int
            or not (0 <= reserve0 <= MAX_RESERVE and 0 <= reserve1 <= MAX_RESERVE)
        ):
            checked_int("reserve0", reserve0, 0, MAX_RESERVE)
            checked_int("reserve1", reserve1, 0, MAX_RESERVE)
        return _moved(self, reserve0, reserve1)

    def quote_exact_input(self, token_in: Token, token_out: Token, amount_in: int) -> Quote:
        """Quote a swap of `amount_in`; dust whose output rounds to 0 is a valid quote.

        Raises:
            InvalidAmount: not an int of at least 1, or the reserve would outgrow 112 bits.
            InsufficientLiquidity: the pool is empty.
            UnknownToken, SameToken: the pool cannot swap these two tokens.
        """
        if token_in is self.token0 and token_out is self.token1:
            reserve_in, reserve_out = self.reserve0, self.reserve1
        else:
            reserve_in, reserve_out = self._reserves(token_in, token_out)
        if type(amount_in) is not int or not 0 < amount_in <= MAX_RESERVE - reserve_in:
            raise refuse_amount("amount_in", amount_in, MAX_RESERVE - reserve_in)
        if not (reserve_in and reserve_out):
            raise self._refuse_empty()
        kept = amount_in * self._keep
        amount_out = kept * reserve_out // (reserve_in * PIPS + kept)
        after = partial(_after, self, token_in, amount_in, amount_out)
        return _new_tuple(Quote, (amount_in, amount_out, False, after))

    def quote_exact_output(self, token_in: Token, token_out: Token, amount_out: int) -> Quote:
        """Quote a swap that pays `amount_out`, by the router's formula (rounded down plus 1).

        Raises:
            InvalidAmount: not an int of at least 1, or the reserve would outgrow 112 bits.
            InsufficientLiquidity: the pool does not hold more than `amount_out`.
            UnknownToken, SameToken: the pool cannot swap these two tokens.
        """
        reserve_in, reserve_out = self._reserves(token_in, token_out)
        if type(amount_out) is not int or amount_out < 1:
            raise refuse_amount("amount_out", amount_out, max(reserve_out - 1, 1))
        if not (reserve_in and reserve_out):
            raise self._refuse_empty()
        if amount_out >= reserve_out:
            raise InsufficientLiquidity(
                f"amount_out is {amount_out}; {self!r} can pay at most {reserve_out - 1}"
            )
        amount_in = reserve_in * amount_out * PIPS // ((reserve_out - amount_out) * self._keep) + 1
        if reserve_in + amount_in > MAX_RESERVE:
            raise InvalidAmount(
                f"amount_out is {amount_out}, which costs {amount_in}; "
                f"{self!r} can take at most {MAX_RESERVE - reserve_in}"
            )
        return Quote(
            amount_in, amount_out, False, partial(_after, self, token_in, amount_in, amount_out)
        )

    def spot_price(self, token_in: Token, token_out: Token) -> float:
        """Price before fees: raw units of `token_out` for one raw unit of `token_in`.

        Raises:
            InsufficientLiquidity: the pool is empty and has no price.
        """
        reserve_in, reserve_out = self._reserves(token_in, token_out)
        if not (reserve_in and reserve_out):
            raise self._refuse_empty()
        return reserve_out / reserve_in

    def local_curve(self, token_in: Token, token_out: Token) -> LocalCurve:
        """The pool's own curve without rounding; rate 0 where it is empty."""
        reserve_in, reserve_out = self._reserves(token_in, token_out)
        if not (reserve_in and reserve_out):
            return LocalCurve(0.0, 0.0)
        kept = self._keep / PIPS
        return _new_tuple(LocalCurve, (kept * reserve_out / reserve_in, kept / reserve_in))

    def max_amount_in(self, token_in: Token, token_out: Token) -> int:
        """What fits until the reserve fills its 112 bits; 0 where the pool is empty."""
        reserve_in, reserve_out = self._reserves(token_in, token_out)
        return MAX_RESERVE - reserve_in if reserve_in and reserve_out else 0

    def output_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked `amount_in -> amount_out`; see `Pool.output_function`."""
        reserve_in, reserve_out = self._reserves(token_in, token_out)
        keep = self._keep
        scaled_in = reserve_in * PIPS

        def output(amount_in: int) -> int:
            kept = amount_in * keep
            return kept * reserve_out // (scaled_in + kept)

        return output

    def input_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked, smallest input; see `Pool.input_function`."""
        reserve_in, reserve_out = self._reserves(token_in, token_out)
        keep = self._keep
        scaled_in = reserve_in * PIPS

        def smallest_input(amount_out: int) -> int:
            return -(-scaled_in * amount_out // ((reserve_out - amount_out) * keep))

        return smallest_input

    def amount_out(self, token_in: Token, token_out: Token, amount_in: int) -> int:
        """What `output_function` says of one amount, for a third of the time."""
        reserve_in, reserve_out = self._reserves(token_in, token_out)
        kept = amount_in * self._keep
        return kept * reserve_out // (reserve_in * PIPS + kept)

    def amount_in(self, token_in: Token, token_out: Token, amount_out: int) -> int:
        """What `input_function` says of one amount, for half of the time."""
        reserve_in, reserve_out = self._reserves(token_in, token_out)
        return -(-reserve_in * PIPS * amount_out // ((reserve_out - amount_out) * self._keep))

    def _reserves(self, token_in: Token, token_out: Token) -> tuple[int, int]:
        # Identity first: searches pass the very objects the pool holds, and `==` is slow.
        if token_in is self.token0 and token_out is self.token1:
            return self.reserve0, self.reserve1
        if token_in is self.token1 and token_out is self.token0:
            return self.reserve1, self.reserve0
        if self._sells_token0(token_in, token_out):
            return self.reserve0, self.reserve1
        return self.reserve1, self.reserve0

    def _refuse_empty(self) -> InsufficientLiquidity:
        return InsufficientLiquidity(
            f"{self!r} has reserves {self.reserve0} and {self.reserve1}; "
            "a swap needs both above zero"
        )

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, ConstantProductPool):
            return NotImplemented
        return (
            self.reserve0 == other.reserve0
            and self.reserve1 == other.reserve1
            and self._same_identity(other)
        )

    def __hash__(self) -> int:
        return hash((self.address, self.reserve0, self.reserve1))

    def __repr__(self) -> str:
        return f"ConstantProductPool({self.token0}/{self.token1} {self.venue} {self.address})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (
            self.address,
            self.token0,
            self.token1,
            self.reserve0,
            self.reserve1,
            self.fee_pips,
            self.venue,
        )


_draft = draft_of(ConstantProductPool)


def _moved(pool: ConstantProductPool, reserve0: int, reserve1: int) -> ConstantProductPool:
    moved = _draft()
    moved.address, moved.venue, moved.fee_pips = pool.address, pool.venue, pool.fee_pips
    moved.token0, moved.token1 = pool.token0, pool.token1
    moved._keep, moved.reserve0, moved.reserve1 = pool._keep, reserve0, reserve1
    moved.__class__ = ConstantProductPool
    return moved  # type: ignore[no-any-return]


def _after(
    pool: ConstantProductPool, token_in: Token, amount_in: int, amount_out: int
) -> ConstantProductPool:
    if token_in == pool.token0:
        return _moved(pool, pool.reserve0 + amount_in, pool.reserve1 - amount_out)
    return _moved(pool, pool.reserve0 - amount_out, pool.reserve1 + amount_in)
