"""The engine asks the breaker before each attempt, says what it says, and tells it what happens."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from aineon.engine.admission import Admission
from aineon.engine.engine import Engine
from aineon.engine.events import AttemptSubmitted, EngineEvent, EngineState, StepProcessed
from aineon.engine.funnel import FunnelEntry, Stage
from aineon.engine.judging import Judging
from aineon.engine.watching import Watching, depth_share
from aineon.errors import FeedError, LedgerError
from aineon.execution import Outcome, Planner
from aineon.execution.executor import NotSubmitted
from aineon.execution.paper import PaperConditions
from aineon.execution.preflight import LocalPreflight
from aineon.execution.settlement import (
    Attempt,
    Observation,
    OnchainSettlement,
    PaperSettlement,
    Settlement,
    Verification,
)
from aineon.feeds.base import FeedItem
from aineon.market import Market
from aineon.primitives import ManualClock, RehearsalMoney, SimulatedMoney
from aineon.risk import Limits, RiskGate
from aineon.risk.breaker import FAULTS
from aineon.risk.day import Day
from aineon.risk.desk import RiskDesk
from aineon.safety import Breaker, BreakerChange, BreakerState, MemoryKeeper
from aineon.search import Scanner, find_opportunities
from tests.execution.making import CERTAIN, COSTS, RULES, make_executor, make_plan
from tests.scripted import (
    CHEAP,
    DEAR,
    ETHER,
    EVEN,
    GWEI,
    WETH,
    ScriptedFeed,
    block,
    first_step,
    step,
)

RUNNING, DEGRADED, PAUSED, HALTED = BreakerState
LIMITS = Limits(
    min_profit_wei=ETHER // 100,
    max_gas_price_wei=50 * GWEI,
    min_confidence=0.0,
    max_position_wei=1000 * ETHER,
    max_daily_loss_wei=ETHER // 100,
    max_exposure_wei=1000 * ETHER,
    max_attempts_per_minute=60,
)
MONEYS = (SimulatedMoney, RehearsalMoney)


class Stand:
    """An engine with a risk desk, and the parts that tests turn."""

    def __init__(
        self,
        feed: ScriptedFeed,
        limits: Limits = LIMITS,
        keeper: MemoryKeeper | None = None,
        conditions: PaperConditions = CERTAIN,
    ) -> None:
        clock = ManualClock(1_700_000_000.0)
        self.breaker = Breaker(keeper or MemoryKeeper(), clock)
        self.desk = RiskDesk(limits, self.breaker, Day(clock))
        executor = make_executor(replace(conditions, whole_blocks=feed.complete))
        self.watching = Watching(self.desk, executor, COSTS)
        judging = Judging(
            RiskGate(limits, self.desk),
            Admission(3, 0),
            Planner(RULES),
            executor,
            LocalPreflight(),
            COSTS,
            watching=self.watching,
        )
        scanner = Scanner([WETH], max_hops=3, costs=COSTS)
        self.engine = Engine(feed, scanner, judging, executor, watching=self.watching)

    async def run(self) -> list[EngineEvent]:
        async with aclosing(self.engine.events()) as events:
            return [event async for event in events]


def stand(*script: FeedItem, **options: object) -> Stand:
    return Stand(ScriptedFeed(script), **options)  # type: ignore[arg-type]


def entries_of(events: Sequence[EngineEvent]) -> list[FunnelEntry]:
    return [e for each in events if isinstance(each, StepProcessed) for e in each.entries]


def submitted(events: Sequence[EngineEvent]) -> int:
    return sum(isinstance(event, AttemptSubmitted) for event in events)


async def test_a_halted_breaker_stops_every_attempt_with_its_reason_in_the_funnel() -> None:
    played = stand(first_step(100, CHEAP, DEAR))
    played.breaker.move(HALTED, "daily_loss", "the loss of this day is 2 ETH", "risk")
    states: list[tuple[str, str]] = []
    async with aclosing(played.engine.events()) as running:
        events = []
        async for event in running:
            events.append(event)
            states.append((played.engine.state, played.engine.detail))
    [entry] = entries_of(events)
    assert (entry.stage, entry.gate) == (Stage.SCORED, "breaker")
    assert entry.reason == "the breaker is halted: the loss of this day is 2 ETH"
    assert submitted(events) == 0
    words = "the breaker is halted: the loss of this day is 2 ETH"
    assert (EngineState.PAUSED, words) in states


async def test_a_running_breaker_lets_it_through() -> None:
    """The control of the test above."""
    played = stand(first_step(100, CHEAP, DEAR))
    assert submitted(await played.run()) == 1
    assert played.desk.pace.last_minute == 1
    [depth] = played.desk.depths
    assert 0 < depth < 1


async def test_a_degraded_breaker_works_on_and_says_so() -> None:
    played = stand(first_step(100, CHEAP, DEAR))
    played.breaker.move(DEGRADED, "gas_price", "12 deviations", "risk")
    engine = played.engine
    async with aclosing(engine.events()) as running:
        seen = [(engine.state, engine.detail) async for _ in running]
    assert (EngineState.RUNNING, "the breaker is degraded: 12 deviations") in seen
    told = played.engine.risk_told()
    assert told is not None
    assert (told.breaker, told.reason) == ("degraded", "12 deviations")


class Unreadable(MemoryKeeper):
    def latest(self) -> BreakerChange | None:
        raise LedgerError("the database is locked")


async def test_a_breaker_that_cannot_be_read_stops_attempts() -> None:
    played = stand(first_step(100, CHEAP, DEAR), keeper=Unreadable())
    events = await played.run()
    assert submitted(events) == 0
    assert [entry.gate for entry in entries_of(events)] == ["breaker"]


async def test_a_loss_on_paper_halts_the_engine_that_made_it() -> None:
    """The gap closes before the attempt lands, which reverts and pays its gas."""
    unkind = replace(CERTAIN, revert_rate=1.0)
    script = (first_step(100, CHEAP, DEAR), step(101, EVEN), step(102, DEAR), step(103, CHEAP))
    played = stand(*script, conditions=unkind, limits=replace(LIMITS, max_daily_loss_wei=1))
    events = await played.run()
    assert submitted(events) == 1
    assert played.breaker.standing.state is HALTED
    assert {entry.gate for entry in entries_of(events)[1:]} == {"breaker"}
    # Control: with room for the loss it is attempted again.
    roomy = stand(*script, conditions=unkind, limits=replace(LIMITS, max_daily_loss_wei=ETHER))
    assert submitted(await roomy.run()) > 1


@pytest.mark.parametrize("times", [0.5, 2.0])
async def test_exposure_is_held_against_each_attempt(times: float) -> None:
    [found] = find_opportunities(Market([CHEAP, DEAR], block(100)), [WETH], 2, costs=COSTS)
    limit = int(found.amount_in * times)
    played = stand(first_step(100, CHEAP, DEAR), limits=replace(LIMITS, max_exposure_wei=limit))
    events = await played.run()
    assert submitted(events) == (times > 1)
    if times > 1:
        assert played.desk.exposure.tokens[WETH] == pytest.approx(found.amount_in, rel=0.01)
        assert set(played.desk.exposure.venues) == {"uniswap_v2", "sushiswap"}
        [plan] = [each.attempt.plan for each in events if isinstance(each, AttemptSubmitted)]
        assert plan.max_fee_per_gas_wei
        assert played.desk.exposure.gas_wei == plan.gas_limit * plan.max_fee_per_gas_wei
    else:
        assert [entry.gate for entry in entries_of(events)] == ["max_exposure"]


async def test_a_defect_halts_and_a_feed_that_fails_does_not() -> None:
    broken = Stand(ScriptedFeed([first_step(100, CHEAP, DEAR)], failure=KeyError("x")))
    with pytest.raises(KeyError):
        await broken.run()
    assert broken.breaker.history()[0].cause == "defect"
    assert "KeyError: 'x'" in broken.breaker.history()[0].reason
    failing = Stand(ScriptedFeed([first_step(100, CHEAP, DEAR)], failure=FeedError("no node")))
    with pytest.raises(FeedError):
        await failing.run()
    assert failing.breaker.standing.state is RUNNING


# --- what is told of settlements: paper and chain alike ----------------------------------------


def attempt() -> Attempt:
    return Attempt("a-1", make_plan(CHEAP, DEAR), 100, 0, 0.0)


def settlement(money: type[SimulatedMoney | RehearsalMoney], wei: int) -> Settlement:
    outcome = Outcome.INCLUDED if wei > 0 else Outcome.REVERTED
    if money is SimulatedMoney:
        return PaperSettlement(attempt(), outcome, "why", 101, net=SimulatedMoney(wei))
    return OnchainSettlement(attempt(), outcome, "why", 101, net=RehearsalMoney(wei))


@pytest.mark.parametrize("money", MONEYS)
def test_a_settlement_counts_the_same_wherever_it_is_from(
    money: type[SimulatedMoney | RehearsalMoney],
) -> None:
    played = stand()
    played.watching.settled([settlement(money, 5), settlement(money, -3)])
    assert played.desk.day.net_wei == 2
    played.watching.settled([settlement(money, -ETHER)])
    assert played.breaker.standing.state is HALTED


def test_faults_and_contradictions_are_told() -> None:
    played = stand()
    fault = replace(settlement(RehearsalMoney, 0), at_fault=True)
    played.watching.settled([fault] * (FAULTS - 1))
    assert played.breaker.standing.state is RUNNING
    played.watching.settled([fault])
    assert played.breaker.history()[0].cause == "faults"
    other = stand()
    differs = replace(
        settlement(RehearsalMoney, 7),
        verification=Verification.DIFFERS,
        verification_detail="receipts say 7 wei, node-2 says 6 wei",
    )
    other.watching.settled([differs])
    assert "node-2 says 6 wei" in other.breaker.history()[0].reason


def test_pending_losses_are_told_and_gains_are_not() -> None:
    played = stand()
    market = Market([CHEAP, DEAR], block(100))

    def seen(wei: int) -> Observation:
        money = RehearsalMoney(wei)
        return Observation(attempt(), 1, "0x" + "ab" * 32, Outcome.REVERTED, 101, money, 0.0)

    played.engine.executor.pending = lambda: (seen(-5), seen(9))  # type: ignore[method-assign]
    played.watching.look(block(101), market, 0.0)
    assert played.desk.day.loss_wei == 5


def test_refusals_of_carriers_are_told() -> None:
    played = stand()
    for _ in range(3):
        played.watching.refused(NotSubmitted("relays", "no relay took the bundle"))
    played.watching.look(block(101), Market([CHEAP, DEAR], block(100)), 0.0)
    assert played.breaker.standing.state is PAUSED


def test_the_depth_that_a_size_takes() -> None:
    market = Market([CHEAP, DEAR], block(100))
    [found] = find_opportunities(market, [WETH], 2, costs=COSTS)
    whole = depth_share(found.route, found.amounts)
    half = depth_share(found.route, tuple(amount // 2 for amount in found.amounts))
    assert half == pytest.approx(whole / 2)
