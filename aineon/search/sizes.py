"""Sizes: each cycle sized once while its pools stay the same, and priced at each block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple, Protocol

from aineon.amm import LocalCurve
from aineon.market import Market
from aineon.search.confidence import ConfidenceFactors, age_factor, pool_ages
from aineon.search.costs import CostModel
from aineon.search.funding import Funded, Sizer, funded, named
from aineon.search.lenders import Lender
from aineon.search.opportunity import Opportunity
from aineon.search.prices import Prices
from aineon.search.rates import RateTable
from aineon.search.route import Route
from aineon.search.screening import Candidate
from aineon.search.sizing import approximate_input, optimal_input

Judge = Callable[[Route, Sequence[int], float], ConfidenceFactors]
_Hops = tuple[int, ...]


class _FromCurve(Protocol):
    """A `Sizer` that may be given what the hops' local curves compose to."""

    def __call__(
        self, route: Route, flash_fee_bps: int = 0, curve: LocalCurve | None = None
    ) -> tuple[int, ...] | None: ...


class _Sized(NamedTuple):
    """What depends on the route's pools alone, kept while they do not change."""

    route: Route
    amounts: tuple[int, ...] | None
    factors: ConfidenceFactors | None
    exact: bool
    lender: Lender | None = None
    lender_name: str | None = None
    gas_units: int = 0


class Sizes:
    """Sizes the cycles of one scan after the other.

    Args:
        table: what the cycles' hops mean; refreshed by whoever scans.
        costs: gas and flash fees.
        size_exactly, judge: see `Scanner`.
    """

    def __init__(
        self,
        table: RateTable,
        costs: CostModel,
        size_exactly: Callable[[Opportunity], bool] | None,
        judge: Judge | None,
    ) -> None:
        self._table = table
        self._costs = costs
        self._size_exactly = size_exactly
        self._judge = judge
        self._first_sizer = optimal_input if size_exactly is None else approximate_input
        self._sized: dict[_Hops, _Sized] = {}
        self._before: dict[_Hops, _Sized] = {}

    def turn(self) -> None:
        """Begin another scan: what the last one did not size is forgotten.

        What is gone has most likely been taken.
        """
        self._sized, self._before = {}, self._sized

    def opportunity(
        self, candidate: Candidate, market: Market, prices: Prices
    ) -> Opportunity | None:
        """The opportunity of a cycle, sized exactly where it is worth it; None without a profit."""
        hops = candidate.hops
        sized = self._before.get(hops)
        if sized is None or not self._table.is_current(hops, sized.route):
            sized = self._sized_by(self._first_sizer, self._table.route(hops), candidate)
        self._sized[hops] = sized
        opportunity = self._opportunity(sized, market, prices)
        if opportunity is None or sized.exact:
            return opportunity
        if self._size_exactly is not None and self._size_exactly(opportunity):
            sized = self._sized[hops] = self._sized_by(optimal_input, sized.route, candidate)
            return self._opportunity(sized, market, prices)
        return opportunity

    def _sized_by(self, sizer: _FromCurve, route: Route, candidate: Candidate) -> _Sized:
        exact = sizer is optimal_input
        curved = partial(sizer, curve=candidate.curve)
        found = funded(curved, route, self._costs) or _before_fees(curved, route, self._costs)
        if found is None:
            return _Sized(route, None, None, exact)
        amounts, lender = found
        factors = None if self._judge is None else self._judge(route, amounts, 1.0)
        units = self._costs.gas_units(route, amounts, lender)
        name = named(lender, route, amounts[0])
        return _Sized(route, amounts, factors, exact, lender, name, units)

    def _opportunity(self, sized: _Sized, market: Market, prices: Prices) -> Opportunity | None:
        if sized.amounts is None or sized.lender is None:
            return None
        trusted = None
        if sized.factors is not None:
            age = age_factor(pool_ages(sized.route, market))
            trusted = replace(sized.factors, age=age).confidence
        return Opportunity(
            route=sized.route,
            amounts=sized.amounts,
            flash_fee=sized.lender.fee(sized.amounts[0]),
            gas_units=sized.gas_units,
            gas_cost=prices.gas_cost(sized.gas_units, sized.route),
            confidence=trusted,
            block=market.block,
            lender=sized.lender_name,
        )


def _before_fees(sizer: Sizer, route: Route, costs: CostModel) -> Funded | None:
    """The gross optimum, where the loan's fee eats every profit."""
    lender = costs.lender_of(route)
    if not lender.fee_bps:
        return None
    amounts = sizer(route, 0)
    return None if amounts is None else Funded(amounts, lender)
