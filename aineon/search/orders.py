"""Orders: taking cycles that share pools one after the other, tried in many ways.

A cycle here is a *way*: a route, whatever the state of its pools. Each way is sized once on each
state of its pools, and only where a pool of it changed, so that many orders cost few sizings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

from aineon.amm import Pool
from aineon.errors import InvalidSearch
from aineon.market import Market
from aineon.primitives import Address, Token
from aineon.search.costs import CostModel
from aineon.search.entangled import moved_by
from aineon.search.funding import Funded, Sizer, funded, priced
from aineon.search.opportunity import Opportunity
from aineon.search.route import MOST_STEPS, Route
from aineon.search.splitting import quick_input, split_input
from aineon.search.states import State, amounts_along, on_state, pools_after, readers_of

# All orders of so many ways that share pools are tried.
_FEW = 4
# So many first choices are followed to their end where there are more ways.
_FIRST_CHOICES = 6
# In such parts of its size the best way is taken again and again: of all ways, and of those alone
# that came out best. Halves of few ways are too coarse, quarters of all cost too many sizings.
_HALVES, _QUARTERS = 2, 4
# Taking parts ends where one adds less than this part of what was taken, as bits.
_FINE_BITS = 12
_WORTH_BITS = 128


class Valuation:
    """Costs and worths at the prices of one market, whatever is tried on it."""

    def __init__(self, market: Market, costs: CostModel) -> None:
        self.market = market
        self.costs = costs
        self._worths: dict[Token, int | None] = {}
        self._gas_rates: dict[Token, Fraction | None] = {}

    def worth(self, net: int, token: Token) -> int | None:
        """So much of `token` in wei, rounded down; None where that is not known."""
        if token not in self._worths:
            self._worths[token] = self.costs.native_value(1 << _WORTH_BITS, token, self.market)
        unit = self._worths[token]
        return None if unit is None else net * unit >> _WORTH_BITS

    def net_worth(self, opportunity: Opportunity) -> int | None:
        """The opportunity's net profit in wei; None where it is not known."""
        net = opportunity.net_profit
        return None if net is None else self.worth(net, opportunity.base_token)

    def priced(self, route: Route, amounts: tuple[int, ...]) -> Opportunity:
        """The opportunity that `amounts` on `route` are."""
        gas_rate = self._gas_rate(route)
        lender = self.costs.lender_of(route, amounts[0], gas_rate)
        return self._priced(Funded(amounts, lender), route, gas_rate)

    def sized(self, sizer: Sizer, route: Route) -> Opportunity | None:
        """The opportunity that `route` is at its size; None where no size leaves anything."""
        gas_rate = self._gas_rate(route)
        found = funded(sizer, route, self.costs, gas_rate)
        return None if found is None else self._priced(found, route, gas_rate)

    def _gas_rate(self, route: Route) -> Fraction | None:
        base = route[0].token_in
        if base not in self._gas_rates:
            rate = self.costs.gas_rate(route, self.market.block, self.market)
            native = self.costs.native_token
            if native is None or not self.market.registry.pools_between(base, native):
                # The market cannot tell; where the route can, that is true of the route alone.
                return rate
            self._gas_rates[base] = rate
        return self._gas_rates[base]

    def _priced(self, found: Funded, route: Route, gas_rate: Fraction | None) -> Opportunity:
        return priced(found, route, self.costs, gas_rate, self.market.block)


class Trial(NamedTuple):
    """What a way leaves in some state, in wei: after the flash fee, and its gas."""

    gain: int
    gas: int
    route: Route
    amounts: tuple[int, ...]

    @property
    def worth(self) -> int:
        """What is left after gas."""
        return self.gain - self.gas


class Trials:
    """Sizes ways on states of their pools, each once.

    Attributes:
        ways: the routes that are tried, whatever the state of their pools.
        least: the least net worth in wei for which a way is taken.
        left: how many more sizings may be spent.
        kept: as many for balancing the ways that came out best, which the search among all ways
            would use up.
    """

    def __init__(self, valuation: Valuation, least: int, budget: int) -> None:
        self.ways: list[Route] = []
        self.least = least
        self.left = self.kept = budget
        self._valuation = valuation
        self._pools = valuation.market.pools
        self._readers = readers_of(self._pools.values())
        self._keys: set[str] = set()
        # Pools are kept with their trials, so that no other object can get their identity.
        self._known: dict[tuple[int, ...], tuple[tuple[Pool, ...], Trial | None]] = {}
        self._exact: dict[tuple[int, ...], tuple[tuple[Pool, ...], Opportunity | None]] = {}

    def add(self, opportunities: Iterable[Opportunity]) -> bool:
        """Take up the ways of these that are new, and say whether there were any."""
        before = len(self.ways)
        for opportunity in opportunities:
            for pool in opportunity.route.pools:
                if pool.address not in self._pools:
                    raise InvalidSearch(
                        f"{opportunity.route} leads through pool {pool.address}, which the market "
                        "does not hold; allowed are opportunities found in it"
                    )
            if opportunity.key in self._keys or self._valuation.net_worth(opportunity) is None:
                continue
            if len(opportunity.route.pools) > MOST_STEPS:
                continue
            self._keys.add(opportunity.key)
            self._remember(len(self.ways), opportunity.route, self._trial_of(opportunity))
            self.ways.append(opportunity.route)
        return len(self.ways) > before

    def groups(self) -> list[list[int]]:
        """The ways by number, grouped so that ways of different groups share no pool."""
        group_of: dict[Address, list[int]] = {}
        for index, way in enumerate(self.ways):
            addresses = [pool.address for pool in way.pools]
            joined = {id(group): group for at in addresses if (group := group_of.get(at))}
            group = [*chain.from_iterable(joined.values()), index]
            for member in group:
                group_of.update((pool.address, group) for pool in self.ways[member].pools)
        return list({id(group): sorted(group) for group in group_of.values()}.values())

    def trial(self, index: int, state: State) -> Trial | None:
        """What way `index` leaves in `state`; None where that is nothing, or not known."""
        route = self._route(index, state)
        if route is None:
            return None
        key = (index, *map(id, route.pools))
        if key not in self._known:
            self.left -= 1
            self._remember(index, route, self._sized(route))
        return self._known[key][1]

    def promising(self, group: Sequence[int], state: State) -> list[tuple[Trial, int]]:
        """The ways that leave at least the least in `state`, the best first."""
        tried = ((self.trial(index, state), index) for index in group)
        found = [(trial, at) for trial, at in tried if trial and trial.worth >= self.least]
        found.sort(key=lambda each: (-each[0].worth, each[1]))
        return found

    def exact(self, index: int, state: State) -> Opportunity | None:
        """Way `index` in `state` at its exact size; None where no size leaves anything."""
        route = self._route(index, state)
        if route is None:
            return None
        key = (index, *map(id, route.pools))
        if key not in self._exact:
            self._exact[key] = (route.pools, self._valuation.sized(split_input, route))
        return self._exact[key][1]

    def sized(self, index: int, state: State, amount_in: int) -> Opportunity | None:
        """Way `index` in `state` with this input; None where a pool cannot take it."""
        route = self._route(index, state)
        amounts = None if route is None else amounts_along(route, amount_in)
        if route is None or amounts is None:
            return None
        return self._valuation.priced(route, amounts)

    def part(self, trial: Trial, parts: int) -> Trial | None:
        """One of so many parts of a trial's size; None where that leaves nothing."""
        amounts = amounts_along(trial.route, max(trial.amounts[0] // parts, 1))
        return None if amounts is None else self._trial(trial.route, amounts)

    def state_after(self, taken: Trial | Opportunity, state: State) -> State:
        """The state that taking this leaves; pools entangled with those it moves are not known."""
        moved = pools_after(taken.route, taken.amounts)
        contracts = {at for address in moved for at in moved_by(self._pools[address])}
        readers = (pool for at in contracts for pool in self._readers.get(at, ()))
        return state | dict.fromkeys(readers) | moved

    def _route(self, index: int, state: State) -> Route | None:
        """The way in `state`; None where a pool of it is not known any more."""
        way = self.ways[index]
        if any(state.get(pool.address, pool) is None for pool in way.pools):
            return None
        return on_state(way, lambda at: state.get(at) or self._pools[at])

    def _sized(self, route: Route) -> Trial | None:
        sized = self._valuation.sized(quick_input, route)
        return None if sized is None else self._trial_of(sized)

    def _trial(self, route: Route, amounts: tuple[int, ...]) -> Trial | None:
        return self._trial_of(self._valuation.priced(route, amounts))

    def _trial_of(self, opportunity: Opportunity) -> Trial | None:
        gross = opportunity.gross_profit - opportunity.flash_fee
        gain = self._valuation.worth(gross, opportunity.base_token)
        net = self._valuation.net_worth(opportunity)
        if gain is None or net is None or gain <= 0:
            return None
        return Trial(gain, gain - net, opportunity.route, opportunity.amounts)

    def _remember(self, index: int, route: Route, trial: Trial | None) -> None:
        self._known[(index, *map(id, route.pools))] = (route.pools, trial)


class Taken(NamedTuple):
    """A way with what it adds, and its size; None for the size that is best when it comes."""

    worth: int
    way: int
    amount_in: int | None = None


class Order(NamedTuple):
    """Ways in the order in which they are taken."""

    worth: int = 0
    taken: tuple[Taken, ...] = ()

    def then(self, trial: Trial, index: int) -> Order:
        """This order with one more way behind it."""
        return Order(self.worth + trial.worth, (*self.taken, Taken(trial.worth, index)))


_worth = attrgetter("worth")

# --- looking for the best order --------------------------------------------------------------


def best_order(trials: Trials) -> list[Taken]:
    """The best order found; groups that share no pool are ordered each by itself."""
    orders = [_best_of_group(trials, group) for group in trials.groups()]
    return _merged(orders)


def _best_of_group(trials: Trials, group: Sequence[int]) -> Order:
    best = _best_first(trials, group, {}, Order())
    if len(group) == 1:
        return best
    tried = _all_orders if len(group) <= _FEW else _by_first_choice
    halves = _by_parts(trials, group, _HALVES)
    best = max(best, halves, *tried(trials, group, {}, Order()), key=_worth)
    return max(best, _balanced(trials, best), key=_worth)


def _balanced(trials: Trials, best: Order) -> Order:
    """The ways of `best` at sizes nearer to their balance."""
    used = sorted({taken.way for taken in best.taken})
    left, trials.left = trials.left, trials.kept
    balanced = _by_parts(trials, used, _QUARTERS)
    trials.left, trials.kept = left, trials.left
    return balanced


def _best_first(trials: Trials, group: Sequence[int], state: State, order: Order) -> Order:
    """Go on from `state` with whatever leaves most, until nothing does.

    Ways may come again where others moved their pools back. Not more steps than there are ways:
    what is left after them is little.
    """
    for _ in group:
        found = trials.promising(group, state)
        if not found:
            break
        trial, index = found[0]
        state, order = trials.state_after(trial, state), order.then(trial, index)
    return order


def _all_orders(
    trials: Trials, group: Sequence[int], state: State, order: Order
) -> Iterator[Order]:
    """Every order of every subset, each followed by whatever is left, best first."""
    taken = {each.way for each in order.taken}
    for trial, index in trials.promising(group, state):
        if index in taken or trials.left <= 0:
            continue
        longer, after = order.then(trial, index), trials.state_after(trial, state)
        yield _best_first(trials, group, after, longer)
        yield from _all_orders(trials, group, after, longer)


def _by_first_choice(
    trials: Trials, group: Sequence[int], state: State, order: Order
) -> Iterator[Order]:
    """Orders that begin with each of some first choices and go on best first.

    The choice whose order comes out best is kept, and the next one is decided in the same way.
    """
    for _ in group:
        followed: list[tuple[int, State, Order]] = []
        for trial, index in trials.promising(group, state)[:_FIRST_CHOICES]:
            if trials.left <= 0:
                return
            longer, after = order.then(trial, index), trials.state_after(trial, state)
            whole = _best_first(trials, group, after, longer)
            followed.append((whole.worth, after, longer))
            yield whole
        if not followed:
            return
        _, state, order = max(followed, key=lambda each: each[0])


def _by_parts(trials: Trials, group: Sequence[int], parts: int) -> Order:
    """Take a part of the best way's size, look again, and so on; then each way at its sum.

    A way taken whole pushes its pools as far as it alone wants; parts let the ways that share
    them find a balance. Gas counts once for each way.
    """
    state: State = {}
    gains: dict[int, int] = {}
    sizes: dict[int, int] = {}
    while trials.left > 0:
        least = max(trials.least, sum(gains.values()) >> _FINE_BITS)
        found = []
        for index in group:
            trial = trials.trial(index, state)
            adds = 0 if trial is None else trial.gain if index in sizes else trial.worth
            if trial is not None and adds >= least:
                found.append((adds, -index, trial))
        part = trials.part(max(found)[2], parts) if found else None
        if part is None:
            break
        index = -max(found)[1]
        gains[index] = gains.get(index, -part.gas) + part.gain
        sizes[index] = sizes.get(index, 0) + part.amounts[0]
        state = trials.state_after(part, state)
    taken = [Taken(gain, index, sizes[index]) for index, gain in gains.items()]
    return Order(sum(gains.values()), tuple(taken))


def _merged(orders: Iterable[Order]) -> list[Taken]:
    """All ways, each group's in its own order, the group with the best next one first."""
    waiting = [list(order.taken) for order in orders if order.taken]
    merged = []
    while waiting:
        waiting.sort(key=lambda taken: (-taken[0].worth, taken[0].way))
        merged.append(waiting[0].pop(0))
        waiting = [taken for taken in waiting if taken]
    return merged
