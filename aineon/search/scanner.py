"""Scanner: every opportunity of a market, sized, with its costs and its confidence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from operator import attrgetter, itemgetter
from types import NoneType

from aineon.errors import InvalidRoute, InvalidSearch
from aineon.market import Market
from aineon.primitives import Address, Block, Token
from aineon.search.confidence import (
    confidence,
    factors_of,
)
from aineon.search.costs import CostModel
from aineon.search.explanation import Evidence
from aineon.search.funding import funded, priced
from aineon.search.opportunity import Opportunity
from aineon.search.prices import Prices
from aineon.search.rates import RateTable
from aineon.search.route import Hop, Route
from aineon.search.scan import NearMiss, Scan
from aineon.search.screening import Candidate, Screen, Screened, Screener
from aineon.search.sizes import Judge, Sizes
from aineon.search.sizing import optimal_input

DEFAULT_MAX_HOPS = 4
NEAR_FLOOR = 0.99
NEAR_COUNT = 20


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
        near_count: how many near misses to keep; with `size_at_most` those of up to 3 hops.
        size_exactly: which opportunities are worth their exact size, which costs many times
            the approximate one; None for all. The others keep a size that misses a millionth
            of the profit or a few smallest units.
        size_at_most: how many cycles are sized, the best by estimated net profit; None for
            all, of which markets with thousands of pools have too many. Estimates come from
            the pools' local curves, which take a V3 pool's liquidity at its price as endless:
            they rank, so a cycle near the end of the ranking may be sized in the place of a
            better one.
        profit_floor_wei: least gross profit of an opportunity, by its worth in the native
            token (0 for any). No cycle that reaches it is lost in screening: what is dropped
            there cannot reach it at any size. Where a base token's worth is not known, its
            cycles have no floor.
        judge: finds the confidence's factors of a sized route, as `factors_of` does; None
            leaves the confidence unknown, and saves more time than the sizes take.

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
        size_at_most: int | None = None,
        profit_floor_wei: int = 0,
        judge: Judge | None = factors_of,
    ) -> None:
        self.base_tokens = _checked_bases(base_tokens)
        _check_kind("costs", costs, CostModel, NoneType)
        if type(max_hops) is not int or max_hops < 2:
            raise InvalidSearch(f"max_hops is {max_hops!r}; allowed is an int from 2 on")
        if not isinstance(near_floor, int | float) or not 0 < near_floor <= 1:
            raise InvalidSearch(f"near_floor is {near_floor!r}; allowed is above 0, up to 1")
        _check_count("near_count", near_count)
        _check_count("profit_floor_wei", profit_floor_wei)
        if size_at_most is not None:
            _check_count("size_at_most", size_at_most)
        self.max_hops = max_hops
        self.costs = costs or CostModel()
        self._screen = Screen(
            self.base_tokens, max_hops, near_floor, near_count, size_at_most, profit_floor_wei
        )
        self._table = RateTable()
        self._screener = Screener(self.costs)
        self._sizes = Sizes(self._table, self.costs, size_exactly, judge)

    def scan(
        self,
        market: Market,
        limit: int | None = None,
        changed: Collection[Address] | None = None,
    ) -> Scan:
        """Find every opportunity in the market as it is now.

        Args:
            market: its pools; without a block, or without the block's base fee, the net profit
                of the opportunities is not known.
            limit: how many opportunities to return, the best; None for all.
            changed: the pools that may differ from the market scanned before, as
                `Market.apply` returned them since, so that others need not be looked at; a
                pool missing here is taken for what it was. None looks at every pool.

        Raises:
            InvalidSearch: the limit is negative, or the market is none.
        """
        if limit is not None:
            _check_count("limit", limit, "None or an int")
        return self.begin(market, changed).finished(limit)

    def begin(self, market: Market, changed: Collection[Address] | None = None) -> Scanning:
        """Screen the market, and size cycles as they are asked for; see `scan`.

        The market must stay as it is, and no other scan begin, until this one is finished.
        """
        _check_kind("market", market, Market)
        refreshed = self._table.refresh(market, changed)
        prices = Prices(self.costs, market, self._table, self.base_tokens)
        screened = self._screener.screen(self._table, prices, self._screen)
        self._sizes.turn()
        return Scanning(self, market, prices, screened, refreshed)


class Scanning:
    """A scan under way: what may profit is known by estimate, and sized when its turn comes."""

    def __init__(
        self, scanner: Scanner, market: Market, prices: Prices, screened: Screened, refreshed: int
    ) -> None:
        self._scanner = scanner
        self._market = market
        self._prices = prices
        self._screened = screened
        self._refreshed = refreshed
        self._candidates = screened.candidates(scanner._screen.most)
        self._floor_wei = scanner._screen.profit_floor_wei
        self._found: dict[tuple[int, ...], Opportunity | None] = {}
        self._low: set[tuple[int, ...]] = set()

    def opportunities(self, first: int) -> Iterator[Opportunity]:
        """Yield the opportunities among the `first` cycles by estimate, then those of the others.

        Of either the best one first. The others are sized when the first ones have been taken:
        estimates are good enough that the best one of all is hardly ever among them.
        """
        for part in (self._candidates[:first], self._candidates[first:]):
            yield from self._ranked(part)

    def finished(self, limit: int | None = None) -> Scan:
        """Size what is left, and return all that was found; see `Scanner.scan`."""
        scanner, screened = self._scanner, self._screened
        opportunities = self._ranked(self._candidates)
        return Scan(
            opportunities=tuple(opportunities[:limit]),
            near_misses=self._near_misses(),
            cycles_screened=screened.cycles_screened,
            cycles_promising=screened.cycles_promising,
            cycles_sized=len(self._found),
            pools_refreshed=self._refreshed,
            block=self._market.block,
            step=self._market.step,
            evidence=Evidence(
                screened,
                scanner._table.numbers,
                self._market.pools,
                self._found,
                frozenset(self._low),
                self._floor_wei,
                scanner.costs,
            ),
        )

    def _ranked(self, candidates: Iterable[Candidate]) -> list[Opportunity]:
        sized = (self._sized(candidate) for candidate in candidates)
        return _ranked([each for each in sized if each is not None], self._prices)

    def _sized(self, candidate: Candidate) -> Opportunity | None:
        """The opportunity of a cycle; None where it leaves nothing, or less than the floor."""
        hops = candidate.hops
        if hops not in self._found:
            found = self._scanner._sizes.opportunity(candidate, self._market, self._prices)
            self._found[hops] = found
            if self._floor_wei and found is not None and self._is_below_floor(found):
                self._low.add(hops)
        return None if hops in self._low else self._found[hops]

    def _is_below_floor(self, opportunity: Opportunity) -> bool:
        worth = self._prices.native_value(opportunity.gross_profit, opportunity.route)
        return worth is not None and worth < self._floor_wei

    def _near_misses(self) -> tuple[NearMiss, ...]:
        """The best losing cycles, and with them what gains in real numbers but at no size."""
        count = self._scanner._screen.near_count
        if not count:
            return ()
        near = self._screened.near
        missed = [candidate for each in near for candidate in each.candidates()]
        missed += [each for each in self._candidates if self._found[each.hops] is None]
        ranked = sorted((-each.log_rate, each.hops, each.rate) for each in missed)[:count]
        route = self._scanner._table.route
        return tuple(NearMiss(route(hops), rate) for _, hops, rate in ranked)


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
    gas_rate = model.gas_rate(cycle, block)
    found = funded(optimal_input, cycle, model, gas_rate)
    if found is None:
        return None
    sized = priced(found, cycle, model, gas_rate, block)
    sized = replace(sized, confidence=confidence(sized))
    if block is None:
        return replace(sized, gas_units=None)
    if sized.net_profit is not None and sized.net_profit <= 0:
        return None
    return sized


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


def _check_count(name: str, value: object, wanted: str = "an int") -> None:
    if type(value) is not int or value < 0:
        raise InvalidSearch(f"{name} is {value!r}; allowed is {wanted} from 0 on")


def _ranked(opportunities: Iterable[Opportunity], prices: Prices) -> list[Opportunity]:
    """Known net profit first, then what is worth more, then by the stable name."""
    ranks = [(_rank(each, prices), each) for each in opportunities]
    ranked: list[Opportunity] = []
    for _, tied in groupby(sorted(ranks, key=itemgetter(0)), key=itemgetter(0)):
        equals = [each for _, each in tied]
        # Names take long to spell, and are seldom needed.
        ranked += sorted(equals, key=attrgetter("key")) if len(equals) > 1 else equals
    return ranked


def _rank(opportunity: Opportunity, prices: Prices) -> tuple[bool, bool, int]:
    net = opportunity.net_profit
    profit = opportunity.gross_profit if net is None else net
    worth = prices.native_value(profit, opportunity.route)
    return (net is None, worth is None, -(profit if worth is None else worth))
