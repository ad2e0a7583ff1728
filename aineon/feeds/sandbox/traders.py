"""Traders: those who know nothing, and those who know the outside price."""

from __future__ import annotations

from math import sqrt

from aineon.amm import ConcentratedPool
from aineon.feeds.sandbox.cycles import CycleFinder
from aineon.feeds.sandbox.dice import Dice
from aineon.feeds.sandbox.prices import OutsidePrices
from aineon.feeds.sandbox.states import PoolStates
from aineon.feeds.sandbox.universe import WETH, PoolPlan
from aineon.primitives import Token

_Q96 = float(2**96)
_TRADE_SPREAD = 1.6
_HIGHEST_IMPACT = 0.012
_INFORMED_GAS = 180_000
_WATCH = 0.2

# How much busier people are, and how much larger they trade, in each regime.
_BUSTLE = {"quiet": 0.75, "ranging": 1.0, "trending": 1.15, "volatile": 1.5}


class Traders:
    """Everybody who swaps for a reason of their own."""

    def __init__(
        self, states: PoolStates, finder: CycleFinder, prices: OutsidePrices, seed: int
    ) -> None:
        self._states = states
        self._finder = finder
        self._prices = prices
        self._noise = Dice(seed, "noise traders")
        self._informed = Dice(seed, "informed traders")

    def wants_to_trade(self, plan: PoolPlan) -> bool:
        """Whether somebody comes to a pool in this block for no reason that others know."""
        return self._noise.chance(plan.busyness * _BUSTLE[self._prices.regime.name])

    def is_watched(self, plan: PoolPlan) -> bool:
        """Whether somebody compares a pool with the outside price in this block."""
        return self._informed.chance(_WATCH * (0.2 + plan.busyness))

    def trade(self, plan: PoolPlan) -> bool:
        """Swap a random amount; return whether the pool changed."""
        dice = self._noise
        token_in, token_out = _either_way(plan, dice)
        dollars = dice.log_normal(plan.trade_dollars, _TRADE_SPREAD)
        dollars *= _BUSTLE[self._prices.regime.name]
        curve = self._finder.curve(plan.address, token_in)
        if curve.rate <= 0.0:
            return False
        amount_in = int(min(dollars / self._prices.dollars[token_in], _HIGHEST_IMPACT / curve.bend))
        if amount_in < 1:
            return False
        self._states.swap(plan.address, token_in, token_out, amount_in)
        return True

    def correct(self, plan: PoolPlan, gas_price_wei: int) -> bool:
        """Move a pool to the outside price where that pays; return whether it did.

        What counts is the price after the pool's fee, and the gas of a swap.
        """
        for token_in, token_out in (
            (plan.token0, plan.token1),
            (plan.token1, plan.token0),
        ):
            curve = self._finder.curve(plan.address, token_in)
            outside = self._prices.rate(token_in, token_out)
            if curve.rate <= outside:
                continue
            gain = sqrt(curve.rate / outside) - 1.0
            worth = gain * gain / curve.bend * self._prices.rate(token_in, WETH)
            if worth > _INFORMED_GAS * gas_price_wei:
                return self._move_to(plan, token_in, token_out, outside)
        return False

    def _move_to(self, plan: PoolPlan, token_in: Token, token_out: Token, rate: float) -> bool:
        """Sell `token_in` until a further unit would get `rate` after the fee."""
        pool = self._states.pools[plan.address]
        if isinstance(pool, ConcentratedPool):
            kept = 1.0 - plan.fee_pips / 1e6
            price = rate / kept if token_in == plan.token0 else kept / rate
            limit = int(sqrt(price) * _Q96)
            ahead = limit < pool.sqrt_price_x96
            if limit == pool.sqrt_price_x96 or ahead is not (token_in == plan.token0):
                return False
            amount_in = pool.quote_to_price(token_in, token_out, limit).amount_in
        else:
            curve = self._finder.curve(plan.address, token_in)
            amount_in = int((sqrt(curve.rate / rate) - 1.0) / curve.bend)
        if amount_in < 1:
            return False
        self._states.swap(plan.address, token_in, token_out, amount_in)
        return True


def _either_way(plan: PoolPlan, dice: Dice) -> tuple[Token, Token]:
    if dice.chance(0.5):
        return plan.token0, plan.token1
    return plan.token1, plan.token0
