"""Set up the pools of a listing at given prices, out of the deployer's pocket."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt

from aineon.amm.concentrated.tick_math import tick_at_sqrt_ratio
from aineon.feeds.sandbox.positions import around
from aineon.primitives import Address, Token
from aineon.primitives.units import ETHER
from aineon.rehearsal import listing
from aineon.rehearsal.deploying import Deployer
from aineon.rehearsal.listing import Listing
from aineon.rehearsal.protocols import balancer_v2, uniswap_v2, uniswap_v3
from aineon.rehearsal.protocols.balancer_v2 import BalancerV2
from aineon.rehearsal.protocols.uniswap_v2 import UniswapV2
from aineon.rehearsal.protocols.uniswap_v3 import UniswapV3
from aineon.rehearsal.sites import Site

# Share of a pool's money and half-width of its range in ticks. The first reaches so far that
# there is a price at all times.
_RANGES_OF_FEE = {
    100: ((0.15, 8000), (0.25, 200), (0.30, 40), (0.30, 12)),
    500: ((0.20, 40_000), (0.25, 4000), (0.30, 900), (0.25, 250)),
    3000: ((0.30, 60_000), (0.30, 6000), (0.25, 2400), (0.15, 900)),
}
_WEI_PER_PIP = ETHER // 10**6
_AMPLIFICATION = 500


@dataclass(frozen=True, slots=True)
class Venues:
    """Every deployment in which pools are traded."""

    uniswap_v2: UniswapV2
    sushiswap: UniswapV2
    uniswap_v3: UniswapV3
    balancer_v2: BalancerV2

    @property
    def takers(self) -> tuple[Address, ...]:
        """The contracts that take a provider's tokens, or a trader's."""
        return (
            self.uniswap_v2.router,
            self.sushiswap.router,
            self.uniswap_v3.positions,
            self.uniswap_v3.router,
            self.balancer_v2.vault,
        )


def deploy_venues(deployer: Deployer, wrapped_ether: Token) -> Venues:
    """Deploy all protocols that pools are traded in."""
    return Venues(
        uniswap_v2=uniswap_v2.deploy(deployer, listing.UNISWAP_V2, wrapped_ether),
        sushiswap=uniswap_v2.deploy(deployer, listing.SUSHISWAP, wrapped_ether),
        uniswap_v3=uniswap_v3.deploy(deployer, wrapped_ether),
        balancer_v2=balancer_v2.deploy(deployer, wrapped_ether),
    )


class MarketMaker:
    """Opens pools.

    Args:
        deployer: holds the tokens and has approved the venues.
        tokens: by symbol.
        dollars: what a smallest unit of each is worth.
    """

    def __init__(
        self,
        deployer: Deployer,
        venues: Venues,
        tokens: Mapping[str, Token],
        dollars: Mapping[Token, float],
    ) -> None:
        self._deployer = deployer
        self._venues = venues
        self._tokens = tokens
        self._dollars = dollars
        self._openers: Mapping[str, Callable[[Listing], Site]] = {
            listing.UNISWAP_V2: lambda listed: self._pair(listed, venues.uniswap_v2),
            listing.SUSHISWAP: lambda listed: self._pair(listed, venues.sushiswap),
            listing.UNISWAP_V3: self._concentrated,
            listing.BALANCER_WEIGHTED: self._weighted,
            listing.BALANCER_STABLE: self._stable,
        }

    def open(self, listed: Listing) -> Site:
        """Create a pool and put its first money in."""
        return self._openers[listed.kind](listed)

    def _tokens_of(self, listed: Listing) -> list[Token]:
        return [self._tokens[symbol] for symbol in listed.symbols]

    def _amount(self, token: Token, dollars: float) -> int:
        return int(dollars / self._dollars[token])

    def _halves(self, tokens: Sequence[Token], dollars: float) -> list[int]:
        return [self._amount(token, dollars / len(tokens)) for token in tokens]

    def _pair(self, listed: Listing, venue: UniswapV2) -> Site:
        tokens = self._tokens_of(listed)
        first, second = zip(tokens, self._halves(tokens, listed.dollars), strict=True)
        return uniswap_v2.create_pair(self._deployer, venue, *first, *second)

    def _concentrated(self, listed: Listing) -> Site:
        token0, token1 = pair = tuple(sorted(self._tokens_of(listed)))
        amount0, amount1 = self._halves(pair, listed.dollars)
        sqrt_price_x96 = isqrt((amount1 << 192) // amount0)
        tick = tick_at_sqrt_ratio(sqrt_price_x96)
        site = uniswap_v3.create_pool(
            self._deployer,
            self._venues.uniswap_v3,
            token0,
            token1,
            listed.fee_pips,
            sqrt_price_x96,
        )
        for share, half_width in _RANGES_OF_FEE[listed.fee_pips]:
            ends = around(tick, half_width, uniswap_v3.TICK_SPACINGS[listed.fee_pips])
            most0, most1 = self._halves(pair, listed.dollars * share)
            site = uniswap_v3.add_liquidity(self._deployer, site, *ends, most0, most1)
        return site

    def _weighted(self, listed: Listing) -> Site:
        weights = [ETHER * percent // 100 for percent in listed.weights]
        amounts = {
            token: self._amount(token, listed.dollars * percent / 100)
            for token, percent in zip(self._tokens_of(listed), listed.weights, strict=True)
        }
        return balancer_v2.create_weighted(
            self._deployer,
            self._venues.balancer_v2,
            amounts,
            weights,
            listed.fee_pips * _WEI_PER_PIP,
        )

    def _stable(self, listed: Listing) -> Site:
        tokens = self._tokens_of(listed)
        amounts = dict(zip(tokens, self._halves(tokens, listed.dollars), strict=True))
        return balancer_v2.create_stable(
            self._deployer,
            self._venues.balancer_v2,
            amounts,
            _AMPLIFICATION,
            listed.fee_pips * _WEI_PER_PIP,
        )
