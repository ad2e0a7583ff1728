"""Pieces: what a pool pays before rounding, in whole numbers, around one amount.

Between two borders every Uniswap pool pays a ratio of two straight lines. Kept as integers
it composes over hops without losing a digit, which floats cannot do: the best size of a
cycle is decided by fractions of a unit in twenty-five digits.
"""

from __future__ import annotations

from collections.abc import Callable
from math import gcd
from typing import NamedTuple

from aineon.amm import ConcentratedPool, ConstantProductPool
from aineon.amm.walk import Step
from aineon.primitives.units import PIPS
from aineon.search.route import Hop

_Q96 = 1 << 96
_ENDLESS = 1 << 256


class Piece(NamedTuple):
    """`kept = floor((v - origin) * keep / of)` pays `floor((a*kept + b) / (c*kept + d))`.

    The outer floor is the only other rounding, apart from that of V3's prices, which is far below
    a unit but for immense liquidity. All are against the trader: the value before rounding is
    an upper bound.

    Attributes:
        first, last: the inputs `v` for which this holds.
        origin, keep, of: where counting starts, and what the fee leaves; `keep / of` is
            reduced, and 1/1 where the fee is part of the curve and not rounded on its own.
        a, b, c, d: the curve.
        blur: what rounding a price to 2^-96 can cost besides, in units of the output.
    """

    first: int
    last: int
    origin: int
    keep: int
    of: int
    a: int
    b: int
    c: int
    d: int
    blur: float


PieceFinder = Callable[[int], Piece]


def piece_finder(hop: Hop) -> PieceFinder | None:
    """Return the function from an input of a hop to its piece; None where the pool has none."""
    pool = hop.pool
    if isinstance(pool, ConstantProductPool):
        return _constant_product(pool, hop)
    if isinstance(pool, ConcentratedPool):
        return _concentrated(pool, hop)
    return None


def _constant_product(pool: ConstantProductPool, hop: Hop) -> PieceFinder:
    reserve_in, reserve_out = pool.reserve0, pool.reserve1
    if hop.token_in != pool.token0:
        reserve_in, reserve_out = reserve_out, reserve_in
    keep = PIPS - pool.fee_pips
    piece = Piece(1, _ENDLESS, 0, 1, 1, keep * reserve_out, 0, keep, reserve_in * PIPS, 0.0)
    return lambda _: piece


def _concentrated(pool: ConcentratedPool, hop: Hop) -> PieceFinder:
    keep = PIPS - pool.fee_pips
    shared = gcd(keep, PIPS)
    curve = _falling_curve if hop.token_in == pool.token0 else _rising_curve

    def find(amount_in: int) -> Piece:
        step = pool.step_at(hop.token_in, hop.token_out, amount_in)
        a, c, d, blur = curve(step)
        paid = step.paid_before
        return Piece(
            step.taken_before + 1,
            step.taken_after,
            step.taken_before,
            keep // shared,
            PIPS // shared,
            a + paid * c,
            paid * d,
            c,
            d,
            blur,
        )

    return find


def _falling_curve(step: Step) -> tuple[int, int, int, float]:
    price, liquidity = step.sqrt_price_x96, step.liquidity
    square = price * price
    return liquidity * square, price << 96, liquidity << 192, liquidity / _Q96


def _rising_curve(step: Step) -> tuple[int, int, int, float]:
    price, liquidity = step.sqrt_price_x96, step.liquidity
    square = price * price
    return liquidity << 192, price << 96, square * liquidity, (liquidity << 96) / square
