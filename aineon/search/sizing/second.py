"""The second most valuable unit of a cycle: of which amounts hardly a part of it is lost.

Where two tokens of few decimals follow each other (USDC and USDT), whole amounts of the first
lead to fractions of the second, and half a unit of it is lost on average: some 1e-6 of a small
profit. The fraction moves by equal steps from one amount to the next, so that Euclid's algorithm
names the amount near the peak that loses least, without taking the others. How far it may look
follows from the curve: at a distance of a share `s` of the amount the profit is less by the share
`s * s`, and the steps stay equal while the pools' rates do.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cbrt, ceil, floor, gcd, sqrt
from typing import NamedTuple

from aineon.amm import ConcentratedPool
from aineon.primitives.units import PIPS
from aineon.search.route import Hop, Route
from aineon.search.sizing.sieve import least_step, steps_into
from aineon.search.sizing.smooth import Ratio, ratio_at

# A unit that is worth less than this share of the profit is not worth the time to spare it.
_LEAST_SHARE = 2.0**-30
# Beyond so many a unit is too small for floats to tell its parts.
_MOST_UNITS = 2.0**46
_FEWEST_STEPS, _MOST_STEPS = 2, 1 << 14
# Of so many some tens lose little to one rounding, and each of those is looked at.
_MOST_BEFORE_FEES = 1 << 10
_UNIT = 1 << 40


class Grid(NamedTuple):
    """Which amounts can be had without a loss.

    Attributes:
        stride: every so-many-th, from a good one on.
        fee_pips: of the Uniswap V3 pool that takes them and rounds its fee; 0 for none.
        taken: where its step begins.
    """

    stride: int
    fee_pips: int
    taken: int


NO_GRID = Grid(1, 0, 0)
"""Any amount is as good as another."""


def grid_of(hop: Hop, amount: int) -> Grid:
    """Return of which amounts, like this one, the fee of a hop takes no more than its share."""
    pool, token_in, token_out = hop
    if type(pool) is not ConcentratedPool or not pool.fee_pips:
        return NO_GRID
    taken = 0
    if amount > pool.first_step(token_in, token_out):
        taken = pool.step_at(token_in, token_out, amount).taken_before
    return Grid(PIPS // gcd(pool.fee_pips, PIPS), pool.fee_pips, taken)


class _Course(NamedTuple):
    """How the amounts of the second token follow those of the first, before rounding.

    Attributes:
        curve: of the hops between the two.
        forward: whether the second token is behind them: then its amounts are rounded down,
            else they are what is needed, rounded up.
        grid: of the pool that takes the second token.
    """

    curve: Ratio
    forward: bool
    grid: Grid

    def at(self, amount: float) -> tuple[float, float, float]:
        """Return the amount of the second token, how fast it grows, and how fast that changes."""
        a, b, c, d, steepness = self.curve
        if self.forward:
            scale = c * amount + d
            return (a * amount + b) / scale, steepness / (scale * scale), c / scale
        scale = a - c * amount
        return (d * amount - b) / scale, steepness / (scale * scale), c / scale


def least_lost(
    route: Route, amounts: Sequence[int], place: int, first: int, grid: Grid, left: int
) -> int:
    """Return an amount at `place`, `first` or one nearby, of which the least is lost.

    Args:
        route: a cycle of Uniswap pools.
        amounts: those of an input near the peak, and what each hop pays.
        place: of the fewest.
        first: an amount near that of `amounts`.
        grid: of which it is one, or as good as one.
        left: what is left at these amounts.
    """
    units = sorted(amounts)[1]
    if units > _MOST_UNITS or amounts[0] < units * left * _LEAST_SHARE:
        return first
    second = amounts.index(units)
    if second == place:
        second = amounts.index(units, place + 1)
    course = _course(route, amounts, place, second)
    if course is None:
        return first
    _, slope, bend = course.at(first)
    most = 4 * amounts[0] / units / left * first * first
    if bend > 0:
        most = min(most, 4 / (slope * bend))
    # Of a peak and of straight lines there is the less the wider the steps are.
    count = cbrt(most / (grid.stride * grid.stride))
    if grid.stride > 1 and (more := min(cbrt(most), _alike(first, grid, first / units))) > count:
        return _narrow_step(course, first, grid, int(min(more, _MOST_STEPS)))
    count = int(min(count, _MOST_STEPS, (first - 1) / grid.stride))
    begin = first + count // 2 * grid.stride
    return begin - grid.stride * _step(course, begin, float(grid.stride), count)


def _narrow_step(course: _Course, whole: int, grid: Grid, count: int) -> int:
    """Return the best of the amounts that cost the same fee as this one."""
    if not course.forward:
        return whole - _step(course, whole, 1.0, count)
    # The fee stays what it is: of each unit less the pool swaps one unit less.
    keep, within = 1 - grid.fee_pips / PIPS, whole - grid.taken
    swapped = (within - _fees(within, grid)) / keep
    return whole - _step(course, grid.taken + swapped, 1 / keep, count)


def _step(course: _Course, start: float, stride: float, count: int) -> int:
    """Return after which of so many steps downward the least of the second token is lost."""
    if count < _FEWEST_STEPS:
        return 0
    # A straight line through the middle of the stretch strays least from the curve.
    middle = count // 2
    value, slope, bend = course.at(start - middle * stride)
    step = -slope * stride
    # Always to the worse side: a hair beyond a whole number all of a unit would be lost.
    strays = step * step / slope * bend * middle * middle
    value -= middle * step + (strays if course.forward else -strays)
    if course.grid.fee_pips:
        return _step_before_fee(course, value, step, min(count, _MOST_BEFORE_FEES))
    if not course.forward:
        value, step = -value, -step
    return least_step(value % 1.0, step % 1.0, count)


def _step_before_fee(course: _Course, value: float, step: float, count: int) -> int:
    """As `_step`, where the pool that takes the second token rounds its fee as well.

    Of the few steps that lose little to the first rounding the one that loses least to both.
    """
    _, fee_pips, taken = course.grid
    keep, value = PIPS - fee_pips, value - taken
    share = keep / PIPS

    def lost(number: int) -> float:
        amount = value + step * number
        if course.forward:
            return amount - floor(amount) * keep // PIPS / share
        return -(-ceil(amount * share) * PIPS // keep) - amount

    turn = _UNIT if course.forward else -share * _UNIT
    arc = int(_UNIT / sqrt(count))
    return min(
        steps_into(int(value * turn), int(step * turn), _UNIT, arc, count), key=lost, default=0
    )


def _alike(whole: int, grid: Grid, share: float) -> float:
    """Return how many amounts, from this one on downward, cost the same fee and are worth it.

    Each of them wastes a little more of the fee's last unit: no more of them than waste, in all,
    what they spare of the other token's unit, which is worth `share` units of this one.
    """
    within = whole - grid.taken
    alike = within - (_fees(within, grid) - 1) * PIPS // grid.fee_pips
    return min(alike, sqrt(share * PIPS / grid.fee_pips))


def _fees(within: int, grid: Grid) -> int:
    return -(-within * grid.fee_pips // PIPS)


def _course(route: Route, amounts: Sequence[int], place: int, second: int) -> _Course | None:
    """Return what the hops between two places compose to, around these amounts."""
    first, last = (place, second) if place < second else (second, place)
    a, b, c, d, steepness = 1.0, 0.0, 0.0, 1.0, 1.0
    for index in range(first, last):
        found = ratio_at(route[index], amounts[index])
        if found is None:
            return None
        e, f, g, h, own = found
        a, b, c, d = e * a + f * c, e * b + f * d, g * a + h * c, g * b + h * d
        steepness *= own
    grid = grid_of(route[second], amounts[second]) if second < len(route) else NO_GRID
    course = _Course(Ratio(a, b, c, d, steepness), place < second, grid)
    # Floats can lose all of a pool that is next to empty.
    is_sound = c * amounts[place] + d > 0 if course.forward else a - c * amounts[place] > 0
    return course if is_sound else None
