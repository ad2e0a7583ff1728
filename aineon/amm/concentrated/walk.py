"""Walk: one state of a Uniswap V3 pool, looking one way along its segment table."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

from aineon.amm.concentrated.directions import Entry
from aineon.amm.concentrated.segments import Segments
from aineon.amm.concentrated.tick_math import tick_at_sqrt_ratio
from aineon.primitives.units import PIPS

_new_tuple = tuple.__new__


class PriceState(NamedTuple):
    """The part of a V3 pool's state that a swap changes."""

    sqrt_price_x96: int
    tick: int
    liquidity: int


class Step(NamedTuple):
    """One step of a swap, as a walk sees it; constant liquidity all the way.

    Attributes:
        sqrt_price_x96, liquidity: where the step starts.
        taken_before, paid_before: what all steps before it take (fee included) and pay.
        taken_after: what is taken when its end is reached.
    """

    sqrt_price_x96: int
    liquidity: int
    taken_before: int
    paid_before: int
    taken_after: int


class Walk:
    """Where a price stands in a table, and what lies ahead of it; treat as immutable.

    Attributes:
        first_step: what the step at the price takes, fee included.
        most_in, most_out: what the liquidity ahead takes (fee included) and pays in all.
        output: the exact output of an input from 1 to `most_in`.
        blocked: the price stands where no swap may move it further (the contract's `SPL`).
    """

    __slots__ = (
        "_entry",
        "_entry_in",
        "_entry_out",
        "_index",
        "_segments",
        "_smallest_input",
        "_state",
        "_unfolded",
        "blocked",
        "first_step",
        "most_in",
        "most_out",
        "output",
    )

    def __init__(self, segments: Segments, state: PriceState, index: int | None = None) -> None:
        direction = segments.direction
        price = state.sqrt_price_x96
        sums_in = segments.input_to
        if index is None:
            index = direction.entry(segments.keys, state.tick)
            if segments.is_fold(index):
                segments = segments.opened(index)
                index = direction.entry(segments.keys, state.tick)
                sums_in = segments.input_to
        self.blocked = direction.sign * price >= direction.sign * direction.price_limit
        if self.blocked:
            index = len(sums_in)
        self._segments = segments
        self._state = state
        self._index = index
        need = pays = 0
        if index < len(sums_in):
            if state.liquidity:
                border = segments.prices[index]
                need = direction.amount_in(price, border, state.liquidity)
                need = -(-need * PIPS // segments.keep)
                pays = direction.amount_out(price, border, state.liquidity)
            # Where the running sums would stand at the price itself.
            self._entry_in = sums_in[index] - need
            self._entry_out = segments.output_to[index] - pays
            self.most_in = sums_in[-1] - self._entry_in
            self.most_out = segments.output_to[-1] - self._entry_out
        else:
            self._entry_in = self._entry_out = self.most_in = self.most_out = 0
        self.first_step = need
        self._entry = Entry(price, state.liquidity, index, self._entry_in, self._entry_out)
        self._unfolded: tuple[int, Walk] | None = None
        self.output: Callable[[int], int] = direction.output_function(segments, self._entry)
        self._smallest_input: Callable[[int], int] | None = None
        if segments.folds and segments.folds[-1] >= index:
            self.output = self._output_with_folds(self.output)

    def may_reach(self, sqrt_price_limit_x96: int) -> bool:
        """Return whether the contract accepts this price limit."""
        sign = self._segments.direction.sign
        ahead = sign * self._state.sqrt_price_x96 < sign * sqrt_price_limit_x96
        return ahead and sign * sqrt_price_limit_x96 <= sign * self._segments.direction.price_limit

    def allowed_limits(self) -> str:
        """Return in words which price limits the contract accepts."""
        way = "below" if self._segments.direction.sign < 0 else "above"
        last = self._segments.direction.price_limit
        return f"limits {way} its square-root price {self._state.sqrt_price_x96}, up to {last}"

    def limited(self, sqrt_price_limit_x96: int) -> Walk:
        """Return this walk up to a price limit that lies ahead."""
        segments, state = self._segments, self._state
        end = segments.index_behind(sqrt_price_limit_x96, self._index)
        if segments.is_fold(end):
            return self._opened(end).limited(sqrt_price_limit_x96)
        table = segments.cut(self._index, end)
        start = table.prices[-1] if table.prices else state.sqrt_price_x96
        if end < len(segments.keys) and start != sqrt_price_limit_x96:
            table.append(segments.keys[end], start, sqrt_price_limit_x96, table.beyond)
            table.ends_inside = True
        return Walk(table, state, 0)

    def input_for(self, amount_out: int) -> int:
        """Return what the contract takes for exactly `amount_out`, at most `most_out`."""
        segments = self._segments
        index = bisect_left(segments.output_to, self._entry_out + amount_out, self._index)
        if segments.is_fold(index):
            return self._opened(index).input_for(amount_out)
        missing = self._entry_out + amount_out - segments.output_to[index]
        if not missing:
            return segments.input_to[index] - self._entry_in
        price, liquidity, sum_in, sum_out = self._step(index)
        direction = segments.direction
        end = direction.price_after_output(price, liquidity, self._entry_out + amount_out - sum_out)
        step_in = direction.amount_in(price, end, liquidity)
        return sum_in - self._entry_in - (-step_in * PIPS // segments.keep)

    @property
    def smallest_input(self) -> Callable[[int], int]:
        """The smallest input whose `output` reaches an amount from 1 to `most_out`."""
        if self._smallest_input is None:
            segments = self._segments
            inverse = segments.direction.input_function(segments, self._entry)
            if segments.folds and segments.folds[-1] >= self._index:
                inverse = self._input_with_folds(inverse)
            self._smallest_input = inverse
        return self._smallest_input

    def after_input(self, amount_in: int) -> PriceState:
        """Return the state after an input of at most `most_in`."""
        segments = self._segments
        target = self._entry_in + amount_in
        index = bisect_left(segments.input_to, target, self._index)
        if segments.is_fold(index):
            return self._opened(index).after_input(amount_in)
        if segments.input_to[index] == target:
            return self._at_border(index)
        price, liquidity, sum_in, _ = self._step(index)
        kept = (target - sum_in) * segments.keep // PIPS
        end = segments.direction.price_after_input(price, liquidity, kept)
        return self._inside(index, price, end)

    def after_output(self, amount_out: int) -> PriceState:
        """Return the state after an exact output of at most `most_out`."""
        segments = self._segments
        target = self._entry_out + amount_out
        index = bisect_left(segments.output_to, target, self._index)
        if segments.is_fold(index):
            return self._opened(index).after_output(amount_out)
        if segments.output_to[index] == target:
            return self._at_border(index)
        price, liquidity, _, sum_out = self._step(index)
        end = segments.direction.price_after_output(price, liquidity, target - sum_out)
        if end == segments.prices[index]:
            # So much liquidity that one unit less than the whole step rounds to its border.
            return self._at_border(index)
        return self._inside(index, price, end)

    def after_all(self, sqrt_price_limit_x96: int | None) -> PriceState:
        """Return the state after liquidity ended and the price ran on to its limit."""
        segments = self._segments
        limit = sqrt_price_limit_x96 or segments.direction.price_limit
        if segments.prices and self._index < len(segments.prices) and segments.prices[-1] == limit:
            return self._at_border(len(segments.prices) - 1)
        tick = segments.direction.stopped_tick(limit, segments.tick_spacing)
        return PriceState(limit, tick, segments.beyond)

    def step_at(self, amount_in: int) -> Step:
        """Return the step that an input from 1 to `most_in` ends in."""
        segments = self._segments
        entry_in = self._entry_in
        index = bisect_left(segments.input_to, entry_in + amount_in, self._index)
        end = segments.input_to[index] - entry_in
        if index == self._index:
            # Such a step is never a fold: those at the price are laid out from the beginning.
            state = self._state
            return _new_tuple(Step, (state.sqrt_price_x96, state.liquidity, 0, 0, end))
        if segments.folds and segments.is_fold(index):
            return self._opened(index).step_at(amount_in)
        price, liquidity, sum_in, sum_out = self._step(index)
        before = (price, liquidity, sum_in - entry_in, sum_out - self._entry_out)
        return _new_tuple(Step, (*before, end))

    def first_liquid_step(self) -> tuple[int, int] | None:
        """Return price and liquidity where something can first be had; None where nowhere."""
        segments = self._segments
        for index in range(self._index, len(segments.keys)):
            price, liquidity, _, _ = self._step(index)
            if liquidity and price != segments.prices[index]:
                return price, liquidity
        return None

    def _opened(self, index: int) -> Walk:
        """Return this walk with the fold at `index` laid out; the last one is remembered."""
        if self._unfolded is None or self._unfolded[0] != index:
            walk = Walk(self._segments.opened(index), self._state, self._index)
            self._unfolded = (index, walk)
            return walk
        return self._unfolded[1]

    def _output_with_folds(self, output: Callable[[int], int]) -> Callable[[int], int]:
        segments, entry_in, start = self._segments, self._entry_in, self._index
        first = segments.folds[bisect_left(segments.folds, start)]
        before_folds = segments.input_to[first - 1] - entry_in

        def output_with_folds(amount_in: int) -> int:
            if amount_in <= before_folds:
                return output(amount_in)
            index = bisect_left(segments.input_to, entry_in + amount_in, start)
            if segments.is_fold(index):
                return self._opened(index).output(amount_in)
            return output(amount_in)

        return output_with_folds

    def _input_with_folds(self, smallest_input: Callable[[int], int]) -> Callable[[int], int]:
        segments, entry_out, start = self._segments, self._entry_out, self._index

        def input_with_folds(amount_out: int) -> int:
            index = bisect_left(segments.output_to, entry_out + amount_out, start)
            if segments.is_fold(index):
                return self._opened(index).smallest_input(amount_out)
            return smallest_input(amount_out)

        return input_with_folds

    def _step(self, index: int) -> tuple[int, int, int, int]:
        """Return where a step starts: price, liquidity, sums of input and output up to there."""
        segments = self._segments
        if index == self._index:
            state = self._state
            return state.sqrt_price_x96, state.liquidity, self._entry_in, self._entry_out
        before = index - 1
        return (
            segments.prices[before],
            segments.liquidity[index],
            segments.input_to[before],
            segments.output_to[before],
        )

    def _at_border(self, index: int) -> PriceState:
        segments = self._segments
        direction = segments.direction
        price = segments.prices[index]
        if segments.ends_inside and index == len(segments.keys) - 1:
            tick = direction.stopped_tick(price, segments.tick_spacing)
        else:
            tick = direction.crossed_tick(direction.key(segments.keys[index]))
        return PriceState(price, tick, segments.liquidity_to(index + 1))

    def _inside(self, index: int, start: int, end: int) -> PriceState:
        direction = self._segments.direction
        liquidity = self._segments.liquidity[index]
        if end != start:
            return PriceState(end, tick_at_sqrt_ratio(end), liquidity)
        # Dust that moves no price leaves the tick where the last crossing put it.
        if index == self._index:
            return self._state
        border = direction.key(self._segments.keys[index - 1])
        return PriceState(end, direction.crossed_tick(border), liquidity)
