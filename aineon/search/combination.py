"""Combination: which opportunities to take, and in which order, where they share pools.

What one opportunity takes from a pool the next one finds gone. The sum of net profits therefore
depends on which ones are taken, and in which order. `docs/splits-and-combination.md` says how
the order is looked for, and how far that was from the best one where all could be tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from aineon.amm import ConcentratedPool
from aineon.errors import InvalidSearch
from aineon.market import Market
from aineon.search.confidence import confidence
from aineon.search.costs import CostModel
from aineon.search.opportunity import Opportunity
from aineon.search.orders import Taken, Trials, Valuation, best_order
from aineon.search.route import MOST_STEPS
from aineon.search.splitting import amounts_from, quick_input, split_input, with_splits
from aineon.search.states import State, market_in

DEFAULT_BUDGET = 300
"""Sizings that may be spent on looking for a better order than best first, and then on sizes."""

# Each further look finds cycles that the combination before it opened; they soon run out.
_MOST_LOOKS = 8
# What is left after an order was carried out is taken up again so often, and as long as one more
# opportunity adds this part of the sum, as bits: without gas there would be no end.
_MOST_LEFT_OVERS = 64
_FINE_BITS = 16
# Ranged pools of a cycle that is sized exactly where somebody waits for it: with three it takes
# some 20 ms, with four some 70.
_MOST_RANGED = 2


@dataclass(frozen=True, slots=True)
class Combination:
    """Opportunities that are meant for one block, in this order.

    Attributes:
        opportunities: each with its size on the states that those before it leave.
        market_after: the market as all of them leave it; a pool whose next state its quote does
            not know (`IncompleteState`) as it was. No later opportunity leads through such a
            pool, or through one that is entangled with a pool that was moved.
        net: the sum of their net profits, in wei of the native token at the market's prices.
    """

    opportunities: tuple[Opportunity, ...]
    market_after: Market
    net: int


def best_combination(
    opportunities: Iterable[Opportunity],
    market: Market,
    costs: CostModel,
    *,
    find: Callable[[Market], Iterable[Opportunity]] | None = None,
    least: int = 1,
    budget: int = DEFAULT_BUDGET,
) -> Combination:
    """Return the ordered set of opportunities whose summed net profit is the best found.

    Later ones are sized anew on the states that earlier ones leave, hops are divided where that
    pays, and a cycle may come again where others have moved its pools. Opportunities whose net
    profit is not known, or not in wei, are left out: what is not known cannot be summed. So are
    those through more pools than one transaction can swap through (`MOST_STEPS`).

    Args:
        opportunities: what was found in `market`: cycles through its pools.
        market: the states they were sized on.
        costs: as they were priced with.
        find: looks for cycles that the combination itself opens, on the states that it leaves
            (a scanner's `scan`, say); None to take those of `opportunities` only.
        least: the least net profit in wei for which one more opportunity is taken, from 1 on.
        budget: sizings that may be spent on a better order than best first, and as many again on
            balancing the sizes of those that came out best; 0 for none.

    Raises:
        InvalidSearch: `least` or `budget` are out of range, or an opportunity leads through a
            pool that the market does not hold.
    """
    for name, value, lowest in (("least", least, 1), ("budget", budget, 0)):
        if type(value) is not int or value < lowest:
            raise InvalidSearch(f"{name} is {value!r}; allowed is an int from {lowest} on")
    valuation = Valuation(market, costs)
    trials = Trials(valuation, least, budget)
    trials.add(opportunities)
    best = _solved(trials, valuation)
    for _ in range(_MOST_LOOKS if find is not None else 0):
        assert find is not None
        if not trials.add(find(best.market_after)):
            break
        best = max(best, _solved(trials, valuation), key=lambda each: each.net)
    return _with_confidence(best, market)


def best_alone(opportunity: Opportunity, market: Market, costs: CostModel) -> Opportunity | None:
    """Return `opportunity` by itself: well sized, and hops divided where that leaves more.

    The beginning of a combination where there is no time for looking for the best one; what is
    left after it can still be combined. The size is exact, but with three ranged pools or more:
    finding the last smallest units among their ticks takes as long as all that is done before a
    trade is signed, and there the size is the one of `approximate_input`, which misses some
    smallest units of the tokens on the way, or the exact one where that leaves nothing. Where
    the size that the opportunity came with leaves more, it stays. None where no size leaves
    anything, or the cycle leads through more pools than one transaction can swap through
    (`MOST_STEPS`).

    Args:
        opportunity: a cycle found in `market`.
        market: the states it was sized on.
        costs: as it was priced with.
    """
    if len(opportunity.route.pools) > MOST_STEPS:
        return None
    ranged = sum(isinstance(pool, ConcentratedPool) for pool in opportunity.route.pools)
    valuation, route = Valuation(market, costs), opportunity.route
    sized = valuation.sized(quick_input, route) if ranged > _MOST_RANGED else None
    sized = sized or valuation.sized(split_input, route)
    if sized is None:
        return None
    if amounts_from(route, opportunity.amount_in) == opportunity.amounts:
        as_it_came = valuation.priced(route, opportunity.amounts)
        sized = max(sized, as_it_came, key=_leaves)
    best = with_splits(sized, market, costs)
    if best is sized:
        best = replace(best, confidence=confidence(best, market))
    return best


def _leaves(opportunity: Opportunity) -> int:
    """What is left of sizes of one cycle, to compare them by: net where gas has a known price."""
    net = opportunity.net_profit
    return opportunity.gross_profit - opportunity.flash_fee if net is None else net


def _solved(trials: Trials, valuation: Valuation) -> Combination:
    """The best order found, carried out with divided hops and without, whatever leaves more."""
    order = best_order(trials)
    kept = _Walk(trials, valuation).carried_out(order, _as_it_is)
    wider = _Walk(trials, valuation).carried_out(order, with_splits)
    found = [kept, wider]
    if any(taken.amount_in is not None for taken in order):
        found.append(_Walk(trials, valuation).carried_out([], with_splits))
    return max(found, key=lambda each: each.net)


def _with_confidence(combination: Combination, market: Market) -> Combination:
    """Each opportunity with its confidence on the states that it is meant for.

    Its route holds these states already; the market tells when its pools last changed.
    """
    trusted = (
        replace(each, confidence=confidence(each, market)) for each in combination.opportunities
    )
    return replace(combination, opportunities=tuple(trusted))


_Finish = Callable[[Opportunity, Market, CostModel], Opportunity]


def _as_it_is(opportunity: Opportunity, market: Market, costs: CostModel) -> Opportunity:
    return opportunity


class _Walk:
    """Carries an order out: exact sizes, each on the states that those before it leave."""

    def __init__(self, trials: Trials, valuation: Valuation) -> None:
        self._trials = trials
        self._valuation = valuation
        self._chosen: list[Opportunity] = []
        self._net = 0
        self._state: State = {}

    def carried_out(self, order: Sequence[Taken], finish: _Finish) -> Combination:
        """Take the ways of `order`, then whatever is left, best first."""
        for taken in order:
            self._take(taken.way, taken.amount_in, finish)
        every_way = range(len(self._trials.ways))
        for _ in range(_MOST_LEFT_OVERS):
            left = self._trials.promising(every_way, self._state)
            if not left or left[0][0].worth < self._net >> _FINE_BITS:
                break
            if not self._take(left[0][1], None, finish):
                break
        return Combination(tuple(self._chosen), self._now(), self._net)

    def _take(self, way: int, amount_in: int | None, finish: _Finish) -> bool:
        """Take a way where it still leaves the least, and say whether it did."""
        if amount_in is None:
            opportunity = self._trials.exact(way, self._state)
        else:
            opportunity = self._trials.sized(way, self._state, amount_in)
        if opportunity is None:
            return False
        if amount_in is None:
            finished = finish(opportunity, self._now(), self._valuation.costs)
            # The market still shows pools that nothing is known of any more.
            if all(self._state.get(each.address, each) for each in finished.route.pools):
                opportunity = finished
        worth = self._valuation.net_worth(opportunity)
        if worth is None or worth < self._trials.least:
            return False
        self._chosen.append(opportunity)
        self._net += worth
        self._state = self._trials.state_after(opportunity, self._state)
        return True

    def _now(self) -> Market:
        return market_in(self._state, self._valuation.market)
