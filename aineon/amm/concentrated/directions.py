"""The two directions of a Uniswap V3 swap, each with its arithmetic and its borders.

A swap of token0 into token1 moves the price down, the other one up. Borders are kept by a
*key* that ascends in the order of travel: the tick upward, the negated tick downward. All
arithmetic is the contract's (`sqrt_price_math`, `swap_math`) without its checks: within a
segment that has liquidity, and toward its border, none of them can fail.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from aineon.amm.concentrated.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from aineon.primitives.units import PIPS

if TYPE_CHECKING:
    from aineon.amm.concentrated.segments import Segments

# The ticks of one word of the bitmap, in units of the spacing.
WORD = 256
_Q96_LESS_ONE = (1 << 96) - 1
OVERFLOW = 1 << 256


class Entry(NamedTuple):
    """Where a price stands in a table.

    `border` is the index of the first border ahead; `sum_in` and `sum_out` are what the
    table's running sums would be at the price itself.
    """

    price: int
    liquidity: int
    border: int
    sum_in: int
    sum_out: int


class Direction(ABC):
    """One of the two ways a price can move."""

    sign: ClassVar[int]
    price_limit: ClassVar[int]
    extreme_tick: ClassVar[int]

    def key(self, tick: int) -> int:
        """Return the key of a tick, and (being its own inverse) the tick of a key."""
        return self.sign * tick

    def border_price(self, tick: int) -> int:
        """Return the price at a border; at the extreme tick, the last one a swap may reach."""
        return self.price_limit if tick == self.extreme_tick else sqrt_ratio_at_tick(tick)

    @abstractmethod
    def entry(self, keys: Sequence[int], tick: int) -> int:
        """Return the index of the first border ahead of a state at `tick`."""

    @abstractmethod
    def word_borders(self, after: int, before: int, tick_spacing: int) -> range:
        """Return the keys of the word borders strictly between two keys."""

    @abstractmethod
    def crossed_tick(self, border: int) -> int:
        """Return the tick that the contract notes after it crossed a border."""

    @abstractmethod
    def stopped_tick(self, sqrt_price_x96: int, tick_spacing: int) -> int:
        """Return the tick the contract notes where a price limit stopped it."""

    @abstractmethod
    def amount_in(self, start: int, end: int, liquidity: int) -> int:
        """Return the input, before the fee, that moves the price; rounded up."""

    @abstractmethod
    def amount_out(self, start: int, end: int, liquidity: int) -> int:
        """Return the output of moving the price; rounded down."""

    @abstractmethod
    def whole_steps(
        self, starts: list[int], ends: list[int], liquidity: list[int], keep: int
    ) -> tuple[list[int], list[int]]:
        """Return the inputs, fee included, and the outputs of whole steps."""

    @abstractmethod
    def price_after_input(self, start: int, liquidity: int, amount: int) -> int:
        """Return the price after an input from which the fee is taken already."""

    @abstractmethod
    def price_after_output(self, start: int, liquidity: int, amount: int) -> int:
        """Return the price after an output."""

    @abstractmethod
    def output_function(self, table: Segments, entry: Entry) -> Callable[[int], int]:
        """Return the exact, unchecked `amount_in -> amount_out` from a place in a table.

        This is the loop that searches live in, hence written out in full for each direction.
        """

    @abstractmethod
    def input_function(self, table: Segments, entry: Entry) -> Callable[[int], int]:
        """Return the exact, unchecked, smallest input whose output reaches an amount."""

    @abstractmethod
    def curve(self, start: int, liquidity: int) -> tuple[float, float]:
        """Return the marginal rate and its bend before fees, in floats."""


class Downward(Direction):
    """Token0 comes in, token1 goes out, the price falls."""

    sign = -1
    price_limit = MIN_SQRT_RATIO + 1
    extreme_tick = MIN_TICK

    def entry(self, keys: Sequence[int], tick: int) -> int:
        return bisect_left(keys, -tick)

    def word_borders(self, after: int, before: int, tick_spacing: int) -> range:
        # A word's lowest tick: compressed ticks that are 0 modulo 256.
        width = WORD * tick_spacing
        return range(after - after % width + width, before, width)

    def crossed_tick(self, border: int) -> int:
        return border - 1

    def stopped_tick(self, sqrt_price_x96: int, tick_spacing: int) -> int:
        tick = tick_at_sqrt_ratio(sqrt_price_x96)
        on_border = tick % (WORD * tick_spacing) == 0
        return tick - (on_border and sqrt_ratio_at_tick(tick) == sqrt_price_x96)

    def amount_in(self, start: int, end: int, liquidity: int) -> int:
        return -((liquidity << 96) * (end - start) // (start * end))

    def amount_out(self, start: int, end: int, liquidity: int) -> int:
        return liquidity * (start - end) >> 96

    def whole_steps(
        self, starts: list[int], ends: list[int], liquidity: list[int], keep: int
    ) -> tuple[list[int], list[int]]:
        # Falling prices make the quotients negative, where rounding down is rounding up.
        inputs = [
            -(((at_hand << 96) * (end - start) // (start * end)) * PIPS // keep)
            for start, end, at_hand in zip(starts, ends, liquidity, strict=True)
        ]
        outputs = [
            at_hand * (start - end) >> 96
            for start, end, at_hand in zip(starts, ends, liquidity, strict=True)
        ]
        return inputs, outputs

    def price_after_input(self, start: int, liquidity: int, amount: int) -> int:
        numerator = liquidity << 96
        denominator = numerator + amount * start
        if denominator < OVERFLOW:
            return -(-numerator * start // denominator)
        return overflown_price(start, liquidity, amount)

    def price_after_output(self, start: int, liquidity: int, amount: int) -> int:
        return start - -(-(amount << 96) // liquidity)

    def output_function(self, table: Segments, entry: Entry) -> Callable[[int], int]:
        price, liquidity, index, entry_in, entry_out = entry
        keep, prices, liquidities = table.keep, table.prices, table.liquidity
        sums_in, sums_out = table.input_to, table.output_to
        first_step = sums_in[index] - entry_in if index < len(sums_in) else 0
        numerator = liquidity << 96

        def output(amount_in: int) -> int:
            if amount_in < first_step:
                amount = amount_in * keep // PIPS
                product = amount * price
                denominator = numerator + product
                # start - ceil(numerator * start / denominator), with one rounding less to do
                if denominator < OVERFLOW:
                    return liquidity * (product * price // denominator) >> 96
                return liquidity * (price - overflown_price(price, liquidity, amount)) >> 96
            target = entry_in + amount_in
            border = bisect_left(sums_in, target, index)
            if sums_in[border] == target:
                return sums_out[border] - entry_out
            before = border - 1
            amount = (target - sums_in[before]) * keep // PIPS
            start, within = prices[before], liquidities[border]
            product = amount * start
            denominator = (within << 96) + product
            if denominator < OVERFLOW:
                move = product * start // denominator
            else:
                move = start - overflown_price(start, within, amount)
            return sums_out[before] - entry_out + (within * move >> 96)

        return output

    def input_function(self, table: Segments, entry: Entry) -> Callable[[int], int]:
        price, liquidity, index, entry_in, entry_out = entry
        keep, prices, liquidities = table.keep, table.prices, table.liquidity
        sums_in, sums_out = table.input_to, table.output_to

        def smallest_input(amount_out: int) -> int:
            target = entry_out + amount_out
            border = bisect_left(sums_out, target, index)
            if border == index:
                start, within, before, paid = price, liquidity, entry_in, amount_out
            else:
                start, within = prices[border - 1], liquidities[border]
                before, paid = sums_in[border - 1], target - sums_out[border - 1]
            move = -(-(paid << 96) // within)
            end = start - move
            numerator = within << 96
            amount = -(-numerator * move // (start * end))
            if numerator + amount * start >= OVERFLOW:
                # Then the price follows the contract's other form: invert that one.
                amount = -(-numerator // end) - numerator // start
            inside = before - (-amount * PIPS // keep)
            # At the border itself the whole step is paid out, whatever its inside would need.
            return min(inside, sums_in[border]) - entry_in

        return smallest_input

    def curve(self, start: int, liquidity: int) -> tuple[float, float]:
        root = start / 2**96
        return root * root, root / liquidity


class Upward(Direction):
    """Token1 comes in, token0 goes out, the price rises."""

    sign = 1
    price_limit = MAX_SQRT_RATIO - 1
    extreme_tick = MAX_TICK

    def entry(self, keys: Sequence[int], tick: int) -> int:
        return bisect_right(keys, tick)

    def word_borders(self, after: int, before: int, tick_spacing: int) -> range:
        # A word's highest tick (255 modulo 256), because the contract looks from the next
        # tick on; so every word but the first is left one spacing early.
        width = WORD * tick_spacing
        return range(after - (after + tick_spacing) % width + width, before, width)

    def crossed_tick(self, border: int) -> int:
        return border

    def stopped_tick(self, sqrt_price_x96: int, tick_spacing: int) -> int:
        return tick_at_sqrt_ratio(sqrt_price_x96)

    def amount_in(self, start: int, end: int, liquidity: int) -> int:
        return liquidity * (end - start) + _Q96_LESS_ONE >> 96

    def amount_out(self, start: int, end: int, liquidity: int) -> int:
        return (liquidity << 96) * (end - start) // (start * end)

    def whole_steps(
        self, starts: list[int], ends: list[int], liquidity: list[int], keep: int
    ) -> tuple[list[int], list[int]]:
        inputs = [
            -((at_hand * (start - end) >> 96) * PIPS // keep)
            for start, end, at_hand in zip(starts, ends, liquidity, strict=True)
        ]
        outputs = [
            (at_hand << 96) * (end - start) // (start * end)
            for start, end, at_hand in zip(starts, ends, liquidity, strict=True)
        ]
        return inputs, outputs

    def price_after_input(self, start: int, liquidity: int, amount: int) -> int:
        return start + (amount << 96) // liquidity

    def price_after_output(self, start: int, liquidity: int, amount: int) -> int:
        numerator = liquidity << 96
        return -(-numerator * start // (numerator - amount * start))

    def output_function(self, table: Segments, entry: Entry) -> Callable[[int], int]:
        price, liquidity, index, entry_in, entry_out = entry
        keep, prices, liquidities = table.keep, table.prices, table.liquidity
        sums_in, sums_out = table.input_to, table.output_to
        first_step = sums_in[index] - entry_in if index < len(sums_in) else 0
        numerator = liquidity << 96

        def output(amount_in: int) -> int:
            if amount_in < first_step:
                move = (amount_in * keep // PIPS << 96) // liquidity
                return numerator * move // ((price + move) * price)
            target = entry_in + amount_in
            border = bisect_left(sums_in, target, index)
            if sums_in[border] == target:
                return sums_out[border] - entry_out
            before = border - 1
            start, within = prices[before], liquidities[border]
            move = ((target - sums_in[before]) * keep // PIPS << 96) // within
            paid = (within << 96) * move // ((start + move) * start)
            return sums_out[before] - entry_out + paid

        return output

    def input_function(self, table: Segments, entry: Entry) -> Callable[[int], int]:
        price, liquidity, index, entry_in, entry_out = entry
        keep, prices, liquidities = table.keep, table.prices, table.liquidity
        sums_in, sums_out = table.input_to, table.output_to

        def smallest_input(amount_out: int) -> int:
            target = entry_out + amount_out
            border = bisect_left(sums_out, target, index)
            if border == index:
                start, within, before, paid = price, liquidity, entry_in, amount_out
            else:
                start, within = prices[border - 1], liquidities[border]
                before, paid = sums_in[border - 1], target - sums_out[border - 1]
            numerator = within << 96
            end = -(-numerator * start // (numerator - paid * start))
            amount = within * (end - start) + _Q96_LESS_ONE >> 96
            inside = before - (-amount * PIPS // keep)
            return min(inside, sums_in[border]) - entry_in

        return smallest_input

    def curve(self, start: int, liquidity: int) -> tuple[float, float]:
        root = start / 2**96
        return 1 / (root * root), 1 / (root * liquidity)


def overflown_price(start: int, liquidity: int, amount: int) -> int:
    """Return the price after an input of token0 by the form for what outgrows 256 bits."""
    numerator = liquidity << 96
    return -(-numerator // (numerator // start + amount))


DOWN: Direction = Downward()
UP: Direction = Upward()
