"""Exchanges: where a token is sold for another one, for how much, and by which call.

An account without a contract of its own can swap only through a venue's router, which takes what
it was allowed to take, pays the account, and reverts below the least amount or after the deadline
it was told. Known are the routers of Uniswap V2, SushiSwap and Uniswap V3. A router is called only
where it says that it is of the factory and the wrapped ether that are known for its venue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from aineon.amm import ConcentratedPool, ConstantProductPool
from aineon.amm.pool import Pool
from aineon.chain.reader import Call, ChainReader
from aineon.errors import ChainError, PoolError
from aineon.primitives import Address, Block, Token

_FACTORY: Final = bytes.fromhex("c45a0155")
"""`factory()` of both kinds of router."""
_WRAPPED_V2: Final = bytes.fromhex("ad5c4648")
"""`WETH()` of UniswapV2Router02."""
_WRAPPED_V3: Final = bytes.fromhex("4aa4a4fc")
"""`WETH9()` of Uniswap V3's SwapRouter."""
_SWAP_V2: Final = bytes.fromhex("38ed1739")
"""`swapExactTokensForTokens(uint256,uint256,address[],address,uint256)`."""
_SWAP_V3: Final = bytes.fromhex("414bf389")
"""`exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))`."""
_APPROVE: Final = bytes.fromhex("095ea7b3")
_ALLOWANCE: Final = bytes.fromhex("dd62ed3e")


@dataclass(frozen=True, slots=True)
class Router:
    """A venue's router.

    Attributes:
        venue: whose pools it swaps in.
        factory: that made them.
    """

    venue: str
    address: Address
    factory: Address


@dataclass(frozen=True, slots=True)
class Sale:
    """What selling an amount of a token in one pool would bring; amounts in smallest units."""

    router: Router
    pool: Pool
    given: Token
    wanted: Token
    amount_in: int
    amount_out: int

    def least(self, slippage_bps: int, worth: int) -> int:
        """Return what it must bring at least, rounded up; `worth` is what the amount is worth.

        The limit holds against the quote and against the worth: a quote that is already below the
        worth by the limit may not fall by the limit once more.
        """
        return -(-max(self.amount_out, worth) * (10_000 - slippage_bps) // 10_000)

    def data(self, least: int, to: Address, deadline: int) -> bytes:
        """Return what the router is called with; `deadline` is in seconds since the epoch."""
        given, wanted, recipient = (
            int(address, 16) for address in (self.given.address, self.wanted.address, to)
        )
        if isinstance(self.pool, ConcentratedPool):
            fee, no_limit = self.pool.fee_pips, 0
            numbers = (given, wanted, fee, recipient, deadline, self.amount_in, least, no_limit)
            return _SWAP_V3 + _words(numbers)
        path = (2, given, wanted)
        return _SWAP_V2 + _words((self.amount_in, least, 5 * 32, recipient, deadline, *path))


@dataclass(frozen=True, slots=True)
class ConversionRules:
    """What is converted, and how.

    Attributes:
        tokens: what is sold.
        wanted: wrapped ether, which is unwrapped where a withdrawal of ether needs it.
        least_wei: worth from which an amount is sold: below it gas would eat too much.
        slippage_bps: how much less than the quote, and than what it is worth, may arrive, in
            1/10,000.
        routers: through which it is sold.
        pools: tells the pools as they stand at the head.
        worth: what an amount of a token is worth in wei; None where that is not known.
    """

    tokens: tuple[Token, ...]
    wanted: Token
    least_wei: int
    slippage_bps: int
    routers: tuple[Router, ...]
    pools: Callable[[], Iterable[Pool]]
    worth: Callable[[Token, int], int | None]


def best_sale(
    pools: Iterable[Pool], routers: Iterable[Router], given: Token, wanted: Token, amount: int
) -> Sale | None:
    """Return the pool that pays most for an amount, by its exact quote; None where none can."""
    by_venue = {router.venue: router for router in routers}
    best: Sale | None = None
    for pool in pools:
        router = by_venue.get(pool.venue)
        known = isinstance(pool, ConstantProductPool | ConcentratedPool)
        if router is None or not known or {given, wanted} != set(pool.tokens):
            continue
        try:
            quote = pool.quote_exact_input(given, wanted, amount)
        except PoolError:
            continue
        if not quote.partial and (best is None or quote.amount_out > best.amount_out):
            best = Sale(router, pool, given, wanted, amount, quote.amount_out)
    return best


async def is_genuine(reader: ChainReader, router: Router, wrapped: Token, head: Block) -> bool:
    """Whether a router says that it is of its venue's factory and of this wrapped ether.

    Raises:
        ChainError: no node answers.
    """
    block = head.hash or head.number
    calls = [Call(router.address, data) for data in (_FACTORY, _WRAPPED_V2, _WRAPPED_V3)]
    factory, *told = await reader.calls(calls, block)
    ether = [_address(each) for each in told if each]
    return _address(factory) == router.factory and wrapped.address in ether


async def allowance(
    reader: ChainReader, token: Token, owner: Address, spender: Address, head: Block
) -> int:
    """Return how much of a token a contract may still take.

    Raises:
        ChainError: no node answers, or the token does not tell.
    """
    data = _ALLOWANCE + _words((int(owner, 16), int(spender, 16)))
    told = await reader.call(Call(token.address, data), head.hash or head.number)
    if len(told) != 32:
        raise ChainError(f"{token} told an allowance of {len(told)} bytes, not 32")
    return int.from_bytes(told, "big")


def approval_data(spender: Address, amount: int) -> bytes:
    """Return what a token is called with to let a contract take an amount of it."""
    return _APPROVE + _words((int(spender, 16), amount))


def _address(answer: bytes | None) -> str:
    return "" if answer is None or len(answer) != 32 else f"0x{answer[12:].hex()}"


def _words(numbers: Iterable[int]) -> bytes:
    return b"".join(number.to_bytes(32, "big") for number in numbers)
