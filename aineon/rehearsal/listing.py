"""What there is to trade on the rehearsal's chain: tokens, pools, and how much is in them."""

from __future__ import annotations

from dataclasses import dataclass

UNISWAP_V2 = "uniswap_v2"
SUSHISWAP = "sushiswap"
UNISWAP_V3 = "uniswap_v3"
BALANCER_WEIGHTED = "balancer weighted"
BALANCER_STABLE = "balancer stable"

DECIMALS = {"WETH": 18, "USDC": 6, "USDT": 6, "DAI": 18, "WBTC": 8}

BASES = ("WETH", "USDC", "USDT", "DAI", "WBTC")
"""In which our own contract's trades may begin and end."""

RESERVES = {"WETH": 80_000_000, "USDC": 60_000_000, "USDT": 40_000_000, "DAI": 30_000_000,
            "WBTC": 50_000_000}  # fmt: skip
"""What Aave can lend of each token, in dollars; the Vault lends what its pools hold."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A pool to be set up.

    Attributes:
        kind: one of the names above.
        fee_pips: in millionths; of Uniswap V2 and SushiSwap it is the contracts' own.
        dollars: worth of all that it holds at the start, in equal parts unless weighted.
        busyness: chance that somebody trades in it within one block.
        weights: of a weighted pool, in percent.
    """

    kind: str
    symbols: tuple[str, ...]
    fee_pips: int
    dollars: int
    busyness: float
    weights: tuple[int, ...] = ()


LISTINGS = (
    Listing(UNISWAP_V2, ("WETH", "USDC"), 3000, 26_000_000, 0.50),
    Listing(UNISWAP_V2, ("WETH", "USDT"), 3000, 22_000_000, 0.40),
    Listing(UNISWAP_V2, ("WETH", "DAI"), 3000, 8_000_000, 0.25),
    Listing(UNISWAP_V2, ("WETH", "WBTC"), 3000, 6_000_000, 0.20),
    Listing(UNISWAP_V2, ("USDC", "USDT"), 3000, 2_000_000, 0.10),
    Listing(SUSHISWAP, ("WETH", "USDC"), 3000, 7_000_000, 0.25),
    Listing(SUSHISWAP, ("WETH", "USDT"), 3000, 4_000_000, 0.20),
    Listing(SUSHISWAP, ("WETH", "DAI"), 3000, 3_000_000, 0.15),
    Listing(SUSHISWAP, ("WETH", "WBTC"), 3000, 12_000_000, 0.20),
    Listing(UNISWAP_V3, ("WETH", "USDC"), 500, 90_000_000, 0.60),
    Listing(UNISWAP_V3, ("WETH", "USDC"), 3000, 60_000_000, 0.30),
    Listing(UNISWAP_V3, ("WETH", "USDT"), 500, 35_000_000, 0.40),
    Listing(UNISWAP_V3, ("WETH", "DAI"), 3000, 12_000_000, 0.20),
    Listing(UNISWAP_V3, ("WETH", "WBTC"), 500, 45_000_000, 0.30),
    Listing(UNISWAP_V3, ("WETH", "WBTC"), 3000, 70_000_000, 0.20),
    Listing(UNISWAP_V3, ("USDC", "USDT"), 100, 30_000_000, 0.30),
    Listing(UNISWAP_V3, ("DAI", "USDC"), 100, 20_000_000, 0.20),
    Listing(BALANCER_WEIGHTED, ("WETH", "USDC"), 3000, 9_000_000, 0.20, (50, 50)),
    Listing(BALANCER_WEIGHTED, ("WBTC", "WETH"), 2500, 8_000_000, 0.15, (80, 20)),
    Listing(BALANCER_WEIGHTED, ("WETH", "USDT", "WBTC"), 1000, 12_000_000, 0.15, (40, 30, 30)),
    Listing(BALANCER_STABLE, ("DAI", "USDC", "USDT"), 100, 40_000_000, 0.25),
)
