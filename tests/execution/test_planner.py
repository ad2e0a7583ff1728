"""Plans: complete, deterministic, within what a transaction may use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aineon.errors import ExecutionError
from aineon.execution import Planner, simulate
from aineon.market import Market
from aineon.search import best_input
from tests.execution.making import COSTS, RULES, make_plan
from tests.scripted import CHEAP, DEAR, ETHER, USDC, WETH, block

ROUTE = [(DEAR, WETH, USDC), (CHEAP, USDC, WETH)]


def test_a_plan_repeats_the_opportunitys_figures() -> None:
    opportunity = best_input(ROUTE, block=block(100), costs=COSTS)
    assert opportunity is not None
    plan = Planner(RULES).plan(replace(opportunity, confidence=0.8), block(100), 0)
    assert plan.amount_in == opportunity.amount_in
    assert plan.expected_profit == opportunity.gross_profit - opportunity.flash_fee
    assert plan.flash_loan.amount == plan.amount_in
    assert plan.min_profit == opportunity.gas_cost
    assert plan.target_block == 101
    assert plan.gas_limit > plan.gas_units


def test_equal_opportunities_give_byte_identical_plans() -> None:
    assert make_plan(CHEAP, DEAR).encode() == make_plan(CHEAP, DEAR).encode()
    assert make_plan(CHEAP, DEAR).plan_id == make_plan(CHEAP, DEAR).plan_id


@pytest.mark.parametrize(
    "field", ["expected_out", "min_profit", "gas_limit", "target_block", "builder_payment_bps"]
)
def test_each_field_of_a_plan_is_part_of_its_id(field: str) -> None:
    plan = make_plan(CHEAP, DEAR)
    other = replace(plan, **{field: getattr(plan, field) + 1})
    assert other.plan_id != plan.plan_id


def test_an_opportunity_without_known_gas_is_not_planned() -> None:
    opportunity = best_input(ROUTE)
    assert opportunity is not None
    with pytest.raises(ExecutionError, match="unknown"):
        Planner(RULES).plan(replace(opportunity, confidence=0.8), block(100), 0)


def test_more_gas_than_a_transaction_may_use_is_refused() -> None:
    opportunity = best_input(ROUTE, block=block(100), costs=COSTS)
    assert opportunity is not None
    hungry = replace(opportunity, confidence=0.8, gas_units=14_000_000)
    with pytest.raises(ExecutionError, match="16777216"):
        Planner(RULES).plan(hungry, block(100), 0)


def test_a_plan_pays_what_it_expects_on_the_states_it_was_made_from() -> None:
    plan = make_plan(CHEAP, DEAR)
    run = simulate(plan, Market([CHEAP, DEAR]))
    assert run.amount_out == plan.expected_out
    assert {pool.address for pool in run.pools_after} == set(plan.pools)


def test_a_plan_fails_on_states_that_pay_less_than_its_minimum() -> None:
    plan = make_plan(CHEAP, DEAR)
    market = Market([CHEAP, DEAR])
    run = simulate(replace(plan, min_profit=plan.expected_profit + 1), market)
    assert run.amount_out is None
    assert "below the plan's minimum" in run.failure
    slipped = DEAR.with_reserves(DEAR.reserve0 * 99 // 100, DEAR.reserve1)
    assert "less than the plan's minimum" in simulate(plan, Market([CHEAP, slipped])).failure


def test_a_plan_through_an_unknown_pool_fails_in_words() -> None:
    run = simulate(make_plan(CHEAP, DEAR), Market([CHEAP]))
    assert run.amount_out is None
    assert "step 1 cannot be quoted" in run.failure


def test_the_builders_share_is_never_taken_of_a_loss() -> None:
    planner = Planner(RULES)
    assert planner.builder_payment(ETHER) == ETHER // 10
    assert planner.builder_payment(-ETHER) == 0
