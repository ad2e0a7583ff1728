"""Random swaps of Uniswap V3 pools, with the answers that AINEON expects.

A world is a pool with several ranges of liquidity; between its swaps liquidity comes and goes.
Most swaps are undone after they were compared, so that one state meets many amounts.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from aineon.amm import ConcentratedPool, Quote
from aineon.amm.concentrated.liquidity_math import max_liquidity_per_tick
from aineon.amm.concentrated.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from aineon.errors import InvalidAmount, InvalidPoolState, InvalidPriceLimit
from aineon.primitives import Token
from aineon.rehearsal.packages import UNISWAP_V3
from tests.contracts.abi import encode, selector
from tests.contracts.bytecode import bench, real_contract
from tests.contracts.chain import Chain
from tests.contracts.comparing import Bench, Protocol, World
from tests.contracts.numbers import around, magnitude
from tests.contracts.tokens import deploy_tokens

SWAPS_A_WORLD = 80
ADDRESS = "0x" + "ab" * 20
MINT, BURN, SWAP, QUOTE, TICK = range(5)
MOST = 2**255 - 1
# What a swap may walk through without liquidity: each word costs the contract some 10k gas.
WORDS_AHEAD = 50

NO_AMOUNT = "AS"
WRONG_LIMIT = "SPL"
TOO_MUCH_ON_TICK = "LO"

# fee and spacing as deployed, and others that the factory's owner could enable.
TIERS = ((100, 1), (500, 10), (3000, 60), (10000, 200))
RARE_TIERS = ((0, 1), (1, 2), (2500, 50), (250000, 100), (999999, 16383))


class Position(NamedTuple):
    """What one range holds."""

    lower: int
    upper: int
    liquidity: int


def deploy(chain: Chain) -> Bench:
    """Deploy the factory and the bench, which then owns the factory."""
    tokens = deploy_tokens(chain, 2)
    factory = chain.deploy(real_contract(UNISWAP_V3, UNISWAP_V3.files[0]))
    place = chain.deploy(bench("UniswapV3Bench"), factory, *tokens)
    chain.send(factory, selector("setOwner(address)") + encode(int(place, 16)))
    called = selector("run(uint24,int24,uint160,uint8,(int256,int256,int256,int256)[])")

    def call(world: World) -> bytes:
        return called + encode(*world.setting, [check.step for check in world.checks])

    return Bench(chain, place, call, width=7)


def random_world(name: str, rng: random.Random) -> World:
    """Return a pool in a random state, swaps of it, and changes of its liquidity."""
    trader = _Trader(World(name), rng)
    for _ in range(rng.choice((1, 2, 3, 5, 8, 12, 30))):
        trader.mint()
    while trader.world.swaps < SWAPS_A_WORLD:
        kind = rng.random()
        if kind < 0.04:
            trader.mint()
        elif kind < 0.07:
            trader.burn()
        else:
            trader.swap()
    trader.read_ticks()
    return trader.world


class _Trader:
    """One pool: what was done to it, and what it is now."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world, self.rng = world, rng
        fee, spacing = rng.choice(TIERS if rng.random() < 0.85 else RARE_TIERS)
        self.spacing = spacing
        self.last = MAX_TICK // spacing
        self.centre = self.some_centre()
        price = self.price_near(self.centre * spacing)
        self.pool = ConcentratedPool(
            address=ADDRESS,
            token0=Token("0x" + "11" * 20, "ZERO", rng.randint(0, 27)),
            token1=Token("0x" + "22" * 20, "ONE", rng.randint(0, 27)),
            fee_pips=fee,
            tick_spacing=spacing,
            sqrt_price_x96=price,
            tick=tick_at_sqrt_ratio(price),
            liquidity=0,
            ticks={},
        )
        protocol_fee = rng.choice((0, 0, 4, 7, 10))
        world.setting = (fee, spacing, price, protocol_fee)
        self.positions: list[Position] = []
        # Sizes of one world belong together, as those of real pools do; some worlds are wild.
        most = max_liquidity_per_tick(spacing)
        self.size = magnitude(rng, most) if rng.random() < 0.8 else most

    def some_centre(self) -> int:
        """Return where the liquidity is, in units of the spacing."""
        kind = self.rng.random()
        if kind < 0.3:
            return 0
        if kind < 0.35:
            return self.rng.choice((-self.last, self.last))
        centre = self.rng.randint(-self.last, self.last)
        # Word borders are where roundings hide.
        return centre // 256 * 256 if kind < 0.6 else centre

    def price_near(self, tick: int) -> int:
        """Return a price at a tick, next to it, or between it and the next."""
        tick = min(max(tick + self.rng.randint(-600, 600), MIN_TICK), MAX_TICK - 1)
        if self.rng.random() < 0.4:
            tick = max(tick - tick % self.spacing, MIN_TICK)
        price = sqrt_ratio_at_tick(tick)
        kind = self.rng.random()
        if kind < 0.3:
            price += self.rng.randint(-1, 1)
        elif kind < 0.7:
            price = self.rng.randint(price, sqrt_ratio_at_tick(tick + 1))
        return min(max(price, MIN_SQRT_RATIO), MAX_SQRT_RATIO - 1)

    # --- liquidity -------------------------------------------------------------------------

    def mint(self) -> None:
        lower, upper = self.some_range()
        liquidity = magnitude(self.rng, self.size)
        asked = f"mint {liquidity} from {lower} to {upper}"
        step = (MINT, lower, upper, liquidity)
        try:
            after = self.pool.with_liquidity(lower, upper, liquidity)
        except InvalidPoolState:
            self.world.refuse(step, {TOO_MUCH_ON_TICK}, asked, self.pool)
            return
        self.world.expect(step, (None, None, *state_of(after)), asked, self.pool)
        self.pool = after
        self.positions.append(Position(lower, upper, liquidity))

    def some_range(self) -> tuple[int, int]:
        kind = self.rng.random()
        if kind < 0.1:
            return -self.last * self.spacing, self.last * self.spacing
        width = self.rng.choice((3, 30, 400, 3000))
        ends = sorted(
            min(max(self.centre + self.rng.randint(-width, width), -self.last), self.last)
            for _ in range(2)
        )
        lower, upper = ends if ends[0] < ends[1] else (ends[0] - 1, ends[1])
        if lower < -self.last:
            lower, upper = -self.last, -self.last + 1
        return lower * self.spacing, upper * self.spacing

    def burn(self) -> None:
        if not self.positions:
            return
        place = self.rng.randrange(len(self.positions))
        lower, upper, liquidity = self.positions[place]
        burnt = liquidity if self.rng.random() < 0.5 else magnitude(self.rng, liquidity)
        after = self.pool.with_liquidity(lower, upper, -burnt)
        asked = f"burn {burnt} from {lower} to {upper}"
        step = (BURN, lower, upper, burnt)
        self.world.expect(step, (None, None, *state_of(after)), asked, self.pool)
        self.pool = after
        self.positions[place] = Position(lower, upper, liquidity - burnt)
        if burnt == liquidity:
            del self.positions[place]

    def read_ticks(self) -> None:
        """Compare what every tick holds at the end."""
        stale = {end for position in self.positions for end in position[:2]}
        for tick in stale | set(self.pool.ticks) | {self.centre * self.spacing}:
            held = self.pool.ticks.get(tick, (0, 0))
            step = (TICK, tick, 0, 0)
            self.world.expect(step, (*held, 0, 0, 0), f"tick {tick}", self.pool)

    # --- swaps -----------------------------------------------------------------------------

    def swap(self) -> None:
        """Compare one swap; some are kept, most are undone."""
        self.look(falling=self.rng.random() < 0.5)
        if not self.pool.max_amount_in(*self.pair) and self.rng.random() < 0.9:
            self.look(falling=not self.falling)
        if self.rng.random() < 0.6:
            self.sell()
        else:
            self.buy()

    def look(self, *, falling: bool) -> None:
        self.falling = falling
        token0, token1 = self.pool.tokens
        self.pair = (token0, token1) if falling else (token1, token0)

    def sell(self) -> None:
        amount = next(self.some_inputs())
        limit = self.some_limit(lambda limit: self.input_quote(amount, limit))
        self.compare(amount, limit, self.input_quote, f"sell {amount}")

    def buy(self) -> None:
        amount = self.some_output()
        limit = self.some_limit(lambda limit: self.output_quote(amount, limit))
        self.compare(amount, limit, self.output_quote, f"buy {amount}", sign=-1)

    def input_quote(self, amount: int, limit: int | None) -> Quote:
        return self.pool.quote_exact_input(*self.pair, amount, sqrt_price_limit_x96=limit)

    def output_quote(self, amount: int, limit: int | None) -> Quote:
        return self.pool.quote_exact_output(*self.pair, amount, sqrt_price_limit_x96=limit)

    def some_inputs(self) -> Iterator[int]:
        most = self.pool.max_amount_in(*self.pair)
        kind = self.rng.random()
        if kind < 0.3:
            yield magnitude(self.rng, max(most, 1000))
        if kind < 0.45:
            yield self.rng.randint(1, max(most, 1000))
        if kind < 0.5:
            yield around(self.rng, most)
        if kind < 0.75:
            yield from self.inputs_to_borders()
        if kind < 0.8 and most:
            paid = self.pool.output_function(*self.pair)(self.rng.randint(1, most))
            if paid:
                yield around(self.rng, self.pool.input_function(*self.pair)(paid))
        if kind < 0.82:
            yield self.rng.choice((0, 1, 2, MOST, MOST - 1))
        yield self.rng.randint(1, 1 << self.rng.randint(1, 255)) - 1

    def inputs_to_borders(self) -> Iterator[int]:
        """Yield inputs that just reach, or just miss, the end of a step."""
        ticks = list(self.pool.ticks) or [self.centre * self.spacing]
        width = 256 * self.spacing
        ticks.append(self.pool.tick // width * width + self.rng.randint(-1, 2) * width)
        tick = min(max(self.rng.choice(ticks), MIN_TICK), MAX_TICK)
        try:
            quote = self.pool.quote_to_price(*self.pair, sqrt_ratio_at_tick(tick))
        except InvalidPriceLimit:
            return
        yield around(self.rng, quote.amount_in)

    def some_output(self) -> int:
        most = self.pool.quote_exact_input(*self.pair, MOST).amount_out if self.movable() else 0
        kind = self.rng.random()
        if kind < 0.4:
            return magnitude(self.rng, max(most, 1000))
        if kind < 0.7:
            return self.rng.randint(1, max(most, 1000))
        if kind < 0.8:
            return around(self.rng, most)
        if kind < 0.95 and self.pool.max_amount_in(*self.pair):
            for amount in self.inputs_to_borders():
                return around(self.rng, self.input_quote(amount, None).amount_out)
        return self.rng.choice((0, 1, 2, MOST, 1 << 128))

    def movable(self) -> bool:
        """Say whether the price can still go this way."""
        if self.falling:
            return self.pool.sqrt_price_x96 > MIN_SQRT_RATIO + 1
        return self.pool.sqrt_price_x96 < MAX_SQRT_RATIO - 1

    def some_limit(self, quoted: Callable[[int | None], Quote]) -> int | None:
        """Return no limit, one near, one at a tick, or one on the wrong side."""
        kind = self.rng.random()
        if kind < 0.12:
            return self.mostly_ahead(self.price_near(self.pool.tick))
        if kind < 0.24 and self.pool.ticks:
            price = sqrt_ratio_at_tick(self.rng.choice(list(self.pool.ticks)))
            return self.mostly_ahead(around(self.rng, price))
        if kind < 0.25:
            return self.rng.choice((0, MIN_SQRT_RATIO, MAX_SQRT_RATIO, 2**160 - 1))
        far = self.limit_after_many_words()
        return far if kind > 0.255 and self.reaches(quoted, far) else None

    def mostly_ahead(self, limit: int) -> int | None:
        ahead = (limit < self.pool.sqrt_price_x96) == self.falling
        return limit if ahead or self.rng.random() < 0.1 else None

    def limit_after_many_words(self) -> int:
        span = WORDS_AHEAD * 256 * self.spacing
        tick = self.pool.tick + (-span if self.falling else span)
        lowest, highest = MIN_SQRT_RATIO + 1, MAX_SQRT_RATIO - 1
        price = sqrt_ratio_at_tick(min(max(tick, MIN_TICK), MAX_TICK))
        return min(max(price, lowest), highest)

    def reaches(self, quoted: Callable[[int | None], Quote], limit: int) -> bool:
        """Say whether a swap would go further than what is worth the gas."""
        if not self.movable():
            return False
        try:
            after = quoted(None).pool_after
        except InvalidAmount:
            return False
        assert isinstance(after, ConcentratedPool)
        return (after.sqrt_price_x96 < limit) if self.falling else (after.sqrt_price_x96 > limit)

    def compare(
        self,
        amount: int,
        limit: int | None,
        quoted: Callable[[int, int | None], Quote],
        asked: str,
        sign: int = 1,
    ) -> None:
        end = MIN_SQRT_RATIO + 1 if self.falling else MAX_SQRT_RATIO - 1
        before = self.pool
        step = (QUOTE, int(self.falling), sign * amount, end if limit is None else limit)
        asked = f"{asked} {'downward' if self.falling else 'upward'} to price {limit}"
        try:
            quote = quoted(amount, limit)
        except InvalidAmount:
            self.world.refuse(step, {NO_AMOUNT}, asked, self.pool, swaps=1)
            return
        except InvalidPriceLimit:
            self.world.refuse(step, {WRONG_LIMIT}, asked, self.pool, swaps=1)
            return
        after = quote.pool_after
        assert isinstance(after, ConcentratedPool)
        # A price beyond all liquidity answers little: most swaps that went there are undone.
        if self.rng.random() < (0.05 if quote.partial else 0.3):
            self.pool = after
            step = (SWAP, *step[1:])
        moved = (quote.amount_in, -quote.amount_out)
        answer = (*(moved if self.falling else moved[::-1]), *state_of(after))
        self.world.expect(step, answer, asked, before, swaps=1)


def state_of(pool: ConcentratedPool) -> tuple[int, int, int]:
    """Return the part of a pool's state that swaps change."""
    return pool.sqrt_price_x96, pool.tick, pool.liquidity


UNISWAP_V3_POOLS = Protocol("Uniswap V3", deploy, random_world)
