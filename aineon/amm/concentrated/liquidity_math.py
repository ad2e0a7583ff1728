"""Adding signed liquidity to unsigned, and the most that one tick may carry.

Sources: Uniswap v3-core, contracts/libraries/LiquidityMath.sol and Tick.sol.
"""

from __future__ import annotations

from aineon.amm.concentrated.tick_math import MAX_TICK
from aineon.errors import InsufficientLiquidity, InvalidPoolState

MAX_LIQUIDITY = 2**128 - 1


def add_delta(liquidity: int, delta: int) -> int:
    """Return `liquidity + delta` as an unsigned 128-bit number.

    Raises:
        InsufficientLiquidity: the sum is negative (the contract's `LS`).
        InvalidPoolState: the sum does not fit 128 bits (the contract's `LA`).
    """
    total = liquidity + delta
    if total < 0:
        raise InsufficientLiquidity(f"liquidity {liquidity} is less than the {-delta} to take")
    if total > MAX_LIQUIDITY:
        raise InvalidPoolState(f"liquidity {total} does not fit 128 bits")
    return total


def max_liquidity_per_tick(tick_spacing: int) -> int:
    """Return the most gross liquidity that one tick may carry at this spacing."""
    usable_ticks = 2 * (MAX_TICK // tick_spacing) + 1
    return MAX_LIQUIDITY // usable_ticks
