"""Ticks and square-root prices: P(tick) = sqrt(1.0001^tick) * 2^96, to the contract's last bit.

Source: Uniswap v3-core, contracts/libraries/TickMath.sol.
"""

from __future__ import annotations

from functools import lru_cache
from math import floor, log

from aineon.errors import InvalidPoolState

MIN_TICK = -887272
MAX_TICK = 887272
MIN_SQRT_RATIO = 4295128739
MAX_SQRT_RATIO = 1461446703485210103287273052203988822378723970342

_Q128 = 1 << 128
_MAX_UINT256 = 2**256 - 1
# 2^128 / sqrt(1.0001)^(2^i), for i from 0: the contract's constants.
_FACTORS = (
    0xFFFCB933BD6FAD37AA2D162D1A594001,
    0xFFF97272373D413259A46990580E213A,
    0xFFF2E50F5F656932EF12357CF3C7FDCC,
    0xFFE5CACA7E10E4E61C3624EAA0941CD0,
    0xFFCB9843D60F6159C9DB58835C926644,
    0xFF973B41FA98C081472E6896DFB254C0,
    0xFF2EA16466C96A3843EC78B326B52861,
    0xFE5DEE046A99A2A811C461F1969C3053,
    0xFCBE86C7900A88AEDCFFC83B479AA3A4,
    0xF987A7253AC413176F2B074CF7815E54,
    0xF3392B0822B70005940C7A398E4B70F3,
    0xE7159475A2C29B7443B29C7FA6E889D9,
    0xD097F3BDFD2022B8845AD8F792AA5825,
    0xA9F746462D870FDF8A65DC1F90E061E5,
    0x70D869A156D2A1B890BB3DF62BAF32F7,
    0x31BE135F97D08FD981231505542FCFA6,
    0x9AA508B5B7A84E1C677DE54F3E99BC9,
    0x5D6AF8DEDB81196699C329225EE604,
    0x2216E584F5FA1EA926041BEDFE98,
    0x48A170391F7DC42444E8FA2,
)
_LOG_OF_STEP = log(1.0001) / 2
_LOG_OF_ONE = 96 * log(2)
_CACHED_TICKS = 1 << 16
# A hundred thousand times the error of the float logarithm, as a share of a tick.
_NEAR_BORDER = 1e-5


@lru_cache(maxsize=_CACHED_TICKS)
def sqrt_ratio_at_tick(tick: int) -> int:
    """Return the square-root price (Q64.96) at `tick`.

    The results are cached because pools share their ticks: one int object then serves all.

    Raises:
        InvalidPoolState: the tick is outside ±887272 (the contract's `T`).
    """
    if not MIN_TICK <= tick <= MAX_TICK:
        raise InvalidPoolState(f"tick {tick} is not from {MIN_TICK} to {MAX_TICK}")
    ratio = _Q128
    bits = abs(tick)
    for factor in _FACTORS:
        if bits & 1:
            ratio = ratio * factor >> 128
        bits >>= 1
    if tick > 0:
        ratio = _MAX_UINT256 // ratio
    # From Q128.128 to Q64.96, rounding up so that tick_at_sqrt_ratio(P(tick)) is the tick again.
    return -(-ratio >> 32)


def tick_at_sqrt_ratio(sqrt_price_x96: int) -> int:
    """Return the greatest tick whose price is at most `sqrt_price_x96`.

    Raises:
        InvalidPoolState: the price is outside what ticks cover (the contract's `R`).
    """
    if not MIN_SQRT_RATIO <= sqrt_price_x96 < MAX_SQRT_RATIO:
        raise InvalidPoolState(
            f"square-root price {sqrt_price_x96} is not from {MIN_SQRT_RATIO} to "
            f"{MAX_SQRT_RATIO - 1}"
        )
    # A float logarithm is off by far less than one tick, so it can only miss at a border.
    guess = floor((log(sqrt_price_x96) - _LOG_OF_ONE) / _LOG_OF_STEP)
    tick = min(max(guess, MIN_TICK), MAX_TICK - 1)
    if sqrt_ratio_at_tick(tick) > sqrt_price_x96:
        return tick - 1
    if sqrt_ratio_at_tick(tick + 1) <= sqrt_price_x96:
        return tick + 1
    return tick


def is_well_inside(sqrt_price_x96: int, tick: int) -> bool:
    """Return whether a price lies between the prices of `tick` and the next, clear of both.

    Next to a border, where floats could err, it says False whichever side the price is on.
    Made for the millions of Swap events that only have to be checked: it needs no power.
    """
    above = (log(sqrt_price_x96) - _LOG_OF_ONE) / _LOG_OF_STEP - tick
    return _NEAR_BORDER < above < 1 - _NEAR_BORDER
