"""Blocks of raw logs for a market of all kinds of pools: a realistic mix, or one kind alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import accumulate
from random import Random
from typing import Any

from aineon.amm import (
    ConcentratedPool,
    ConstantProductPool,
    Pool,
    StableSwapPool,
    WeightedPool,
)
from aineon.amm.concentrated.tick_math import sqrt_ratio_at_tick
from aineon.primitives import Address, Token
from tests.chain import logs

LOGS_OF_A_BLOCK = 200
MIX = {"v2 sync": 60, "v3 swap": 30, "v3 liquidity": 6, "balancer swap": 2, "curve swap": 2}
_HALF = 5 * 10**17
_SPACING = 60


class LogUniverse:
    """Pools, and the logs of what happens to them.

    Three pools of ten are of Uniswap V3, with ten to thirty positions; one of a hundred each is
    Balancer's and Curve's. How often a pool is traded in falls off by a power law.

    Args:
        pools: how many.
        falloff: its exponent: 1 is like mainnet; at 0 all pools are traded in evenly, which is
            the worst case for the machine's caches.
        seed: of everything random.
    """

    def __init__(self, pools: int, falloff: float = 1.0, seed: int = 1) -> None:
        self._random = Random(seed)
        count = max(8, pools // 8)
        self._tokens = [
            Token(f"0x{self._random.getrandbits(160):040x}", f"T{number}", 18)
            for number in range(count)
        ]
        self.pools: dict[Address, Pool] = {}
        for number in range(pools):
            pool = self._pool(number % 100)
            self.pools[pool.address] = pool
        self._now = dict(self.pools)
        self._held: dict[Address, tuple[int, int, int]] = {}
        self._addresses = {
            kind: [pool.address for pool in self.pools.values() if isinstance(pool, kind)]
            for kind in (ConstantProductPool, ConcentratedPool, WeightedPool, StableSwapPool)
        }
        self._weights = {
            kind: list(accumulate((place + 8) ** -falloff for place in range(len(found))))
            for kind, found in self._addresses.items()
        }
        self._makers: dict[str, Callable[[], dict[str, Any]]] = {
            "v2 sync": self._sync,
            "v3 swap": self._v3_swap,
            "v3 liquidity": self._v3_liquidity,
            "balancer swap": self._balancer_swap,
            "curve swap": self._curve_swap,
        }

    def blocks(self, count: int, kind: str = "mix") -> list[str]:
        """Return blocks of logs as a node's JSON; each goes on from the one before."""
        shares = MIX if kind == "mix" else {kind: 1}
        found = []
        for number in range(count):
            kinds = self._random.choices([*shares], [*shares.values()], k=LOGS_OF_A_BLOCK)
            block = [{**self._makers[each](), "blockNumber": hex(number)} for each in kinds]
            found.append(json.dumps(block))
        return found

    def _pool(self, place: int) -> Pool:
        random = self._random
        address = f"0x{random.getrandbits(160):040x}"
        one, other = sorted(random.sample(self._tokens, 2))
        if place < 30:
            return self._v3(address, one, other)
        if place == 30:
            balances = [random.randrange(10**22, 10**24) for _ in range(2)]
            return WeightedPool(address, (one, other), balances, (_HALF, _HALF), 3 * 10**15)
        if place == 31:
            return StableSwapPool(
                address, (one, other), (10**25, 10**25), 2000, 4 * 10**6, admin_fee=5 * 10**9
            )
        reserves = [random.randrange(10**20, 10**25) for _ in range(2)]
        return ConstantProductPool(address, one, other, *reserves)

    def _v3(self, address: str, one: Token, other: Token) -> ConcentratedPool:
        random = self._random
        middle = random.randrange(-1500, 1500) * _SPACING
        pool = ConcentratedPool(
            address, one, other, 3000, _SPACING, sqrt_ratio_at_tick(middle) + 1, middle, 0, {}
        ).with_liquidity(-887220, 887220, 10**18)
        for _ in range(random.randint(10, 30)):
            width = random.randint(1, 60) * _SPACING
            start = middle + random.randint(-10, 10) * _SPACING
            pool = pool.with_liquidity(start - width, start + width, random.randint(1, 10**21))
        # As it is loaded: with its tables built.
        return ConcentratedPool(*pool.__reduce__()[1])

    def _chosen(self, kind: type[Any]) -> Any:
        weights = self._weights[kind]
        return self._now[self._random.choices(self._addresses[kind], cum_weights=weights)[0]]

    def _moved(self, pool: Any) -> tuple[Any, tuple[Token, Token], int, int]:
        """Swap a little in a pool; return it as it is then, the tokens and the amounts."""
        pair = pool.tokens if self._random.random() < 0.5 else pool.tokens[::-1]
        quote = pool.quote_exact_input(*pair, self._random.randrange(10**17, 10**19))
        self._now[pool.address] = quote.pool_after
        return quote.pool_after, pair, quote.amount_in, quote.amount_out

    def _sync(self) -> dict[str, Any]:
        pool, _, _, _ = self._moved(self._chosen(ConstantProductPool))
        return logs.sync(pool.address, pool.reserve0, pool.reserve1)

    def _v3_swap(self) -> dict[str, Any]:
        pool, _, _, _ = self._moved(self._chosen(ConcentratedPool))
        return logs.v3_swap(pool.address, pool.sqrt_price_x96, pool.tick, pool.liquidity)

    def _v3_liquidity(self) -> dict[str, Any]:
        pool = self._chosen(ConcentratedPool)
        held = self._held.pop(pool.address, None)
        if held is not None:
            lower, upper, amount = held
            self._now[pool.address] = pool.with_liquidity(lower, upper, -amount)
            return logs.burn(pool.address, *held)
        middle = pool.tick // _SPACING * _SPACING
        width = self._random.randint(1, 30) * _SPACING
        lower, upper = middle - width, middle + width
        amount = self._random.randint(1, 10**20)
        self._held[pool.address] = (lower, upper, amount)
        self._now[pool.address] = pool.with_liquidity(lower, upper, amount)
        return logs.mint(pool.address, lower, upper, amount)

    def _balancer_swap(self) -> dict[str, Any]:
        pool, pair, paid_in, paid_out = self._moved(self._chosen(WeightedPool))
        tokens = (token.address for token in pair)
        return logs.vault_swap(pool.address, *tokens, paid_in, paid_out)

    def _curve_swap(self) -> dict[str, Any]:
        pool, pair, paid_in, paid_out = self._moved(self._chosen(StableSwapPool))
        sold, bought = (pool.tokens.index(token) for token in pair)
        return logs.exchange(pool.address, sold, paid_in, bought, paid_out)
