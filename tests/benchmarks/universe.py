"""A market as large as mainnet's, and blocks that trade in it.

What it is modelled on: five hubs (WETH, USDC, USDT, DAI, WBTC) that hold most of the money and
nearly all of the routes; every other token mostly trades against WETH; how many pools a token
has falls off by a power law. Three pools of ten are of Uniswap V3, with some tens of initialised
ticks each and liquidity that thins out away from the price.

Prices agree: each pool stands within 0.9 of its own fee around the fair price, so before the
first block no cycle of any length gains. A block changes 200 pools. Those that the block before
has pushed out of the fees' band are moved back to its edge by arbitrage at its beginning: so no
gap lasts, and each block's gaps are its own. The others take random trades, whose worth is
log-normal (a median of 1,500 dollars, one of twenty above 25,000), more of them in larger pools.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from aineon.amm import ConcentratedPool, ConstantProductPool, Pool
from aineon.amm.concentrated.tick_math import sqrt_ratio_at_tick, tick_at_sqrt_ratio
from aineon.market import Market, MarketEvent, MarketUpdate, PriceMoved, ReservesChanged
from aineon.primitives import Address, Block, Token
from aineon.primitives.units import GWEI, PIPS
from aineon.search.costs import WRAPPED_ETHER

BASE_FEE_WEI = 2 * GWEI
CHANGED = 200
BAND = 0.9
_Q96 = 2**96
_V3_SHARE = 0.3
_V3_KINDS = ((100, 1), (500, 10), (3000, 60), (10_000, 200))
_MEDIAN_TRADE, _TRADE_SPREAD, _TRADE_GROWTH = 200.0, 1.6, 0.35
_SMALL_POOL = 1e5
_LARGEST_SHARE = 0.1  # of what a pool holds: nobody trades a pool empty

WETH = WRAPPED_ETHER
USDC = Token("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "USDC", 6)
USDT = Token("0xdAC17F958D2ee523a2206206994597C13D831ec7", "USDT", 6)
DAI = Token("0x6B175474E89094C44Da98b954EedeAC495271d0F", "DAI", 18)
WBTC = Token("0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599", "WBTC", 8)
HUBS = (WETH, USDC, USDT, DAI, WBTC)
_HUB_DOLLARS = (2000.0, 1.0, 1.0, 1.0, 40_000.0)
_HUB_PAIRS = 0.008  # share of the pools that join two hubs
_PARTNERS = (0.80, 0.09, 0.05, 0.03, 0.03)  # what other tokens trade against, by hub


@dataclass(frozen=True)
class Listing:
    """A pool's fair rate (raw token1 for one raw token0) and its size, which never change."""

    fair: float
    band: float
    dollars: float
    token0_dollars: float
    token1_dollars: float


class Universe:
    """The market with the fair prices behind it; `next_block` makes its updates.

    Args:
        pools: how many.
        seed: of everything random.
    """

    def __init__(self, pools: int, seed: int = 1) -> None:
        self._random = Random(seed)
        self._listings: dict[Address, Listing] = {}
        self._pushed: list[Address] = []
        self._dollars = dict(zip(HUBS, _HUB_DOLLARS, strict=True))
        self._others = self._tokens(max(8, int(pools * 0.4)))
        popularity = [1 / (rank + 8) ** 0.7 for rank in range(len(self._others))]
        made: list[Pool] = []
        for number in range(pools):
            pair = self._pair(number, pools, popularity)
            made.append(self._pool(number, *sorted(pair), hubs=all(t in HUBS for t in pair)))
        self.market = Market(made, Block(1, base_fee_wei=BASE_FEE_WEI))
        self._addresses = [pool.address for pool in made]
        self._weights = [self._listings[address].dollars ** 0.5 for address in self._addresses]

    def next_block(self) -> MarketUpdate:
        """The events of the block after the market's: arbitrage first, then the trades."""
        pools = dict(self.market.pools)
        events: list[MarketEvent] = []
        for address in self._pushed:
            event = self._closing(pools[address])
            if event is not None:
                events.append(event)
        closed = {event.address: event for event in events}
        changed, self._pushed = set(closed), []
        drawn = self._random.choices(self._addresses, self._weights, k=2 * CHANGED)
        for address in dict.fromkeys(drawn):
            if len(changed) < CHANGED:
                changed.add(address)
                self._pushed.append(address)
        traded = [self._trade(after(pools[a], closed.get(a))) for a in self._pushed]
        number = (self.market.block.number if self.market.block else 0) + 1
        return MarketUpdate(
            Block(number, base_fee_wei=BASE_FEE_WEI), tuple(events + [moved(p) for p in traded])
        )

    def _tokens(self, count: int) -> list[Token]:
        tokens = []
        for number in range(count):
            decimals = self._random.choice((18, 18, 18, 18, 18, 9, 8, 6))
            token = Token(f"0x{self._random.getrandbits(160):040x}", f"T{number}", decimals)
            self._dollars[token] = 10 ** self._random.uniform(-5, 3)
            tokens.append(token)
        return tokens

    def _pair(self, number: int, pools: int, popularity: list[float]) -> tuple[Token, Token]:
        random = self._random
        if number < max(20, pools * _HUB_PAIRS):
            one, other = random.sample(HUBS, 2)
            return one, other
        # Every token is listed once before the popular ones get more pools.
        index = number % pools
        token = (
            self._others[index]
            if index < len(self._others)
            else random.choices(self._others, popularity)[0]
        )
        if random.random() < 0.03:
            partner = random.choices(self._others, popularity)[0]
            if partner != token:
                return token, partner
        return token, random.choices(HUBS, _PARTNERS)[0]

    def _pool(self, number: int, token0: Token, token1: Token, hubs: bool) -> Pool:
        random = self._random
        units = [self._dollars[t] / 10 ** (t.decimals or 0) for t in (token0, token1)]
        fair = units[0] / units[1]
        dollars = random.lognormvariate(math.log(8e6), 1.3) if hubs else 0.0
        dollars = dollars or min(random.lognormvariate(math.log(1.2e5), 1.8), 3e7)
        is_v3 = random.random() < _V3_SHARE
        weights = (2, 5, 4, 1) if hubs else (0, 1, 6, 5)
        fee_pips, spacing = random.choices(_V3_KINDS, weights)[0] if is_v3 else (3000, 0)
        band = BAND * -math.log(1 - fee_pips / PIPS)
        address = f"0x{number + (1 << 152):040x}"
        listing = Listing(fair, band, dollars, *units)
        self._listings[Address(address)] = listing
        price = fair * math.exp(random.uniform(-band, band))
        if is_v3:
            return self._v3(address, token0, token1, fee_pips, spacing, price, listing)
        reserve0 = dollars / 2 / units[0]
        return ConstantProductPool(
            address, token0, token1, int(reserve0) + 1000, int(reserve0 * price) + 1000
        )

    def _v3(
        self,
        address: str,
        token0: Token,
        token1: Token,
        fee_pips: int,
        spacing: int,
        price: float,
        listing: Listing,
    ) -> Pool:
        """Ten to thirty positions around the price, a few of them far and wide."""
        random = self._random
        root = int(math.sqrt(price) * _Q96)
        tick = tick_at_sqrt_ratio(root)
        # A position of width w holds w / 4 of what the same liquidity holds over all prices.
        virtual = math.sqrt(
            listing.dollars
            / 2
            / listing.token0_dollars
            * listing.dollars
            / 2
            / listing.token1_dollars
        )
        ticks: dict[int, tuple[int, int]] = {}
        active = 0
        for _ in range(random.randint(10, 30)):
            middle = tick + random.gauss(0, 600)
            width = random.lognormvariate(math.log(2500), 0.9)
            lower = int((middle - width) // spacing) * spacing
            upper = int((middle + width) // spacing + 1) * spacing
            liquidity = (
                int(virtual * random.lognormvariate(0, 1) / 20 * 40_000 / (width + 1000)) + 1
            )
            for end, net in ((lower, liquidity), (upper, -liquidity)):
                gross_before, net_before = ticks.get(end, (0, 0))
                ticks[end] = (gross_before + liquidity, net_before + net)
            if lower <= tick < upper:
                active += liquidity
        return ConcentratedPool(
            address, token0, token1, fee_pips, spacing, root, tick, active, ticks
        )

    def _trade(self, pool: Pool) -> Pool:
        """The pool after a random trade."""
        random = self._random
        listing = self._listings[pool.address]
        median = _MEDIAN_TRADE * (listing.dollars / _SMALL_POOL) ** _TRADE_GROWTH
        dollars = random.lognormvariate(math.log(median), _TRADE_SPREAD)
        dollars = min(dollars, _LARGEST_SHARE * listing.dollars)
        token0, token1 = pool.tokens
        if random.random() < 0.5:
            pair, unit = (token0, token1), listing.token0_dollars
        else:
            pair, unit = (token1, token0), listing.token1_dollars
        amount = min(int(dollars / unit) + 1, pool.max_amount_in(*pair) // 2)
        return pool.quote_exact_input(*pair, amount).pool_after if amount else pool

    def _closing(self, pool: Pool) -> MarketEvent | None:
        """The event that moves a pool back to the edge of its band; None where it is inside."""
        listing = self._listings[pool.address]
        price = pool.spot_price(*pool.tokens)
        off = math.log(price / listing.fair)
        if abs(off) <= listing.band:
            return None
        edge = listing.fair * math.exp(math.copysign(listing.band, off))
        if isinstance(pool, ConcentratedPool):
            pair = pool.tokens if off > 0 else pool.tokens[::-1]
            limit = max(sqrt_ratio_at_tick(-887_000), int(math.sqrt(edge) * _Q96))
            return moved(pool.quote_to_price(*pair, limit).pool_after)
        assert isinstance(pool, ConstantProductPool)
        scale = math.sqrt(edge / price)
        return ReservesChanged(pool.address, int(pool.reserve0 / scale), int(pool.reserve1 * scale))


def after(pool: Pool, event: MarketEvent | None) -> Pool:
    """The pool as an event of `_closing` leaves it."""
    if isinstance(event, ReservesChanged) and isinstance(pool, ConstantProductPool):
        return pool.with_reserves(event.reserve0, event.reserve1)
    if isinstance(event, PriceMoved) and isinstance(pool, ConcentratedPool):
        return pool.with_state(event.sqrt_price_x96, event.tick, event.liquidity)
    return pool


def moved(pool: Pool) -> MarketEvent:
    """The event that reports a pool's state as it is."""
    if isinstance(pool, ConcentratedPool):
        return PriceMoved(pool.address, pool.sqrt_price_x96, pool.tick, pool.liquidity)
    assert isinstance(pool, ConstantProductPool)
    return ReservesChanged(pool.address, pool.reserve0, pool.reserve1)
