"""Auctions at the top of a block: who pays most goes first, on the states before the block."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aineon import open_engine
from aineon.amm import ConstantProductPool
from aineon.engine.events import AttemptSettled
from aineon.execution import ExecutionPlan, Outcome, PaperExecutor, PaperSettlement
from aineon.execution.contests import Auctions, auctions_of, needed_payment_wei
from aineon.feeds.base import Contest
from aineon.market import Market, MarketUpdate, ReservesChanged
from aineon.optimizer.arms import Channel
from aineon.primitives import SimulatedMoney
from aineon.search import Hop, Route
from tests.execution.making import CERTAIN, PASSED, make_executor, make_plan
from tests.scripted import CHEAP, DEAR, EVEN, GWEI, USDC, WETH, block, first_step

FORWARD = ((DEAR.address, WETH.address), (CHEAP.address, USDC.address))
BACKWARD = ((CHEAP.address, WETH.address), (DEAR.address, USDC.address))


def contest(
    payment: int, pools: tuple[tuple[str, str], ...] = FORWARD, reached: bool = True
) -> Contest:
    return Contest(pools, payment, reached)


def auctions(*contests: Contest, before: tuple[ConstantProductPool, ...] = ()) -> Auctions:
    """Contests over CHEAP and DEAR as they stood, or over `before`."""
    return Auctions({each.address: each for each in before or (CHEAP, DEAR)}, contests)


def offer(plan: ExecutionPlan, base_fee_wei: int = 10 * GWEI) -> int:
    """What a plan pays the builder in a block with that base fee."""
    gas = (base_fee_wei + GWEI) * plan.gas_units
    return (plan.expected_profit - gas) * plan.builder_payment_bps // 10_000


async def settled(
    top: Auctions | None,
    after: tuple[ConstantProductPool, ...] = (CHEAP, EVEN),
    executor: PaperExecutor | None = None,
    plan: ExecutionPlan | None = None,
    base_fee_wei: int = 10 * GWEI,
    changed: frozenset[str] = frozenset({EVEN.address}),
) -> PaperSettlement:
    """What becomes of the usual plan in block 101, at whose end the gap is closed."""
    executor = executor or make_executor()
    await executor.submit(plan or make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    [settlement] = await executor.settle(Market(after), block(101, base_fee_wei), changed, top)
    return settlement


# --- what it takes -----------------------------------------------------------------------------


def test_what_is_needed_is_the_most_that_others_offer_for_the_same_money() -> None:
    elsewhere = contest(900, (("0x" + "9" * 40, WETH.address),))
    contests = [contest(500), contest(700, FORWARD[:1]), elsewhere]
    assert needed_payment_wei(FORWARD, contests) == 700
    assert needed_payment_wei(FORWARD[1:], contests) == 500


def test_the_other_direction_of_a_pool_is_other_money() -> None:
    assert needed_payment_wei(BACKWARD, [contest(500)]) == 0
    assert needed_payment_wei(FORWARD, [contest(500)]) == 500


def test_a_builder_who_is_not_reached_takes_nothing_at_any_price() -> None:
    assert needed_payment_wei(FORWARD, [contest(500, reached=False)]) is None
    assert needed_payment_wei(FORWARD, []) == 0


def test_a_feed_without_auctions_tells_of_none() -> None:
    step = first_step(100, CHEAP, DEAR)
    assert auctions_of(step, {}) is None
    assert auctions_of(replace(step, contests=()), {}) == Auctions({}, ())


# --- settling by them --------------------------------------------------------------------------


async def test_a_payment_must_beat_the_others_and_not_only_equal_them() -> None:
    plan = make_plan(CHEAP, DEAR)
    tip = offer(plan)
    won, level = [await settled(auctions(contest(others))) for others in (tip - 1, tip)]
    assert won.outcome is Outcome.INCLUDED
    assert won.builder_payment == SimulatedMoney(tip)
    assert level.outcome is Outcome.MISSED
    assert level.net == SimulatedMoney(0)
    assert "outbid" in level.reason


async def test_who_goes_first_trades_on_the_states_before_the_block() -> None:
    """The control settles on the end of the block, where the gap is closed."""
    plan = make_plan(CHEAP, DEAR)
    assert (await settled(auctions(contest(0)))).amount_out == plan.expected_out
    assert (await settled(None)).outcome is Outcome.MISSED


async def test_a_gap_that_was_closed_before_the_block_is_not_there() -> None:
    top = auctions(contest(0), before=(CHEAP, EVEN))
    missed = await settled(top, after=(CHEAP, DEAR))
    assert missed.outcome is Outcome.MISSED
    assert "dropped" in missed.reason


async def test_it_is_paid_what_was_expected_at_most() -> None:
    dearer = DEAR.with_reserves(DEAR.reserve0 + DEAR.reserve0 // 100, DEAR.reserve1)
    plan = make_plan(CHEAP, DEAR)
    on_better = await settled(auctions(contest(0), before=(CHEAP, dearer)))
    assert on_better.amount_out == plan.expected_out
    without = await settled(None, after=(CHEAP, dearer))
    assert without.amount_out is not None
    assert without.amount_out > plan.expected_out


@pytest.mark.parametrize("reached", [True, False])
async def test_the_builder_must_be_one_that_is_reached(reached: bool) -> None:
    settlement = await settled(auctions(contest(0, reached=reached)))
    assert (settlement.outcome is Outcome.INCLUDED) is reached


async def test_where_nobody_bids_a_plan_that_pays_nothing_lands_too() -> None:
    free = replace(make_plan(CHEAP, DEAR), builder_payment_bps=0)
    assert (await settled(auctions(contest(0)), plan=free)).outcome is Outcome.INCLUDED
    assert (await settled(auctions(contest(1)), plan=free)).outcome is Outcome.MISSED


async def test_auctions_take_the_place_of_the_modelled_inclusion() -> None:
    nobody = replace(CERTAIN, inclusion_rate=0.0)
    assert (await settled(auctions(contest(0)), executor=make_executor(nobody))).net is not None
    left_out = await settled(None, after=(CHEAP, DEAR), executor=make_executor(nobody))
    assert "not taken up" in left_out.reason


async def test_losing_costs_gas_in_public_alone() -> None:
    plan = make_plan(CHEAP, DEAR)
    lost = auctions(contest(offer(plan)))
    for channel, paid in ((Channel.PRIVATE, 0), (Channel.PUBLIC, 11 * GWEI * plan.gas_units)):
        executor = make_executor(replace(CERTAIN, revert_rate=1.0, channel=channel))
        settlement = await settled(lost, executor=executor)
        assert settlement.gas_cost == SimulatedMoney(paid)
        assert settlement.net == SimulatedMoney(-paid)
    executor = make_executor(replace(CERTAIN, revert_rate=0.0, channel=Channel.PUBLIC))
    assert (await settled(lost, executor=executor)).outcome is Outcome.MISSED


async def test_the_price_of_gas_and_the_deadline_count_as_ever() -> None:
    top = auctions(contest(0))
    dear = await settled(top, base_fee_wei=60 * GWEI)
    assert "61 gwei" in dear.reason
    executor = make_executor()
    plan = make_plan(CHEAP, DEAR)
    await executor.submit(plan, block(100), 0, PASSED)
    late = block(plan.deadline_block + 1)
    [missed] = await executor.settle(Market([CHEAP, DEAR]), late, frozenset(), top)
    assert "deadline" in missed.reason


async def test_gas_of_the_new_block_lowers_what_is_offered() -> None:
    plan = make_plan(CHEAP, DEAR)
    top = auctions(contest(offer(plan, 12 * GWEI)))
    assert (await settled(top, base_fee_wei=12 * GWEI)).outcome is Outcome.MISSED
    assert (await settled(top, base_fee_wei=11 * GWEI)).outcome is Outcome.INCLUDED


# --- the paper book beside them ----------------------------------------------------------------


async def test_what_was_taken_at_the_top_is_not_paid_again_in_the_same_block() -> None:
    executor = make_executor()
    plan = make_plan(CHEAP, DEAR)
    for _ in range(2):
        await executor.submit(plan, block(100), 0, PASSED)
    changed = frozenset({CHEAP.address, EVEN.address})
    first, second = await executor.settle(
        Market([CHEAP, EVEN]), block(101), changed, auctions(contest(0))
    )
    assert [first.outcome, second.outcome] == [Outcome.INCLUDED, Outcome.MISSED]


async def test_what_happened_later_in_the_block_stands_before_the_paper_trade() -> None:
    executor = make_executor()
    await settled(auctions(contest(0)), executor=executor)
    assert set(executor.moved_pools) == {CHEAP.address}


async def test_an_attempt_trades_on_what_the_paper_book_had_left_before_the_block() -> None:
    """The events of block 102 replace what the first paper trade moved, but they come after."""
    executor = make_executor()
    market = Market([CHEAP, DEAR], block=block(101))
    plan = make_plan(CHEAP, DEAR)
    await executor.submit(plan, block(100), 0, PASSED)
    nothing: frozenset[str] = frozenset()
    await executor.settle(market, block(101), nothing, auctions(contest(0)))
    assert set(executor.moved_pools) == {CHEAP.address, DEAR.address}
    await executor.submit(replace(plan, deadline_block=110), block(101), 0, PASSED)
    dust = [
        ReservesChanged(each.address, each.reserve0 + 1, each.reserve1) for each in (CHEAP, DEAR)
    ]
    changed = market.apply(MarketUpdate(block(102), tuple(dust)))
    executor.forget(changed)
    [again] = await executor.settle(market, block(102), changed, auctions(contest(0)))
    assert again.outcome is Outcome.MISSED
    assert executor.moved_pools == {}


@pytest.mark.parametrize("after", [(CHEAP, EVEN), (CHEAP, DEAR)])
async def test_a_gap_stays_taken_only_where_the_block_ends_with_it_open(
    after: tuple[ConstantProductPool, ...],
) -> None:
    executor = make_executor()
    both = frozenset({CHEAP.address, DEAR.address})
    landed = await settled(auctions(contest(0)), after=after, executor=executor, changed=both)
    assert landed.outcome is Outcome.INCLUDED
    route = Route([Hop(after[1], WETH, USDC), Hop(CHEAP, USDC, WETH)])
    taker = executor.taker_of(route)
    assert taker == (None if after[1] is EVEN else landed.attempt.attempt_id)


# --- the engine --------------------------------------------------------------------------------


async def reasons(**overrides: object) -> list[str]:
    """Why the attempts of a short run of the sandbox ended as they did."""
    settings: dict[str, object] = {
        "feed": "sandbox",
        "seed": 11,
        "warm_up_blocks": 0,
        "pace_seconds": 0,
        "blocks": 60,
        "optimizer": "off",
        "min_profit_wei": 10**15,
    }
    async with open_engine(**settings | overrides) as engine:
        return [
            event.settlement.reason
            async for event in engine.events()
            if isinstance(event, AttemptSettled)
        ]


async def test_the_engine_settles_by_the_auctions_of_its_feed() -> None:
    assert any("outbid" in reason for reason in await reasons(sandbox_rivals="mixed"))
    assert not any("outbid" in reason for reason in await reasons())
