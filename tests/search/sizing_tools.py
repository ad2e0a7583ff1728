"""Pools, cycles and an independent judge for the tests of exact sizing."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

from aineon.amm import ConcentratedPool, ConstantProductPool, Pool
from aineon.amm.concentrated.tick_math import tick_at_sqrt_ratio
from aineon.primitives import Token
from aineon.search.route import Hop, Route

ETHER = 10**18
WETH = Token("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "WETH", 18)
USDC = Token("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "USDC", 6)
USDT = Token("0xdAC17F958D2ee523a2206206994597C13D831ec7", "USDT", 6)
DAI = Token("0x6B175474E89094C44Da98b954EedeAC495271d0F", "DAI", 18)
WBTC = Token("0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599", "WBTC", 8)
STETH = Token("0xae7ab96520DE3A18E5e111B5EaAb095312D7fE84", "stETH", 18)

_numbers = itertools.count(1)


def next_address() -> str:
    return f"0x{next(_numbers):040x}"


def v2(a: Token, b: Token, reserve_a: int, reserve_b: int, fee_pips: int = 3000) -> Pool:
    if b < a:
        a, b, reserve_a, reserve_b = b, a, reserve_b, reserve_a
    return ConstantProductPool(next_address(), a, b, reserve_a, reserve_b, fee_pips)


def v3(
    a: Token,
    b: Token,
    price: float,
    ranges: Sequence[tuple[int, int, int]],
    fee_pips: int = 3000,
    tick_spacing: int = 60,
) -> Pool:
    """`price`: raw b per raw a; ranges: (lower, upper, liquidity), in spacings from the tick."""
    if b < a:
        a, b, price = b, a, 1 / price
    root = int(price**0.5 * 2**96)
    tick = tick_at_sqrt_ratio(root)
    ticks: dict[int, tuple[int, int]] = {}
    active = 0
    for lower_step, upper_step, liquidity in ranges:
        lower = (tick // tick_spacing + lower_step) * tick_spacing
        upper = (tick // tick_spacing + upper_step) * tick_spacing
        for end, net in ((lower, liquidity), (upper, -liquidity)):
            gross_before, net_before = ticks.get(end, (0, 0))
            ticks[end] = (gross_before + liquidity, net_before + net)
        if lower <= tick < upper:
            active += liquidity
    return ConcentratedPool(next_address(), a, b, fee_pips, tick_spacing, root, tick, active, ticks)


def deep_v3(
    a: Token, b: Token, price: float, depth_a: int, fee_pips: int = 3000, tick_spacing: int = 60
) -> Pool:
    """A pool as large as life, with borders at which its liquidity changes near the price."""
    liquidity = int(depth_a * price**0.5)
    ranges = [
        (-100, 100, liquidity),
        (-10, 9, liquidity // 2),
        (-3, 4, liquidity),
        (-1, 2, liquidity),
    ]
    return v3(a, b, price, ranges, fee_pips, tick_spacing)


def cycle(base: Token, *legs: tuple[Pool, Token]) -> Route:
    """A route from `base` through each pool to the token beside it."""
    hops, token = [], base
    for pool, token_out in legs:
        hops.append(Hop(pool, token, token_out))
        token = token_out
    return Route(hops)


class Judge:
    """Profits by plain quotes, without anything of the code under test."""

    def __init__(self, route: Route, flash_fee_bps: int = 0) -> None:
        self._functions = [h.pool.output_function(h.token_in, h.token_out) for h in route]
        self._limits = [h.pool.max_amount_in(h.token_in, h.token_out) for h in route]
        self._fee = flash_fee_bps

    def profit(self, amount_in: int) -> int | None:
        """None where a hop is not filled completely."""
        amount = amount_in
        for function, limit in zip(self._functions, self._limits, strict=True):
            if amount > limit:
                return None
            amount = function(amount) if amount else 0
        return amount - amount_in - (amount_in * self._fee + 9999) // 10000

    def largest_input(self) -> int:
        """By bisection: whether an input fits falls from yes to no once."""
        low, high = 0, self._limits[0]
        while low < high:
            middle = (low + high + 1) // 2
            if self.profit(middle) is None:
                high = middle - 1
            else:
                low = middle
        return low

    def brute_force(self, most: int) -> tuple[int, int] | None:
        """The smallest best input up to `most` and its profit; None where none is above 0."""
        best, found = 0, None
        for amount_in in range(1, most + 1):
            profit = self.profit(amount_in)
            if profit is None:
                break
            if profit > best:
                best, found = profit, (amount_in, profit)
        return found

    def better(self, amount_in: int, grid_points: int = 10_000) -> list[tuple[int, int]]:
        """Inputs (and how much better) that beat `amount_in`, or tie it and are smaller."""
        own = self.profit(amount_in)
        assert own is not None
        most = self.largest_input()
        grid = (min(int(most ** (i / (grid_points - 1))), most) for i in range(grid_points))
        near = range(max(amount_in - 1000, 1), min(amount_in + 1000, most) + 1)
        found = []
        for other in itertools.chain(near, grid):
            profit = self.profit(other)
            if profit is not None and (profit, -other) > (own, -amount_in):
                found.append((other, profit - own))
        return found


def small_cycle(random_: random.Random, largest: float = 5.0) -> Route:
    """A cycle of 2 to 4 small pools, V2 and V3 mixed, often with a profit in it."""
    size = random_.choice([2, 2, 3, 4])
    tokens = [Token(f"0x{0xA000 + i:040x}", f"T{i}") for i in range(size)]
    random_.shuffle(tokens)
    units = [10 ** random_.uniform(1.5, largest) for _ in tokens]
    legs = []
    for index, token in enumerate(tokens):
        after = (index + 1) % size
        skew = 2.718 ** random_.uniform(-0.05, 0.25)
        reserve_in, reserve_out = units[index], units[after] * skew
        if random_.random() < 0.5:
            fee = random_.choice([0, 100, 500, 2500, 3000, 10000])
            pool = v2(token, tokens[after], int(reserve_in) + 2, int(reserve_out) + 2, fee)
        else:
            liquidity = int((reserve_in * reserve_out) ** 0.5) * random_.choice([1, 1, 5, 30]) + 2
            ranges = [
                (
                    -random_.randint(1, 60),
                    random_.randint(1, 60),
                    max(1, int(liquidity * random_.uniform(0.2, 1))),
                )
                for _ in range(random_.randint(1, 4))
            ]
            pool = v3(
                token,
                tokens[after],
                reserve_out / reserve_in,
                ranges,
                random_.choice([100, 500, 3000, 10000]),
                random_.choice([1, 10, 60, 200]),
            )
        legs.append((pool, tokens[after]))
    return cycle(tokens[0], *legs)
