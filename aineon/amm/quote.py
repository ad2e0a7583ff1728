"""Quote: the exact answer of a pool to "what if I swapped this?"."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from aineon.amm.pool import Pool


class Quote(NamedTuple):
    """What a swap moves, in the tokens' smallest units.

    Attributes:
        amount_in: what the pool really takes.
        amount_out: what the pool really pays.
        partial: True where liquidity (or a price limit) ended before the asked amount was
            reached; `amount_in` and `amount_out` then say what really moves.
        after: builds the pool as the swap leaves it; `pool_after` calls it. It is not built
            with the quote because most quotes of a search are thrown away.
    """

    amount_in: int
    amount_out: int
    partial: bool
    after: Callable[[], Pool]

    @property
    def pool_after(self) -> Pool:
        """The pool as this swap leaves it."""
        return self.after()

    def __repr__(self) -> str:
        return (
            f"Quote(amount_in={self.amount_in}, amount_out={self.amount_out}, "
            f"partial={self.partial})"
        )
