"""No cycle with a profit is lost: compared with all simple cycles, counted out one by one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import permutations
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import LocalCurve, Pool
from aineon.errors import PoolError
from aineon.market import Market, MarketUpdate, PoolAppeared, PoolVanished
from aineon.primitives import Block, Token
from aineon.search import Hop, Route, find_opportunities
from aineon.search.cycles import RatedCycles, rated_cycles
from aineon.search.rates import RateTable
from aineon.search.sizing import optimal_input
from tests.search.markets import random_market, token, v2, v3


def all_simple_cycles(pools: Sequence[Pool], base: Token, max_hops: int) -> Iterator[Route]:
    """Every sequence of pools and tokens that is a simple cycle, by definition alone."""

    def extend(way: tuple[Hop, ...], at: Token) -> Iterator[Route]:
        for pool in pools:
            if pool in [hop.pool for hop in way]:
                continue
            for token_in, token_out in permutations(pool.tokens, 2):
                if token_in != at:
                    continue
                longer = (*way, Hop(pool, token_in, token_out))
                if token_out == base:
                    if len(longer) >= 2:
                        yield Route(longer)
                elif token_out not in [hop.token_out for hop in way] and len(longer) < max_hops:
                    yield from extend(longer, token_out)

    yield from extend((), base)


def rate_product(route: Route) -> float:
    return math.prod(hop.pool.local_curve(hop.token_in, hop.token_out).rate for hop in route)


def best_on_a_grid(route: Route) -> int:
    """The best gross profit of sizes from 1 unit to 10^22, by plain quotes."""
    return max(gain(route, int(10 ** (exponent / 3))) for exponent in range(67))


def gain(route: Route, amount_in: int) -> int:
    """What comes back more than goes in; -1 where it cannot be swapped at all."""
    amount = amount_in
    for hop in route:
        try:
            quote = hop.pool.quote_exact_input(hop.token_in, hop.token_out, amount)
        except PoolError:
            return -1
        if quote.partial:
            return -1
        amount = quote.amount_out
    return amount - amount_in


markets = st.builds(
    random_market,
    st.integers(0, 10**9).map(Random),
    tokens=st.integers(2, 5),
    pools=st.integers(2, 8),
    noise=st.sampled_from([0.0, 0.003, 0.02]),
    concentrated=st.sampled_from([0.0, 0.5, 1.0]),
)


@settings(max_examples=60)
@given(pools=markets, max_hops=st.integers(2, 5))
def test_every_cycle_with_a_profit_is_found(pools: list[Pool], max_hops: int) -> None:
    base = pools[0].tokens[0]
    found = {each.key: each for each in find_opportunities(Market(pools), [base], max_hops)}
    expected = {}
    for route in all_simple_cycles(pools, base, max_hops):
        amounts = optimal_input(route)
        if amounts is not None:
            expected[route.key] = amounts
        on_grid = best_on_a_grid(route)
        if on_grid > 0:
            assert found[route.key].gross_profit >= on_grid
    assert {key: each.amounts for key, each in found.items()} == expected


@settings(max_examples=60)
@given(pools=markets, max_hops=st.integers(2, 4), near_count=st.integers(1, 8))
def test_near_ones_are_the_best_of_the_rest(
    pools: list[Pool], max_hops: int, near_count: int
) -> None:
    base = pools[0].tokens[0]
    found = search(pools, base, max_hops, near_floor=0.9, near_count=near_count)
    rates = sorted(
        (rate_product(r) for r in all_simple_cycles(pools, base, max_hops)), reverse=True
    )
    below = [rate for rate in rates if 0.9 < rate < 1 - 2e-9]
    assert np.exp(found.near.log_rates).tolist() == pytest.approx(below[:near_count])
    assert len(found.promising) == sum(rate > 1 - 2e-9 for rate in rates)


def search(
    pools: Sequence[Pool], base: Token, max_hops: int, near_floor: float = 1.0, near_count: int = 0
) -> RatedCycles:
    table = RateTable()
    table.refresh(Market(pools))
    return rated_cycles(table, base, max_hops, near_floor, near_count)


def counts(found: RatedCycles) -> tuple[int, int, int]:
    return len(found.promising), len(found.near), found.screened


A, B, C, D = (token(n) for n in range(1, 5))
UNIT = 10**20


def test_a_cycle_and_its_reverse_are_two_routes() -> None:
    pools = [v2(1, A, B, UNIT, UNIT), v2(2, B, C, UNIT, UNIT), v2(3, C, A, UNIT, UNIT)]
    found = search(pools, A, 3, near_floor=0.9, near_count=9)
    assert len(found.near) == 2


def test_no_token_and_no_pool_twice() -> None:
    # A way over B and back through the one pool of B would gain if it were allowed.
    pools = [
        v2(1, A, B, UNIT, 2 * UNIT),
        v2(2, B, C, UNIT, 2 * UNIT),
        v2(3, C, B, UNIT, 2 * UNIT),
    ]
    assert counts(search(pools, A, 6, near_floor=1e-6, near_count=9)) == (0, 0, 0)
    # The control: a second pool back to A makes cycles of it.
    found = search([*pools, v2(4, B, A, UNIT, 2 * UNIT)], A, 6)
    assert len(found.promising)


def test_more_hops_find_longer_cycles() -> None:
    pools = [
        v2(1, A, B, UNIT, 2 * UNIT),
        v2(2, B, C, UNIT, UNIT),
        v2(3, C, D, UNIT, UNIT),
        v2(4, D, A, UNIT, UNIT),
    ]
    found = [len(find_opportunities(Market(pools), [A], hops)) for hops in (2, 3, 4, 50, 10**9)]
    assert found == [0, 0, 1, 1, 1]


def test_a_ring_longer_than_any_recursion() -> None:
    ring = [token(n) for n in range(1, 1502)]
    pools = [
        v2(n, one, other, 10**28, 10**28, fee_pips=0)
        for n, (one, other) in enumerate(zip(ring, [*ring[1:], ring[0]], strict=True))
    ]
    found = search(pools, ring[0], 2000, near_floor=0.5, near_count=5)
    assert {len(hops) for hops in found.promising} == {1501}


def test_liquidity_that_begins_beyond_an_empty_price_is_found() -> None:
    # No liquidity at tick 0; buying B begins 60 ticks higher, where A is still dear.
    gap = v3(1, A, B, 0, [(-6000, -60, 10**24)])
    assert gap.liquidity == 0
    pools = [gap, v2(2, A, B, UNIT, UNIT * 9 // 10)]
    (found,) = find_opportunities(Market(pools), [A], 2)
    assert found.route[0].pool == gap
    assert found.gross_profit >= best_on_a_grid(found.route) > 0


def test_empty_pools_lead_nowhere() -> None:
    pools = [v2(1, A, B, UNIT, 2 * UNIT), v2(2, A, B, 0, 0), v3(3, A, B, 0, [])]
    assert counts(search(pools, A, 4, near_floor=0.001, near_count=9)) == (0, 0, 0)


class ThreeTokens:
    """As much of a pool of three tokens as a search looks at; every rate is 1.1."""

    address = "0x" + "33" * 20
    venue = "stub"
    tokens = (A, B, C)

    def local_curve(self, token_in: Token, token_out: Token) -> LocalCurve:
        return LocalCurve(1.1, 1e-20)


def test_a_pool_of_three_tokens_is_used_once_and_in_every_direction() -> None:
    three = ThreeTokens()
    pools = [three, v2(1, A, B, UNIT, UNIT), v2(2, B, C, UNIT, UNIT)]
    table = RateTable()
    table.refresh(Market(pools))  # type: ignore[arg-type]
    found = rated_cycles(table, A, 4).promising
    ways = {tuple(hop.pool for hop in table.route(hops)) for hops in found}
    ab, bc = pools[1:]
    assert ways == {(three, ab), (ab, three), (ab, bc, three), (three, bc, ab)}


def test_a_table_follows_changes_and_computes_only_them() -> None:
    pools = [v2(1, A, B, UNIT, UNIT), v2(2, A, B, UNIT, UNIT), v2(3, B, C, UNIT, UNIT)]
    market = Market(pools, Block(1))
    table = RateTable()
    assert (table.refresh(market), table.refresh(market)) == (3, 0)
    moved = pools[1].quote_exact_input(A, B, UNIT).pool_after
    assert table.refresh(market.with_pools([moved])) == 1
    assert len(rated_cycles(table, A, 4).promising) == 1
    assert table.refresh(market) == 1
    assert len(rated_cycles(table, A, 4).promising) == 0
    events = (PoolVanished(pools[0].address), PoolAppeared(v2(4, A, C, UNIT, 2 * UNIT)))
    market.apply(MarketUpdate(Block(2), events))
    table.refresh(market)
    (hops,) = rated_cycles(table, A, 4).promising
    assert len(hops) == 3
    assert table.route(hops).tokens == (A, C, B, A)
