"""Borders: the initialised ticks of a Uniswap V3 pool in order, and the liquidity between them.

They stand side by side in an array, because the events of a block lead to hundreds of pools
that were not looked at lately. Arrays of borders are shared by the states of a pool and never
changed.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from typing import TypeAlias

from aineon.errors import InsufficientLiquidity

# Gross and net liquidity of an initialised tick.
TickLiquidity = tuple[int, int]
Borders: TypeAlias = "array[int]"


def borders_of(ticks: Mapping[int, TickLiquidity]) -> Borders:
    """Return the borders of initialised ticks.

    Raises:
        InsufficientLiquidity: the liquidity would be negative somewhere.
    """
    borders = array("i", sorted(ticks))
    liquidity = 0
    for tick in borders:
        liquidity += ticks[tick][1]
        if liquidity < 0:
            raise _refuse(liquidity, tick)
    return borders


def borders_after(
    borders: Borders, ticks: Mapping[int, TickLiquidity], lower: int, upper: int
) -> Borders:
    """Return the borders after a change between two ticks that left `ticks` initialised."""
    changed = borders
    for tick in (lower, upper):
        place = bisect_left(changed, tick)
        was_there = place < len(changed) and changed[place] == tick
        if was_there != (tick in ticks):
            changed = changed[:]
            if was_there:
                del changed[place]
            else:
                changed.insert(place, tick)
    return changed


def liquidity_at(borders: Borders, ticks: Mapping[int, TickLiquidity], tick: int) -> int:
    """Return the liquidity in range at `tick`."""
    return sum(ticks[border][1] for border in borders[: bisect_right(borders, tick)])


def liquidity_after(
    borders: Borders, ticks: Mapping[int, TickLiquidity], tick: int, liquidity: int, to_tick: int
) -> int:
    """Return the liquidity at `to_tick` of a pool that has `liquidity` at `tick`.

    It costs the borders in between, of which a swap mostly crosses none.
    """
    start, end = bisect_right(borders, tick), bisect_right(borders, to_tick)
    if start == end:
        return liquidity
    for border in borders[start:end]:
        liquidity += ticks[border][1]
    for border in borders[end:start]:
        liquidity -= ticks[border][1]
    return liquidity


def check_burnt(
    borders: Borders,
    ticks: Mapping[int, TickLiquidity],
    tick: int,
    liquidity: int,
    lower: int,
    upper: int,
) -> None:
    """Raise InsufficientLiquidity where a burn between two ticks left less than nothing.

    `liquidity` is that at `tick` after it, as are borders and ticks.
    """
    start = bisect_right(borders, tick)
    at_hand = liquidity
    for border in borders[start : bisect_left(borders, upper)]:
        at_hand += ticks[border][1]
        if at_hand < 0:
            raise _refuse(at_hand, border)
    at_hand = liquidity
    for border in reversed(borders[bisect_right(borders, lower) : start]):
        at_hand -= ticks[border][1]
        if at_hand < 0:
            raise _refuse(at_hand, border)


def _refuse(liquidity: int, tick: int) -> InsufficientLiquidity:
    return InsufficientLiquidity(
        f"liquidity would be {liquidity} beyond tick {tick}; more was burnt than was minted there"
    )
