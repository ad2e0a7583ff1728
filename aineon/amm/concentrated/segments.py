"""Segment tables: what a Uniswap V3 swap pays from border to border, summed beforehand.

The contract swaps in steps. Within one step the liquidity is constant; a step ends at every
initialised tick and at every border of the tick bitmap's 256-tick words, and each step rounds
for itself. A table holds the steps of one direction in the order of travel, with running
sums of their exact input (fee included) and output, so that a quote needs one bisection and
one partial step however many ticks it crosses. A table depends on ticks, spacing and fee
alone: every price of a pool shares it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from itertools import accumulate, compress

from aineon.amm.concentrated.borders import TickLiquidity
from aineon.amm.concentrated.directions import WORD, Direction
from aineon.primitives.units import PIPS

# Keys and prices of borders, the liquidity of the steps that lead to them, and the keys of
# word borders that the table folds away.
Steps = tuple[list[int], list[int], list[int], set[int]]
# Where initialised ticks lie further apart than this many words, a table keeps every
# sixteenth word border only: full ranges of narrow spacings would fill it with thousands.
LONGEST_RUN = 16
FOLD = 16


class Segments:
    """The steps of one direction; treat as immutable.

    Step `i` leads to border `i`, from border `i - 1`. Where nothing is to be had (before the
    first initialised tick, after the last one, in gaps) word borders are left out: steps
    there cost nothing. Far from initialised ticks one entry may stand for a fold of several
    steps; its sums are the sums of those, and `opened` lays them out.

    Attributes:
        direction: which way the steps go.
        keep: millionths of the input that the fee leaves.
        keys: of the borders, ascending (see `Direction.key`).
        prices: square-root prices (Q64.96) at the borders.
        liquidity: of each step.
        input_to, output_to: running sums from the first border to each border.
        beyond: liquidity behind the last border.
        ends_inside: the last border is a price limit inside a step, reached and not crossed.
        folds: indices of the entries that are folds, ascending.
    """

    __slots__ = (
        "beyond",
        "direction",
        "ends_inside",
        "folds",
        "input_to",
        "keep",
        "keys",
        "liquidity",
        "output_to",
        "prices",
        "tick_spacing",
    )

    def __init__(self, direction: Direction, keep: int, tick_spacing: int) -> None:
        self.direction = direction
        self.keep = keep
        self.tick_spacing = tick_spacing
        self.keys: list[int] = []
        self.prices: list[int] = []
        self.liquidity: list[int] = []
        self.input_to: list[int] = []
        self.output_to: list[int] = []
        self.beyond = 0
        self.ends_inside = False
        self.folds: list[int] = []

    @classmethod
    def build(
        cls,
        direction: Direction,
        fee_pips: int,
        tick_spacing: int,
        ticks: Mapping[int, TickLiquidity],
    ) -> Segments:
        """Return the table of a direction for these initialised ticks."""
        table = cls(direction, PIPS - fee_pips, tick_spacing)
        table._append_steps(*table._steps_to(sorted(map(direction.key, ticks)), ticks, 0))
        table.folds = table._folds_in(0, len(table.keys))
        table._close()
        return table

    def spliced(
        self,
        lower: int,
        upper: int,
        borders: Iterable[int],
        ticks: Mapping[int, TickLiquidity],
    ) -> Segments:
        """Return the table after the liquidity between two ticks changed.

        `ticks` are all initialised ticks after the change, `borders` those of them from `lower`
        to `upper`. Steps between the neighbouring borders are computed anew, sums behind them
        are shifted; nothing else is touched.
        """
        key = self.direction.key
        ends = (min(key(lower), key(upper)), max(key(lower), key(upper)))
        first = bisect_left(self.keys, ends[0])
        # The step that leads to the first border behind the change starts within it.
        last = bisect_right(self.keys, ends[1]) + 1
        if self._is_wide(0, len(self.keys)):
            first, last = self._between_stops(first, last, ticks)
        kept = self.keys[last - 1 : last]
        table = self._up_to(0, first)
        outside = (k for k in self.keys[first:last] if not ends[0] <= k <= ends[1])
        stops = {k for k in outside if key(k) in ticks}.union(map(key, borders), kept)
        table._append_steps(*table._steps_to(sorted(stops), ticks, self.liquidity_to(first)))
        table.folds = [fold for fold in self.folds if fold < first]
        table.folds += table._folds_in(first, len(table.keys))
        if kept:
            shift = len(table.keys) - last
            table.folds += [fold + shift for fold in self.folds if fold >= last]
            table._append_shifted(self, last)
        table._close()
        return table

    def cut(self, start: int, end: int) -> Segments:
        """Return the part of the table from border `start` up to, not including, border `end`."""
        table = self._up_to(start, end)
        table.beyond = self.liquidity_to(end)
        table.ends_inside = self.ends_inside and end == len(self.keys)
        table.folds = [fold - start for fold in self.folds if start < fold < end]
        return table

    def index_behind(self, sqrt_price_x96: int, start: int) -> int:
        """Return the index of the first border behind a price, looking from border `start`."""
        sign = self.direction.sign
        return bisect_right(
            self.prices, sign * sqrt_price_x96, lo=start, key=lambda price: sign * price
        )

    def is_fold(self, index: int) -> bool:
        """Return whether entry `index` stands for several steps."""
        place = bisect_left(self.folds, index)
        return place < len(self.folds) and self.folds[place] == index

    def opened(self, index: int) -> Segments:
        """Return the table with the fold at `index` laid out in its steps."""
        before, stop = self.keys[index - 1], self.keys[index]
        keys = [*self.direction.word_borders(before, stop, self.tick_spacing), stop]
        prices = [self.direction.border_price(self.direction.key(key)) for key in keys]
        table = self._up_to(0, index)
        table._append_steps(keys, prices, [self.liquidity[index]] * len(keys), set())
        table._append_shifted(self, index + 1)
        table.beyond, table.ends_inside = self.beyond, self.ends_inside
        more = len(keys) - 1
        table.folds = [fold + more * (fold > index) for fold in self.folds if fold != index]
        return table

    def liquidity_to(self, index: int) -> int:
        """Return the liquidity of the step that leads to border `index`, also behind the last."""
        return self.liquidity[index] if index < len(self.keys) else self.beyond

    def append(self, key: int, start: int, end: int, liquidity: int) -> None:
        """Add the step from price `start` to a border with price `end`."""
        self._append_steps([key], [end], [liquidity], set(), start)

    def _up_to(self, start: int, end: int) -> Segments:
        table = Segments(self.direction, self.keep, self.tick_spacing)
        table.keys = self.keys[start:end]
        table.prices = self.prices[start:end]
        table.liquidity = self.liquidity[start:end]
        table.input_to = self.input_to[start:end]
        table.output_to = self.output_to[start:end]
        return table

    def _steps_to(
        self, stops: Iterable[int], ticks: Mapping[int, TickLiquidity], liquidity: int
    ) -> Steps:
        """Return the steps to each of the stops, which are keys in ascending order."""
        direction = self.direction
        keys: list[int] = []
        liquidities: list[int] = []
        hidden: set[int] = set()
        before = self.keys[-1] if self.keys else 0
        for stop in stops:
            if liquidity:
                words = direction.word_borders(before, stop, self.tick_spacing)
                keys += words
                liquidities += [liquidity] * len(words)
                if len(words) > LONGEST_RUN:
                    hidden.update(word for word in words if word // words.step % FOLD)
            keys.append(stop)
            liquidities.append(liquidity)
            before = stop
            tick = direction.key(stop)
            if tick in ticks:
                liquidity += direction.sign * ticks[tick][1]
        prices = [direction.border_price(direction.key(key)) for key in keys]
        return keys, prices, liquidities, hidden

    def _append_steps(
        self,
        keys: list[int],
        prices: list[int],
        liquidity: list[int],
        hidden: set[int],
        start: int | None = None,
    ) -> None:
        """Add steps and their sums; they start at the last border, or at the price `start`."""
        if not keys:
            return
        if start is None:
            start = self.prices[-1] if self.prices else prices[0]
        starts = [start, *prices[:-1]]
        inputs, outputs = self.direction.whole_steps(starts, prices, liquidity, self.keep)
        inputs[0] += self.input_to[-1] if self.input_to else 0
        outputs[0] += self.output_to[-1] if self.output_to else 0
        columns: list[Iterable[int]] = [
            keys,
            prices,
            liquidity,
            accumulate(inputs),
            accumulate(outputs),
        ]
        if hidden:
            shown = [key not in hidden for key in keys]
            columns = [compress(column, shown) for column in columns]
        self.keys += columns[0]
        self.prices += columns[1]
        self.liquidity += columns[2]
        self.input_to += columns[3]
        self.output_to += columns[4]

    def _append_shifted(self, old: Segments, start: int) -> None:
        shift_in = self.input_to[-1] - old.input_to[start - 1]
        shift_out = self.output_to[-1] - old.output_to[start - 1]
        self.keys += old.keys[start:]
        self.prices += old.prices[start:]
        self.liquidity += old.liquidity[start:]
        self.input_to += [total + shift_in for total in old.input_to[start:]]
        self.output_to += [total + shift_out for total in old.output_to[start:]]

    def _is_wide(self, start: int, end: int) -> bool:
        """Return whether a range of borders reaches far enough for a fold to lie in it."""
        keys = self.keys[max(start, 0) : end]
        reach = LONGEST_RUN * WORD * self.tick_spacing
        return bool(keys) and keys[-1] - keys[0] > reach

    def _between_stops(
        self, first: int, last: int, ticks: Mapping[int, TickLiquidity]
    ) -> tuple[int, int]:
        """Widen a range of entries to the initialised ticks around it: folds lie between those."""
        key = self.direction.key
        while first > 0 and key(self.keys[first - 1]) not in ticks:
            first -= 1
        while last < len(self.keys) and key(self.keys[last - 1]) not in ticks:
            last += 1
        return first, last

    def _folds_in(self, start: int, end: int) -> list[int]:
        width = WORD * self.tick_spacing
        return [
            index
            for index in range(max(start, 1), end)
            if self.keys[index] - self.keys[index - 1] > width and self.liquidity[index]
        ]

    def _close(self) -> None:
        extreme = self.direction.key(self.direction.extreme_tick)
        self.ends_inside = bool(self.keys) and self.keys[-1] == extreme
        self.beyond = self.liquidity[-1] if self.ends_inside else 0
