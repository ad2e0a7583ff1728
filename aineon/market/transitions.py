"""What one event does to one pool."""

from __future__ import annotations

from aineon.amm import ConcentratedPool, ConstantProductPool, Pool
from aineon.errors import MarketError
from aineon.market.events import (
    LiquidityChanged,
    MarketEvent,
    PoolAppeared,
    PoolVanished,
    PriceMoved,
    ReservesChanged,
)


def checked_pool(pool: Pool) -> Pool:
    """Return what is a pool, or raise MarketError."""
    if not (hasattr(pool, "address") and hasattr(pool, "tokens")):
        raise MarketError(f"{pool!r} is no pool")
    return pool


def after_event(pool: Pool, event: MarketEvent) -> Pool | None:
    """Return the known `pool` as `event` leaves it; None where it vanished.

    Raises:
        MarketError: the event is of a kind that such a pool cannot have.
        PoolError: the event's integers cannot be the state of such a contract.
    """
    match event:
        case PoolVanished():
            return None
        case PoolAppeared():
            return event.pool
        case ReservesChanged() if isinstance(pool, ConstantProductPool):
            return pool.with_reserves(event.reserve0, event.reserve1)
        case PriceMoved() if isinstance(pool, ConcentratedPool):
            return pool.with_state(event.sqrt_price_x96, event.tick, event.liquidity)
        case LiquidityChanged() if isinstance(pool, ConcentratedPool):
            return pool.with_liquidity(event.tick_lower, event.tick_upper, event.liquidity_delta)
    raise MarketError(
        f"{type(event).__name__} cannot happen to pool {pool.address}, "
        f"which is a {type(pool).__name__}"
    )
