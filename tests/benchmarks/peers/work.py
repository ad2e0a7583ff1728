"""The work that AINEON and its peers are measured with, and how it is written for the peers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aineon.amm import ConcentratedPool, ConstantProductPool, Pool
from aineon.amm.concentrated.tick_math import sqrt_ratio_at_tick
from aineon.primitives import Token
from aineon.search import Route
from tests.search.sizing_tools import DAI, ETHER, USDC, WBTC, WETH, cycle, v2, v3

SPACING = 60
START_TICK = 30
MOST_IN = 1000 * ETHER


@dataclass(frozen=True)
class QuoteWork:
    """One exact quote."""

    name: str
    pool: Pool
    token_in: Token
    token_out: Token
    amount_in: int


@dataclass(frozen=True)
class CycleWork:
    """One cycle whose best input is wanted."""

    name: str
    route: Route


def laddered_pool() -> ConcentratedPool:
    """A Uniswap V3 pool with an initialised tick at every spacing, and a range over all prices.

    It has as many initialised ticks, some 520, as USDC/WETH had months after it began.
    """
    pool = ConcentratedPool(
        address="0x" + "ab" * 20,
        token0=WBTC,
        token1=WETH,
        fee_pips=3000,
        tick_spacing=SPACING,
        sqrt_price_x96=sqrt_ratio_at_tick(START_TICK),
        tick=START_TICK,
        liquidity=0,
        ticks={},
    ).with_liquidity(-887220, 887220, 10**19 + 3)
    for width in range(1, 260):
        pool = pool.with_liquidity(-SPACING * width, SPACING * width, 10**18 * width + 11)
    return pool


def quotes() -> list[QuoteWork]:
    """Quotes that cross more and more ticks, and one of a Uniswap V2 pool."""
    pool = laddered_pool()
    found = []
    for ticks in (0, 1, 5, 20, 40):
        limit = sqrt_ratio_at_tick(START_TICK - SPACING * ticks - 15)
        amount_in = pool.quote_to_price(WBTC, WETH, limit).amount_in
        name = f"V3 quote, {ticks} ticks crossed"
        found.append(QuoteWork(name, pool, WBTC, WETH, amount_in))
    deep = v2(WETH, USDC, 15_000 * ETHER, 30_000_123 * 10**6 + 457)
    found.append(QuoteWork("V2 quote", deep, WETH, USDC, ETHER))
    return found


def cycles() -> list[CycleWork]:
    """Cycles with a profit, one of each shape."""
    usd, usd_high = (
        v2(WETH, USDC, 15_000 * ETHER, 30_000_123 * 10**6 + 457),
        v2(WETH, USDC, 9_000 * ETHER + 17, 18_200_000 * 10**6 + 1117),
    )
    rungs = [(-width, width, 10**15 * width) for width in range(1, 260)]
    usd_v3 = v3(WETH, USDC, 1970e-12, rungs)
    usd_dai = v2(USDC, DAI, 9_000_000 * 10**6, 9_200_000 * ETHER + 7)
    dai = v2(WETH, DAI, 19_000 * ETHER + 17, 38_000_000 * ETHER + 11_177_777)
    return [
        CycleWork("best input, V2 V2", cycle(WETH, (usd_high, USDC), (usd, WETH))),
        CycleWork("best input, V2 V3", cycle(WETH, (usd, USDC), (usd_v3, WETH))),
        CycleWork(
            "best input, V2 V2 V2", cycle(WETH, (usd_high, USDC), (usd_dai, DAI), (dai, WETH))
        ),
    ]


def as_written(quotes: Iterable[QuoteWork], cycles: Iterable[CycleWork]) -> dict[str, Any]:
    """Return the work as JSON can carry it; amounts are strings, as JavaScript's numbers end."""
    pools: dict[str, Pool] = {}
    for quote in quotes:
        pools[quote.pool.address] = quote.pool
    for each in cycles:
        pools |= {hop.pool.address: hop.pool for hop in each.route}
    return {
        "pools": {address: written_pool(pool) for address, pool in pools.items()},
        "quotes": [
            {
                "name": quote.name,
                "pool": quote.pool.address,
                "token_in": _token(quote.token_in),
                "amount_in": str(quote.amount_in),
            }
            for quote in quotes
        ],
        "cycles": [
            {
                "name": each.name,
                "base": _token(each.route[0].token_in),
                "pools": [hop.pool.address for hop in each.route],
                "most": str(MOST_IN),
            }
            for each in cycles
        ],
    }


def _token(token: Token) -> dict[str, Any]:
    return {"address": token.address, "symbol": token.symbol, "decimals": token.decimals}


def written_pool(pool: Pool) -> dict[str, Any]:
    """Return a pool as JSON can carry it."""
    shared = {"address": pool.address, "tokens": [_token(token) for token in pool.tokens]}
    if isinstance(pool, ConstantProductPool):
        return {**shared, "kind": "v2", "reserves": [str(pool.reserve0), str(pool.reserve1)]}
    assert isinstance(pool, ConcentratedPool)
    return {
        **shared,
        "kind": "v3",
        "fee_pips": pool.fee_pips,
        "tick_spacing": pool.tick_spacing,
        "sqrt_price_x96": str(pool.sqrt_price_x96),
        "tick": pool.tick,
        "liquidity": str(pool.liquidity),
        "ticks": {str(tick): [str(g), str(n)] for tick, (g, n) in pool.ticks.items()},
    }
