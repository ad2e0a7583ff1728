"""Splitting: swapping parts of a hop's input through further pools of the same two tokens.

A cycle is limited by the pool that bends first. A second pool in parallel lets more through at
the same price, and costs the gas of one more swap. `docs/splits-and-combination.md` says how
it is decided, and what is guaranteed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import sqrt
from operator import attrgetter
from typing import NamedTuple

from aineon.amm import ConcentratedPool, ConstantProductPool, LocalCurve, Pool
from aineon.errors import InvalidRoute
from aineon.market import Market
from aineon.primitives.units import BPS, ceil_div
from aineon.search.confidence import confidence
from aineon.search.costs import CostModel, swap_gas
from aineon.search.entangled import entangled_pair
from aineon.search.funding import funded, priced
from aineon.search.opportunity import Opportunity
from aineon.search.parallel import ParallelPools
from aineon.search.route import MOST_STEPS, Hop, Route
from aineon.search.sizing import approximate_input, optimal_input
from aineon.search.sizing.optimum import smooth_optimum

# The bound that ranks further pools is hardly ever wrong; so many vain sizings are enough.
_MOST_REFUSALS = 3
# Steps of the climbs to the best size, as bits below the input.
_CLIMBS = (3, 8, 12)
# Beyond all amounts, which have up to 256 bits.
_MUCH = 1 << 300

_WITH_FORMULA = (ConstantProductPool, ConcentratedPool)

_Amount = Callable[[int], int | None]


def with_splits(opportunity: Opportunity, market: Market, costs: CostModel) -> Opportunity:
    """Return `opportunity` with hops divided over further pools where that leaves more, net.

    The market's other pools of a hop's two tokens are tried, the one that promises most first;
    one is kept where the net profit after its extra gas is higher, as long as one transaction
    can make all the swaps (`MOST_STEPS`). Where nothing is better, or the gas cost is not known,
    the opportunity is returned as it is.

    Args:
        opportunity: a cycle sized on the market's states.
        market: where further pools are looked for.
        costs: as the opportunity was priced with.
    """
    best = opportunity
    refused: set[tuple[int, str]] = set()
    while len(refused) < _MOST_REFUSALS:
        choice = max(_choices(best, market, refused), default=None)
        if choice is None:
            break
        wider = _sized(_widened(best.route, choice), best, market, costs)
        if wider is not None and _leaves_more(wider, best):
            best = wider
        else:
            refused.add((choice.place, choice.pool.address))
    if best is opportunity:
        return opportunity
    return replace(best, confidence=confidence(best, market))


def split_input(route: Route, flash_fee_bps: int = 0) -> tuple[int, ...] | None:
    """Return the amounts (input, then what each hop pays) at which a cycle leaves most.

    A cycle without divided hops is sized exactly, by `optimal_input`. With them the amounts are
    real quotes of the polished divisions, at an input that misses the best profit by less than
    a millionth of it. None where that input leaves nothing.

    Raises:
        As `optimal_input`.
    """
    if not any(isinstance(hop.pool, ParallelPools) for hop in route):
        return optimal_input(route, flash_fee_bps)
    return climbed_input(route, flash_fee_bps)


def quick_input(route: Route, flash_fee_bps: int = 0) -> tuple[int, ...] | None:
    """Return amounts that miss the best profit by less than a millionth, as fast as can be.

    `approximate_input` where all pools have a formula for it, else `climbed_input`.

    Raises:
        As `approximate_input`.
    """
    if all(isinstance(hop.pool, _WITH_FORMULA) for hop in route):
        return approximate_input(route, flash_fee_bps)
    return climbed_input(route, flash_fee_bps)


def climbed_input(route: Route, flash_fee_bps: int = 0) -> tuple[int, ...] | None:
    """Return amounts that miss the best profit by less than a millionth, for some 25 quotes.

    None where they leave nothing. For trying many cycles of pools of any kind.

    Raises:
        InvalidRoute: the route does not end with the token it began with.
    """
    if not route.is_cycle:
        raise InvalidRoute(f"{route} does not end with the token it began with")
    start = smooth_optimum(route, 1 + flash_fee_bps / BPS)
    if start is None:
        return None
    near = [_near(hop) for hop in route]

    def profit(amount_in: int) -> int:
        amounts = _amounts(near, amount_in)
        # Less than any loss: such an input does not pass.
        return amounts[-1] - _cost(amount_in, flash_fee_bps) if amounts else -_MUCH

    best = _peak(profit, max(start, 1))
    amounts = amounts_from(route, best)
    if amounts is None or amounts[-1] <= _cost(best, flash_fee_bps):
        return None
    return amounts


def amounts_from(route: Route, amount_in: int) -> tuple[int, ...] | None:
    """Return the input and what each hop pays; None where one does not fill its input."""
    return _amounts([_exact(hop) for hop in route], amount_in)


# --- which pool to add ---------------------------------------------------------------------


class _Choice(NamedTuple):
    """A further pool for the hop at `place`, and the most that it can add, net of its gas."""

    bound: float
    place: int
    name: str
    pool: Pool


def _choices(
    opportunity: Opportunity, market: Market, refused: set[tuple[int, str]]
) -> Iterator[_Choice]:
    """Further pools that may pay for their gas.

    At the prices at which the cycle stands, a further pool would take what it pays better and
    earn `(sqrt(rate) - sqrt(price))^2 / bend`. In truth it also moves those prices, so this is
    an upper bound, as far as the pool bends no less than it does near its price.
    """
    if opportunity.gas_cost is None or not opportunity.gas_units:
        return
    route = opportunity.route
    used = {pool.address: pool for pool in route.pools}
    if len(used) >= MOST_STEPS:
        return
    gas_price = opportunity.gas_cost / opportunity.gas_units
    prices: list[float] | None = None
    for place, hop in enumerate(route):
        for pool in market.registry.pools_between(hop.token_in, hop.token_out):
            if pool.address in used or (place, pool.address) in refused:
                continue
            if entangled_pair([*used.values(), pool]) is not None:
                continue
            prices = prices or _prices(opportunity)
            bound = _most_gain(pool, hop, place, opportunity.amounts[place], prices)
            bound -= gas_price * swap_gas(pool, hop.token_in, hop.token_out)
            if bound > 0:
                yield _Choice(bound, place, pool.address, pool)


def _prices(opportunity: Opportunity) -> list[float]:
    """What the last units through each hop pay, by quotes a little aside."""
    prices = []
    for hop, amount in zip(opportunity.route, opportunity.amounts, strict=False):
        output = _near(hop)
        aside = max(amount >> 8, 1)
        less, more = output(max(amount - aside, 1)) or 0, output(amount + aside)
        if more is None:
            prices.append(max((output(amount) or 0) - less, 0) / aside)
        else:
            prices.append(max(more - less, 0) / (2 * aside))
    return prices


def _most_gain(pool: Pool, hop: Hop, place: int, amount_in: int, prices: Sequence[float]) -> float:
    curve = pool.local_curve(hop.token_in, hop.token_out)
    if curve.rate <= prices[place] or _replaces(curve, hop, amount_in):
        return 0.0
    worth = 1.0
    for price in prices[place + 1 :]:
        worth *= price
    if curve.bend <= 0:
        return float("inf") if worth else 0.0
    return worth * (sqrt(curve.rate) - sqrt(prices[place])) ** 2 / curve.bend


def _replaces(curve: LocalCurve, hop: Hop, amount_in: int) -> bool:
    """Whether a pool would take all of a hop's input: the cycle through it stands for itself."""
    last_rate = curve.rate / (1 + curve.bend * amount_in) ** 2
    return last_rate > hop.pool.local_curve(hop.token_in, hop.token_out).rate


def _widened(route: Route, choice: _Choice) -> Route:
    hops = list(route)
    hop = hops[choice.place]
    pools = ParallelPools((*hop.pools, choice.pool), hop.token_in, hop.token_out)
    hops[choice.place] = hop._replace(pool=pools)
    return Route(hops)


# --- sizing --------------------------------------------------------------------------------


def _sized(
    route: Route, opportunity: Opportunity, market: Market, costs: CostModel
) -> Opportunity | None:
    """The opportunity of a widened route, without the pools that get nothing.

    None where that leaves nothing, or no hop divided: such a cycle stands for itself.
    """
    block = opportunity.block or market.block
    gas_rate = costs.gas_rate(route, block, market)
    found = funded(split_input, route, costs, gas_rate)
    if found is None:
        return None
    used = _without_idle(route, found.amounts)
    if used != route:
        route, found = used, funded(split_input, used, costs, gas_rate)
    if found is None or len(route.pools) == len(route):
        return None
    return priced(found, route, costs, gas_rate, opportunity.block)


def _without_idle(route: Route, amounts: Sequence[int]) -> Route:
    return Route(_busy(hop, amount) for hop, amount in zip(route, amounts, strict=False))


def _busy(hop: Hop, amount_in: int) -> Hop:
    """The hop without the pools that get nothing of `amount_in`."""
    if not isinstance(hop.pool, ParallelPools):
        return hop
    busy = [pool for pool, _ in hop.shares(amount_in)]
    if len(busy) == 1:
        return hop._replace(pool=busy[0])
    if len(busy) < len(hop.pools):
        return hop._replace(pool=ParallelPools(busy, hop.token_in, hop.token_out))
    return hop


def _leaves_more(wider: Opportunity, than: Opportunity) -> bool:
    net, other = wider.net_profit, than.net_profit
    return net is not None and other is not None and net > other


def _cost(amount_in: int, flash_fee_bps: int) -> int:
    return amount_in + ceil_div(amount_in * flash_fee_bps, BPS)


def _near(hop: Hop) -> _Amount:
    """What a hop pays, of a divided one nearly; None where it does not fill the input."""
    most = hop.pool.max_amount_in(hop.token_in, hop.token_out)
    if isinstance(hop.pool, ParallelPools):
        division = hop.pool.division(hop.token_in, hop.token_out)
        return lambda amount: (
            division.output(division.near(amount)) if 1 <= amount <= most else None
        )
    output = hop.pool.output_function(hop.token_in, hop.token_out)
    return lambda amount: output(amount) if 1 <= amount <= most else None


def _exact(hop: Hop) -> _Amount:
    """What a hop pays; None where it does not fill the input."""
    most = hop.pool.max_amount_in(hop.token_in, hop.token_out)
    output = hop.pool.output_function(hop.token_in, hop.token_out)
    return lambda amount: output(amount) if 1 <= amount <= most else None


def _amounts(outputs: Sequence[_Amount], amount_in: int) -> tuple[int, ...] | None:
    """The input and what each hop pays; None where one does not fill its input."""
    amounts = [amount_in]
    for output in outputs:
        paid = output(amounts[-1])
        if paid is None:
            return None
        amounts.append(paid)
    return tuple(amounts)


def _peak(profit: Callable[[int], int], start: int) -> int:
    """The input at the top of a concave profit: climbs in finer and finer steps.

    Each ends with a parabola through its last three points; where the profit has an edge (a pool
    crosses a tick, or takes no more), that is off, and the next climb mends it.
    """
    top = _Point(start, profit(start))
    while top.profit == -_MUCH and top.amount > 1:
        # Local curves end later than pools do.
        top = _Point(top.amount >> 1, profit(top.amount >> 1))
    for bits in _CLIMBS:
        if top.amount >> bits or bits == _CLIMBS[0]:
            top = _climbed(profit, top, bits)
    return top.amount


class _Point(NamedTuple):
    amount: int
    profit: int


def _climbed(profit: Callable[[int], int], top: _Point, bits: int) -> _Point:
    """The best point by steps of `2^-bits` of the amount, or larger ones while those gain."""
    step = max(top.amount >> bits, 1)
    while True:
        amount = top.amount
        left = _Point(amount - step, profit(amount - step)) if amount > step else _NOWHERE
        right = _Point(amount + step, profit(amount + step)) if left.profit <= top.profit else left
        if max(left.profit, right.profit) > top.profit:
            top, step = max(left, right, key=_profit), step * 2
        elif step > max(amount >> bits, 1):
            step = max(step >> 2, amount >> bits, 1)
        else:
            break
    bow = 2 * top.profit - left.profit - right.profit
    if bow <= 0:
        return top
    amount = max(top.amount + (right.profit - left.profit) * step // (2 * bow), 1)
    return max(top, _Point(amount, profit(amount)), key=_profit)


_NOWHERE = _Point(0, -_MUCH)
_profit = attrgetter("profit")
