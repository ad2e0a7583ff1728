"""A small market and a feed that plays what a test says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from aineon.amm import ConstantProductPool, Pool
from aineon.feeds.base import FeedItem, FeedStep, Taking
from aineon.market import MarketUpdate, PoolAppeared, ReservesChanged
from aineon.primitives import Block, Provenance, Token

USDC = Token("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", symbol="USDC", decimals=6)
WETH = Token("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", symbol="WETH", decimals=18)
ETHER = 10**18
DOLLAR = 10**6
GWEI = 10**9


def pool(number: int, dollars: int, ether: int, venue: str = "uniswap_v2") -> ConstantProductPool:
    """A USDC/WETH pool with whole dollars and ether."""
    return ConstantProductPool(
        address=f"0x{number:040x}",
        token0=USDC,
        token1=WETH,
        reserve0=dollars * DOLLAR,
        reserve1=ether * ETHER,
        venue=venue,
    )


CHEAP = pool(1, 30_000_000, 10_000)
DEAR = pool(2, 31_000_000, 10_000, venue="sushiswap")
"""Ether costs 3,000 dollars in one and 3,100 in the other: a good 3 % apart."""

EVEN = pool(2, 30_000_000, 10_000, venue="sushiswap")


def block(number: int, base_fee_wei: int | None = 10 * GWEI) -> Block:
    """A block 12 seconds after the one before it."""
    return Block(number, base_fee_wei=base_fee_wei, timestamp=1_700_000_000 + 12 * number)


def first_step(number: int, *pools: Pool, base_fee_wei: int | None = 10 * GWEI) -> FeedStep:
    """The step that brings the pools."""
    return FeedStep(
        MarketUpdate(block(number, base_fee_wei), tuple(PoolAppeared(each) for each in pools))
    )


def step(
    number: int,
    *pools: ConstantProductPool,
    base_fee_wei: int | None = 10 * GWEI,
    index: int = 0,
    mid_transaction: bool = False,
    droppable: bool = False,
    takings: tuple[Taking, ...] = (),
) -> FeedStep:
    """A step in which `pools` are seen with these reserves."""
    events = tuple(ReservesChanged(each.address, each.reserve0, each.reserve1) for each in pools)
    return FeedStep(
        MarketUpdate(block(number, base_fee_wei), events, step=index),
        mid_transaction=mid_transaction,
        droppable=droppable,
        takings=takings,
    )


@dataclass
class ScriptedFeed:
    """Plays `script`; raises `failure` after it, where there is one."""

    script: Sequence[FeedItem]
    complete: bool = True
    failure: Exception | None = None
    name: str = "scripted"
    provenance: Provenance = Provenance.SIMULATED
    base_tokens: Sequence[Token] = field(default_factory=lambda: [WETH])
    native_token: Token | None = WETH

    async def steps(self) -> AsyncIterator[FeedItem]:
        for item in self.script:
            yield item
        if self.failure is not None:
            raise self.failure
