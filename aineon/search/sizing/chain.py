"""A cycle as a chain of exact integer functions: forward, backward, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd

from aineon.amm import CryptoSwapPool
from aineon.primitives.units import BPS
from aineon.search.route import Route

UNFILLED = -(1 << 512)
"""Less than any input can lose."""

# A Newton loop's noise is less than this part of the amounts.
_SHRINK_SHIFT = 40


class Chain:
    """The hops of a cycle, quoted without checks.

    Place `j` is the token before hop `j`; place 0 is the base token before the first hop.

    Attributes:
        outputs: each hop's exact output function.
        inputs: each hop's exact smallest-input function.
        limits: the largest input of each hop, taken alone.
        most: the largest input for which every hop is filled completely; 0 where none is.
        unit_cost, unit: what one unit of input costs, flash fee included, as a reduced ratio.
    """

    __slots__ = (
        "_limited",
        "_most_at",
        "_route",
        "fee_bps",
        "inputs",
        "limits",
        "most",
        "outputs",
        "unit",
        "unit_cost",
    )

    def __init__(self, route: Route, flash_fee_bps: int) -> None:
        self.outputs = [
            pool.output_function(token_in, token_out) for pool, token_in, token_out in route
        ]
        self.inputs = [
            pool.input_function(token_in, token_out) for pool, token_in, token_out in route
        ]
        self.fee_bps = flash_fee_bps
        shared = gcd(flash_fee_bps, BPS)
        self.unit_cost, self.unit = (BPS + flash_fee_bps) // shared, BPS // shared
        self.limits = [
            pool.max_amount_in(token_in, token_out) for pool, token_in, token_out in route
        ]
        self.most = self._largest_input()
        self._route = route
        self._most_at: tuple[int, ...] | None = None
        self._limited: list[tuple[Callable[[int], int], int]] | None = None

    @property
    def most_at(self) -> tuple[int, ...]:
        """The amounts at each place that `most` gives."""
        if self._most_at is None:
            self._most_at = self.amounts(self.most)
        return self._most_at

    @property
    def uneven(self) -> bool:
        """Whether a larger input can give some last digits less."""
        return any(isinstance(hop.pool, CryptoSwapPool) for hop in self._route)

    def _largest_input(self) -> int:
        room = self.limits[-1]
        for index in range(len(self.limits) - 2, -1, -1):
            most = self.limits[index]
            if not (most and room):
                return 0
            if self.outputs[index](most) > room:
                most = self.inputs[index](room + 1) - 1
            room = most
        return room

    def shrink(self) -> None:
        """Lower `most` until every hop is filled by it, where noise makes outputs uneven."""
        while self.most and self.checked_profit(self.most) == UNFILLED:
            self.most -= (self.most >> _SHRINK_SHIFT) + 1
        self._most_at = None

    def checked_profit(self, amount_in: int) -> int:
        """Return what an input leaves; `UNFILLED` where a hop would not be filled completely."""
        if self._limited is None:
            self._limited = list(zip(self.outputs, self.limits, strict=True))
        amount = amount_in
        for output, limit in self._limited:
            if amount > limit:
                return UNFILLED
            amount = amount and output(amount)
        return amount - self.cost(amount_in)

    def cost(self, amount_in: int) -> int:
        """Return what an input costs: itself and the flash fee, which is rounded up."""
        if not self.fee_bps:
            return amount_in
        return amount_in - (-amount_in * self.fee_bps // BPS)

    def amounts(self, amount_in: int) -> tuple[int, ...]:
        """Return the input and what each hop pays; after a hop that pays nothing, zeros."""
        amounts = [amount_in]
        for output in self.outputs:
            amount_in = amount_in and output(amount_in)
            amounts.append(amount_in)
        return tuple(amounts)

    def upto(self, place: int, amount_in: int) -> int:
        """Return what an input gives at a place."""
        for output in self.outputs[:place]:
            amount_in = amount_in and output(amount_in)
        return amount_in

    def onward(self, place: int, amount: int) -> int:
        """Return what an amount at a place gives at the end."""
        for output in self.outputs[place:]:
            amount = amount and output(amount)
        return amount

    def back(self, place: int, amount: int) -> int:
        """Return the smallest input that gives at least `amount` (1 or more) at a place."""
        for index in range(place - 1, -1, -1):
            amount = self.inputs[index](amount)
        return amount

    def reach(self, place: int, amount: int) -> int:
        """Return as `back`, for any amount; 0 where no input that fills every hop gives it."""
        for index in range(place - 1, -1, -1):
            if not 1 <= amount <= self.most_at[index + 1]:
                return 0
            amount = self.inputs[index](amount)
        return amount if amount <= self.most else 0

    def profit(self, place: int, amount: int) -> int:
        """Return what is left after the smallest input that gives `amount` at a place."""
        return self.onward(place, amount) - self.cost(self.back(place, amount))
