"""Confidence: how far an opportunity's figures can be trusted, from 0 to 1.

It is the product of four factors, each from 0 to 1, so one good reason for distrust is enough
and no other factor can make up for it. It is not a probability of winning: who wins depends
on competitors and on inclusion, which no pool's state tells.

* depth: `1 / (1 + 2 s)`, where `s` is the largest share of a pool's depth that a swap takes.
  Depth is the smaller of `1 / bend` (the input at which the pool's average rate has halved; a
  Uniswap V2 pool's reserve, a Uniswap V3 pool's virtual reserve) and all that the pool can
  take. A size that eats into a pool depends on every unit of its state.
* spread: 1 up to a marginal gain `g` of 1 %, above that `1 / (1 + (g - 0.01) / 0.2)`. Fat
  spreads between real pools last no block: what shows one is often a token that cannot be sold
  or a state that is wrong.
* age: `1 / (1 + youngest / 50) / (1 + oldest / 5000)`, in blocks since the route's pools last
  changed. With the youngest change the gain began to exist; where it is many blocks old, all
  competitors have left the gain lying, and that has a reason. The oldest one says how long
  nobody has traded in a pool. 0.95 where the age is not known.
* agreement: the figures, computed again on other ways. 0 where quoting the amounts hop by hop
  does not give them again, else `1 / (1 + near + split + curve / 4)`, each relative to the
  gross profit: how much it changes at 99 % and 101 % of the size, how much it changes where
  the size is swapped in two halves (the second through the pools that the first leaves), and
  how far the local curves' prediction is off; the last weighs less because crossing a tick
  explains it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from aineon.amm import LocalCurve, Pool
from aineon.errors import PoolError
from aineon.market import Market
from aineon.search.opportunity import Opportunity
from aineon.search.parallel import ParallelPools
from aineon.search.route import Hop, Route

_DEPTH_WEIGHT = 2.0
_PLAIN_SPREAD = 0.01
_SPREAD_SCALE = 0.2
_YOUNGEST_SCALE = 50.0
_OLDEST_SCALE = 5000.0
_UNKNOWN_AGE = 0.95
_CURVE_WEIGHT = 0.25


@dataclass(frozen=True, slots=True)
class ConfidenceFactors:
    """The factors of a confidence, each 0 to 1; see the module's documentation."""

    depth: float
    spread: float
    age: float
    agreement: float

    @property
    def confidence(self) -> float:
        """All factors multiplied."""
        return self.depth * self.spread * self.age * self.agreement

    @property
    def weakest(self) -> str:
        """The name of the factor that lowers the confidence most."""
        return min(("depth", "spread", "age", "agreement"), key=lambda name: getattr(self, name))


def confidence(opportunity: Opportunity, market: Market | None = None) -> float:
    """How far the opportunity's figures can be trusted, from 0 to 1; see `ConfidenceFactors`."""
    return confidence_factors(opportunity, market).confidence


def confidence_factors(
    opportunity: Opportunity, market: Market | None = None, ages: Sequence[int] | None = None
) -> ConfidenceFactors:
    """The factors that make up the confidence.

    Args:
        opportunity: its route's pools are the states that its figures come from.
        market: where it was found; tells when the pools last changed.
        ages: blocks since each of the route's pools last changed, in place of the market's word.
    """
    route, amounts = opportunity.route, opportunity.amounts
    known_ages = pool_ages(route, market) if ages is None else ages
    return factors_of(route, amounts, age_factor(known_ages))


def factors_of(route: Route, amounts: Sequence[int], age: float) -> ConfidenceFactors:
    """The factors of a sized route whose age factor is known."""
    hops = [_swaps(hop, amount_in) for hop, amount_in in zip(route, amounts, strict=False)]
    return ConfidenceFactors(
        depth=_depth(hops),
        spread=_spread(hops),
        age=age,
        agreement=_agreement(route, hops, amounts),
    )


def pool_ages(route: Route, market: Market | None) -> tuple[int, ...] | None:
    """Blocks since each of the route's pools last changed; None where the market cannot tell."""
    if market is None or market.block is None:
        return None
    pools = route.pools
    changed_at = [market.changed_at(pool.address) for pool in pools if pool.address in market]
    if len(changed_at) < len(pools) or None in changed_at:
        return None
    return tuple(market.block.number - number for number in changed_at if number is not None)


def age_factor(ages: Sequence[int] | None) -> float:
    """The age factor of these ages; see the module's documentation."""
    if not ages:
        return _UNKNOWN_AGE
    return 1 / (1 + min(ages) / _YOUNGEST_SCALE) / (1 + max(ages) / _OLDEST_SCALE)


class _Swap(NamedTuple):
    """One pool's part of a hop: its curve, what it can take, and what goes into it."""

    curve: LocalCurve
    most: int
    amount_in: int


class _Output(NamedTuple):
    """A hop's exact output function, good from 1 to `most`."""

    pool: Pool
    output: Callable[[int], int]
    most: int


def _swaps(hop: Hop, amount_in: int) -> list[_Swap]:
    """The swaps of a hop; a divided one has several, unless it is more than they can take."""
    pool, tokens = hop.pool, hop[1:]
    pools = hop.pools
    shares: tuple[int, ...] = (amount_in,)
    if isinstance(pool, ParallelPools):
        if 1 <= amount_in <= pool.max_amount_in(*tokens):
            shares = pool.split(*tokens, amount_in)
        else:
            pools = (pool,)
    return [
        _Swap(pool.local_curve(*tokens), pool.max_amount_in(*tokens), share)
        for pool, share in zip(pools, shares, strict=True)
    ]


def _depth(hops: Sequence[Sequence[_Swap]]) -> float:
    share = 0.0
    for curve, most, amount_in in chain.from_iterable(hops):
        if amount_in > most:
            return 0.0
        if amount_in:
            share = max(share, amount_in * curve.bend, amount_in / most)
    return 1 / (1 + _DEPTH_WEIGHT * share)


def _spread(hops: Sequence[Sequence[_Swap]]) -> float:
    gain = math.prod(max(swap.curve.rate for swap in swaps) for swaps in hops) - 1
    return 1 / (1 + max(0.0, gain - _PLAIN_SPREAD) / _SPREAD_SCALE)


def _agreement(route: Route, hops: Sequence[Sequence[_Swap]], amounts: Sequence[int]) -> float:
    profit = amounts[-1] - amounts[0]
    if profit <= 0:
        return 0.0
    try:
        outputs = [_exact(hop) for hop in route]
        if _along(outputs, amounts[0]) != tuple(amounts):
            return 0.0
        near = [_near(hop, output) for hop, output in zip(route, outputs, strict=True)]
        off = _aside(near, amounts[0], profit) + _split(route, amounts, profit)
    except PoolError:
        return 0.0
    return 1 / (1 + off + _CURVE_WEIGHT * _off_curve(hops, amounts, profit))


def _aside(outputs: Sequence[_Output], amount_in: int, profit: int) -> float:
    """The larger relative change of the profit one percent beside the size."""
    aside = max(1, amount_in // 100)
    changes = [0.0]
    for other in (amount_in - aside, amount_in + aside):
        if other > 0:
            amount_out = _along(outputs, other)[-1]
            changes.append(abs(amount_out - other - profit) / profit)
    return max(changes)


def _split(route: Route, amounts: Sequence[int], profit: int) -> float:
    """The relative change of the profit where the size is swapped in two halves."""
    half = amounts[0] // 2
    if half == 0:
        return 0.0
    amounts_out, later = [half], []
    for hop in route:
        pool, amount_out = _swapped(hop, amounts_out[-1])
        amounts_out.append(amount_out)
        after = hop._replace(pool=pool)
        later.append(_near(after, _exact(after)))
    second = _along(later, amounts[0] - half)
    return abs(amounts_out[-1] + second[-1] - amounts[-1]) / profit


def _off_curve(hops: Sequence[Sequence[_Swap]], amounts: Sequence[int], profit: int) -> float:
    """How far the local curves' output is off, relative to the profit."""
    predicted = float(amounts[0])
    for swaps, amount_in in zip(hops, amounts, strict=False):
        shares = [(curve, predicted * share / amount_in) for curve, _, share in swaps]
        predicted = sum(curve.rate * share / (1 + curve.bend * share) for curve, share in shares)
    return abs(predicted - amounts[-1]) / profit


def _swapped(hop: Hop, amount_in: int) -> tuple[Pool, int]:
    """The hop's pool after a swap, and what it pays.

    Raises:
        PoolError: it cannot swap that much, or the hop before pays nothing.
    """
    pool, token_in, token_out = hop
    if not isinstance(pool, ParallelPools):
        quote = pool.quote_exact_input(token_in, token_out, amount_in)
        if quote.partial:
            raise PoolError(f"{pool.address} can take no more than {quote.amount_in}")
        return quote.pool_after, quote.amount_out
    division = pool.division(token_in, token_out)
    if not 1 <= amount_in <= division.most:
        raise PoolError(f"{pool.address} can take 1 to {division.most}, and not {amount_in}")
    members, paid = [], 0
    for each, share in zip(pool.members, division.near(amount_in), strict=True):
        after, part = _swapped(hop._replace(pool=each), share) if share else (each, 0)
        members.append(after)
        paid += part
    return ParallelPools(members, token_in, token_out), paid


def _exact(hop: Hop) -> _Output:
    pool, token_in, token_out = hop
    output = pool.output_function(token_in, token_out)
    return _Output(pool, output, pool.max_amount_in(token_in, token_out))


def _near(hop: Hop, exact: _Output) -> _Output:
    """As `exact`; the shares of a divided hop are near the best ones, and found much sooner."""
    if not isinstance(hop.pool, ParallelPools):
        return exact
    division = hop.pool.division(hop.token_in, hop.token_out)
    return exact._replace(output=lambda amount: division.output(division.near(amount)))


def _along(outputs: Sequence[_Output], amount_in: int) -> tuple[int, ...]:
    """The input and what each hop pays.

    Raises:
        PoolError: a pool cannot swap that much, or the hop before pays nothing.
    """
    amounts = [amount_in]
    for pool, output, most in outputs:
        if not 1 <= amounts[-1] <= most:
            raise PoolError(f"{pool.address} can take 1 to {most}, and not {amounts[-1]}")
        amounts.append(output(amounts[-1]))
    return tuple(amounts)
