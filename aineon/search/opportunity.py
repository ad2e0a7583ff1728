"""Opportunity: a cycle with the size at which it pays best, and what it would leave."""

from __future__ import annotations

from dataclasses import dataclass

from aineon.primitives import Block, Token
from aineon.search.route import Route


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A sized cycle. Amounts are in the base token's smallest units unless named otherwise.

    Attributes:
        route: the cycle; its pools are the states that the figures were computed from.
        amounts: the input, then what each hop pays, in the tokens of `route.tokens`.
        flash_fee: what the money for `amount_in` costs; 0 where none was asked for.
        lender: whose money it is, by its name in `aineon.search.lenders`; None where costs were
            not asked for, or no lender can fund this route with this amount: fee and gas are
            then the least that any would take, and the opportunity cannot be planned.
        gas_units: estimated gas of the whole transaction; None where costs were not asked for.
        gas_cost: that gas in the base token; None where the gas price, or its worth in the
            base token, is not known. Unknown is never zero.
        confidence: 0 to 1, how far the figures can be trusted; not a probability of winning.
            None where it was not computed.
        block: the block whose states were used, where known.
    """

    route: Route
    amounts: tuple[int, ...]
    flash_fee: int = 0
    gas_units: int | None = None
    gas_cost: int | None = None
    confidence: float | None = None
    block: Block | None = None
    lender: str | None = None

    @property
    def base_token(self) -> Token:
        """The token that the cycle begins and ends with."""
        return self.route[0].token_in

    @property
    def amount_in(self) -> int:
        return self.amounts[0]

    @property
    def amount_out(self) -> int:
        return self.amounts[-1]

    @property
    def gross_profit(self) -> int:
        """What comes back more than went in, before flash fee and gas."""
        return self.amounts[-1] - self.amounts[0]

    @property
    def net_profit(self) -> int | None:
        """Gross profit less flash fee and gas; None where the gas cost is not known."""
        if self.gas_cost is None:
            return None
        return self.gross_profit - self.flash_fee - self.gas_cost

    @property
    def key(self) -> str:
        """The route's stable name."""
        return self.route.key
