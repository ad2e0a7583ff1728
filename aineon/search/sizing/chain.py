"""A cycle as a chain of exact integer functions: forward, backward, and what it leaves."""

from __future__ import annotations

from aineon.primitives.units import BPS
from aineon.search.route import Route


class Chain:
    """The hops of a cycle, quoted without checks.

    Place `j` is the token before hop `j`; place 0 is the base token before the first hop.

    Attributes:
        outputs: each hop's exact output function.
        inputs: each hop's exact smallest-input function.
        most: the largest input for which every hop is filled completely; 0 where none is.
        most_at: the amounts at each place that `most` gives.
        unit_cost: what one unit of input costs, flash fee included, in 1/10000.
    """

    __slots__ = ("fee_bps", "inputs", "most", "most_at", "outputs", "unit_cost")

    def __init__(self, route: Route, flash_fee_bps: int) -> None:
        self.outputs = [hop.pool.output_function(*hop[1:]) for hop in route]
        self.inputs = [hop.pool.input_function(*hop[1:]) for hop in route]
        self.fee_bps = flash_fee_bps
        self.unit_cost = BPS + flash_fee_bps
        self.most = self._largest_input([hop.pool.max_amount_in(*hop[1:]) for hop in route])
        self.most_at = self.amounts(self.most)

    def _largest_input(self, most_in: list[int]) -> int:
        room = most_in[-1]
        for index in range(len(most_in) - 2, -1, -1):
            most = most_in[index]
            if not (most and room):
                return 0
            if self.outputs[index](most) > room:
                most = self.inputs[index](room + 1) - 1
            room = most
        return room

    def cost(self, amount_in: int) -> int:
        """Return what an input costs: itself and the flash fee, which is rounded up."""
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

    def profit(self, place: int, amount: int) -> int:
        """Return what is left after the smallest input that gives `amount` at a place."""
        return self.onward(place, amount) - self.cost(self.back(place, amount))
