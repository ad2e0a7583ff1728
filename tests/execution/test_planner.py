"""Plans: complete, deterministic, within what a transaction may use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aineon.errors import ExecutionError
from aineon.execution import Planner, simulate
from aineon.execution.steps import StepKind
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


def test_what_no_lender_can_fund_is_not_planned() -> None:
    opportunity = best_input(ROUTE, block=block(100), costs=COSTS)
    assert opportunity is not None
    assert opportunity.lender == "aave_v3"
    unfunded = replace(opportunity, confidence=0.8, lender=None)
    with pytest.raises(ExecutionError, match=r"no lender can fund [\d.]+ WETH for it"):
        Planner(RULES).plan(unfunded, block(100), 0)


def test_the_plan_borrows_from_the_opportunitys_lender() -> None:
    opportunity = best_input(ROUTE, block=block(100), costs=COSTS)
    assert opportunity is not None
    swapped = replace(opportunity, confidence=0.8, lender="flash_swap", flash_fee=0)
    loan = Planner(RULES).plan(swapped, block(100), 0).flash_loan
    assert (loan.provider, loan.fee) == ("flash_swap", 0)


def test_steps_say_how_the_contract_swaps_and_that_is_part_of_the_id() -> None:
    plan = make_plan(CHEAP, DEAR)
    assert {(step.kind, step.data) for step in plan.steps} == {
        (StepKind.CONSTANT_PRODUCT, CHEAP.fee_pips)
    }
    other = replace(plan.steps[0], data=plan.steps[0].data + 1)
    assert replace(plan, steps=(other, plan.steps[1])).plan_id != plan.plan_id


def test_the_last_swap_answers_for_loan_fee_and_least_profit() -> None:
    opportunity = best_input(ROUTE, block=block(100), costs=COSTS)
    assert opportunity is not None
    all_of_it = opportunity.gross_profit - opportunity.flash_fee
    for gas_cost in (1, all_of_it):
        priced = replace(opportunity, confidence=0.8, gas_cost=gas_cost)
        plan = Planner(RULES).plan(priced, block(100), 0)
        needed = plan.amount_in + plan.flash_loan.fee + plan.min_profit
        slipped = plan.expected_out * 9950 // 10_000
        assert plan.steps[-1].min_amount_out == max(needed, slipped)
    # The control: with the dear gas it is more than slippage alone would allow.
    assert needed == plan.expected_out > slipped


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
