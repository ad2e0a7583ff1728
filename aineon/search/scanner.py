"""Scanner: every opportunity of a market, sized, with its costs and its confidence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain
from types import NoneType

from aineon.errors import InvalidRoute, InvalidSearch
from aineon.market import Market
from aineon.primitives import Block, Token
from aineon.search.confidence import (
    ConfidenceFactors,
    age_factor,
    confidence,
    factors_of,
    pool_ages,
)
from aineon.search.costs import CostModel
from aineon.search.cycles import RatedCycle, RatedCycles, best_rate_first, rated_cycles
from aineon.search.opportunity import Opportunity
from aineon.search.rates import RateTable
from aineon.search.route import Hop, Route
from aineon.search.sizing import approximate_input, optimal_input

_Sizer = Callable[[Route, int], tuple[int, ...] | None]

DEFAULT_MAX_HOPS = 4
NEAR_FLOOR = 0.99
NEAR_COUNT = 20


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A cycle that does not gain, and by how little: the answer to "why not?".

    It has no size: where the rates multiply to 1 or less, every size loses. One a little above
    1 is here when the gain rounds away at every size.

    Attributes:
        route: the cycle through the pools as they were.
        rate: its marginal rates after fees multiplied; what the first unit would bring back.
    """

    route: Route
    rate: float

    @property
    def missing_bps(self) -> float:
        """By how many basis points the first unit falls short of breaking even."""
        return (1 - self.rate) * 10_000


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan of one state of the market found.

    Attributes:
        opportunities: every cycle with a gross profit, best net first.
        near_misses: the cycles closest to one, best rate first.
        cycles_screened: complete cycles whose rates were multiplied. Cycles whose beginning
            already showed that they cannot come near a profit are not counted.
        cycles_sized: how many of them were worth exact sizing.
        pools_refreshed: pools whose state differed from the scan before.
        block, step: of the market.
    """

    opportunities: tuple[Opportunity, ...]
    near_misses: tuple[NearMiss, ...]
    cycles_screened: int
    cycles_sized: int
    pools_refreshed: int
    block: Block | None
    step: int


@dataclass(frozen=True, slots=True)
class _Sized:
    """What depends on the route's pools alone, kept while they do not change."""

    route: Route
    amounts: tuple[int, ...] | None
    factors: ConfidenceFactors | None
    exact: bool
    gas_units: int = 0


def pays_its_way(opportunity: Opportunity) -> bool:
    """Whether something is left after flash fee and gas, or could be: unknown gas counts as yes.

    Made for `Scanner`'s `size_exactly`: an approximate size misses a millionth of the profit or
    a few smallest units, so a cycle that does not pay its way at that size pays at no other.
    """
    return opportunity.net_profit is None or opportunity.net_profit >= 0


class Scanner:
    """Scans a market again and again, computing only what has changed since.

    Args:
        base_tokens: tokens that cycles begin and end with; repetitions do not count. A cycle
            that leads through two of them is an opportunity for each: they differ in what is
            borrowed and what is earned, and mostly in size.
        max_hops: the most hops of a cycle, at least 2; up to 4 are fast.
        costs: gas and flash fees; by default without flash fee.
        near_floor: product of rates from which a losing cycle is a near miss, above 0, up to 1.
        near_count: how many near misses to keep.
        size_exactly: which opportunities are worth their exact size, which costs a hundred
            times the approximate one; None for all. The others keep a size that misses a
            millionth of the profit or a few smallest units.

    Raises:
        InvalidSearch: no base tokens, fewer than 2 hops, or a floor or count out of range.
    """

    def __init__(
        self,
        base_tokens: Iterable[Token],
        max_hops: int = DEFAULT_MAX_HOPS,
        costs: CostModel | None = None,
        near_floor: float = NEAR_FLOOR,
        near_count: int = NEAR_COUNT,
        size_exactly: Callable[[Opportunity], bool] | None = None,
    ) -> None:
        self.base_tokens = _checked_bases(base_tokens)
        _check_kind("costs", costs, CostModel, NoneType)
        if type(max_hops) is not int or max_hops < 2:
            raise InvalidSearch(f"max_hops is {max_hops!r}; allowed is an int from 2 on")
        if not isinstance(near_floor, int | float) or not 0 < near_floor <= 1:
            raise InvalidSearch(f"near_floor is {near_floor!r}; allowed is above 0, up to 1")
        if type(near_count) is not int or near_count < 0:
            raise InvalidSearch(f"near_count is {near_count!r}; allowed is an int from 0 on")
        self.max_hops = max_hops
        self.costs = costs or CostModel()
        self._near_floor = near_floor
        self._near_count = near_count
        self._size_exactly = size_exactly
        self._table = RateTable()
        self._sized: dict[tuple[int, ...], _Sized] = {}

    def scan(self, market: Market, limit: int | None = None) -> Scan:
        """Find every opportunity in the market as it is now.

        Args:
            market: its pools; without a block, or without the block's base fee, the net profit
                of the opportunities is not known.
            limit: how many opportunities to return, the best; None for all.

        Raises:
            InvalidSearch: the limit is negative, or the market is none.
        """
        _check_kind("market", market, Market)
        if limit is not None and (type(limit) is not int or limit < 0):
            raise InvalidSearch(f"limit is {limit!r}; allowed is None or an int from 0 on")
        refreshed = self._table.refresh(market)
        found = [self._rated(base) for base in self.base_tokens]
        # Only what this scan needs is kept: what is gone has most likely been taken.
        self._sized = {
            cycle.hops: self._size(cycle) for cycles in found for cycle in cycles.promising
        }
        found_opportunities = (self._found(hops, market) for hops in tuple(self._sized))
        opportunities = [each for each in found_opportunities if each is not None]
        opportunities.sort(key=lambda each: _rank(each, self.costs, market))
        return Scan(
            opportunities=tuple(opportunities[:limit]),
            near_misses=self._near_misses(found),
            cycles_screened=sum(cycles.screened for cycles in found),
            cycles_sized=len(self._sized),
            pools_refreshed=refreshed,
            block=market.block,
            step=market.step,
        )

    def _rated(self, base: Token) -> RatedCycles:
        return rated_cycles(self._table, base, self.max_hops, self._near_floor, self._near_count)

    def _size(self, cycle: RatedCycle) -> _Sized:
        known = self._sized.get(cycle.hops)
        if known is not None and self._table.is_current(cycle.hops, known.route):
            return known
        sizer = optimal_input if self._size_exactly is None else approximate_input
        return self._sized_by(sizer, self._table.route(cycle.hops))

    def _sized_by(self, sizer: _Sizer, route: Route) -> _Sized:
        exact = sizer is optimal_input
        amounts = _best_amounts(sizer, route, self.costs.flash_fee_bps)
        if amounts is None:
            return _Sized(route, None, None, exact)
        factors = factors_of(route, amounts, age=1.0)
        return _Sized(route, amounts, factors, exact, self.costs.gas_units(route, amounts))

    def _found(self, hops: tuple[int, ...], market: Market) -> Opportunity | None:
        """The opportunity of a sized cycle, sized exactly where it is worth it."""
        opportunity = self._opportunity(self._sized[hops], market)
        if opportunity is None or self._sized[hops].exact:
            return opportunity
        if self._size_exactly is not None and self._size_exactly(opportunity):
            self._sized[hops] = self._sized_by(optimal_input, opportunity.route)
            return self._opportunity(self._sized[hops], market)
        return opportunity

    def _opportunity(self, sized: _Sized, market: Market) -> Opportunity | None:
        if sized.amounts is None or sized.factors is None:
            return None
        aged = replace(sized.factors, age=age_factor(pool_ages(sized.route, market)))
        return Opportunity(
            route=sized.route,
            amounts=sized.amounts,
            flash_fee=self.costs.flash_fee(sized.amounts[0]),
            gas_units=sized.gas_units,
            gas_cost=self.costs.cost_of_gas(sized.gas_units, sized.route, market.block, market),
            confidence=aged.confidence,
            block=market.block,
        )

    def _near_misses(self, found: Iterable[RatedCycles]) -> tuple[NearMiss, ...]:
        if not self._near_count:
            return ()
        near = chain.from_iterable(cycles.near for cycles in found)
        promising = chain.from_iterable(cycles.promising for cycles in found)
        gainless = (cycle for cycle in promising if self._sized[cycle.hops].amounts is None)
        best = sorted(chain(near, gainless), key=best_rate_first)[: self._near_count]
        return tuple(NearMiss(self._table.route(c.hops), math.exp(c.log_rate)) for c in best)


def find_opportunities(
    market: Market,
    base_tokens: Iterable[Token],
    max_hops: int = DEFAULT_MAX_HOPS,
    limit: int | None = None,
    costs: CostModel | None = None,
) -> list[Opportunity]:
    """Return every cycle with a gross profit, best net profit first.

    Net profits of different base tokens are compared by their worth in the native token. Those
    whose net profit is not known stand behind, by gross profit. A base token that no pool holds
    has no cycles. Cycles through two base tokens are listed for each; see `Scanner`, which is
    the better choice for scanning one market repeatedly.

    Args:
        market: the pools and their block; with the block's base fee the net profit is known.
        base_tokens: tokens that cycles begin and end with.
        max_hops: the most hops of a cycle, at least 2; up to 4 are fast.
        limit: how many to return, the best; None for all.
        costs: gas and flash fees; by default without flash fee. Where a flash fee eats the
            gross profit at every size, the cycle is sized without it, and its net is negative.

    Raises:
        InvalidSearch: no base tokens, fewer than 2 hops, or a negative limit.
    """
    scanner = Scanner(base_tokens, max_hops, costs, near_count=0)
    return list(scanner.scan(market, limit).opportunities)


def best_input(
    route: Iterable[Hop], block: Block | None = None, costs: CostModel | None = None
) -> Opportunity | None:
    """Size a cycle exactly; None where no size is profitable.

    Without `block` and `costs`, profitable means gross. With `costs` the flash fee is taken off.
    With `block` the gas is taken off too; where its price is not known (the block has no base
    fee, or no hop joins base and native token), the opportunity is returned with a net profit
    of None. The size is the one that pays best before gas: a smaller one that crosses one tick
    less, and so saves its gas, is not looked for.

    Raises:
        InvalidRoute: the hops do not join, use a pool twice, or do not end where they began.
        InvalidSearch: `block` or `costs` are something else.
    """
    _check_kind("block", block, Block, NoneType)
    _check_kind("costs", costs, CostModel, NoneType)
    cycle = route if isinstance(route, Route) else Route(route)
    if not cycle.is_cycle:
        raise InvalidRoute(
            f"route begins with {cycle[0].token_in} and ends with {cycle[-1].token_out}: "
            "only a cycle can be profitable"
        )
    model = costs or CostModel()
    amounts = optimal_input(cycle, model.flash_fee_bps)
    if amounts is None:
        return None
    sized = Opportunity(cycle, amounts, model.flash_fee(amounts[0]), block=block)
    sized = replace(sized, confidence=confidence(sized))
    if block is None:
        return sized
    units = model.gas_units(cycle, amounts)
    gas_cost = model.cost_of_gas(units, cycle, block)
    priced = replace(sized, gas_units=units, gas_cost=gas_cost)
    if priced.net_profit is not None and priced.net_profit <= 0:
        return None
    return priced


def _checked_bases(base_tokens: Iterable[Token]) -> tuple[Token, ...]:
    if isinstance(base_tokens, Token):
        raise InvalidSearch("base_tokens is a single token; allowed is a list of tokens")
    _check_kind("base_tokens", base_tokens, Iterable)
    bases = tuple(base_tokens)
    if not bases:
        raise InvalidSearch("base_tokens is empty; allowed is one token or more")
    for base in bases:
        if not isinstance(base, Token):
            raise InvalidSearch(f"base_tokens holds {base!r}; allowed are tokens")
    return tuple(dict.fromkeys(bases))


def _check_kind(name: str, value: object, *kinds: type) -> None:
    if not isinstance(value, kinds):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise InvalidSearch(f"{name} is {value!r}; allowed is {wanted}")


def _best_amounts(sizer: _Sizer, route: Route, flash_fee_bps: int) -> tuple[int, ...] | None:
    """The optimum after the flash fee, or the gross one where the fee eats every profit."""
    amounts = sizer(route, flash_fee_bps)
    if amounts is None and flash_fee_bps:
        return sizer(route, 0)
    return amounts


def _rank(
    opportunity: Opportunity, costs: CostModel, market: Market
) -> tuple[bool, bool, int, str]:
    """Sort key: known net profit first, then what is worth more, then the stable name."""
    net = opportunity.net_profit
    profit = opportunity.gross_profit if net is None else net
    worth = costs.native_value(profit, opportunity.base_token, market, opportunity.route)
    return (net is None, worth is None, -(profit if worth is None else worth), opportunity.key)
