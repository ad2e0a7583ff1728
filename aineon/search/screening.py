"""Screening: all cycles that may profit, each with the estimate of what it would leave.

Near their prices the pools of a cycle compose to one curve `R * x / (1 + b * x)`. Its peak is
known in closed form, so a screen estimates thousands of cycles at once, and what is worth
exact sizing can be chosen by what it would leave after flash fee and gas. The estimate is
exact but for roundings where all pools are of Uniswap V2; a V3 pool is taken as if its
liquidity at the price had no end. It ranks cycles and never drops one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import NamedTuple

import numpy as np

from aineon.amm import LocalCurve
from aineon.primitives import Token
from aineon.primitives.units import BPS
from aineon.search.anchor import Floats, Ints
from aineon.search.costs import EXECUTOR_GAS, TRANSACTION_GAS, CostModel, swap_gas
from aineon.search.cycles import FLOAT_TOLERANCE, Cycles, RatedCycles, rated_cycles
from aineon.search.numbering import HopNumbers
from aineon.search.prices import Prices
from aineon.search.rates import RateTable

_LEEWAY = 1 - 1e-9  # for what floats lose between a bound and an estimate
_FEW_HOPS = 3  # as long as cycles are listed without a look at what others leave


@dataclass(frozen=True, slots=True)
class Screen:
    """What a scan looks for.

    Attributes:
        base_tokens, max_hops: see `Scanner`.
        near_floor, near_count: see `Scanner`.
        most: how many cycles are wanted; None for all.
        profit_floor_wei: least gross profit of a cycle, by its worth in the native token.
    """

    base_tokens: tuple[Token, ...]
    max_hops: int
    near_floor: float
    near_count: int
    most: int | None
    profit_floor_wei: int


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Cycles of one base token with what they would leave; floats, in units of that token.

    Attributes:
        base: the token.
        cycles: see `Cycles`.
        inputs: at which the composed curve leaves most after the flash fee; where the fee eats
            every profit, before it.
        profits: gross, at these inputs.
        gas_units: of the whole transactions, one tick crossed in each V3 pool.
        gas_costs: what that costs; NaN where it is not known.
        worths_wei: profits by their worth in wei; NaN where the token's worth is not known.
        nets_wei: profits after flash fee and gas by their worth in wei. Costs that are not
            known count as none; NaN as `worths_wei`.
    """

    base: Token
    cycles: Cycles
    inputs: Floats
    profits: Floats
    gas_units: Floats
    gas_costs: Floats
    worths_wei: Floats
    nets_wei: Floats

    def candidates(self, rows: Ints | None = None) -> Iterator[Candidate]:
        """The cycles of these rows, in their order; None for all."""
        rows = np.arange(len(self.cycles)) if rows is None else rows
        # All of them at once: single entries of arrays take ten times as long to read.
        cycles = self.cycles.take(rows)
        columns = (rows, cycles.log_rates, cycles.bends)
        numbers, log_rates, bends = (column.tolist() for column in columns)
        return map(Candidate, repeat(self), numbers, cycles, log_rates, bends)


class Candidate(NamedTuple):
    """One cycle of a screening: `row` of `estimates`, its hop numbers, and its curve."""

    estimates: Estimates
    row: int
    hops: tuple[int, ...]
    log_rate: float
    bend: float

    @property
    def rate(self) -> float:
        """Its marginal rates after fees multiplied."""
        return math.exp(self.log_rate)

    @property
    def curve(self) -> LocalCurve:
        """What the local curves of its pools compose to."""
        return LocalCurve(self.rate, self.bend)

    @property
    def is_promising(self) -> bool:
        """Whether the rate is more than 1, within float tolerance."""
        return self.log_rate > -FLOAT_TOLERANCE


@dataclass(frozen=True, slots=True, eq=False)
class Screened:
    """What a screening found.

    Attributes:
        promising: for each base token the cycles whose rates multiply to more than 1 and whose
            profit may reach the floor. With `Screen.most` those of more than 3 hops are
            listed only where they may be among the best.
        near: for each base token the best cycles below 1; with `Screen.most` of up to 3 hops.
        cycles_screened: complete cycles that were looked at.
    """

    promising: tuple[Estimates, ...]
    near: tuple[Estimates, ...]
    cycles_screened: int

    def candidates(self, most: int | None) -> list[Candidate]:
        """The promising cycles, best estimated net first; those of unknown worth behind."""
        nets = np.concatenate([each.nets_wei for each in self.promising])
        groups = np.repeat(np.arange(len(self.promising)), [len(e.cycles) for e in self.promising])
        rows = np.concatenate([np.arange(len(each.cycles)) for each in self.promising])
        # Not a number is sorted behind all numbers.
        order = np.argsort(-nets, kind="stable")[:most]
        groups, rows = groups[order], rows[order]
        of_group = [each.candidates(rows[groups == n]) for n, each in enumerate(self.promising)]
        return [next(of_group[group]) for group in groups.tolist()]

    @property
    def cycles_promising(self) -> int:
        """How many promising cycles are listed."""
        return sum(len(each.cycles) for each in self.promising)


class Screener:
    """Screens markets again and again; remembers what depends on the topology alone."""

    def __init__(self, costs: CostModel) -> None:
        self._costs = costs
        self._fixed_gas = TRANSACTION_GAS + EXECUTOR_GAS + costs.least_loan_gas
        self._numbers: HopNumbers | None = None
        self._hop_gas: Floats = np.empty(0)

    def screen(self, table: RateTable, prices: Prices, screen: Screen) -> Screened:
        """Find what `screen` asks for in a table that is refreshed."""
        self._price_hops(table)
        short = screen.max_hops if screen.most is None else min(screen.max_hops, _FEW_HOPS)
        promising: list[Estimates] = []
        near: list[Estimates] = []
        screened = 0
        for base in screen.base_tokens:
            floor = prices.base_value(screen.profit_floor_wei, base) or 0.0
            rated = rated_cycles(
                table, base, short, screen.near_floor, screen.near_count, floor * _LEEWAY
            )
            promising.append(self._estimated(rated.promising, base, prices))
            near.append(self._estimated(rated.near, base, prices))
            screened += rated.screened
        if short < screen.max_hops:
            for base in screen.base_tokens:
                rated = self._long_cycles(table, prices, screen, base, promising)
                long = rated.promising.longer_than(short)
                promising.append(self._estimated(long, base, prices))
                screened += rated.screened
        return Screened(tuple(promising), tuple(near), screened)

    def _long_cycles(
        self,
        table: RateTable,
        prices: Prices,
        screen: Screen,
        base: Token,
        known: Sequence[Estimates],
    ) -> RatedCycles:
        """The cycles that may leave more than the worst of the best that are known already.

        What a cycle must leave after gas it must leave before gas all the more: so much as the
        cheapest hops of a long cycle burn is added.
        """
        floor_wei = float(screen.profit_floor_wei)
        nets = np.concatenate([each.nets_wei for each in known])
        nets = nets[~np.isnan(nets)]
        if screen.most and len(nets) >= screen.most:
            worst_of_best = np.partition(nets, -screen.most)[-screen.most]
            least_gas = self._fixed_gas + (_FEW_HOPS + 1) * self._hop_gas[:-1].min()
            floor_wei = max(floor_wei, worst_of_best + least_gas * (prices.gas_price_wei or 0))
        rate = prices.native_rate(base)
        floor = floor_wei / rate if rate else 0.0
        return rated_cycles(table, base, screen.max_hops, profit_floor=floor * _LEEWAY)

    def _estimated(self, cycles: Cycles, base: Token, prices: Prices) -> Estimates:
        unit_cost = 1 + self._costs.least_fee_bps / BPS
        with np.errstate(all="ignore"):
            # Where the flash fee eats every profit, the cycle is sized without it.
            paid = cycles.log_rates > math.log(unit_cost)
            root = cycles.log_rates / 2 - np.where(paid, math.log(unit_cost) / 2, 0.0)
            share = np.maximum(np.expm1(root), 0.0)  # bend times input
            inputs = np.where(share > 0, share / cycles.bends, 0.0)
            back = np.expm1(cycles.log_rates - np.log1p(share))
            profits = np.where(share > 0, inputs * back, 0.0)
            gas_units = self._fixed_gas + self._hop_gas[cycles.hops].sum(axis=1)
            gas_costs = prices.gas_costs(gas_units, base)
            costs = inputs * (unit_cost - 1) + np.where(np.isnan(gas_costs), 0.0, gas_costs)
            known_rate = prices.native_rate(base)
            rate = math.nan if known_rate is None else known_rate
            worths_wei, nets_wei = profits * rate, (profits - costs) * rate
        return Estimates(base, cycles, inputs, profits, gas_units, gas_costs, worths_wei, nets_wei)

    def _price_hops(self, table: RateTable) -> None:
        """The gas of each hop by its pool's kind, and 0 for the hops that short cycles lack."""
        if table.numbers is self._numbers:
            return
        self._numbers = table.numbers
        one_of_each = {type(pool): pool for pool in table.pools}
        by_kind = {
            kind: swap_gas(pool, pool.tokens[0], pool.tokens[1])
            for kind, pool in one_of_each.items()
        }
        gas = [by_kind[type(pool)] for pool in table.pools]
        self._hop_gas = np.append(np.array(gas, dtype=float)[table.numbers.hop_pool], 0.0)
