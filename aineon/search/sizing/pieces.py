"""Pieces: what a pool pays before rounding, in whole numbers, around one amount.

Between two borders every Uniswap pool pays a ratio of two straight lines. Kept as integers
it composes over hops without losing a digit, which floats cannot do: the best size of a
cycle is decided by fractions of a unit in twenty-five digits.
"""

from __future__ import annotations

from collections.abc import Callable
from math import gcd
from typing import NamedTuple

from aineon.amm import (
    ConcentratedPool,
    ConstantProductPool,
    EtherWrapper,
    StakedEtherWrapper,
)
from aineon.primitives.units import PIPS
from aineon.search.route import Hop

_Q96 = 1 << 96
# The end of a piece that holds for every input.
ENDLESS = 1 << 256

_new_tuple = tuple.__new__


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
        steepness: `a*d - b*c`; the curve's slope is this over `(c*kept + d)^2`.
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
    steepness: int
    blur: float


PieceFinder = Callable[[int], Piece]


def piece_finder(hop: Hop) -> PieceFinder | None:
    """Return the function from an input of a hop to its piece; None where the pool has none."""
    pool = hop.pool
    if isinstance(pool, ConstantProductPool):
        return _constant_product(pool, hop)
    if isinstance(pool, ConcentratedPool):
        return _concentrated(pool, hop)
    if isinstance(pool, EtherWrapper):
        return _straight(1, 1)
    if isinstance(pool, StakedEtherWrapper):
        # Unwrapping rounds twice more, against the trader as well: the line is an upper bound.
        rate = pool.shares.total_shares, pool.shares.total_pooled_ether
        return _straight(*rate) if hop.token_in == pool.tokens[0] else _straight(*reversed(rate))
    return None


def _straight(out: int, per: int) -> PieceFinder:
    piece = Piece(1, ENDLESS, 0, 1, 1, out, 0, 0, per, out * per, 0.0)
    return lambda _: piece


def _constant_product(pool: ConstantProductPool, hop: Hop) -> PieceFinder:
    if hop.token_in == pool.token0:
        reserve_in, reserve_out = pool.reserve0, pool.reserve1
    else:
        reserve_in, reserve_out = pool.reserve1, pool.reserve0
    keep = PIPS - pool.fee_pips
    a, d = keep * reserve_out, reserve_in * PIPS
    piece = _new_tuple(Piece, (1, ENDLESS, 0, 1, 1, a, 0, keep, d, a * d, 0.0))
    return lambda _: piece


def _concentrated(pool: ConcentratedPool, hop: Hop) -> PieceFinder:
    _, token_in, token_out = hop
    keep = PIPS - pool.fee_pips
    shared = gcd(keep, PIPS)
    kept, of = keep // shared, PIPS // shared
    curve = _falling_curve if token_in == pool.token0 else _rising_curve

    def find(amount_in: int) -> Piece:
        step = pool.step_at(token_in, token_out, amount_in)
        price, liquidity, taken, paid, end = step
        a, c, d, blur = curve(price, liquidity)
        line = (a + paid * c, paid * d, c, d, a * d, blur)
        return _new_tuple(Piece, (taken + 1, end, taken, kept, of, *line))

    return find


def _falling_curve(price: int, liquidity: int) -> tuple[int, int, int, float]:
    square = price * price
    return liquidity * square, price << 96, liquidity << 192, liquidity / _Q96


def _rising_curve(price: int, liquidity: int) -> tuple[int, int, int, float]:
    square = price * price
    return liquidity << 192, price << 96, square * liquidity, (liquidity << 96) / square
