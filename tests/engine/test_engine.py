"""The engine: from steps of a feed to attempts, settlements and reasons."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from aineon.engine.admission import Admission
from aineon.engine.engine import Engine
from aineon.engine.events import (
    AttemptSettled,
    AttemptSubmitted,
    EngineEvent,
    EngineState,
    MarketRewound,
    StateChanged,
    StepProcessed,
)
from aineon.engine.funnel import Stage
from aineon.engine.judging import Judging
from aineon.errors import EngineError, FeedError
from aineon.execution import Outcome, Planner
from aineon.execution.paper import PaperExecutor
from aineon.execution.preflight import LocalPreflight
from aineon.feeds.base import FeedItem, FeedPaused, Rewind
from aineon.risk import Limits, RiskGate
from aineon.search import Scanner
from tests.execution.making import CERTAIN, COSTS, RULES, make_executor
from tests.scripted import (
    CHEAP,
    DEAR,
    ETHER,
    EVEN,
    GWEI,
    WETH,
    ScriptedFeed,
    first_step,
    pool,
    step,
)

LIMITS = Limits(
    min_profit_wei=ETHER // 100,
    max_gas_price_wei=50 * GWEI,
    min_confidence=0.0,
    max_position_wei=1000 * ETHER,
)


def make_engine(feed: ScriptedFeed, limits: Limits = LIMITS) -> Engine:
    executor = make_executor(replace(CERTAIN, whole_blocks=feed.complete))
    judging = Judging(
        RiskGate(limits), Admission(3, 36), Planner(RULES), executor, LocalPreflight(), COSTS
    )
    scanner = Scanner([WETH], max_hops=3, costs=COSTS)
    return Engine(feed, scanner, judging, executor)


async def run(engine: Engine) -> list[EngineEvent]:
    async with aclosing(engine.events()) as events:
        return [event async for event in events]


async def play(*script: FeedItem, limits: Limits = LIMITS) -> list[EngineEvent]:
    return await run(make_engine(ScriptedFeed(script), limits))


def steps_of(events: Sequence[EngineEvent]) -> list[StepProcessed]:
    return [event for event in events if isinstance(event, StepProcessed)]


def outcomes_of(events: Sequence[EngineEvent]) -> list[Outcome]:
    return [event.settlement.outcome for event in events if isinstance(event, AttemptSettled)]


async def test_an_opportunity_is_seen_attempted_and_settled_on_the_next_block() -> None:
    events = await play(first_step(100, CHEAP, DEAR), step(101))
    [entry] = steps_of(events)[0].entries
    assert entry.stage is Stage.SUBMITTED
    assert entry.net_wei is not None
    [submitted] = [event for event in events if isinstance(event, AttemptSubmitted)]
    assert submitted.attempt.attempt_id == entry.attempt_id
    [settled] = [event.settlement for event in events if isinstance(event, AttemptSettled)]
    assert settled.outcome is Outcome.INCLUDED
    assert settled.net is not None
    assert settled.net.wei == entry.net_wei
    assert steps_of(events)[1].counts[Stage.LANDED] == 1


async def test_what_a_paper_trade_took_is_not_seen_again() -> None:
    events = await play(first_step(100, CHEAP, DEAR), *[step(101 + n) for n in range(20)])
    assert outcomes_of(events) == [Outcome.INCLUDED]
    left = [entry for each in steps_of(events)[1:] for entry in each.entries]
    assert {entry.gate for entry in left} <= {"min_profit"}
    assert all(entry.net_wei is not None and entry.net_wei < 0 for entry in left)


async def test_dust_on_the_pools_does_not_sell_the_same_gap_again() -> None:
    """Long after the cooldown, real events show the pools as if the paper trade had never been."""
    dust = [pool(1, 30_000_001, 10_000), pool(2, 31_000_001, 10_000, venue="sushiswap")]
    events = await play(
        first_step(100, CHEAP, DEAR), *map(step, range(101, 110)), step(110, *dust), step(111)
    )
    assert outcomes_of(events) == [Outcome.INCLUDED]
    [entry] = steps_of(events)[-1].entries
    assert (entry.stage, entry.gate) == (Stage.PASSED_RISK, "taken_already")
    assert "sim-000001" in entry.reason


async def test_each_stop_has_its_stage_and_its_reason() -> None:
    picky = replace(LIMITS, min_profit_wei=10_000 * ETHER)
    events = await play(first_step(100, CHEAP, DEAR), limits=picky)
    [entry] = steps_of(events)[0].entries
    assert (entry.stage, entry.gate) == (Stage.SCORED, "min_profit")
    assert "below the minimum of 10,000 ETH" in entry.reason
    counts = steps_of(events)[0].counts
    assert counts[Stage.SCORED] == 1
    assert counts[Stage.PASSED_RISK] == 0


async def test_nothing_is_attempted_between_two_swaps_of_one_transaction() -> None:
    events = await play(
        first_step(100, CHEAP, EVEN), step(100, DEAR, index=1, mid_transaction=True)
    )
    [entry] = steps_of(events)[1].entries
    assert entry.gate == "mid_transaction"


async def test_unknown_gas_stops_an_opportunity() -> None:
    events = await play(first_step(100, CHEAP, DEAR, base_fee_wei=None))
    [entry] = steps_of(events)[0].entries
    assert entry.gate == "gas_unknown"
    assert entry.opportunity.net_profit is None


async def test_an_attempt_without_a_next_state_is_unresolved() -> None:
    events = await play(first_step(100, CHEAP, DEAR))
    assert outcomes_of(events) == [Outcome.UNRESOLVED]


async def test_a_competitor_who_was_faster_leaves_a_miss() -> None:
    events = await play(first_step(100, CHEAP, DEAR), step(101, EVEN))
    assert outcomes_of(events) == [Outcome.MISSED]


async def test_where_steps_pile_up_only_the_newest_is_scanned() -> None:
    feed = ScriptedFeed(
        [first_step(100, CHEAP, EVEN), *[step(101 + n, droppable=True) for n in range(5)]]
    )
    engine = make_engine(feed)
    events = await run(engine)
    scanned = [each for each in steps_of(events) if each.scan_seconds is not None]
    assert len(steps_of(events)) == 6
    assert engine.scans_dropped == 6 - len(scanned) > 0
    assert scanned[-1].block.number == 105


async def test_a_recordings_every_state_is_scanned() -> None:
    engine = make_engine(ScriptedFeed([first_step(100, CHEAP, EVEN), *map(step, range(101, 120))]))
    events = await run(engine)
    assert engine.scans_dropped == 0
    assert all(each.scan_seconds is not None for each in steps_of(events))


async def test_a_reorg_takes_market_and_attempts_back() -> None:
    engine = make_engine(
        ScriptedFeed([first_step(100, CHEAP, EVEN), step(101, DEAR), Rewind(100), step(101)])
    )
    events = await run(engine)
    assert MarketRewound(100) in events
    assert engine.market.pool(EVEN.address) == EVEN
    assert outcomes_of(events) == [Outcome.UNRESOLVED]


async def test_a_pause_is_told_with_its_reason_and_ended_by_the_next_step() -> None:
    pause = FeedPaused("no node answers")
    events = await play(first_step(100, CHEAP, EVEN), pause, pause, step(101))
    states = [event for event in events if isinstance(event, StateChanged)]
    assert states[1:-1] == [
        StateChanged(EngineState.RUNNING),
        StateChanged(EngineState.PAUSED, "no node answers"),
        StateChanged(EngineState.RUNNING),
    ]


async def test_an_executor_in_trouble_pauses_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine(ScriptedFeed([first_step(100, CHEAP, EVEN), step(101)]))
    monkeypatch.setattr(PaperExecutor, "trouble", "no ether for gas")
    events = await run(engine)
    states = [event.state for event in events if isinstance(event, StateChanged)]
    assert states == [EngineState.STARTING, EngineState.PAUSED, EngineState.FINISHED]
    assert len(steps_of(events)) == 2


async def test_a_failing_feed_is_told_and_raised() -> None:
    engine = make_engine(
        ScriptedFeed([first_step(100, CHEAP, EVEN)], failure=FeedError("the recording ends"))
    )
    seen: list[EngineEvent] = []

    async def watch() -> None:
        async for event in engine.events():
            seen.append(event)  # noqa: PERF401 (what came before the failure counts)

    with pytest.raises(FeedError, match="the recording ends"):
        await watch()
    assert seen[-1] == StateChanged(EngineState.FAILED, "the recording ends")
    assert len(steps_of(seen)) == 1


async def test_an_engine_runs_once() -> None:
    engine = make_engine(ScriptedFeed([first_step(100, CHEAP, EVEN)]))
    await run(engine)
    assert engine.state is EngineState.FINISHED
    with pytest.raises(EngineError, match="build a new one"):
        engine.events()


async def test_closing_stops_the_engine_and_its_reader() -> None:
    engine = make_engine(ScriptedFeed([first_step(100, CHEAP, EVEN), *map(step, range(101, 200))]))
    async for event in engine.events():
        if isinstance(event, StepProcessed):
            break
    await engine.aclose()
    assert engine.state is EngineState.STOPPED
    assert [task.get_name() for task in asyncio.all_tasks()].count("aineon-feed") == 0
