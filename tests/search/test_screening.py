"""Floors and limits drop what they say and nothing else, and a scan can say why."""

from __future__ import annotations

from itertools import permutations
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import ConcentratedPool
from aineon.errors import InvalidSearch
from aineon.market import Market
from aineon.primitives import Block
from aineon.search import (
    CostModel,
    Hop,
    Opportunity,
    Route,
    Scan,
    Scanner,
    Verdict,
    find_opportunities,
)
from aineon.search.costs import CONCENTRATED_GAS, CROSSED_TICK_GAS, swap_gas
from aineon.search.cycles import rated_cycles
from aineon.search.lenders import aave_v3
from aineon.search.prices import Prices
from aineon.search.rates import RateTable
from aineon.search.screening import Screen, Screener
from aineon.search.sizing import approximate_input
from tests.benchmarks.universe import HUBS, WETH, Universe
from tests.search.markets import random_market, token, v2, v3

DAI, ETHER_TOKEN = token(1, "DAI", 18), token(2, "WETH", 18)
ETHER = 10**18
COSTS = CostModel(native_token=ETHER_TOKEN)
BLOCK = Block(100, base_fee_wei=10**10)
CHEAP = v2(1, ETHER_TOKEN, DAI, 1000 * ETHER, 2_000_000 * ETHER)
DEAR = v2(2, ETHER_TOKEN, DAI, 1000 * ETHER, 2_100_000 * ETHER)
SMALL = v2(3, ETHER_TOKEN, DAI, 10 * ETHER, 20_500 * ETHER)
NEAR = v2(4, ETHER_TOKEN, DAI, 10 * ETHER, 20_030 * ETHER)


def scanner(**options: Any) -> Scanner:
    return Scanner([ETHER_TOKEN], **{"costs": COSTS, **options})


def amounts(found: Scan | list[Opportunity]) -> dict[str, tuple[int, ...]]:
    opportunities = found.opportunities if isinstance(found, Scan) else found
    return {each.key: each.amounts for each in opportunities}


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10**9),
    concentrated=st.sampled_from([0.0, 0.5, 1.0]),
    max_hops=st.integers(2, 4),
    share=st.floats(0.01, 1.0),
)
def test_a_profit_floor_loses_nothing_that_reaches_it(
    seed: int, concentrated: float, max_hops: int, share: float
) -> None:
    pools = random_market(Random(seed), 5, 12, noise=0.01, concentrated=concentrated)
    base = pools[0].tokens[0]
    costs = CostModel(native_token=base)
    market = Market(pools, BLOCK)
    everything = find_opportunities(market, [base], max_hops, costs=costs)
    floor = int(share * max((each.gross_profit for each in everything), default=ETHER))
    found = Scanner([base], max_hops, costs, profit_floor_wei=floor).scan(market)
    reaching = [each for each in everything if each.gross_profit >= floor]
    assert amounts(found) == amounts(reaching)
    assert found.cycles_promising <= len(everything) + 2


def test_a_floor_spares_cycles_from_being_listed_at_all() -> None:
    market = Market([CHEAP, DEAR, SMALL], BLOCK)
    counted = [
        scanner(profit_floor_wei=floor).scan(market).cycles_promising
        for floor in (0, ETHER // 10_000, ETHER // 10, 10**24)
    ]
    assert counted == [3, 3, 1, 0]


def test_a_floor_needs_a_known_worth() -> None:
    odd = token(9)
    links = [v2(11, DAI, odd, ETHER, ETHER), v2(12, DAI, odd, ETHER, 9 * ETHER)]
    found = Scanner([odd], costs=COSTS, profit_floor_wei=10**30).scan(Market(links, BLOCK))
    assert len(found.opportunities) == 1


@pytest.mark.parametrize(("max_hops", "count"), [(2, 60), (3, 24), (4, 14)])
def test_the_best_are_sized_and_long_cycles_are_not_forgotten(max_hops: int, count: int) -> None:
    """Between V2 pools the estimate is the profit but for roundings, so the order is exact."""
    for seed in range(4):
        pools = random_market(Random(seed), 5, count, noise=0.02, concentrated=0.0)
        base = pools[0].tokens[0]
        costs = CostModel(native_token=base)
        everything = find_opportunities(Market(pools, BLOCK), [base], max_hops, costs=costs)
        found = Scanner([base], max_hops, costs, size_at_most=7).scan(Market(pools, BLOCK))
        assert len(everything) > 7
        assert [each.amounts for each in found.opportunities] == [
            each.amounts for each in everything[:7]
        ]
        assert found.cycles_sized == 7
        if max_hops < 4:
            assert found.cycles_promising == len(everything)


def test_nothing_is_sized_where_nothing_shall_be() -> None:
    found = scanner(size_at_most=0).scan(Market([CHEAP, DEAR], BLOCK))
    assert (found.opportunities, found.cycles_promising, found.cycles_sized) == ((), 1, 0)


@pytest.mark.parametrize("option", ["size_at_most", "profit_floor_wei"])
@pytest.mark.parametrize("value", [-1, 1.5, True])
def test_impossible_limits_are_refused(option: str, value: object) -> None:
    with pytest.raises(InvalidSearch, match=f"{option} is {value}"):
        scanner(**{option: value})


class TestExplanations:
    def explained(self, market: Market, **options: Any) -> dict[Verdict, str]:
        scan = scanner(**{"near_floor": 0.999, **options}).scan(market)
        return {each.verdict: each.reason for each in scan.explain()}

    def test_what_pays_and_what_falls_short(self) -> None:
        scan = scanner(near_floor=0.9).scan(Market([CHEAP, DEAR, NEAR], BLOCK))
        first, *others = scan.explain()
        best = scan.opportunities[0]
        assert first.verdict is Verdict.PAYS
        assert (first.route, first.amount_in, first.gross_profit) == (
            best.route,
            best.amount_in,
            best.gross_profit,
        )
        assert (first.gas_units, first.gas_cost, first.flash_fee) == (
            best.gas_units,
            best.gas_cost,
            0,
        )
        assert first.rate == pytest.approx(0.997**2 * 1.05)
        assert first.sized
        assert first.reason.startswith("profit 0.229071 WETH is more")
        assert first.reason.endswith("than its gas of 0.002871 WETH")
        last = others[-1]
        assert last.verdict is Verdict.BELOW_PAR
        assert last.amount_in == last.gross_profit == 0
        assert last.reason == (
            f"rates multiply to {last.rate:.6f}: {last.missing_bps:.2f} bps short of breaking even"
        )

    def test_gas_and_flash_fee_that_eat_the_profit(self) -> None:
        dear_gas = Market([CHEAP, SMALL], Block(100, base_fee_wei=10**12))
        aave = CostModel(lenders=(aave_v3(),), native_token=ETHER_TOKEN)
        reasons = self.explained(dear_gas, costs=aave)
        assert "WETH is below its gas of 0.35" in reasons[Verdict.BELOW_COSTS]
        assert " and flash fee of 4.5" in reasons[Verdict.BELOW_COSTS]

    def test_what_was_not_sized_is_estimated(self) -> None:
        market = Market([CHEAP, DEAR, SMALL], BLOCK)
        scan = scanner(size_at_most=1, near_count=0).scan(market)
        exact = {each.key: each for each in find_opportunities(market, [ETHER_TOKEN], costs=COSTS)}
        one, *others = scan.explain()
        assert one.verdict is Verdict.PAYS
        assert len(others) == 2
        for each in others:
            known = exact[each.route.key]
            assert each.verdict in (Verdict.OUTRANKED, Verdict.BELOW_COSTS)
            assert not each.sized
            assert each.amount_in == pytest.approx(known.amount_in, rel=1e-6)
            assert each.gross_profit == pytest.approx(known.gross_profit, rel=1e-9)
            assert each.gas_cost == pytest.approx(known.gas_cost, rel=1e-9)
            assert "estimated profit 0." in each.reason

    def test_flash_fees_are_part_of_the_estimate(self) -> None:
        market = Market([CHEAP, DEAR], BLOCK)
        for bps in (5, 2000):
            costs = CostModel(lenders=(aave_v3(bps),), native_token=ETHER_TOKEN)
            [exact] = find_opportunities(market, [ETHER_TOKEN], costs=costs)
            [estimated] = scanner(costs=costs, size_at_most=0, near_count=0).scan(market).explain()
            assert estimated.amount_in == pytest.approx(exact.amount_in, rel=1e-6)
            assert estimated.gross_profit == pytest.approx(exact.gross_profit, rel=1e-9)

    def test_floors_roundings_and_unknown_gas(self) -> None:
        tiny = [v2(5, ETHER_TOKEN, DAI, 100, 205), v2(6, ETHER_TOKEN, DAI, 100, 200)]
        assert "no integer size" in self.explained(Market(tiny, BLOCK))[Verdict.ROUNDS_AWAY]
        unknown = self.explained(Market([CHEAP, DEAR]))[Verdict.UNPRICED]
        assert unknown.endswith("what its gas costs is not known")
        # Liquidity that could be behind the price lets the bound reach the floor, not the size.
        hopeful = v3(7, DAI, ETHER_TOKEN, 0, [(-6000, 6000, 10**19), (-12000, -6000, 10**30)])
        other = v2(8, DAI, ETHER_TOKEN, 10**24, 12 * 10**23)
        floor = self.explained(Market([hopeful, other], BLOCK), profit_floor_wei=100 * ETHER)
        assert floor[Verdict.BELOW_FLOOR].endswith("is below the profit floor")

    def test_as_many_as_asked_and_still_true_later(self) -> None:
        market = Market([CHEAP, DEAR, SMALL], BLOCK)
        patient = scanner(near_count=0)
        scan = patient.scan(market)
        before = scan.explain(None)
        patient.scan(
            market.with_pools([CHEAP.quote_exact_input(DAI, ETHER_TOKEN, ETHER).pool_after])
        )
        assert scan.explain(None) == before
        assert scan.explain(1) == before[:1]


def universe_after(blocks: int) -> Universe:
    universe = Universe(250, seed=5)
    for _ in range(blocks):
        universe.market.apply(universe.next_block())
    return universe


def test_told_what_changed_a_scanner_finds_the_same() -> None:
    universe = Universe(250, seed=2)
    told, looking = (Scanner(HUBS, 3, size_at_most=20) for _ in range(2))
    told.scan(universe.market)
    for _ in range(5):
        changed = universe.market.apply(universe.next_block())
        scan = told.scan(universe.market, changed=changed)
        assert scan.pools_refreshed == len(changed)
        expected = looking.scan(universe.market)
        assert scan.opportunities == expected.opportunities
        assert scan.near_misses == expected.near_misses


def test_a_pool_that_was_not_told_of_is_taken_for_what_it_was() -> None:
    """Control: the scanner really looks at nothing else."""
    market = Market([CHEAP, DEAR], BLOCK)
    told = scanner(near_count=0)
    told.scan(market)
    moved = market.with_pools([DEAR.with_reserves(DEAR.reserve1, DEAR.reserve0)])
    assert told.scan(moved, changed=frozenset()).pools_refreshed == 0
    assert told.scan(moved, changed=[DEAR.address]).pools_refreshed == 1


def test_every_cycle_of_a_market_like_mainnets_is_seen() -> None:
    """Counted out by hand over the table's own rates: all pairs and triples of hops."""
    universe = universe_after(3)
    table = RateTable()
    table.refresh(universe.market)
    numbers = table.numbers
    base = numbers.token_numbers[WETH]
    start, to, pool, logs = numbers.hop_from, numbers.hop_to, numbers.hop_pool, table.log_rates
    expected = set()
    for one in np.flatnonzero(start == base).tolist():
        for two in np.flatnonzero(start == to[one]).tolist():
            if pool[two] == pool[one]:
                continue
            if to[two] == base:
                if logs[one] + logs[two] > -1e-9:
                    expected.add((one, two))
                continue
            for three in np.flatnonzero((start == to[two]) & (to == base)).tolist():
                if pool[three] in (pool[one], pool[two]):
                    continue
                if logs[one] + logs[two] + logs[three] > -1e-9:
                    expected.add((one, two, three))
    assert len(expected) > 10
    assert set(rated_cycles(table, WETH, 3).promising) == expected


def test_prices_are_the_cost_models_own() -> None:
    universe = universe_after(1)
    market, costs = universe.market, CostModel()
    table = RateTable()
    table.refresh(market)
    prices = Prices(costs, market, table, HUBS)
    for one, other in permutations(HUBS, 2):
        pools = market.registry.pools_between(one, other)
        if not pools:
            continue
        route = Route([Hop(pools[0], one, other)])
        assert prices.gas_cost(300_000, route) == costs.cost_of_gas(
            300_000, route, market.block, market
        )
        assert prices.native_value(10**9, route) == costs.native_value(10**9, one, market, route)


@settings(max_examples=60)
@given(seed=st.integers(0, 10**9), exponent=st.floats(0, 23))
def test_gas_counts_the_ticks_that_lie_between_the_prices(seed: int, exponent: float) -> None:
    for pool in random_market(Random(seed), 3, 4, concentrated=1.0):
        assert isinstance(pool, ConcentratedPool)
        for pair in permutations(pool.tokens, 2):
            amount = min(int(10**exponent), pool.max_amount_in(*pair))
            if not amount:
                continue
            after = pool.quote_exact_input(*pair, amount).pool_after
            assert isinstance(after, ConcentratedPool)
            low, high = sorted((pool.tick, after.tick))
            crossed = sum(low < tick <= high for tick in pool.ticks)
            assert swap_gas(pool, *pair, amount) == CONCENTRATED_GAS + CROSSED_TICK_GAS * crossed


def test_a_candidate_knows_what_its_local_curves_compose_to() -> None:
    # Sizing starts from it: a size found with it is the one found without it.
    market = Market(random_market(Random(5), 8, 40, 0.02), BLOCK)
    table = RateTable()
    table.refresh(market)
    base = market.tokens[0]
    prices = Prices(COSTS, market, table, [base])
    screened = Screener(COSTS).screen(table, prices, Screen((base,), 3, 0.99, 0, None, 0))
    candidates = screened.candidates(None)
    assert len(candidates) > 20
    for candidate in candidates:
        route = table.route(candidate.hops)
        rate, bend = 1.0, 0.0
        for pool, token_in, token_out in route:
            curve = pool.local_curve(token_in, token_out)
            rate, bend = rate * curve.rate, bend + rate * curve.bend
        assert candidate.curve == pytest.approx((rate, bend), rel=1e-9)
        with_it, without = (
            approximate_input(route, 0, candidate.curve),
            approximate_input(route),
        )
        assert (with_it is None) == (without is None)
        if with_it and without:
            assert with_it[-1] - with_it[0] == pytest.approx(without[-1] - without[0], rel=1e-6)
