"""Uniswap V2 factories and pairs; SushiSwap's are the same contracts from a factory of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aineon.amm import ConstantProductPool
from aineon.primitives import Address, Token
from aineon.rehearsal.calls import call_data
from aineon.rehearsal.deploying import ZERO, Deployer, Query
from aineon.rehearsal.packages import UNISWAP_V2, UNISWAP_V2_ROUTER
from aineon.rehearsal.protocols.tokens import MOST

FEE_PIPS = 3000
INIT_CODE_HASH = "0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f"
"""Keccak of a pair's creation code; the router reckons pairs' addresses from it (EIP-1014)."""


@dataclass(frozen=True, slots=True)
class UniswapV2:
    """One deployment.

    Attributes:
        venue: what AINEON calls it.
        router: UniswapV2Router02 of that factory.
    """

    venue: str
    factory: Address
    router: Address


@dataclass(frozen=True, slots=True)
class PairSite:
    """A pair on the chain; see `Site`."""

    place: UniswapV2
    address: Address
    token0: Token
    token1: Token

    @property
    def venue(self) -> str:
        return self.place.venue

    @property
    def tokens(self) -> tuple[Token, ...]:
        return self.token0, self.token1

    @property
    def spender(self) -> Address:
        return self.place.router

    def queries(self) -> list[Query]:
        return [Query(self.address, "getReserves()", ("uint112", "uint112", "uint32"))]

    def pool(self, answers: Sequence[tuple[Any, ...]]) -> ConstantProductPool:
        ((reserve0, reserve1, _),) = answers
        return ConstantProductPool(
            self.address, self.token0, self.token1, reserve0, reserve1, FEE_PIPS, self.venue
        )

    def swap(self, trader: Address, token_in: Token, token_out: Token, amount_in: int) -> bytes:
        return call_data(
            "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)",
            amount_in,
            0,
            [token_in.address, token_out.address],
            trader,
            MOST,
        )


def deploy(deployer: Deployer, venue: str, wrapped_ether: Token) -> UniswapV2:
    """Deploy a factory and its router."""
    factory = deployer.deploy_packaged(UNISWAP_V2, "UniswapV2Factory", ZERO)
    router = deployer.deploy_packaged(
        UNISWAP_V2_ROUTER, "UniswapV2Router02", factory, wrapped_ether.address
    )
    return UniswapV2(venue, factory, router)


def create_pair(
    deployer: Deployer, venue: UniswapV2, token_a: Token, amount_a: int, token_b: Token,
    amount_b: int,
) -> PairSite:  # fmt: skip
    """Create a pair and give it its first reserves, which the deployer holds and has approved."""
    deployer.send(
        venue.router,
        "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)",
        token_a.address,
        token_b.address,
        amount_a,
        amount_b,
        0,
        0,
        deployer.account,
        MOST,
    )
    address = deployer.call_address(
        venue.factory, "getPair(address,address)", token_a.address, token_b.address
    )
    token0, token1 = sorted((token_a, token_b))
    return PairSite(venue, address, token0, token1)
