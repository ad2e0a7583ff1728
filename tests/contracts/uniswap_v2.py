"""Random swaps of Uniswap V2 pairs, with the answers that AINEON expects.

The pair computes no amounts, it only checks them: so the quoted output must be accepted and one
unit more refused, and the smallest input accepted and one unit less refused. The router, which
does compute, is asked too.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from aineon.amm import ConstantProductPool
from aineon.amm.constant_product import MAX_RESERVE
from aineon.errors import InsufficientLiquidity, InvalidAmount
from aineon.primitives import Token
from aineon.rehearsal.packages import UNISWAP_V2, UNISWAP_V2_ROUTER
from tests.contracts.abi import Row, encode, selector
from tests.contracts.bytecode import bench, real_contract
from tests.contracts.chain import ZERO, Chain
from tests.contracts.comparing import Bench, Protocol, World
from tests.contracts.numbers import around, magnitude
from tests.contracts.tokens import deploy_tokens

POOLS_A_CALL = 12
SWAPS_A_POOL = 6
ADDRESS = "0x" + "ab" * 20

PLACE, SWAP, AMOUNT_OUT, AMOUNT_IN = range(4)
EMPTY = "UniswapV2: INSUFFICIENT_LIQUIDITY"
EMPTY_FOR_ROUTER = "UniswapV2Library: INSUFFICIENT_LIQUIDITY"
FULL = "UniswapV2: OVERFLOW"
TOO_CHEAP = "UniswapV2: K"
NOTHING_IN = "UniswapV2: INSUFFICIENT_INPUT_AMOUNT"
NOTHING_OUT = "UniswapV2: INSUFFICIENT_OUTPUT_AMOUNT"

PoolClass = Callable[..., ConstantProductPool]


def deploy(chain: Chain) -> Bench:
    """Deploy the factory, one pair, the router and the bench."""
    token0, token1 = deploy_tokens(chain, 2)
    factory = chain.deploy(real_contract(UNISWAP_V2, UNISWAP_V2.files[0]), ZERO)
    both = encode(int(token0, 16), int(token1, 16))
    chain.send(factory, selector("createPair(address,address)") + both)
    pair = chain.call(factory, selector("getPair(address,address)") + both)[-20:].hex()
    router_code = real_contract(UNISWAP_V2_ROUTER, UNISWAP_V2_ROUTER.files[0])
    router = chain.deploy(router_code, factory, ZERO)
    place = chain.deploy(bench("UniswapV2Bench"), pair, router, token0, token1)
    called = selector("run((uint256,uint256,uint256,uint256,uint256)[])")

    def call(world: World) -> bytes:
        return called + encode([check.step for check in world.checks])

    return Bench(chain, place, call, width=4)


def random_world(
    name: str, rng: random.Random, pool_class: PoolClass = ConstantProductPool
) -> World:
    """Return pairs in random states and swaps of them."""
    world = World(name)
    for _ in range(POOLS_A_CALL):
        _Trader(world, rng, pool_class).trade()
    return world


class _Trader:
    """Swaps with one pair, each in the state that the swaps before it have left."""

    def __init__(self, world: World, rng: random.Random, pool_class: PoolClass) -> None:
        self.world, self.rng = world, rng
        tokens = (Token("0x" + digit * 20, "T", rng.randint(0, 27)) for digit in ("11", "22"))
        reserves = [magnitude(rng, MAX_RESERVE) for _ in range(2)]
        if rng.random() < 0.03:
            reserves[rng.randint(0, 1)] = 0
        self.pool = pool_class(ADDRESS, *tokens, *reserves)
        world.expect((PLACE, *reserves, 0, 0), (*reserves,), f"reserves {reserves}", self.pool)

    def trade(self) -> None:
        for _ in range(SWAPS_A_POOL):
            self.falling = self.rng.random() < 0.5
            pair = self.pool.tokens if self.falling else self.pool.tokens[::-1]
            self.token_in, self.token_out = pair
            reserves = (self.pool.reserve0, self.pool.reserve1)
            self.reserve_in, self.reserve_out = reserves if self.falling else reserves[::-1]
            if self.rng.random() < 0.6:
                self.sell(self.some_amount(MAX_RESERVE - self.reserve_in))
            else:
                self.buy(self.some_amount(self.reserve_out))

    def some_amount(self, limit: int) -> int:
        kind = self.rng.random()
        if kind < 0.1:
            return around(self.rng, limit)
        if kind < 0.15:
            return self.rng.randint(1, 3)
        if kind < 0.2:
            return magnitude(self.rng, 2**120)
        return magnitude(self.rng, max(limit, 1))

    def sell(self, amount_in: int) -> None:
        """Compare an exact input."""
        asked = f"sell {amount_in} of token{0 if self.falling else 1}"
        reserves = (self.reserve_in, self.reserve_out)
        try:
            quote = self.pool.quote_exact_input(self.token_in, self.token_out, amount_in)
        except InvalidAmount:
            if min(reserves) and self.reserve_out > 1:
                # What it would be worth to a pair without a limit; dust is too little for one.
                kept = 997 * amount_in
                worth = kept * self.reserve_out // (1000 * self.reserve_in + kept)
                step = self.swap(amount_in, max(worth, 1))
                self.refuse(step, FULL if worth else TOO_CHEAP, asked, swaps=1)
            return
        except InsufficientLiquidity:
            step = (AMOUNT_OUT, amount_in, *reserves, 0)
            self.refuse(step, EMPTY_FOR_ROUTER, asked, swaps=1)
            return
        amount_out = quote.amount_out
        step = (AMOUNT_OUT, amount_in, *reserves, 0)
        self.world.expect(step, (amount_out,), f"{asked} (router)", self.pool, swaps=1)
        beyond = EMPTY if amount_out + 1 == self.reserve_out else TOO_CHEAP
        self.refuse(self.swap(amount_in, amount_out + 1), beyond, f"{asked} for one unit more")
        if amount_out == 0:
            self.refuse(self.swap(amount_in, 0), NOTHING_OUT, asked)
            return
        after = quote.pool_after
        assert isinstance(after, ConstantProductPool)
        self.accept(self.swap(amount_in, amount_out), after, asked)

    def buy(self, amount_out: int) -> None:
        """Compare an exact output."""
        asked = f"buy {amount_out} of token{1 if self.falling else 0}"
        reserves = (self.reserve_in, self.reserve_out)
        try:
            quote = self.pool.quote_exact_output(self.token_in, self.token_out, amount_out)
        except InvalidAmount:
            # All that still fits is too little.
            most = MAX_RESERVE - self.reserve_in
            if most > 1:
                self.refuse(self.swap(most - 1, amount_out), TOO_CHEAP, asked, swaps=1)
            return
        except InsufficientLiquidity:
            if min(reserves):
                self.refuse(self.swap(1, amount_out), EMPTY, asked, swaps=1)
            else:
                step = (AMOUNT_IN, amount_out, *reserves, 0)
                self.refuse(step, EMPTY_FOR_ROUTER, asked, swaps=1)
            return
        step = (AMOUNT_IN, amount_out, *reserves, 0)
        answer = (quote.amount_in,)
        self.world.expect(step, answer, f"{asked} (router)", self.pool, swaps=1)
        least = self.pool.input_function(self.token_in, self.token_out)(amount_out)
        short = TOO_CHEAP if least > 1 else NOTHING_IN
        self.refuse(self.swap(least - 1, amount_out), short, f"{asked} for one unit less")
        after = quote.pool_after
        assert isinstance(after, ConstantProductPool)
        if self.rng.random() < 0.5:
            self.accept(self.swap(quote.amount_in, amount_out), after, asked)
            return
        spared = quote.amount_in - least
        cheaper = after.with_reserves(
            after.reserve0 - spared * self.falling, after.reserve1 - spared * (not self.falling)
        )
        self.accept(self.swap(least, amount_out), cheaper, f"{asked} for {least}")

    def swap(self, amount_in: int, amount_out: int) -> Row:
        if self.falling:
            return (SWAP, amount_in, 0, 0, amount_out)
        return (SWAP, 0, amount_in, amount_out, 0)

    def accept(self, step: Row, after: ConstantProductPool, asked: str) -> None:
        self.world.expect(step, (after.reserve0, after.reserve1), asked, self.pool)
        self.pool = after

    def refuse(self, step: Row, why: str, asked: str, swaps: int = 0) -> None:
        self.world.refuse(step, {why}, asked, self.pool, swaps)


UNISWAP_V2_PAIRS = Protocol("Uniswap V2", deploy, random_world)
