"""The most that any trades could take out of a state: the dual of convex routing, in floats.

At prices `v` of the tokens, each pool by itself pays an arbitrageur at most its arbitrage profit;
the sum over all pools is an upper bound of what all trades together can extract, whatever the
prices, as long as an anchor's price is not below what it counts for. The least such sum is the
bound (Angeris, Evans, Chitra, Boyd: Optimal routing for constant function market makers, 2022;
Diamandis, Resnick, Chitra, Angeris: An efficient algorithm for optimal routing through constant
function market makers, 2023). It knows nothing of cycles, sizes and orders.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from aineon.amm import ConcentratedPool, ConstantProductPool, Pool
from aineon.primitives import Token
from aineon.primitives.units import PIPS

_Q96 = 2.0**96
_SWEEPS = 1000
"""Most states need some tens; where anchors are joined by deep pools, some hundreds."""
_HALVINGS = 46
_REACH = 0.5
"""How far, in logarithms, one step may move a price."""


class Flow(NamedTuple):
    """An arbitrage through one pool: what goes in of one token, what comes out of the other."""

    taken: float
    paid: float


Arbitrage = Callable[[bool, float, float], Flow]
"""From (is token0 sold?, price of what goes in, price of what comes out) to the best swap."""


class _Arc(NamedTuple):
    """Constant liquidity from one square-root price on, in one direction."""

    liquidity: float
    root: float
    end: float


def dual_bound(pools: Iterable[Pool], worth: Mapping[Token, float]) -> float:
    """The most that trades through `pools` can extract, in the unit of `worth`.

    Args:
        pools: Uniswap V2 and V3 pools.
        worth: what one smallest unit of each anchor counts for; of other tokens nothing may be
            lost, and what is left of them counts for nothing.
    """
    return Dual(list(pools), worth).least()


class Dual:
    """The sum of all arbitrage profits at prices that are lowered step by step."""

    def __init__(self, pools: Sequence[Pool], worth: Mapping[Token, float]) -> None:
        self._pools = [_arbitrage(pool) for pool in pools]
        self._ends = [pool.tokens for pool in pools]
        self._floors = dict(worth)
        self._at: dict[Token, list[int]] = {}
        for number, ends in enumerate(self._ends):
            for token in ends:
                self._at.setdefault(token, []).append(number)
        self._prices = dict(worth) | _first_prices(pools, worth)

    def least(self) -> float:
        """Lower one price after the other to where the bound is least, until it stays.

        The bound is convex and smooth in the prices, so going along one axis at a time ends at
        its least value. Stopping early gives a bound that is valid and a little high.
        """
        bound = self._bound()
        for _ in range(_SWEEPS):
            lower = self.sweep()
            if bound - lower <= 1e-7 * bound:
                return lower
            bound = lower
        return bound

    def sweep(self) -> float:
        """Settle each price once, and return the bound at all of them."""
        for token in self._at:
            self._settle(token)
        return self._bound()

    def _bound(self) -> float:
        prices = self._prices
        total = 0.0
        for arbitrage, ends in zip(self._pools, self._ends, strict=True):
            for token_in, token_out in (ends, ends[::-1]):
                flow = arbitrage(token_in == ends[0], prices[token_in], prices[token_out])
                total += prices[token_out] * flow.paid - prices[token_in] * flow.taken
        return total

    def _settle(self, token: Token) -> None:
        """Put a price to where no more of its token leaves the pools than enters them."""
        start = self._prices[token]
        low, high = start * math.exp(-_REACH), start * math.exp(_REACH)
        low = max(low, self._floors.get(token, 0.0))
        if self._surplus(token, low) >= 0:
            self._prices[token] = low
            return
        for _ in range(_HALVINGS):
            middle = math.sqrt(low * high)
            if self._surplus(token, middle) < 0:
                low = middle
            else:
                high = middle
        self._prices[token] = high

    def _surplus(self, token: Token, price: float) -> float:
        """What the pools pay more of `token` than they take, at this price of it."""
        surplus = 0.0
        for number in self._at[token]:
            first, second = self._ends[number]
            other = second if token == first else first
            arbitrage, theirs = self._pools[number], self._prices[other]
            surplus += arbitrage(other == first, theirs, price).paid
            surplus -= arbitrage(token == first, price, theirs).taken
        return surplus


def _first_prices(pools: Sequence[Pool], worth: Mapping[Token, float]) -> dict[Token, float]:
    """Prices of the other tokens, by pools that join them with known ones."""
    known = dict(worth)
    found: dict[Token, float] = {}
    for _ in pools:
        for pool in pools:
            for token, other in (pool.tokens, pool.tokens[::-1]):
                if token not in known and other in known:
                    found[token] = known[token] = pool.spot_price(token, other) * known[other]
    return found


def _arbitrage(pool: Pool) -> Arbitrage:
    if isinstance(pool, ConstantProductPool):
        return _of_reserves(float(pool.reserve0), float(pool.reserve1), _kept(pool.fee_pips))
    assert isinstance(pool, ConcentratedPool)
    return _of_ranges(pool)


def _kept(fee_pips: int) -> float:
    return (PIPS - fee_pips) / PIPS


def _of_reserves(reserve0: float, reserve1: float, kept: float) -> Arbitrage:
    product = reserve0 * reserve1

    def arbitrage(sells_token0: bool, price_in: float, price_out: float) -> Flow:
        reserve_in, reserve_out = (reserve0, reserve1) if sells_token0 else (reserve1, reserve0)
        after = math.sqrt(kept * product * price_out / price_in)
        if after <= reserve_in:
            return Flow(0.0, 0.0)
        return Flow((after - reserve_in) / kept, reserve_out - product / after)

    return arbitrage


def _of_ranges(pool: ConcentratedPool) -> Arbitrage:
    kept = _kept(pool.fee_pips)
    falling, rising = _arcs(pool)

    def arbitrage(sells_token0: bool, price_in: float, price_out: float) -> Flow:
        taken = paid = 0.0
        if sells_token0:
            # The pool's price falls to where one more token0, after the fee, is worth its price.
            target = math.sqrt(price_in / (price_out * kept))
            for liquidity, root, end in falling:
                stop = max(end, min(root, target))
                taken += liquidity * (1 / stop - 1 / root)
                paid += liquidity * (root - stop)
                if stop > end:
                    break
        else:
            target = math.sqrt(price_out * kept / price_in)
            for liquidity, root, end in rising:
                stop = min(end, max(root, target))
                taken += liquidity * (stop - root)
                paid += liquidity * (1 / root - 1 / stop)
                if stop < end:
                    break
        return Flow(taken / kept, paid)

    return arbitrage


def _arcs(pool: ConcentratedPool) -> tuple[list[_Arc], list[_Arc]]:
    """The ranges below the price, downwards, and above it, upwards."""
    root = pool.sqrt_price_x96 / _Q96
    falling, liquidity, at = [], pool.liquidity, root
    for tick in sorted((tick for tick in pool.ticks if tick <= pool.tick), reverse=True):
        end = 1.0001 ** (tick / 2)
        falling.append(_Arc(float(liquidity), at, min(end, at)))
        liquidity, at = liquidity - pool.ticks[tick][1], min(end, at)
    rising, liquidity, at = [], pool.liquidity, root
    for tick in sorted(tick for tick in pool.ticks if tick > pool.tick):
        end = 1.0001 ** (tick / 2)
        rising.append(_Arc(float(liquidity), at, end))
        liquidity, at = liquidity + pool.ticks[tick][1], end
    return falling, rising
