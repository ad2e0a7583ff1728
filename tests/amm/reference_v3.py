"""Uniswap V3's swap, slow and literal: one bitmap word and one step at a time.

Written from the contract alone, on dictionaries, with nothing summed beforehand. It shares
only the price of a tick with the library; that function has vectors and a test of its own.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from aineon.amm.concentrated.tick_math import MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK
from aineon.amm.concentrated.tick_math import sqrt_ratio_at_tick as ratio_at

Q96 = 2**96
MILLION = 10**6


class PriceLimitRefused(Exception):
    """The contract's SPL."""


class Swapped(NamedTuple):
    amount_in: int
    amount_out: int
    partial: bool


def tick_of(price: int) -> int:
    low, high = MIN_TICK, MAX_TICK - 1
    while low < high:
        middle = (low + high + 1) // 2
        if ratio_at(middle) <= price:
            low = middle
        else:
            high = middle - 1
    return low


def up(numerator: int, denominator: int) -> int:
    return numerator // denominator + (numerator % denominator > 0)


class ReferencePool:
    """One V3 pool that swaps in place."""

    # A control of the tests takes a pool that does not stop at word borders.
    stops_at_words = True

    def __init__(self, fee: int, spacing: int, price: int) -> None:
        self.fee, self.spacing = fee, spacing
        self.price, self.tick, self.liquidity = price, tick_of(price), 0
        self.gross: dict[int, int] = defaultdict(int)
        self.net: dict[int, int] = defaultdict(int)
        self.bitmap: dict[int, int] = defaultdict(int)

    def change(self, lower: int, upper: int, delta: int) -> None:
        for tick, net in ((lower, delta), (upper, -delta)):
            before = self.gross[tick]
            self.gross[tick] += delta
            self.net[tick] += net
            if (before == 0) != (self.gross[tick] == 0):
                word, bit = divmod(tick // self.spacing, 256)
                self.bitmap[word] ^= 1 << bit
        if lower <= self.tick < upper:
            self.liquidity += delta

    @property
    def ticks(self) -> dict[int, tuple[int, int]]:
        return {t: (gross, self.net[t]) for t, gross in self.gross.items() if gross}

    @property
    def state(self) -> tuple[int, int, int]:
        return self.price, self.tick, self.liquidity

    def next_tick(self, falling: bool) -> tuple[int, bool]:
        compressed = self.tick // self.spacing
        if falling:
            while True:
                word, bit = divmod(compressed, 256)
                below = self.bitmap[word] & ((1 << (bit + 1)) - 1)
                found = below.bit_length() - 1 if below else 0
                tick = (word * 256 + found) * self.spacing
                if below or self.stops_at_words or tick <= MIN_TICK:
                    return max(tick, MIN_TICK), bool(below)
                compressed = word * 256 - 1
        compressed += 1
        while True:
            word, bit = divmod(compressed, 256)
            above = self.bitmap[word] >> bit << bit
            found = (above & -above).bit_length() - 1 if above else 255
            tick = (word * 256 + found) * self.spacing
            if above or self.stops_at_words or tick >= MAX_TICK:
                return min(tick, MAX_TICK), bool(above)
            compressed = (word + 1) * 256

    def swap(self, falling: bool, specified: int, limit: int | None = None) -> Swapped:
        """Swap an exact input (positive) or output (negative), like `UniswapV3Pool.swap`."""
        if limit is None:
            limit = MIN_SQRT_RATIO + 1 if falling else MAX_SQRT_RATIO - 1
        if falling and not MIN_SQRT_RATIO < limit < self.price:
            raise PriceLimitRefused
        if not falling and not self.price < limit < MAX_SQRT_RATIO:
            raise PriceLimitRefused
        left, paid, got = specified, 0, 0
        while left and self.price != limit:
            border, initialised = self.next_tick(falling)
            border_price = ratio_at(border)
            target = max(border_price, limit) if falling else min(border_price, limit)
            start = self.price
            self.price, amount_in, amount_out, fee = self.step(falling, target, left)
            paid += amount_in + fee
            got += amount_out
            left += amount_out if specified < 0 else -(amount_in + fee)
            if self.price == border_price:
                if initialised:
                    self.liquidity += -self.net[border] if falling else self.net[border]
                self.tick = border - 1 if falling else border
            elif self.price != start:
                self.tick = tick_of(self.price)
        return Swapped(paid, got, left != 0)

    def step(self, falling: bool, target: int, left: int) -> tuple[int, int, int, int]:
        start, liquidity, fee = self.price, self.liquidity, self.fee
        if left > 0:
            spendable = left * (MILLION - fee) // MILLION
            whole = self.taken(falling, start, target)
            if spendable >= whole:
                end = target
            elif falling:
                end = self.after_token0_in(start, spendable)
            else:
                end = start + spendable * Q96 // liquidity
            amount_in = self.taken(falling, start, end)
            amount_out = self.given(falling, start, end)
            if end == target:
                return end, amount_in, amount_out, up(amount_in * fee, MILLION - fee)
            return end, amount_in, amount_out, left - amount_in
        wanted = -left
        if wanted >= self.given(falling, start, target):
            end = target
        elif falling:
            end = start - up(wanted * Q96, liquidity)
        else:
            shifted = liquidity * Q96
            end = up(shifted * start, shifted - wanted * start)
        amount_in = self.taken(falling, start, end)
        amount_out = min(self.given(falling, start, end), wanted)
        return end, amount_in, amount_out, up(amount_in * fee, MILLION - fee)

    def after_token0_in(self, start: int, amount: int) -> int:
        shifted = self.liquidity * Q96
        if amount * start < 2**256 and shifted + amount * start < 2**256:
            return up(shifted * start, shifted + amount * start)
        return up(shifted, shifted // start + amount)

    def taken(self, falling: bool, start: int, end: int) -> int:
        if falling:
            return up(up(self.liquidity * Q96 * (start - end), start), end)
        return up(self.liquidity * (end - start), Q96)

    def given(self, falling: bool, start: int, end: int) -> int:
        if falling:
            return self.liquidity * (start - end) // Q96
        return self.liquidity * Q96 * (end - start) // end // start


class WithoutWords(ReferencePool):
    """The widespread simplification: steps end at initialised ticks alone."""

    stops_at_words = False
