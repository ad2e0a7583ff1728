"""Paper settlement: the next states decide, and what was taken is gone."""

from __future__ import annotations

from dataclasses import replace

from aineon.amm import ConstantProductPool
from aineon.execution import Outcome, PaperExecutor, PaperSettlement
from aineon.market import Market, MarketUpdate, PoolVanished, ReservesChanged
from aineon.primitives import SimulatedMoney
from aineon.search import Hop, Route
from tests.execution.making import CERTAIN, COSTS, PASSED, RULES, make_executor, make_plan
from tests.scripted import CHEAP, DEAR, EVEN, GWEI, USDC, WETH, block

NOTHING: frozenset[str] = frozenset()


def route_of(market: Market) -> Route:
    """The way of `make_plan(CHEAP, DEAR)` through the pools as they stand."""
    return Route(
        [
            Hop(market.pool(DEAR.address), WETH, USDC),
            Hop(market.pool(CHEAP.address), USDC, WETH),
        ]
    )


async def settle_next(
    executor: PaperExecutor, market: Market, number: int = 101, base_fee_wei: int | None = 10 * GWEI
) -> list[PaperSettlement]:
    """Settle on `market`'s states as block `number`."""
    return await executor.settle(market, block(number, base_fee_wei), frozenset())


async def test_nothing_settles_in_the_block_it_was_seen_in() -> None:
    executor = make_executor()
    await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    assert await settle_next(executor, Market([CHEAP, DEAR]), number=100) == []
    assert len(executor.in_flight) == 1


async def test_on_unchanged_states_a_plan_earns_what_it_expected() -> None:
    executor = make_executor()
    plan = make_plan(CHEAP, DEAR)
    attempt = await executor.submit(plan, block(100), 0, PASSED)
    [settlement] = await settle_next(executor, Market([CHEAP, DEAR]))
    assert attempt.attempt_id.startswith("sim-")
    assert settlement.outcome is Outcome.INCLUDED
    assert settlement.amount_out == plan.expected_out
    gas = 11 * GWEI * plan.gas_units
    tip = (plan.expected_profit - gas) * RULES.builder_payment_bps // 10_000
    assert settlement.gas_cost == SimulatedMoney(gas)
    assert settlement.builder_payment == SimulatedMoney(tip)
    assert settlement.net == SimulatedMoney(plan.expected_profit - gas - tip)
    assert executor.in_flight == ()


async def test_the_same_opportunity_is_never_paid_twice() -> None:
    executor = make_executor()
    plan = make_plan(CHEAP, DEAR)
    market = Market([CHEAP, DEAR])
    await executor.submit(plan, block(100), 0, PASSED)
    await executor.submit(plan, block(100), 0, PASSED)
    first, second = await settle_next(executor, market)
    assert first.outcome is Outcome.INCLUDED
    assert second.outcome is Outcome.MISSED
    view = executor.view(market)
    assert view.pool(DEAR.address) != DEAR
    assert market.pool(DEAR.address) == DEAR


async def test_a_real_event_replaces_what_paper_trades_moved() -> None:
    executor = make_executor()
    market = Market([CHEAP, DEAR], block=block(100))
    await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    await settle_next(executor, market)
    assert set(executor.moved_pools) == {CHEAP.address, DEAR.address}
    changed = market.apply(
        MarketUpdate(block(102), (ReservesChanged(DEAR.address, EVEN.reserve0, EVEN.reserve1),))
    )
    executor.forget(changed)
    assert set(executor.moved_pools) == {CHEAP.address}


def dust(*pools: ConstantProductPool) -> tuple[ReservesChanged, ...]:
    """Events of real trades so small that they change next to nothing."""
    return tuple(ReservesChanged(each.address, each.reserve0 + 1, each.reserve1) for each in pools)


async def test_dust_on_its_pools_does_not_bring_back_what_was_taken() -> None:
    """The events replace what the paper trade moved; the gap that it closed stays taken."""
    executor = make_executor()
    market = Market([CHEAP, DEAR], block=block(100))
    plan = make_plan(CHEAP, DEAR)
    first = await executor.submit(plan, block(100), 0, PASSED)
    assert (await settle_next(executor, market))[0].outcome is Outcome.INCLUDED
    changed = market.apply(MarketUpdate(block(102), dust(CHEAP, DEAR)))
    executor.forget(changed)
    assert await executor.settle(market, block(102), changed) == []
    assert executor.moved_pools == {}
    assert executor.taker_of(route_of(market)) == first.attempt_id
    await executor.submit(plan, block(102), 0, PASSED)
    [second] = await settle_next(executor, market, number=103)
    assert second.outcome is Outcome.MISSED
    assert first.attempt_id in second.reason


async def test_a_gap_that_the_real_market_closed_may_be_taken_when_it_opens_again() -> None:
    executor = make_executor()
    market = Market([CHEAP, DEAR], block=block(100))
    await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    await settle_next(executor, market)
    for number, state in ((102, EVEN), (103, DEAR)):
        event = ReservesChanged(state.address, state.reserve0, state.reserve1)
        changed = market.apply(MarketUpdate(block(number), (event, *dust(CHEAP)[: number - 102])))
        executor.forget(changed)
        await executor.settle(market, block(number), changed)
    assert executor.taker_of(route_of(market)) is None


async def test_undoing_ones_own_paper_trade_is_no_profit() -> None:
    """After the real market closed the gap on one side, the other is off in the paper book only."""
    executor = make_executor()
    market = Market([CHEAP, DEAR], block=block(100))
    await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    await settle_next(executor, market)
    closing = ReservesChanged(DEAR.address, EVEN.reserve0, EVEN.reserve1)
    changed = market.apply(MarketUpdate(block(102), (closing,)))
    executor.forget(changed)
    await executor.settle(market, block(102), changed)
    cheap, even = (executor.view(market).pool(each.address) for each in (CHEAP, EVEN))
    assert isinstance(cheap, ConstantProductPool)
    assert isinstance(even, ConstantProductPool)
    await executor.submit(make_plan(even, cheap), block(102), 0, PASSED)
    [settlement] = await settle_next(executor, market, number=103)
    assert settlement.outcome is Outcome.MISSED
    assert "paper book" in settlement.reason


async def test_an_opportunity_that_is_gone_is_missed_and_costs_nothing() -> None:
    executor = make_executor()
    await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    [settlement] = await settle_next(executor, Market([CHEAP, EVEN]))
    assert settlement.outcome is Outcome.MISSED
    assert settlement.net == SimulatedMoney(0)
    assert "dropped" in settlement.reason


async def test_a_failing_attempt_that_lands_pays_its_gas() -> None:
    executor = make_executor(replace(CERTAIN, revert_rate=1.0))
    plan = make_plan(CHEAP, DEAR)
    await executor.submit(plan, block(100), 0, PASSED)
    [settlement] = await settle_next(executor, Market([CHEAP, EVEN]))
    assert settlement.outcome is Outcome.REVERTED
    assert settlement.net == SimulatedMoney(-11 * GWEI * plan.gas_units)


async def test_what_no_builder_takes_up_is_missed() -> None:
    executor = make_executor(replace(CERTAIN, inclusion_rate=0.0))
    await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    [settlement] = await settle_next(executor, Market([CHEAP, DEAR]))
    assert settlement.outcome is Outcome.MISSED
    assert "not taken up" in settlement.reason


async def test_unknown_gas_makes_the_net_unknown_and_never_zero() -> None:
    executor = make_executor()
    await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    [settlement] = await settle_next(executor, Market([CHEAP, DEAR]), base_fee_wei=None)
    assert settlement.outcome is Outcome.INCLUDED
    assert settlement.gas_cost is None
    assert settlement.net is None


async def test_a_gas_price_above_the_plans_limit_is_missed() -> None:
    executor = make_executor()
    await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    [settlement] = await settle_next(executor, Market([CHEAP, DEAR]), base_fee_wei=60 * GWEI)
    assert settlement.outcome is Outcome.MISSED
    assert "61 gwei" in settlement.reason


async def test_latency_lets_blocks_pass() -> None:
    executor = make_executor(replace(CERTAIN, latency_blocks=2))
    await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    market = Market([CHEAP, DEAR])
    assert await settle_next(executor, market, number=101) == []
    assert (await settle_next(executor, market, number=102))[0].outcome is Outcome.INCLUDED


async def test_on_partial_recordings_an_attempt_waits_until_its_pools_are_seen_again() -> None:
    executor = make_executor(replace(CERTAIN, whole_blocks=False))
    await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    market = Market([CHEAP, DEAR])
    assert await executor.settle(market, block(101), frozenset({"0x" + "9" * 40})) == []
    [settlement] = await executor.settle(market, block(101), frozenset({DEAR.address}))
    assert settlement.outcome is Outcome.INCLUDED


async def test_on_partial_recordings_the_next_state_may_stand_in_the_same_block() -> None:
    executor = make_executor(replace(CERTAIN, whole_blocks=False))
    await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    market = Market([CHEAP, EVEN])
    [settlement] = await executor.settle(market, block(100), frozenset({EVEN.address}))
    assert settlement.outcome is Outcome.MISSED


async def test_a_pool_seen_again_inside_a_transaction_counts_when_the_transaction_is_over() -> None:
    executor = make_executor(replace(CERTAIN, whole_blocks=False))
    await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    executor.forget({DEAR.address})
    [settlement] = await settle_next(executor, Market([CHEAP, EVEN]))
    assert settlement.outcome is Outcome.MISSED


async def test_on_partial_recordings_a_state_after_the_deadline_resolves_nothing() -> None:
    executor = make_executor(replace(CERTAIN, whole_blocks=False))
    plan = make_plan(CHEAP, DEAR)
    later = block(plan.deadline_block + 1)
    for changed in (NOTHING, frozenset({DEAR.address})):
        await executor.submit(plan, block(100), 0, PASSED)
        [settlement] = await executor.settle(Market([CHEAP, DEAR]), later, changed)
        assert settlement.outcome is Outcome.UNRESOLVED
        assert settlement.net is None
        assert "no next state" in settlement.reason


async def test_where_no_next_state_comes_it_is_unresolved_and_never_profit() -> None:
    executor = make_executor(replace(CERTAIN, whole_blocks=False))
    await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    [settlement] = await executor.give_up("no next state")
    assert settlement.outcome is Outcome.UNRESOLVED
    assert settlement.net is None
    assert settlement.amount_out is None
    assert executor.in_flight == ()


async def test_a_pool_that_vanishes_leaves_the_attempt_unresolved() -> None:
    executor = make_executor()
    market = Market([CHEAP, DEAR], block=block(100))
    await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    changed = market.apply(MarketUpdate(block(101), (PoolVanished(DEAR.address),)))
    [settlement] = await executor.settle(market, block(101), changed)
    assert settlement.outcome is Outcome.UNRESOLVED


async def test_a_reorg_leaves_what_was_built_on_it_unresolved() -> None:
    executor = make_executor()
    await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    await executor.submit(make_plan(CHEAP, DEAR), block(103), 0, PASSED)
    [lost] = await executor.give_up("reorganised away", after_block=102)
    assert lost.attempt.submitted_block == 103
    assert len(executor.in_flight) == 1


async def test_the_same_seed_throws_the_same_dice() -> None:
    outcomes = []
    for _ in range(2):
        executor = make_executor(replace(CERTAIN, inclusion_rate=0.5, seed=2))
        plan = make_plan(CHEAP, DEAR)
        for number in range(100, 120):
            await executor.submit(replace(plan, target_block=number + 1), block(number), 0, PASSED)
        market = Market([CHEAP, DEAR])
        outcomes.append(
            [str(each.outcome) for each in await settle_next(executor, market, number=102)]
        )
    assert outcomes[0] == outcomes[1]
    assert len(set(outcomes[0])) > 1


def test_costs_know_the_gas_price_of_a_block() -> None:
    assert COSTS.gas_price_wei(block(1, base_fee_wei=None)) is None
