"""The market: all pools at one block, what happens to them, and what a reorg undoes."""

from aineon.market.events import (
    BalancesChanged,
    BalancesMoved,
    CoinsExchanged,
    CoinsMoved,
    LiquidityChanged,
    MarketEvent,
    MarketUpdate,
    PoolAppeared,
    PoolVanished,
    PriceMoved,
    ReservesChanged,
)
from aineon.market.graph import GraphHop, TokenGraph
from aineon.market.market import REMEMBERED_BLOCKS, Market
from aineon.market.registry import Registry

__all__ = [
    "REMEMBERED_BLOCKS",
    "BalancesChanged",
    "BalancesMoved",
    "CoinsExchanged",
    "CoinsMoved",
    "GraphHop",
    "LiquidityChanged",
    "Market",
    "MarketEvent",
    "MarketUpdate",
    "PoolAppeared",
    "PoolVanished",
    "PriceMoved",
    "Registry",
    "ReservesChanged",
    "TokenGraph",
]
