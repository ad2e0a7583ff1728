"""Life-size random universes: five anchors, other tokens, pools whose prices disagree a little."""

from __future__ import annotations

import math
from itertools import combinations
from random import Random

from aineon.amm import Pool
from aineon.primitives import Token
from tests.search.markets import v2, v3

WETH = Token("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "WETH", 18)
USDC = Token("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "USDC", 6)
USDT = Token("0xdAC17F958D2ee523a2206206994597C13D831ec7", "USDT", 6)
DAI = Token("0x6B175474E89094C44Da98b954EedeAC495271d0F", "DAI", 18)
WBTC = Token("0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599", "WBTC", 8)

ANCHORS = (WETH, USDC, USDT, DAI, WBTC)
_ETHER_OF_ANCHOR = {WETH: 1.0, USDC: 1 / 3000, USDT: 1 / 3000, DAI: 1 / 3000, WBTC: 20.0}
_FEES = {500: 10, 3000: 60, 10_000: 200}


def universe(random: Random, others: int = 3, pools: int = 30, noise: float = 0.006) -> list[Pool]:
    """Pools of 50 to 5,000 ether, most of them with an anchor, half of them Uniswap V3."""
    worth = {token: each * 1e18 / 10.0**token.decimals for token, each in _ETHER_OF_ANCHOR.items()}  # type: ignore[operator]
    for number in range(others):
        token = Token(f"0x{random.getrandbits(160):040x}", f"T{number}", random.choice([6, 18]))
        assert token.decimals is not None
        worth[token] = math.exp(random.uniform(-10, 0)) * 1e18 / 10.0**token.decimals
    rest = [token for token in worth if token not in ANCHORS]
    made = []
    joined = list(combinations(ANCHORS, 2)) + [(WETH, token) for token in rest]
    while len(joined) < pools:
        one, other = random.choice(ANCHORS), random.choice([*ANCHORS, *rest, *rest])
        if one != other:
            joined.append((one, other))
    for number, (one, other) in enumerate(joined):
        token0, token1 = min(one, other), max(one, other)
        price = worth[token0] / worth[token1] * math.exp(random.gauss(0, noise))
        depth = math.exp(random.uniform(math.log(50), math.log(5000))) * 1e18
        side0 = depth / worth[token0]
        if random.random() < 0.5:
            made.append(v2(number, token0, token1, int(side0), int(side0 * price)))
        else:
            made.append(_concentrated(random, number, token0, token1, price, side0))
    return made


def _concentrated(
    random: Random, number: int, token0: Token, token1: Token, price: float, side0: float
) -> Pool:
    fee_pips, spacing = random.choice(list(_FEES.items()))
    tick = math.floor(math.log(price) / math.log(1.0001))
    base = tick // spacing * spacing
    whole = int(side0 * math.sqrt(price))
    wide = 20_000 // spacing * spacing
    ranges = [(base - wide, base + wide, whole)]
    for _ in range(random.randint(0, 4)):
        middle = base + random.randint(-5, 5) * spacing
        width = random.randint(1, 20) * spacing
        ranges.append((middle - width, middle + width, int(whole * random.uniform(0.5, 5))))
    return v3(number, token0, token1, tick, ranges, fee_pips, spacing)
