"""Divided hops, from the plan to the settlement: every member is a step of its own."""

from __future__ import annotations

from dataclasses import replace

from aineon.amm import ConstantProductPool, Pool
from aineon.engine.admission import Admission
from aineon.engine.translating import venues_of
from aineon.execution import (
    ExecutionPlan,
    FlashLoan,
    Outcome,
    Planner,
    PlanStep,
    Spend,
    simulate,
)
from aineon.execution.steps import StepKind
from aineon.market import Market, MarketUpdate, ReservesChanged
from aineon.search import Hop, Opportunity, Route
from aineon.search.confidence import confidence, confidence_factors, pool_ages
from aineon.search.funding import funded, priced
from aineon.search.parallel import ParallelPools
from aineon.search.splitting import split_input
from tests.execution.making import COSTS, PASSED, RULES, make_executor, make_plan
from tests.scripted import DOLLAR, ETHER, USDC, WETH, block, pool

DEAR = pool(1, 31_000_000, 10_000)
DEAR_TOO = pool(2, 12_360_000, 4_000, venue="sushiswap")
CHEAP = pool(3, 30_000_000, 10_000)
CHEAP_TOO = pool(4, 15_060_000, 5_000, venue="sushiswap")
ALL = (DEAR, DEAR_TOO, CHEAP, CHEAP_TOO)


def market_of(*pools: Pool) -> Market:
    return Market(pools or ALL, block=block(100))


def both_divided() -> Route:
    """Sell ether in both dear pools, buy it back in both cheap ones."""
    return Route(
        [
            Hop(ParallelPools([DEAR, DEAR_TOO], WETH, USDC), WETH, USDC),
            Hop(ParallelPools([CHEAP, CHEAP_TOO], WETH, USDC), USDC, WETH),
        ]
    )


def opportunity_of(route: Route) -> Opportunity:
    """The route at its best size, priced in block 100."""
    gas_rate = COSTS.gas_rate(route, block(100))
    found = funded(split_input, route, COSTS, gas_rate)
    assert found is not None
    return replace(priced(found, route, COSTS, gas_rate, block(100)), confidence=0.9)


def plan_of(route: Route) -> ExecutionPlan:
    return Planner(RULES).plan(opportunity_of(route), block(100), 0)


class TestPlan:
    def test_every_member_is_a_step_and_the_largest_share_comes_last(self) -> None:
        route = both_divided()
        plan = plan_of(route)
        assert plan.pools == tuple(each.address for each in (DEAR_TOO, DEAR, CHEAP_TOO, CHEAP))
        assert [len(steps) for steps in plan.hops] == [2, 2]
        for steps, hop, amount_in in zip(
            plan.hops, route, opportunity_of(route).amounts, strict=False
        ):
            assert isinstance(hop.pool, ParallelPools)
            shares = hop.pool.split(hop.token_in, hop.token_out, amount_in)
            assert sorted(step.amount_in for step in steps) == sorted(shares)
            assert sum(step.amount_in for step in steps) == amount_in
        assert [step.venue for step in plan.steps] == ["sushiswap", "uniswap_v2"] * 2

    def test_only_the_last_step_of_a_later_hop_spends_all_there_is(self) -> None:
        plan = plan_of(both_divided())
        fixed, all_ = Spend.FIXED, Spend.ALL
        assert [step.spend for step in plan.steps] == [fixed, fixed, fixed, all_]
        assert [step.spend for step in make_plan(CHEAP, DEAR).steps] == [fixed, all_]

    def test_amount_in_is_the_loan(self) -> None:
        plan = plan_of(both_divided())
        assert plan.amount_in == plan.flash_loan.amount == opportunity_of(both_divided()).amount_in

    def test_a_share_of_nothing_is_no_step(self) -> None:
        useless = pool(5, 20_000_000, 10_000)
        hop = Hop(ParallelPools([DEAR, useless], WETH, USDC), WETH, USDC)
        plan = plan_of(Route([hop, Hop(CHEAP, USDC, WETH)]))
        assert plan.pools == (DEAR.address, CHEAP.address)

    def test_fixed_steps_may_pay_less_by_the_slippage(self) -> None:
        plan = plan_of(both_divided())
        for step, source in zip(plan.steps[:3], (DEAR_TOO, DEAR, CHEAP_TOO), strict=True):
            quote = source.quote_exact_input(step.token_in, step.token_out, step.amount_in)
            assert step.min_amount_out == quote.amount_out * 9950 // 10_000

    def test_the_step_that_takes_the_rest_answers_for_the_whole_hop(self) -> None:
        plan = plan_of(both_divided())
        rest = plan.steps[-1]
        quote = CHEAP.quote_exact_input(rest.token_in, rest.token_out, rest.amount_in)
        whole = plan.expected_out
        assert rest.min_amount_out == whole * 9950 // 10_000 - (whole - quote.amount_out)
        assert 0 < rest.min_amount_out < quote.amount_out * 9950 // 10_000

    def test_the_encoding_is_pinned(self) -> None:
        # Executors in other processes rely on these very bytes.
        plan = ExecutionPlan(
            route_key="way",
            built_at_block=100,
            built_at_step=0,
            target_block=101,
            deadline_block=103,
            steps=(
                PlanStep(
                    *(DEAR.address, "uniswap_v2", WETH, USDC, Spend.FIXED, 7, 20_000),
                    kind=StepKind.CONSTANT_PRODUCT,
                    data=3000,
                ),
                PlanStep(CHEAP.address, "sushiswap", USDC, WETH, Spend.ALL, 20_100, 8),
            ),
            flash_loan=FlashLoan("aave_v3", WETH, 7, 1),
            expected_out=9,
            min_profit=1,
            gas_units=240_000,
            gas_limit=288_000,
            max_fee_per_gas_wei=None,
            builder_payment_bps=1000,
            confidence=0.5,
        )
        assert plan.encode().decode().split("\n") == [
            *("way", "100", "0", "101", "103"),
            *("aave_v3", WETH.address, "7", "1"),
            *("9", "1", "240000", "288000", "None", "1000", "0.5"),
            *(DEAR.address, "uniswap_v2", WETH.address, USDC.address),
            *("fixed", "7", "20000", "1", "3000"),
            *(CHEAP.address, "sushiswap", USDC.address, WETH.address),
            *("all", "20100", "8", "0", "0"),
        ]
        assert plan_of(both_divided()).encode() == plan_of(both_divided()).encode()

    def test_how_a_step_spends_is_part_of_the_id(self) -> None:
        plan = plan_of(both_divided())
        last = replace(plan.steps[-1], spend=Spend.FIXED)
        assert replace(plan, steps=(*plan.steps[:-1], last)).plan_id != plan.plan_id


class TestSimulation:
    def test_it_pays_what_was_expected_and_moves_every_member(self) -> None:
        plan = plan_of(both_divided())
        run = simulate(plan, market_of())
        assert run.amount_out == plan.expected_out
        route, amounts = both_divided(), opportunity_of(both_divided()).amounts
        expected: list[Pool] = []
        for hop, amount in zip(route, amounts, strict=False):
            after = hop.pool.quote_exact_input(hop.token_in, hop.token_out, amount).pool_after
            assert isinstance(after, ParallelPools)
            expected += after.members
        assert sorted(run.pools_after, key=lambda each: each.address) == expected

    def test_the_last_step_takes_what_the_hop_before_paid_more(self) -> None:
        plan = plan_of(both_divided())
        dearer = DEAR.with_reserves(DEAR.reserve0 + 10_000 * DOLLAR, DEAR.reserve1)
        run = simulate(plan, market_of(dearer, DEAR_TOO, CHEAP, CHEAP_TOO))
        assert run.amount_out is not None
        assert run.amount_out > plan.expected_out
        cheap_too, cheap = run.pools_after[2:]
        planned = simulate(plan, market_of()).pools_after
        assert cheap_too == planned[2]
        assert cheap != planned[3]

    def test_the_last_step_gives_way_to_what_the_hop_before_paid_less(self) -> None:
        plan = replace(plan_of(both_divided()), min_profit=0)
        less = DEAR.with_reserves(DEAR.reserve0 * 9970 // 10_000, DEAR.reserve1)
        run = simulate(plan, market_of(less, DEAR_TOO, CHEAP, CHEAP_TOO))
        assert run.amount_out is not None
        assert run.amount_out < plan.expected_out

    def test_a_fixed_step_that_finds_too_little_fails(self) -> None:
        plan = plan_of(both_divided())
        greedy = replace(plan.steps[2], amount_in=plan.steps[2].amount_in * 100)
        run = simulate(replace(plan, steps=(*plan.steps[:2], greedy, plan.steps[3])), market_of())
        assert run.amount_out is None
        assert run.failure.startswith("step 3 would need ")
        assert "is there" in run.failure

    def test_where_fixed_steps_leave_nothing_the_last_one_fails(self) -> None:
        plan = plan_of(both_divided())
        received = plan.steps[2].amount_in + plan.steps[3].amount_in
        greedy = replace(plan.steps[2], amount_in=received)
        run = simulate(replace(plan, steps=(*plan.steps[:2], greedy, plan.steps[3])), market_of())
        assert run.amount_out is None
        assert "step 4 cannot be quoted" in run.failure

    def test_a_member_that_pays_too_little_fails_the_plan(self) -> None:
        slipped = DEAR_TOO.with_reserves(DEAR_TOO.reserve0 * 99 // 100, DEAR_TOO.reserve1)
        run = simulate(plan_of(both_divided()), market_of(DEAR, slipped, CHEAP, CHEAP_TOO))
        assert run.amount_out is None
        assert "step 1 would pay" in run.failure


class TestPaperExecutor:
    async def test_a_divided_plan_is_filled_and_its_members_stay_moved(self) -> None:
        executor = make_executor()
        plan = plan_of(both_divided())
        await executor.submit(plan, block(100), 0, PASSED)
        [settlement] = await executor.settle(market_of(), block(101), frozenset())
        assert settlement.outcome is Outcome.INCLUDED
        assert settlement.amount_out == plan.expected_out
        assert set(executor.moved_pools) == {each.address for each in ALL}

    async def test_dust_on_the_members_does_not_bring_back_what_was_taken(self) -> None:
        executor = make_executor()
        market = market_of()
        attempt = await executor.submit(plan_of(both_divided()), block(100), 0, PASSED)
        await executor.settle(market, block(101), frozenset())
        dust = [ReservesChanged(each.address, each.reserve0 + 1, each.reserve1) for each in ALL]
        changed = market.apply(MarketUpdate(block(102), tuple(dust)))
        executor.forget(changed)
        await executor.settle(market, block(102), changed)
        assert executor.moved_pools == {}
        for sold, bought in ((DEAR, CHEAP), (DEAR_TOO, CHEAP_TOO)):
            single = Route([Hop(sold, WETH, USDC), Hop(bought, USDC, WETH)])
            assert executor.taker_of(single) == attempt.attempt_id
        assert executor.taker_of(both_divided()) == attempt.attempt_id
        await executor.submit(plan_of(both_divided()), block(102), 0, PASSED)
        [second] = await executor.settle(market, block(103), frozenset())
        assert second.outcome is Outcome.MISSED

    async def test_a_gap_that_the_market_closed_is_let_go(self) -> None:
        executor = make_executor()
        market = market_of()
        await executor.submit(plan_of(both_divided()), block(100), 0, PASSED)
        await executor.settle(market, block(101), frozenset())
        closing = [closed(DEAR, 30_000_000, 10_000), closed(DEAR_TOO, 12_000_000, 4_000)]
        changed = market.apply(MarketUpdate(block(102), tuple(closing)))
        executor.forget(changed)
        await executor.settle(market, block(102), changed)
        assert executor.taker_of(both_divided()) is None


def closed(source: ConstantProductPool, dollars: int, ether: int) -> ReservesChanged:
    return ReservesChanged(source.address, dollars * DOLLAR, ether * ETHER)


class TestAround:
    async def test_admission_looks_at_every_member(self) -> None:
        executor = make_executor()
        await executor.submit(plan_of(both_divided()), block(100), 0, PASSED)
        single = Route([Hop(DEAR_TOO, WETH, USDC), Hop(pool(7, 3, 1), USDC, WETH)])
        refusal = Admission(3, 36).check(single, executor.in_flight, 0)
        assert refusal is not None
        assert refusal.gate == "pool_in_flight"
        other = Route([Hop(pool(6, 3, 1), WETH, USDC), Hop(pool(7, 3, 1), USDC, WETH)])
        assert Admission(3, 36).check(other, executor.in_flight, 0) is None

    async def test_a_divided_route_waits_for_the_pools_of_any_member(self) -> None:
        executor = make_executor()
        await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
        refusal = Admission(3, 36).check(both_divided(), executor.in_flight, 0)
        assert refusal is not None
        assert refusal.gate == "pool_in_flight"

    def test_booking_names_the_venues_of_all_members(self) -> None:
        assert venues_of(both_divided()) == ("uniswap_v2", "sushiswap") * 2

    def test_ages_are_those_of_all_members(self) -> None:
        market = market_of()
        moved = ReservesChanged(CHEAP_TOO.address, 1, 1)
        market.apply(MarketUpdate(block(103), (moved,)))
        assert pool_ages(both_divided(), market) == (3, 3, 3, 0)

    def test_confidence_looks_at_each_members_depth(self) -> None:
        assert confidence(opportunity_of(both_divided()), market_of()) > 0.9
        # The control: a small member with a fat price is eaten into.
        small = pool(8, 4_000, 1)
        hop = Hop(ParallelPools([DEAR, small], WETH, USDC), WETH, USDC)
        eaten = confidence_factors(opportunity_of(Route([hop, Hop(CHEAP, USDC, WETH)])))
        assert eaten.depth < 0.85 < confidence_factors(opportunity_of(both_divided())).depth
