"""The tokens and pools of the sandbox.

The tokens of the default pools have mainnet's real addresses, so that names and links work.
Every pool, and every further token, has an address that begins with `0x5eed5eed` and goes on
with a hash of "aineon-sandbox": it exists nowhere but here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from aineon.errors import ConfigurationError
from aineon.feeds.sandbox.dice import Dice
from aineon.primitives import Address, Token, parse_address

WETH = Token("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", symbol="WETH", decimals=18)
USDC = Token("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", symbol="USDC", decimals=6)
USDT = Token("0xdAC17F958D2ee523a2206206994597C13D831ec7", symbol="USDT", decimals=6)
DAI = Token("0x6B175474E89094C44Da98b954EedeAC495271d0F", symbol="DAI", decimals=18)
STETH = Token("0xae7ab96520DE3A18E5e111B5EaAb095312D7fE84", symbol="stETH", decimals=18)
WBTC = Token("0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599", symbol="WBTC", decimals=8)

UNISWAP_V2 = "uniswap_v2"
SUSHISWAP = "sushiswap"
UNISWAP_V3 = "uniswap_v3"

FEWEST_POOLS = 2
MOST_POOLS = 500
DEFAULT_POOLS = 24


class Habit(Enum):
    """How the worth of a token moves."""

    NATIVE = "the native token: everything else is worth something against it"
    STABLE = "keeps near one dollar"
    STAKED = "keeps near one native token"
    FREE = "wanders against the native token"


@dataclass(frozen=True, slots=True)
class Asset:
    """A token, what one of it is worth in dollars at the start, and how that moves."""

    token: Token
    dollars: float
    habit: Habit
    restlessness: float = 1.0


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """A pool to be set up.

    Attributes:
        token0, token1: in the contracts' order.
        dollars: worth of everything the pool holds at the start.
        busyness: chance that somebody trades in it within one block.
        trade_dollars: median size of such a trade.
    """

    address: Address
    venue: str
    fee_pips: int
    token0: Token
    token1: Token
    dollars: float
    busyness: float
    trade_dollars: float


@dataclass(frozen=True, slots=True)
class Universe:
    """What there is to trade."""

    assets: tuple[Asset, ...]
    pools: tuple[PoolPlan, ...]


_ASSETS = (
    Asset(WETH, 3200.0, Habit.NATIVE),
    Asset(USDC, 1.0, Habit.STABLE, 0.5),
    Asset(USDT, 1.0, Habit.STABLE),
    Asset(DAI, 1.0, Habit.STABLE, 0.8),
    Asset(STETH, 3198.0, Habit.STAKED),
    Asset(WBTC, 96_000.0, Habit.FREE, 0.6),
)

# pair, venue, fee in pips, millions of dollars, busyness, median trade in dollars; ordered so
# that any first few make a market with something to compare.
_DEFAULT_POOLS: tuple[tuple[Token, Token, str, int, float, float, float], ...] = (
    (WETH, USDC, UNISWAP_V2, 3000, 26.0, 0.50, 2200.0),
    (WETH, USDC, UNISWAP_V3, 500, 90.0, 0.90, 6000.0),
    (WETH, USDC, SUSHISWAP, 3000, 7.0, 0.28, 1100.0),
    (WETH, USDC, UNISWAP_V3, 3000, 60.0, 0.40, 5000.0),
    (WETH, USDT, UNISWAP_V2, 3000, 22.0, 0.45, 2000.0),
    (WETH, USDT, UNISWAP_V3, 500, 35.0, 0.70, 5000.0),
    (WETH, USDT, SUSHISWAP, 3000, 4.0, 0.20, 900.0),
    (WETH, USDT, UNISWAP_V3, 3000, 40.0, 0.35, 4000.0),
    (WETH, DAI, UNISWAP_V2, 3000, 8.0, 0.28, 1300.0),
    (WETH, DAI, UNISWAP_V3, 500, 9.0, 0.30, 3000.0),
    (WETH, DAI, SUSHISWAP, 3000, 3.0, 0.15, 800.0),
    (WETH, DAI, UNISWAP_V3, 3000, 12.0, 0.20, 2500.0),
    (USDC, USDT, UNISWAP_V3, 100, 30.0, 0.60, 9000.0),
    (USDC, USDT, UNISWAP_V2, 3000, 2.0, 0.10, 900.0),
    (USDC, USDT, UNISWAP_V3, 500, 8.0, 0.18, 3000.0),
    (USDC, USDT, SUSHISWAP, 3000, 0.6, 0.04, 500.0),
    (WETH, STETH, UNISWAP_V3, 500, 6.0, 0.20, 4000.0),
    (WETH, STETH, UNISWAP_V2, 3000, 1.5, 0.10, 700.0),
    (WETH, STETH, UNISWAP_V3, 100, 9.0, 0.22, 5000.0),
    (WETH, STETH, SUSHISWAP, 3000, 0.5, 0.05, 300.0),
    (WETH, WBTC, UNISWAP_V3, 500, 45.0, 0.40, 6000.0),
    (WETH, WBTC, SUSHISWAP, 3000, 12.0, 0.22, 1600.0),
    (WETH, WBTC, UNISWAP_V3, 3000, 70.0, 0.30, 6000.0),
    (WETH, WBTC, UNISWAP_V2, 3000, 6.0, 0.18, 1300.0),
)


@dataclass(frozen=True, slots=True)
class FurtherTokens:
    """What tokens beyond the well-known ones are like.

    Their pools come in groups, one group a token: against WETH, and every third token against
    USDC too, so that longer cycles exist.

    Attributes:
        dollars, spread: worth of a token's largest possible pool: the median, and the deviation
            of its logarithm.
        busyness, trade_dollars: from and to; see `PoolPlan`.
        venues: of the pools against WETH, with their fees in pips; the first two also of those
            against USDC.
    """

    dollars: float
    spread: float
    busyness: tuple[float, float]
    trade_dollars: tuple[float, float]
    venues: tuple[tuple[str, int], ...]


_FURTHER = FurtherTokens(
    dollars=1.2e6,
    spread=0.9,
    busyness=(0.02, 0.12),
    trade_dollars=(200.0, 900.0),
    venues=(
        (UNISWAP_V2, 3000),
        (SUSHISWAP, 3000),
        (UNISWAP_V3, 3000),
        (UNISWAP_V3, 10_000),
    ),
)
_EVERY_NTH_WITH_DOLLARS = 3
_POOLS_WITH_DOLLARS = 2

# The wide universe: as many opportunities a block as an engine that watches a busy chain has to
# decide about. Its further tokens trade about as much as the smaller well-known pairs.
_WIDE_TOKENS = 10
_WIDE_BUSTLE = 1.5
_WIDE_FURTHER = FurtherTokens(
    dollars=5e6,
    spread=0.7,
    busyness=(0.15, 0.6),
    trade_dollars=(600.0, 2500.0),
    venues=(
        (UNISWAP_V2, 3000),
        (UNISWAP_V3, 3000),
        (SUSHISWAP, 3000),
        (UNISWAP_V3, 10_000),
    ),
)


def build_universe(pools: int, seed: int) -> Universe:
    """Return the first `pools` pools of the sandbox, further tokens included as needed.

    Raises:
        ConfigurationError: `pools` is not an int from 2 to 500.
    """
    if type(pools) is not int or not FEWEST_POOLS <= pools <= MOST_POOLS:
        raise ConfigurationError(
            f"the sandbox's number of pools is {pools!r}; "
            f"allowed is an int from {FEWEST_POOLS} to {MOST_POOLS}"
        )
    plans = [_plan(*row[:4], row[4] * 1e6, *row[5:]) for row in _DEFAULT_POOLS[:pools]]
    assets = list(_ASSETS)
    dice = Dice(seed, "universe")
    number = 0
    while len(plans) < pools:
        number += 1
        asset, group = _further_token(number, dice, _FURTHER)
        assets.append(asset)
        plans += group[: pools - len(plans)]
    held = {token for plan in plans for token in (plan.token0, plan.token1)} | {WETH, USDC}
    return Universe(tuple(asset for asset in assets if asset.token in held), tuple(plans))


def usual_universe(seed: int) -> Universe:
    """Return the universe of the console: the default pools, which is light and quick."""
    return build_universe(DEFAULT_POOLS, seed)


def wide_universe(seed: int) -> Universe:
    """Return the universe for markets to learn from: 70 pools of 16 tokens, and busier ones.

    With rivals, a block of it ends with some three gaps, and one of the usual universe with one
    gap in three blocks.
    """
    plans = [
        _plan(*row[:4], row[4] * 1e6, min(row[5] * _WIDE_BUSTLE, 1.0), row[6])
        for row in _DEFAULT_POOLS
    ]
    assets = list(_ASSETS)
    dice = Dice(seed, "universe")
    for number in range(1, _WIDE_TOKENS + 1):
        asset, group = _further_token(number, dice, _WIDE_FURTHER)
        assets.append(asset)
        plans += group
    return Universe(tuple(assets), tuple(plans))


UNIVERSES: Mapping[str, Callable[[int], Universe]] = MappingProxyType(
    {"usual": usual_universe, "wide": wide_universe}
)
"""The universes by name, each made for a seed."""


def universe_named(name: str, seed: int) -> Universe:
    """Return a universe by its name.

    Raises:
        ConfigurationError: there is none of that name.
    """
    if name not in UNIVERSES:
        raise ConfigurationError(
            f"the sandbox's universe is {name!r}; allowed are {', '.join(UNIVERSES)}"
        )
    return UNIVERSES[name](seed)


def synthetic_address(*parts: object) -> Address:
    """Return an address that belongs to nothing on any chain and shows it."""
    text = ":".join(map(str, ("aineon-sandbox", *parts)))
    return parse_address("0x5eed5eed" + hashlib.sha256(text.encode()).hexdigest()[:32])


def _plan(
    token_a: Token,
    token_b: Token,
    venue: str,
    fee_pips: int,
    dollars: float,
    busyness: float,
    trade_dollars: float,
) -> PoolPlan:
    token0, token1 = sorted((token_a, token_b))
    address = synthetic_address("pool", venue, fee_pips, token0.address, token1.address)
    return PoolPlan(address, venue, fee_pips, token0, token1, dollars, busyness, trade_dollars)


def _further_token(number: int, dice: Dice, kind: FurtherTokens) -> tuple[Asset, list[PoolPlan]]:
    symbol = f"SBX{number:03d}"
    token = Token(synthetic_address("token", symbol), symbol=symbol, decimals=18)
    asset = Asset(token, dice.log_normal(2.0, 2.0), Habit.FREE, dice.between(1.0, 2.5))
    size = dice.log_normal(kind.dollars, kind.spread)
    quoted_in = [WETH, USDC] if number % _EVERY_NTH_WITH_DOLLARS == 0 else [WETH]
    group = [
        _plan(
            token,
            other,
            venue,
            fee_pips,
            size * dice.between(0.15, 1.0),
            busyness=dice.between(*kind.busyness),
            trade_dollars=dice.between(*kind.trade_dollars),
        )
        for other in quoted_in
        for venue, fee_pips in kind.venues[: None if other is WETH else _POOLS_WITH_DOLLARS]
    ]
    return asset, group
