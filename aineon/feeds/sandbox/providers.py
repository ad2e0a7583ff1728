"""Liquidity providers: money that comes and goes, and follows the price."""

from __future__ import annotations

from math import isqrt

from aineon.amm import ConcentratedPool, ConstantProductPool
from aineon.feeds.sandbox.dice import Dice
from aineon.feeds.sandbox.positions import SPACING_OF_FEE, Position, around, half_widths
from aineon.feeds.sandbox.states import PoolStates
from aineon.feeds.sandbox.universe import UNISWAP_V3, PoolPlan
from aineon.primitives import Address

_MOST_POSITIONS = 24
_FULL = 1.25
_EMPTY = 0.8
_CHANCE_V2 = 0.012
_CHANCE_V3 = 0.03


class Providers:
    """Everybody who adds or withdraws liquidity.

    Each pool has a depth it returns to: above it people tend to withdraw, below it to add.
    """

    def __init__(
        self, states: PoolStates, positions: dict[Address, list[Position]], seed: int
    ) -> None:
        self._states = states
        self._positions = positions
        self._dice = Dice(seed, "providers")
        self._usual_depth = {address: _depth(pool) for address, pool in states.pools.items()}

    def wants_to_change(self, plan: PoolPlan) -> bool:
        """Whether somebody adds or withdraws in this block."""
        return self._dice.chance(_CHANCE_V3 if plan.venue == UNISWAP_V3 else _CHANCE_V2)

    def change(self, plan: PoolPlan) -> bool:
        """Add or withdraw; return whether the pool changed."""
        pool = self._states.pools[plan.address]
        if isinstance(pool, ConstantProductPool):
            return self._scale(pool)
        positions = self._positions[plan.address]
        withdraws = len(positions) >= _MOST_POSITIONS or self._withdraws(pool)
        if withdraws and len(positions) > 1:
            return self._burn(pool, positions)
        return self._mint(pool, plan, positions)

    def _withdraws(self, pool: ConstantProductPool | ConcentratedPool) -> bool:
        fullness = _depth(pool) / self._usual_depth[pool.address]
        if fullness > _FULL:
            return True
        return fullness >= _EMPTY and self._dice.chance(0.5)

    def _scale(self, pool: ConstantProductPool) -> bool:
        thousandths = int(self._dice.between(3.0, 35.0))
        if self._withdraws(pool):
            thousandths = -thousandths
        reserve0 = pool.reserve0 + pool.reserve0 * thousandths // 1000
        reserve1 = pool.reserve1 + pool.reserve1 * thousandths // 1000
        if not (reserve0 and reserve1):
            return False
        self._states.replace(pool.with_reserves(reserve0, reserve1))
        return True

    def _mint(self, pool: ConcentratedPool, plan: PoolPlan, positions: list[Position]) -> bool:
        spacing = SPACING_OF_FEE[plan.fee_pips]
        half_width = int(self._dice.pick(half_widths(plan.fee_pips)) * self._dice.between(0.6, 1.6))
        lower, upper = around(pool.tick, half_width, spacing)
        share = self._dice.between(0.04, 0.2)
        liquidity = int(self._usual_depth[pool.address] * share)
        if liquidity < 1:
            return False
        positions.append(Position(lower, upper, liquidity))
        self._states.change_liquidity(pool.address, lower, upper, liquidity)
        return True

    def _burn(self, pool: ConcentratedPool, positions: list[Position]) -> bool:
        """Withdraw the position that lies farthest from the price; if all hold it, any."""
        tick = pool.tick
        idle = [place for place in range(1, len(positions)) if not positions[place].holds(tick)]
        if idle:
            place = max(idle, key=lambda place: _distance(positions[place], tick))
        else:
            place = 1 + int(self._dice.uniform() * (len(positions) - 1))
        gone = positions.pop(place)
        self._states.change_liquidity(
            pool.address, gone.tick_lower, gone.tick_upper, -gone.liquidity
        )
        return True


def _depth(pool: ConstantProductPool | ConcentratedPool) -> int:
    if isinstance(pool, ConcentratedPool):
        return pool.liquidity
    return isqrt(pool.reserve0 * pool.reserve1)


def _distance(position: Position, tick: int) -> int:
    return max(position.tick_lower - tick, tick - position.tick_upper)
