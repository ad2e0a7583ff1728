"""What can happen to the pools of a market, as frozen values.

A feed translates whatever it reads (logs, a recording, the sandbox) into these; the market
applies them. Amounts are in smallest units.
"""

from __future__ import annotations

from dataclasses import dataclass

from aineon.amm import Pool
from aineon.primitives import Address, Block


@dataclass(frozen=True, slots=True)
class PoolAppeared:
    """A pool is known from now on, or known anew: `pool` replaces any older state."""

    pool: Pool

    @property
    def address(self) -> Address:
        return self.pool.address


@dataclass(frozen=True, slots=True)
class PoolVanished:
    """The pool's state is no longer known, so it must not be quoted any more."""

    address: Address


@dataclass(frozen=True, slots=True)
class ReservesChanged:
    """`Sync` of a Uniswap V2 pair: the reserves as they are now."""

    address: Address
    reserve0: int
    reserve1: int


@dataclass(frozen=True, slots=True)
class PriceMoved:
    """`Swap` of a Uniswap V3 pool: price, tick and liquidity in range as they are now."""

    address: Address
    sqrt_price_x96: int
    tick: int
    liquidity: int


@dataclass(frozen=True, slots=True)
class LiquidityChanged:
    """`Mint` (positive) or `Burn` (negative) of a Uniswap V3 pool."""

    address: Address
    tick_lower: int
    tick_upper: int
    liquidity_delta: int


MarketEvent = PoolAppeared | PoolVanished | ReservesChanged | PriceMoved | LiquidityChanged


@dataclass(frozen=True, slots=True)
class MarketUpdate:
    """Events that become visible together.

    A chain feed sends one update a block (`step` 0). A recording that knows the states inside
    a block sends several, with rising `step`.
    """

    block: Block
    events: tuple[MarketEvent, ...] = ()
    step: int = 0
