"""Prices: what gas costs in each base token, and what each is worth, at one state of a market."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from aineon.market import Market
from aineon.primitives import Token
from aineon.primitives.units import ceil_div
from aineon.search.anchor import Floats
from aineon.search.costs import CostModel
from aineon.search.rates import IMPOSSIBLE, RateTable
from aineon.search.route import Route


class _BasePrice(NamedTuple):
    """Both rates between a base token and the native one, None where no pool joins them."""

    wei_for_one: Fraction | None
    for_one_wei: Fraction | None


class Prices:
    """The answers of a `CostModel`, found once for each base token instead of for each cycle.

    Args:
        costs: the model; every answer is its own.
        market: with the block whose base fee counts.
        table: the market's rates, refreshed.
        base_tokens: the tokens that will be asked for.

    Attributes:
        gas_price_wei: for one gas; None where not known.
    """

    def __init__(
        self, costs: CostModel, market: Market, table: RateTable, base_tokens: Iterable[Token]
    ) -> None:
        self.gas_price_wei = costs.gas_price_wei(market.block)
        self._costs = costs
        self._market = market
        native = costs.native_token
        self._prices = {
            base: _BasePrice(None, None)
            if native is None
            else _BasePrice(_worth(base, native, table), _worth(native, base, table))
            for base in base_tokens
        }
        self._for_gas = {
            base: (self.gas_price_wei * rate.numerator, rate.denominator)
            for base, (_, rate) in self._prices.items()
            if rate is not None and self.gas_price_wei is not None
        }

    def gas_cost(self, gas_units: int, route: Route) -> int | None:
        """The cost of so much gas in the route's base token; see `CostModel.cost_of_gas`."""
        price = self._for_gas.get(route[0].token_in)
        if price is None:
            return self._costs.cost_of_gas(gas_units, route, self._market.block, self._market)
        # A fraction's parts take longer to ask for than the sum, which is made for each cycle.
        return ceil_div(gas_units * price[0], price[1])

    def native_value(self, amount: int, route: Route) -> int | None:
        """The worth of base tokens in wei; see `CostModel.native_value`."""
        base = route[0].token_in
        rate = self._prices[base].wei_for_one
        if rate is None:
            return self._costs.native_value(amount, base, self._market, route)
        return amount * rate.numerator // rate.denominator

    def native_rate(self, base: Token) -> float | None:
        """About how many wei one unit of a base token is worth; None where not known."""
        rate = self._prices[base].wei_for_one
        return None if rate is None else float(rate)

    def base_value(self, amount_wei: int, base: Token) -> float | None:
        """About how many units of a base token are worth so many wei; None where not known."""
        rate = self.native_rate(base)
        return amount_wei / rate if rate else None

    def gas_costs(self, gas_units: Floats, base: Token) -> Floats:
        """About what so much gas costs in a base token; NaN where that is not known."""
        each = None
        if self.gas_price_wei is not None:
            each = self.base_value(self.gas_price_wei, base)
        return gas_units * (math.nan if each is None else each)


def _worth(token: Token, in_token: Token, table: RateTable) -> Fraction | None:
    """The rate that `aineon.search.costs` finds in the market: the deepest pool's spot price."""
    if token == in_token:
        return Fraction(1)
    numbers = table.numbers
    # Both list the pools of the two tokens by rising number.
    there, back = numbers.hops_between(token, in_token), numbers.hops_between(in_token, token)
    tradable = (table.log_rates[there] > IMPOSSIBLE) & (table.log_rates[back] > IMPOSSIBLE)
    if not tradable.any():
        return None
    deepest = there.start + int(np.argmin(np.where(tradable, table.bends[there], math.inf)))
    hop = numbers.hop(deepest, table.pools.__getitem__)
    return Fraction(hop.pool.spot_price(token, in_token))
