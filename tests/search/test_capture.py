"""How much of what a state holds is captured, against the bound of convex routing."""

from __future__ import annotations

import math
from random import Random

import pytest

from aineon.amm import Pool
from aineon.market import Market
from aineon.primitives import Block, Token
from aineon.search import CostModel, Opportunity, Scanner, find_opportunities
from aineon.search.combination import Combination, best_combination
from aineon.search.lenders import OWN, Lender
from tests.search.dual_bound import Dual, dual_bound
from tests.search.markets import v2, v3
from tests.search.universes import ANCHORS, USDC, WETH, universe

GOAL = 0.95
COSTS = CostModel(lenders=(Lender(OWN),), priority_fee_wei=0, native_token=WETH)
LEAST = 10**12
"""A millionth of an ether: without gas there would be no end to ever smaller attempts."""


def worths(market: Market) -> dict[Token, float]:
    """What a smallest unit of each anchor is worth in wei, as the combination counts it."""
    found = {token: COSTS.native_value(1 << 128, token, market) for token in ANCHORS}
    return {token: unit / 2**128 for token, unit in found.items() if unit is not None}


def captured(market: Market, max_hops: int, budget: int = 5000) -> Combination:
    """The best combination of cycles from five anchors, without gas."""
    scanner = Scanner(ANCHORS, max_hops, COSTS, near_count=0, size_exactly=lambda _: False)

    def find(state: Market) -> tuple[Opportunity, ...]:
        return scanner.scan(state, limit=200).opportunities

    return best_combination(find(market), market, COSTS, find=find, least=LEAST, budget=budget)


def share_captured(pools: list[Pool], max_hops: int = 4, budget: int = 5000) -> float:
    """What is captured, as a share of the bound."""
    market = Market(pools, Block(1, base_fee_wei=0))
    worth = worths(market)
    bound = dual_bound(pools, worth)
    found = captured(market, max_hops, budget)
    profit = sum((each.net_profit or 0) * worth[each.base_token] for each in found.opportunities)
    assert profit == pytest.approx(found.net, rel=1e-9)
    return profit / bound


@pytest.mark.parametrize("seed", range(10))
def test_most_of_what_a_state_holds_is_captured(seed: int) -> None:
    share = share_captured(universe(Random(seed)))
    assert GOAL <= share <= 1 + 1e-9


def test_a_small_budget_balances_the_ways_that_came_out_best() -> None:
    """A search among all ways alone would be at 93 % here when its budget ends."""
    assert share_captured(universe(Random(7), others=6, pools=40), budget=300) >= 0.98


def test_the_bound_is_the_least() -> None:
    """Anchors joined by deep pools: after sixty sweeps it would still be 0.6 % too high."""
    pools = universe(Random(4), others=6, pools=40)
    dual = Dual(pools, worths(Market(pools)))
    bound = dual.least()
    for _ in range(50):
        lower = dual.sweep()
    assert lower == pytest.approx(bound, rel=1e-5)


def test_the_bound_is_what_two_pools_can_pay() -> None:
    """It is tight where the best trades are known: one cycle through two pools."""
    for pools in two_venues():
        worth = worths(Market(pools))
        found = find_opportunities(Market(pools), [WETH, USDC], 2)
        best = max(each.gross_profit * worth[each.base_token] for each in found)
        assert best == pytest.approx(dual_bound(pools, worth), rel=1e-6)


def test_a_bound_that_misses_a_pool_is_beaten() -> None:
    """The control: were the bound too low, the first test would see it."""
    pools = universe(Random(0))
    market = Market(pools, Block(1, base_fee_wei=0))
    found = captured(market, 3)
    lower = [
        dual_bound([pool for pool in pools if pool != used], worths(market))
        for used in found.opportunities[0].route.pools
    ]
    assert min(lower) < found.net <= dual_bound(pools, worths(market))


def two_venues() -> list[list[Pool]]:
    """Ether dear in one pool, cheap in the other; both constant product, and one of each kind."""
    even = v2(1, USDC, WETH, 3_000_000 * 10**6, 1000 * 10**18)
    dear = v2(2, USDC, WETH, 1_550_000 * 10**6, 500 * 10**18)
    tick = math.floor(math.log(10**18 / 3100e6) / math.log(1.0001)) // 60 * 60
    ranges = [(tick - 1200, tick + 1200, 2 * 10**17), (tick - 60, tick + 120, 10**18)]
    return [[even, dear], [even, v3(3, USDC, WETH, tick, ranges)]]
