"""Random markets for tests and benchmarks of the search."""

from __future__ import annotations

import math
from random import Random

from aineon.amm import ConcentratedPool, ConstantProductPool, Pool
from aineon.primitives import Token

_Q96 = 1 << 96


def token(number: int, symbol: str = "", decimals: int = 18) -> Token:
    return Token(f"0x{number:040x}", symbol or f"T{number}", decimals)


def address(number: int) -> str:
    return f"0x{number + (1 << 100):040x}"


def v2(
    number: int,
    token_a: Token,
    token_b: Token,
    reserve_a: int,
    reserve_b: int,
    fee_pips: int = 3000,
) -> ConstantProductPool:
    """A pool of two tokens in any order."""
    if token_b < token_a:
        token_a, token_b, reserve_a, reserve_b = token_b, token_a, reserve_b, reserve_a
    return ConstantProductPool(address(number), token_a, token_b, reserve_a, reserve_b, fee_pips)


def v3(
    number: int,
    token0: Token,
    token1: Token,
    tick: int,
    ranges: list[tuple[int, int, int]],
    fee_pips: int = 3000,
    tick_spacing: int = 60,
) -> ConcentratedPool:
    """A pool at the lower border of `tick` with liquidity in (lower, upper, liquidity) ranges."""
    start = ConcentratedPool(
        address(number), token0, token1, fee_pips, tick_spacing, sqrt_price(tick), tick, 0, {}
    )
    pool = start
    for lower, upper, liquidity in ranges:
        pool = pool.with_liquidity(lower, upper, liquidity)
    return pool


def sqrt_price(tick: int) -> int:
    """A square-root price safely inside `tick`."""
    return int(math.exp((tick + 0.5) / 2 * math.log(1.0001)) * _Q96)


def random_market(
    random: Random, tokens: int, pools: int, noise: float = 0.003, concentrated: float = 0.4
) -> list[Pool]:
    """Pools between random pairs whose prices agree but for `noise` (a standard deviation)."""
    known = [token(number + 1) for number in range(tokens)]
    logs = [random.gauss(0, 1) for _ in known]
    made: list[Pool] = []
    for number in range(pools):
        one, other = sorted(random.sample(range(tokens), 2))
        log_price = logs[one] - logs[other] + random.gauss(0, noise)
        if random.random() < concentrated:
            made.append(_random_v3(random, number, known[one], known[other], log_price))
        else:
            reserve = int(10 ** random.uniform(19, 22))
            other_reserve = int(reserve * math.exp(log_price))
            made.append(v2(number, known[one], known[other], reserve, other_reserve))
    return made


def _random_v3(
    random: Random, number: int, token0: Token, token1: Token, log_price: float
) -> ConcentratedPool:
    tick = round(log_price / math.log(1.0001))
    fee_pips, spacing = random.choice([(500, 10), (3000, 60), (10_000, 200)])
    base = tick // spacing * spacing
    ranges = []
    for _ in range(random.randint(1, 4)):
        # Some ranges begin beyond the price: the current segment can be empty.
        middle = base + random.randint(-6, 6) * spacing
        width = random.randint(1, 40) * spacing
        ranges.append((middle - width, middle + width, int(10 ** random.uniform(20, 23))))
    return v3(number, token0, token1, tick, ranges, fee_pips, spacing)
