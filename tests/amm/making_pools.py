"""Tokens, pools and random V3 worlds for the tests of pools."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from aineon.amm import ConcentratedPool, ConstantProductPool
from aineon.amm.concentrated.segments import Segments
from aineon.amm.concentrated.tick_math import MAX_TICK, sqrt_ratio_at_tick
from aineon.primitives import Token
from tests.amm.reference_v3 import ReferencePool

TOKEN0 = Token("0x" + "11" * 20, "ZERO", 18)
TOKEN1 = Token("0x" + "22" * 20, "ONE", 6)
STRANGER = Token("0x" + "33" * 20, "THIRD", 18)
ADDRESS = "0x" + "ab" * 20
ONE = 2**96

DOWN = (TOKEN0, TOKEN1)
UP = (TOKEN1, TOKEN0)


def v2_pool(reserve0: int, reserve1: int, fee_pips: int = 3000) -> ConstantProductPool:
    return ConstantProductPool(ADDRESS, TOKEN0, TOKEN1, reserve0, reserve1, fee_pips)


def v3_pool(reference: ReferencePool) -> ConcentratedPool:
    """Return the library's pool in the state of a reference pool."""
    return ConcentratedPool(
        address=ADDRESS,
        token0=TOKEN0,
        token1=TOKEN1,
        fee_pips=reference.fee,
        tick_spacing=reference.spacing,
        sqrt_price_x96=reference.price,
        tick=reference.tick,
        liquidity=reference.liquidity,
        ticks=reference.ticks,
    )


def simple_v3_pool(
    *ranges: tuple[int, int, int], spacing: int = 60, fee_pips: int = 3000, tick: int = 0
) -> ConcentratedPool:
    """Return a pool with liquidity in (lower, upper, liquidity) ranges, standing on a tick."""
    reference = ReferencePool(fee_pips, spacing, sqrt_ratio_at_tick(tick))
    for lower, upper, liquidity in ranges:
        reference.change(lower, upper, liquidity)
    return v3_pool(reference)


@st.composite
def magnitudes(draw: st.DrawFn, most_bits: int) -> int:
    """Return positive ints of every size, not mostly large ones."""
    bits = draw(st.integers(1, most_bits))
    return draw(st.integers(1 << (bits - 1), (1 << bits) - 1))


@st.composite
def worlds(draw: st.DrawFn) -> ReferencePool:
    """Return a random V3 pool: ranges around its price, some of them far or full."""
    spacing = draw(st.sampled_from([1, 10, 60, 200]))
    fee = draw(st.sampled_from([0, 100, 500, 3000, 10000, 250000]))
    most = MAX_TICK // spacing
    centre = draw(st.integers(-most + 2000, most - 2000)) if most > 5000 else 0
    centre = draw(st.sampled_from([0, centre, centre // 256 * 256]))
    start = (centre + draw(st.integers(-600, 600))) * spacing
    price = sqrt_ratio_at_tick(start)
    if draw(st.booleans()):
        width = sqrt_ratio_at_tick(start + 1) - price
        price += draw(st.integers(0, width - 1))
    pool = ReferencePool(fee, spacing, price)
    # Ends near word borders are what goes wrong, so they come often.
    ends = st.one_of(
        st.integers(-900, 900), st.sampled_from([-512, -257, -256, -255, -1, 0, 1, 254, 255, 256])
    )
    for _ in range(draw(st.integers(0, 5))):
        lower, upper = sorted((draw(ends), draw(ends)))
        lower, upper = (centre + lower) * spacing, (centre + upper + (lower == upper)) * spacing
        if spacing >= 60 and draw(st.integers(0, 9)) == 0:
            lower, upper = -most * spacing, most * spacing
        pool.change(lower, upper, draw(magnitudes(100)))
    return pool


def copy_of(pool: ReferencePool) -> ReferencePool:
    """Return a second pool in the same state."""
    twin = type(pool)(pool.fee, pool.spacing, pool.price)
    return into(twin, pool)


def into(twin: Any, pool: ReferencePool) -> Any:
    """Give `twin` the state of `pool`."""
    twin.price, twin.tick, twin.liquidity = pool.state
    twin.gross, twin.net, twin.bitmap = pool.gross.copy(), pool.net.copy(), pool.bitmap.copy()
    return twin


def rebuilt(pool: ConcentratedPool) -> ConcentratedPool:
    """Return the pool built from its state alone."""
    return ConcentratedPool(
        pool.address, pool.token0, pool.token1, pool.fee_pips, pool.tick_spacing,
        pool.sqrt_price_x96, pool.tick, pool.liquidity, dict(pool.ticks), pool.venue,
    )  # fmt: skip


def columns(pool: ConcentratedPool) -> list[object]:
    """Return all that a pool's segment tables hold, to compare them."""
    names = [name for name in Segments.__slots__ if name != "direction"]
    return [getattr(table, name) for table in (pool._downward, pool._upward) for name in names]
