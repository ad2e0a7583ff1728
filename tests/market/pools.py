"""Small pools to move about in tests of the market."""

from __future__ import annotations

from aineon.amm import ConcentratedPool, ConstantProductPool
from aineon.primitives import Address, Block, Token

USDC = Token("0x" + "a1" * 20, "USDC", 6)
DAI = Token("0x" + "b2" * 20, "DAI", 18)
WETH = Token("0x" + "c3" * 20, "WETH", 18)

V2 = Address("0x" + "02" * 20)
V3 = Address("0x" + "03" * 20)
OTHER = Address("0x" + "04" * 20)


def block(number: int, fork: str = "") -> Block:
    """A block whose hashes name its number and its fork."""
    return Block(number, 10**9, hash=f"0x{fork}{number}", parent_hash=f"0x{fork}{number - 1}")


def v2(address: str = V2, reserve0: int = 10**12, reserve1: int = 10**21) -> ConstantProductPool:
    return ConstantProductPool(address, USDC, WETH, reserve0, reserve1)


def v3(address: str = V3) -> ConcentratedPool:
    """DAI/WETH at price 1, one wide range and a narrow one above the price."""
    empty = ConcentratedPool(address, DAI, WETH, 3000, 60, 1 << 96, 0, 0, {})
    return empty.with_liquidity(-6000, 6000, 10**21).with_liquidity(60, 120, 10**20)
