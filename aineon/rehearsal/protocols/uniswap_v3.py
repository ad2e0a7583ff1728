"""Uniswap V3: factory, position manager, swap router and quoter, pools and ranges of liquidity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from aineon.amm import ConcentratedPool
from aineon.primitives import Address, Token
from aineon.rehearsal.calls import call_data
from aineon.rehearsal.deploying import ZERO, Deployer, Query
from aineon.rehearsal.packages import UNISWAP_V3, UNISWAP_V3_PERIPHERY
from aineon.rehearsal.protocols.tokens import MOST

VENUE = "uniswap_v3"
INIT_CODE_HASH = "0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"
"""Keccak of a pool's creation code; routers reckon pools' addresses from it (EIP-1014)."""

TICK_SPACINGS = {100: 1, 500: 10, 3000: 60, 10_000: 200}
"""By fee in pips."""

_SLOT0 = ("uint160", "int24", "uint16", "uint16", "uint16", "uint8", "bool")
_MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"


@dataclass(frozen=True, slots=True)
class UniswapV3:
    """One deployment.

    Attributes:
        positions: NonfungiblePositionManager; liquidity goes through it.
        router: SwapRouter.
        quoter: QuoterV2, which answers what a swap would pay.
    """

    factory: Address
    positions: Address
    router: Address
    quoter: Address


@dataclass(frozen=True, slots=True)
class PoolSite:
    """A pool on the chain; see `Site`. `ends` are the ticks where ranges begin or end."""

    place: UniswapV3
    address: Address
    token0: Token
    token1: Token
    fee_pips: int
    ends: tuple[int, ...] = ()

    @property
    def venue(self) -> str:
        return VENUE

    @property
    def tokens(self) -> tuple[Token, ...]:
        return self.token0, self.token1

    @property
    def spender(self) -> Address:
        return self.place.router

    def queries(self) -> list[Query]:
        return [
            Query(self.address, "slot0()", _SLOT0),
            Query(self.address, "liquidity()", ("uint128",)),
            *(
                Query(self.address, "ticks(int24)", ("uint128", "int128"), (end,))
                for end in self.ends
            ),
        ]

    def pool(self, answers: Sequence[tuple[Any, ...]]) -> ConcentratedPool:
        (price, tick, *_), (liquidity,), *ticks = answers
        held = zip(self.ends, ticks, strict=True)
        return ConcentratedPool(
            address=self.address,
            token0=self.token0,
            token1=self.token1,
            fee_pips=self.fee_pips,
            tick_spacing=TICK_SPACINGS[self.fee_pips],
            sqrt_price_x96=price,
            tick=tick,
            liquidity=liquidity,
            ticks={end: (gross, net) for end, (gross, net) in held if gross},
        )

    def swap(self, trader: Address, token_in: Token, token_out: Token, amount_in: int) -> bytes:
        return call_data(
            "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))",
            (
                token_in.address, token_out.address, self.fee_pips, trader, MOST, amount_in, 0, 0
            ),
        )  # fmt: skip


def deploy(deployer: Deployer, wrapped_ether: Token) -> UniswapV3:
    """Deploy the factory with its usual fee tiers, and the periphery."""
    factory = deployer.deploy_packaged(UNISWAP_V3, "UniswapV3Factory")
    # The factory enables the other three itself; mainnet's owner added this one by a vote.
    deployer.send(factory, "enableFeeAmount(uint24,int24)", 100, TICK_SPACINGS[100])
    ether = wrapped_ether.address
    # The last argument draws pictures of positions; nobody looks at them here.
    positions = deployer.deploy_packaged(
        UNISWAP_V3_PERIPHERY, "NonfungiblePositionManager", factory, ether, ZERO
    )
    router = deployer.deploy_packaged(UNISWAP_V3_PERIPHERY, "SwapRouter", factory, ether)
    quoter = deployer.deploy_packaged(UNISWAP_V3_PERIPHERY, "QuoterV2", factory, ether)
    return UniswapV3(factory, positions, router, quoter)


def create_pool(
    deployer: Deployer,
    venue: UniswapV3,
    token_a: Token,
    token_b: Token,
    fee_pips: int,
    sqrt_price_x96: int,
) -> PoolSite:
    """Create a pool without liquidity at a price of token1 in token0."""
    token0, token1 = sorted((token_a, token_b))
    pair = token0.address, token1.address, fee_pips
    deployer.send(
        venue.positions,
        "createAndInitializePoolIfNecessary(address,address,uint24,uint160)",
        *pair,
        sqrt_price_x96,
    )
    address = deployer.call_address(venue.factory, "getPool(address,address,uint24)", *pair)
    return PoolSite(venue, address, token0, token1, fee_pips)


def add_liquidity(
    deployer: Deployer, site: PoolSite, lower: int, upper: int, most0: int, most1: int
) -> PoolSite:
    """Put as much of the deployer's approved tokens into a range as their ratio allows."""
    deployer.send(
        site.place.positions,
        _MINT,
        (
            site.token0.address, site.token1.address, site.fee_pips, lower, upper,
            most0, most1, 0, 0, deployer.account, MOST,
        ),
    )  # fmt: skip
    return replace(site, ends=tuple(sorted({*site.ends, lower, upper})))
