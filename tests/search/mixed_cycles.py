"""Random cycles through pools of every protocol, as large as life, and a judge that climbs."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from aineon.amm import (
    ComposableStablePool,
    CryptoSwapContract,
    CryptoSwapPool,
    EtherWrapper,
    Pool,
    StablePool,
    StableSwapPool,
    StakedEtherWrapper,
    WeightedPool,
)
from aineon.amm.cryptoswap.math import newton_d
from aineon.primitives import ETHER as NATIVE
from aineon.primitives import Token
from aineon.search.route import Hop, Route
from tests.search.sizing_tools import DAI, USDC, USDT, WBTC, WETH, deep_v3, next_address, v2

FRAX = Token("0x853d955aCEf822Db058eb8505911ED77F175b99e", "FRAX", 18)
RETH = Token("0xae78736Cd615f374D3085123A210448E74Fc6393", "rETH", 18)
WSTETH = Token("0x7f39C581F595B53c5cb19bD0b3f8dA6c935E2Ca0", "wstETH", 18)
STETH = Token("0xae7ab96520DE3A18E5e111B5EaAb095312D7fE84", "stETH", 18)
DOLLARS = {
    WETH: 2000.0,
    NATIVE: 2000.0,
    STETH: 1999.0,
    RETH: 2003.0,
    WSTETH: 1999.0 * 1.17,
    WBTC: 61_000.0,
    USDC: 1.0,
    USDT: 1.001,
    DAI: 0.999,
    FRAX: 0.998,
}
PEGGED = ({USDC, USDT, DAI, FRAX}, {WETH, NATIVE, STETH, RETH})
BASES = (WETH, USDC, DAI, WBTC, NATIVE)
SIZES = (2, 2, 3, 3, 4)

Maker = Callable[[random.Random, Token, Token, float, float], Pool]


def units(token: Token, dollars: float) -> int:
    """Return how many smallest units that much money is."""
    return int(dollars / DOLLARS[token] * 10 ** (token.decimals or 0))


def constant_product(
    random_: random.Random, a: Token, b: Token, dollars: float, skew: float
) -> Pool:
    return v2(a, b, units(a, dollars), units(b, dollars * skew))


def concentrated(random_: random.Random, a: Token, b: Token, dollars: float, skew: float) -> Pool:
    price = units(b, 1e6 * skew) / units(a, 1e6)
    fee, spacing = random_.choice([(100, 1), (500, 10), (3000, 60)])
    return deep_v3(a, b, price, units(a, dollars), fee, spacing)


def stableswap(random_: random.Random, a: Token, b: Token, dollars: float, skew: float) -> Pool:
    others = [token for token in next(p for p in PEGGED if a in p) if token not in (a, b)]
    tokens = sorted([a, b, *sorted(others)[: random_.randint(0, 1)]])
    balances = [units(token, dollars * 2.718 ** random_.uniform(-1, 1)) for token in tokens]
    given = random_.choice([50, 200, 2000])
    if random_.random() < 0.5:
        return StableSwapPool(next_address(), tokens, balances, given, 4 * 10**6)
    # The kind whose fee rises with imbalance.
    dynamic = {"offpeg_fee_multiplier": 2 * 10**10, "A_precision": 100}
    return StableSwapPool(next_address(), tokens, balances, given * 100, 4 * 10**6, **dynamic)


def balancer_stable(
    random_: random.Random, a: Token, b: Token, dollars: float, skew: float
) -> Pool:
    tokens = sorted([a, b])
    balances = [units(token, dollars * 2.718 ** random_.uniform(-1, 1)) for token in tokens]
    kind = random_.choice([StablePool, ComposableStablePool])
    amp = random_.choice([50, 200, 2000]) * 1000
    fee = random_.choice([10**14, 4 * 10**14])
    return kind(next_address(), tokens, balances, amp, fee)  # type: ignore[no-any-return]


def cryptoswap(random_: random.Random, a: Token, b: Token, dollars: float, skew: float) -> Pool:
    tokens = sorted([a, b])
    held = {a: units(a, dollars), b: units(b, dollars * 2.718 ** random_.uniform(-0.2, 0.2))}
    price = DOLLARS[tokens[1]] / DOLLARS[tokens[0]] * skew ** (-1 if tokens[1] == b else 1)
    state: dict[str, Any] = {
        "address": next_address(),
        "tokens": tokens,
        "balances": [held[token] for token in tokens],
        "A": 400_000 * random_.choice([1, 10, 50]),
        "gamma": 145 * 10**12,
        "D": None,
        "price_scale": [int(price * 1e18)],
        "mid_fee": 26 * 10**6 // random_.choice([1, 10]),
        "out_fee": 45 * 10**6,
        "fee_gamma": 23 * 10**13,
        "contract": CryptoSwapContract.TWO_COIN,
    }
    bare = CryptoSwapPool(**state)
    state["D"] = newton_d(bare._amplification, bare._scaled(bare.balances))
    return CryptoSwapPool(**state)


def weighted(random_: random.Random, a: Token, b: Token, dollars: float, skew: float) -> Pool:
    share = random_.choice([0.2, 0.5, 0.5, 0.8])
    tokens = sorted([a, b])
    weight = {a: int(share * 100) * 10**16, b: 10**18 - int(share * 100) * 10**16}
    held = {a: units(a, dollars * share), b: units(b, dollars * (1 - share) * skew)}
    return WeightedPool(
        next_address(),
        tokens,
        [held[token] for token in tokens],
        [weight[token] for token in tokens],
        random_.choice([10**14, 10**15, 3 * 10**15]),
        pow_up_shortcuts=random_.random() < 0.5,
    )


ANY: tuple[Maker, ...] = (constant_product, concentrated, cryptoswap, weighted)
ALIKE: tuple[Maker, ...] = (*ANY[:2], stableswap, stableswap, balancer_stable)


def makers(a: Token, b: Token) -> tuple[Maker, ...]:
    return ALIKE if any(a in peg and b in peg for peg in PEGGED) else ANY


def leg(random_: random.Random, a: Token, b: Token) -> Pool:
    if {a, b} == {NATIVE, WETH}:
        return EtherWrapper(WETH)
    if {a, b} == {STETH, WSTETH}:
        return StakedEtherWrapper(9_000_000 * 10**18 + 12_345, 7_692_307 * 10**18 + 777)
    dollars, skew = 10 ** random_.uniform(5, 8.5), 2.718 ** random_.uniform(-0.01, 0.03)
    return random_.choice(makers(a, b))(random_, a, b, dollars, skew)


def mixed_cycle(seed: int) -> Route:
    """Return a cycle of 2 to 4 hops; about two in three pay at some size."""
    random_ = random.Random(f"mixed {seed}")
    base = random_.choice(BASES)
    others = random_.sample([t for t in DOLLARS if t != base], random_.choice(SIZES) - 1)
    way = [base, *others, base]
    if len(way) == 3 and set(way) in ({NATIVE, WETH}, {STETH, WSTETH}):
        # A wrapper there and back is one pool twice.
        way.insert(1, DAI)
    return Route(Hop(leg(random_, a, b), a, b) for a, b in zip(way, way[1:], strict=False))


class Climber:
    """Profits by plain quotes, and climbs in them; nothing of the code under test."""

    def __init__(self, route: Route, flash_fee_bps: int = 0) -> None:
        self._functions = [h.pool.output_function(h.token_in, h.token_out) for h in route]
        self._limits = [h.pool.max_amount_in(h.token_in, h.token_out) for h in route]
        self._fee = flash_fee_bps

    def profit(self, amount_in: int) -> int:
        """Below every real one where a hop is not filled completely."""
        amount = amount_in
        for function, limit in zip(self._functions, self._limits, strict=True):
            if amount > limit:
                return -(1 << 300)
            amount = function(amount) if amount else 0
        return amount - amount_in + (-amount_in * self._fee // 10000)

    def better_near(self, amount_in: int, window: int = 1000, ties: int = 1000) -> list[int]:
        """Inputs within the window that beat `amount_in`, or tie it from close below."""
        own = self.profit(amount_in)
        near = range(max(amount_in - window, 1), amount_in + window + 1)
        better = [at for at in near if self.profit(at) > own]
        below = range(max(amount_in - ties, 1), amount_in)
        return better + [at for at in below if self.profit(at) == own]

    def gain_afar(self, amount_in: int) -> int:
        """How much better the best of multiplicative steps and of a grid over all sizes is."""
        steps = [amount_in >> shift for shift in range(1, amount_in.bit_length())]
        far = [amount_in + sign * step for step in steps for sign in (-1, 1)]
        grid = [1 << exponent for exponent in range(0, 90, 2)]
        return max(self.profit(at) for at in (*far, *grid) if at >= 1) - self.profit(amount_in)

    def best_of_grid(self, points: int = 60, climbs: int = 2) -> tuple[int, int]:
        """The best profit, and its input, that climbing from the best of a grid finds."""
        grid = {int(2 ** (100 * step / points)) for step in range(points)}
        starts = sorted((at for at in grid if at <= self._limits[0]), key=self.profit)[-climbs:]
        tops = [self.climbed(start) for start in starts]
        return max((self.profit(top), top) for top in tops)

    def climbed(self, amount_in: int) -> int:
        best, step = self.profit(amount_in), max(amount_in // 2, 1)
        while step:
            for other in (amount_in - step, amount_in + step):
                if other >= 1 and (profit := self.profit(other)) > best:
                    amount_in, best = other, profit
                    break
            else:
                step //= 2
        return amount_in
