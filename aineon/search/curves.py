"""Local curves of many pools at once, and how little a directed hop can bend.

A block changes hundreds of pools, and what a screen needs of each is a few floats. Uniswap V2
and V3 pools, nearly all there are, give theirs in columns that NumPy works out together: a
sixth of the time of asking each pool, with the same floats (a test holds the two together).
Every other pool is asked.

Besides the curve near its price a hop has a *least bend*, which makes
`rate * x / (1 + least_bend * x)` an upper bound of the output at every size, so that a cycle's
best profit can be bounded. A V2 pool is its own curve. A V3 pool that had its largest
liquidity at every price ahead would pay no less at any size. Of other kinds nothing is known:
their least bend is 0, as if the marginal rate held for ever.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, chain, permutations
from typing import NamedTuple

import numpy as np

from aineon.amm import ConcentratedPool, ConstantProductPool, LocalCurve, Pool
from aineon.amm.concentrated.tick_math import MAX_SQRT_RATIO, MIN_SQRT_RATIO, sqrt_ratio_at_tick
from aineon.primitives import Address
from aineon.primitives.units import PIPS
from aineon.search.anchor import Floats, Ints

_Ticks = Mapping[int, tuple[int, int]]
_ROOT_UNIT = float(1 << 96)


class Curves(NamedTuple):
    """One entry a directed hop.

    Attributes:
        place: which hop, as `CurveTable.curves` was given the numbers.
        rate, bend: of the local curve.
        least_bend: see the module's documentation.
    """

    place: Ints
    rate: Floats
    bend: Floats
    least_bend: Floats


class CurveTable:
    """Computes curves; remembers the largest liquidity of each V3 pool while its ticks stay."""

    def __init__(self) -> None:
        self._deepest: dict[Address, tuple[_Ticks, int]] = {}

    def curves(self, pools: Sequence[Pool], first_places: Sequence[int]) -> Curves:
        """Return the curves of every direction of `pools`.

        Args:
            pools: in any order.
            first_places: for each pool the number of its first direction; the others follow
                in the order of `itertools.permutations(pool.tokens, 2)`.
        """
        products: list[tuple[int, int, int, int]] = []
        ranges: list[tuple[int, int, int, int, int]] = []
        singles: list[tuple[int, float, float, float]] = []
        for pool, place in zip(pools, first_places, strict=True):
            if type(pool) is ConstantProductPool and pool.reserve0 and pool.reserve1:
                products.append((place, pool.fee_pips, pool.reserve0, pool.reserve1))
            elif type(pool) is ConcentratedPool and _is_inside_a_step(pool):
                state = (pool.sqrt_price_x96, pool.liquidity, self._deepest_liquidity(pool))
                ranges.append((place, pool.fee_pips, *state))
            else:
                singles += self._asked(pool, place)
        parts = [_product_curves(products), _range_curves(ranges), _columns(singles, 4)]
        place, rate, bend, least = np.concatenate(parts, axis=1)
        return Curves(place.astype(np.intp), rate, bend, least)

    def forget(self, gone: Iterable[Address]) -> None:
        """Let go of what is remembered of pools that are no more."""
        for address in gone:
            self._deepest.pop(address, None)

    def _asked(self, pool: Pool, place: int) -> Iterable[tuple[int, float, float, float]]:
        for direction, pair in enumerate(permutations(pool.tokens, 2)):
            curve = pool.local_curve(*pair)
            yield place + direction, *curve, self._least_bend(pool, curve)

    def _least_bend(self, pool: Pool, curve: LocalCurve) -> float:
        if isinstance(pool, ConstantProductPool):
            return curve.bend
        if isinstance(pool, ConcentratedPool) and curve.rate > 0:
            # A step's rate is kept * root^2 and its bend kept * root / liquidity.
            kept = (PIPS - pool.fee_pips) / PIPS
            return math.sqrt(kept * curve.rate) / self._deepest_liquidity(pool)
        return 0.0

    def _deepest_liquidity(self, pool: ConcentratedPool) -> int:
        known = self._deepest.get(pool.address)
        if known is None or known[0] is not pool.ticks:
            nets = (pool.ticks[tick][1] for tick in sorted(pool.ticks))
            known = self._deepest[pool.address] = (pool.ticks, max(accumulate(nets), default=0))
        return known[1]


def _is_inside_a_step(pool: ConcentratedPool) -> bool:
    """Whether both directions begin in the liquidity at the price: not on a border of steps."""
    if not pool.liquidity:
        return False
    price, tick, spacing = pool.sqrt_price_x96, pool.tick, pool.tick_spacing
    if not MIN_SQRT_RATIO + 1 < price < MAX_SQRT_RATIO - 1:
        return False
    # A price that fell exactly to a border is noted with the tick below it.
    return not (
        (tick % spacing == 0 and sqrt_ratio_at_tick(tick) == price)
        or ((tick + 1) % spacing == 0 and sqrt_ratio_at_tick(tick + 1) == price)
    )


def _product_curves(rows: Sequence[tuple[int, ...]]) -> Floats:
    """Both directions of Uniswap V2 pools; as `ConstantProductPool.local_curve`."""
    place, fee_pips, reserve0, reserve1 = _columns(rows, 4)
    kept = (PIPS - fee_pips) / PIPS
    down = (place, kept * reserve1 / reserve0, kept / reserve0, kept / reserve0)
    up = (place + 1, kept * reserve0 / reserve1, kept / reserve1, kept / reserve1)
    return np.concatenate([down, up], axis=1)


def _range_curves(rows: Sequence[tuple[int, ...]]) -> Floats:
    """Both directions of Uniswap V3 pools; as `ConcentratedPool.local_curve`."""
    place, fee_pips, price, liquidity, deepest = _columns(rows, 5)
    kept = (PIPS - fee_pips) / PIPS
    root = price / _ROOT_UNIT
    down = (place, kept * (root * root), kept * (root / liquidity), kept * (root / deepest))
    up_bends = (kept * (1 / (root * liquidity)), kept * (1 / (root * deepest)))
    up = (place + 1, kept * (1 / (root * root)), *up_bends)
    return np.concatenate([down, up], axis=1)


def _columns(rows: Sequence[tuple[float, ...]], width: int) -> Floats:
    # From one flat stream: a list of tuples, asked for its shape first, takes twice as long.
    flat = np.fromiter(chain.from_iterable(rows), np.float64, width * len(rows))
    return flat.reshape(-1, width).T
