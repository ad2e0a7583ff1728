"""The tokens and pools of the sandbox.

The tokens of the default pools have mainnet's real addresses, so that names and links work.
Every pool, and every further token, has an address that begins with `0x5eed5eed` and goes on
with a hash of "aineon-sandbox": it exists nowhere but here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum

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

# Further pools come in groups, one group a token: against WETH, and every third token against
# USDC too, so that longer cycles exist.
_EXTRA_VENUES = ((UNISWAP_V2, 3000), (SUSHISWAP, 3000), (UNISWAP_V3, 3000), (UNISWAP_V3, 10_000))
_EVERY_NTH_WITH_DOLLARS = 3


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
        asset, group = _further_token(number, dice)
        assets.append(asset)
        plans += group[: pools - len(plans)]
    held = {token for plan in plans for token in (plan.token0, plan.token1)} | {WETH, USDC}
    return Universe(tuple(asset for asset in assets if asset.token in held), tuple(plans))


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


def _further_token(number: int, dice: Dice) -> tuple[Asset, list[PoolPlan]]:
    symbol = f"SBX{number:03d}"
    token = Token(synthetic_address("token", symbol), symbol=symbol, decimals=18)
    asset = Asset(token, dice.log_normal(2.0, 2.0), Habit.FREE, dice.between(1.0, 2.5))
    size = dice.log_normal(1.2e6, 0.9)
    quoted_in = [WETH, USDC] if number % _EVERY_NTH_WITH_DOLLARS == 0 else [WETH]
    group = [
        _plan(
            token,
            other,
            venue,
            fee_pips,
            size * dice.between(0.15, 1.0),
            busyness=dice.between(0.02, 0.12),
            trade_dollars=dice.between(200.0, 900.0),
        )
        for other in quoted_in
        for venue, fee_pips in _EXTRA_VENUES[: 4 if other is WETH else 2]
    ]
    return asset, group
