"""What every pool can do, whatever its protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, runtime_checkable

from aineon.amm.quote import Quote
from aineon.primitives.address import Address
from aineon.primitives.token import Token


class LocalCurve(NamedTuple):
    """A directed pool near its current price, in floats: `out(x) = rate * x / (1 + bend * x)`.

    `rate` is the marginal rate after the fee in raw units (out per in), an upper bound of what
    any size gets; `bend` is how fast it worsens, per unit of input. Used to screen cycles and
    as the starting point of exact sizing, never for money.
    """

    rate: float
    bend: float


@runtime_checkable
class Pool(Protocol):
    """A pool at one moment: a frozen value whose answers are integer-exact.

    A swap does not change a pool; it gives a new one (`Quote.pool_after`).
    """

    @property
    def address(self) -> Address: ...
    @property
    def venue(self) -> str: ...
    @property
    def tokens(self) -> tuple[Token, ...]: ...

    def quote_exact_input(self, token_in: Token, token_out: Token, amount_in: int) -> Quote:
        """Quote a swap of `amount_in` units of `token_in`."""

    def quote_exact_output(self, token_in: Token, token_out: Token, amount_out: int) -> Quote:
        """Quote a swap that pays `amount_out` units of `token_out`."""

    def spot_price(self, token_in: Token, token_out: Token) -> float:
        """Price before fees: raw units of `token_out` for one raw unit of `token_in`."""

    def local_curve(self, token_in: Token, token_out: Token) -> LocalCurve:
        """The float approximation near the current price; rate 0 where nothing can be swapped."""

    def max_amount_in(self, token_in: Token, token_out: Token) -> int:
        """The largest input that `quote_exact_input` fills completely; 0 where there is none."""

    def output_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact `amount_in -> amount_out` of one direction, without any check.

        Valid for 1 <= amount_in <= max_amount_in; made for loops that quote thousands of sizes.
        """

    def input_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact inverse: the smallest `amount_in` whose output reaches `amount_out`.

        "Smallest" is meant literally, by the arithmetic of `output_function`, which can be one
        unit less than what the contract's exact-output rounding would ask. Valid for
        1 <= amount_out <= output_function(max_amount_in).
        """
