"""The peak of a cycle of Uniswap pools in floats: near enough for a size that only ranks.

`model` finds the same peak in whole numbers without losing a digit, which exact sizes need and
which takes four times as long. Within one step of each pool a cycle is a ratio of two straight
lines. So: look where an amount leads, take the peak of the ratio that holds there, and look
again, until the peak leads through the very steps that it was computed from.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from aineon.amm import ConcentratedPool, ConstantProductPool
from aineon.amm.concentrated.walk import Step
from aineon.primitives.units import PIPS
from aineon.search.route import Hop, Route
from aineon.search.sizing.single import paid

# Peaks settle after two looks or three; what takes longer points to and fro across a border.
_MOST_LOOKS = 6
_Q96 = float(1 << 96)


class Ratio(NamedTuple):
    """`(a*x + b) / (c*x + d)`; `steepness` is `a*d - b*c`, found without taking differences."""

    a: float
    b: float
    c: float
    d: float
    steepness: float


class _Way(NamedTuple):
    """Where an input leads, and the curve that holds around it.

    Attributes:
        amounts: the input and what each hop pays.
        steps: where the step of each Uniswap V3 pool begins, by what it has taken before.
        fits: whether every hop was filled.
        curve: the whole cycle's.
    """

    amounts: list[int]
    steps: list[int]
    fits: bool
    curve: Ratio


def smooth_amounts(route: Route, start: int, unit_cost: float) -> list[int] | None:
    """Return the amounts of the input where the cycle peaks: it, and what each hop pays.

    Args:
        route: a cycle.
        start: an input of about the right size.
        unit_cost: what one unit of input costs, flash fee included.

    None where that is not to be had like this: pools of other kinds, a peak on a border, or one
    beyond what the pools can take.
    """
    hops = []
    for hop in route:
        kind = type(hop.pool)
        if kind is not ConcentratedPool and kind is not ConstantProductPool:
            return None
        pool, token_in, token_out = hop
        most = pool.max_amount_in(token_in, token_out)
        if not most:
            return None
        hops.append((hop, most))
    way = _way(hops, start)
    before: list[int] | None = None
    for _ in range(_MOST_LOOKS):
        if way is None:
            return None
        if way.steps == before:
            return way.amounts if way.fits else None
        _, _, c, d, steepness = way.curve
        if not (c > 0 and steepness > 0):
            return None
        peak = int((sqrt(steepness / unit_cost) - d) / c)
        if peak <= 0:
            return None
        before = way.steps
        way = _way(hops, peak)
    return None


def _way(hops: list[tuple[Hop, int]], amount: int) -> _Way | None:
    amounts, steps, fits = [amount], [], True
    a, b, c, d, steepness = 1.0, 0.0, 0.0, 1.0, 1.0
    for hop, most in hops:
        pool, token_in, token_out = hop
        if not 0 < amount <= most:
            fits, amount = False, max(min(amount, most), 1)
        if type(pool) is ConcentratedPool:
            step = pool.step_at(token_in, token_out, amount)
            if not step.liquidity:
                return None
            steps.append(step.taken_before)
            e, f, g, h, own = _concentrated(pool, step, token_in == pool.token0)
        else:
            rate, bend = pool.local_curve(token_in, token_out)
            e, f, g, h, own = rate, 0.0, bend, 1.0, rate
        a, b, c, d = e * a + f * c, e * b + f * d, g * a + h * c, g * b + h * d
        steepness *= own
        amount = paid(hop, amount)
        amounts.append(amount)
    return _Way(amounts, steps, fits, Ratio(a, b, c, d, steepness))


def ratio_at(hop: Hop, amount: int) -> Ratio | None:
    """Return the curve that holds where an amount leads; None where nothing is to be had."""
    pool, token_in, token_out = hop
    if type(pool) is ConcentratedPool:
        step = pool.step_at(token_in, token_out, amount)
        return _concentrated(pool, step, token_in == pool.token0) if step.liquidity else None
    rate, bend = pool.local_curve(token_in, token_out)
    return Ratio(rate, 0.0, bend, 1.0, rate)


def _concentrated(pool: ConcentratedPool, step: Step, falls: bool) -> Ratio:
    """The step's curve `rate * kept / (1 + bend * kept)`, counted from the pool's own price."""
    price, liquidity, taken, paid, _ = step
    root, keep = price / _Q96, (PIPS - pool.fee_pips) / PIPS
    if falls:
        rate, bend = root * root, root / liquidity
    else:
        rate, bend = 1 / (root * root), 1 / (root * liquidity)
    a, c = (rate + paid * bend) * keep, bend * keep
    return Ratio(a, paid - a * taken, c, 1 - c * taken, rate * keep)
