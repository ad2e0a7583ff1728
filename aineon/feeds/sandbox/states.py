"""The sandbox's pools as they stand, and the events that brought them there."""

from __future__ import annotations

from aineon.amm import ConcentratedPool, ConstantProductPool, Quote
from aineon.market.events import LiquidityChanged, MarketEvent, PriceMoved, ReservesChanged
from aineon.primitives import Address, Token

AnyPool = ConstantProductPool | ConcentratedPool


class PoolStates:
    """Holds every pool and notes each change as the event that a chain would log.

    Events that a later one of the same pool makes void within one block are left out: a `Sync`
    or `Swap` says how things are, so only the last of an unbroken row matters.
    """

    def __init__(self, pools: list[AnyPool]) -> None:
        self.pools: dict[Address, AnyPool] = {pool.address: pool for pool in pools}
        self._events: dict[Address, list[MarketEvent]] = {}

    def swap(self, address: Address, token_in: Token, token_out: Token, amount_in: int) -> Quote:
        """Carry a swap out."""
        quote = self.pools[address].quote_exact_input(token_in, token_out, amount_in)
        pool = quote.pool_after
        assert isinstance(pool, ConstantProductPool | ConcentratedPool)
        self.replace(pool)
        return quote

    def replace(self, pool: AnyPool) -> None:
        """Note the price or reserves that a pool has now."""
        self.pools[pool.address] = pool
        if isinstance(pool, ConstantProductPool):
            self._note(ReservesChanged(pool.address, pool.reserve0, pool.reserve1))
        else:
            self._note(PriceMoved(pool.address, pool.sqrt_price_x96, pool.tick, pool.liquidity))

    def change_liquidity(
        self, address: Address, tick_lower: int, tick_upper: int, liquidity_delta: int
    ) -> None:
        """Mint (positive) or burn (negative) liquidity of a concentrated pool."""
        pool = self.pools[address]
        assert isinstance(pool, ConcentratedPool)
        self.pools[address] = pool.with_liquidity(tick_lower, tick_upper, liquidity_delta)
        self._note(LiquidityChanged(address, tick_lower, tick_upper, liquidity_delta))

    def take_events(self) -> tuple[MarketEvent, ...]:
        """Return the events since the last call, pool by pool in order of first change."""
        events = tuple(event for row in self._events.values() for event in row)
        self._events.clear()
        return events

    def _note(self, event: ReservesChanged | PriceMoved | LiquidityChanged) -> None:
        row = self._events.setdefault(event.address, [])
        if row and type(row[-1]) is type(event) and not isinstance(event, LiquidityChanged):
            row[-1] = event
        else:
            row.append(event)
