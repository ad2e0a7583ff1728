"""The attempts of one combination: in order, through shared pools, within one block."""

from __future__ import annotations

from random import Random

from aineon.amm import ConstantProductPool
from aineon.execution import Outcome, Planner, simulate
from aineon.market import Market
from aineon.primitives import Token
from aineon.search import best_combination, find_opportunities
from aineon.search.combination import Combination
from tests.execution.making import COSTS, PASSED, RULES, make_executor
from tests.scripted import DOLLAR, ETHER, USDC, WETH, block, pool
from tests.search.mixed_cycles import cryptoswap

DEAR = pool(1, 33_000_000, 10_000)
CHEAP = pool(2, 3_000_000, 1_000)
DAI = Token("0x6B175474E89094C44Da98b954EedeAC495271d0F", symbol="DAI", decimals=18)
DOLLARS = ConstantProductPool(
    f"0x{3:040x}", DAI, USDC, 50_000_000 * ETHER, 50_000_000 * DOLLAR, fee_pips=100
)
CHEAP_IN_DAI = ConstantProductPool(f"0x{4:040x}", DAI, WETH, 3_000_000 * ETHER, 1_000 * ETHER)
POOLS = (DEAR, CHEAP, DOLLARS, CHEAP_IN_DAI)


def combined(market: Market) -> Combination:
    """Sell ether in the dear pool, buy it back for dollars of both kinds."""
    found = find_opportunities(market, [WETH], 3, costs=COSTS)
    return best_combination(found, market, COSTS)


async def test_attempts_of_a_combination_fill_one_after_the_other() -> None:
    market = Market(POOLS, block=block(100))
    found = combined(market)
    assert len(found.opportunities) > 1
    executor, planner = make_executor(), Planner(RULES)
    now = market
    for opportunity in found.opportunities:
        plan = planner.plan(opportunity, block(100), 0)
        run = simulate(plan, now)
        assert run.amount_out == plan.expected_out
        now = now.with_pools(run.pools_after)
        await executor.submit(plan, block(100), 0, PASSED)
    assert now.pools == found.market_after.pools
    settlements = await executor.settle(market, block(101), frozenset())
    assert [each.outcome for each in settlements] == [Outcome.INCLUDED] * len(found.opportunities)
    assert executor.view(market).pools == found.market_after.pools
    earned = sum((each.gross_profit or 0) - each.flash_fee for each in settlements)
    gas = sum(each.gas_cost or 0 for each in found.opportunities)
    assert earned == found.net + gas


def test_what_was_found_side_by_side_does_not_fill_one_after_the_other() -> None:
    """The control: plans that were not made for the states before them lose or fail."""
    market = Market(POOLS, block=block(100))
    planner = Planner(RULES)
    found = find_opportunities(market, [WETH], 3, costs=COSTS)
    first, second = (planner.plan(each, block(100), 0) for each in found[:2])
    later = market.with_pools(simulate(first, market).pools_after)
    assert simulate(second, market).amount_out == second.expected_out
    assert simulate(second, later).amount_out != second.expected_out


def test_a_pool_whose_next_state_is_unknown_is_left_out_of_what_a_plan_leaves() -> None:
    crypto = cryptoswap(Random(1), WETH, USDC, 1e7, 1.0)
    cheap = pool(1 << 100, 1_800_000, 1_000)
    market = Market([crypto, cheap], block=block(100))
    [best, *_] = find_opportunities(market, [WETH], 2, costs=COSTS)
    plan = Planner(RULES).plan(best, block(100), 0)
    run = simulate(plan, market)
    assert run.amount_out == plan.expected_out
    assert [each.address for each in run.pools_after] == [cheap.address]
