"""Engines with an optimizer that says what a test wants, and keeps what it is taught."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from aineon.engine.admission import Admission
from aineon.engine.advising import Heed, observed
from aineon.engine.engine import Engine
from aineon.engine.events import EngineEvent, StepProcessed
from aineon.engine.funnel import FunnelEntry
from aineon.engine.hindsight import (
    Hindsight,
    Judged,
    PaperHindsight,
    Seen,
)
from aineon.engine.judging import Judging
from aineon.engine.optimizing import Learning
from aineon.execution import Planner
from aineon.execution.preflight import LocalPreflight
from aineon.execution.settlement import (
    Attempt,
    Settlement,
)
from aineon.feeds.base import Contest, FeedItem, FeedStep
from aineon.ledger.records import SampleRecord
from aineon.market import Market
from aineon.optimizer import Decision, Optimizer
from aineon.optimizer.decision import DecidedBy
from aineon.optimizer.features.builder import FeatureBuilder
from aineon.optimizer.features.catalogue import NAMES
from aineon.optimizer.features.seeing import gap_of
from aineon.primitives import Provenance
from aineon.risk import Limits, RiskGate
from aineon.search import Scanner, find_opportunities
from tests.execution.making import CERTAIN, COSTS, RULES, make_executor
from tests.scripted import (
    CHEAP,
    DEAR,
    ETHER,
    GWEI,
    USDC,
    WETH,
    ScriptedFeed,
    block,
)

LIMITS = Limits(
    min_profit_wei=ETHER // 100,
    max_gas_price_wei=50 * GWEI,
    min_confidence=0.0,
    max_position_wei=1000 * ETHER,
)
GAP = ((DEAR.address, WETH.address), (CHEAP.address, USDC.address))


class Scripted(Optimizer):
    """Says what a test wants, and keeps what it is taught."""

    def __init__(self, **says: Any) -> None:
        super().__init__(RULES.builder_payment_bps, NAMES)
        self.says = says
        self.learned: list[SampleRecord] = []

    def decide(self, *asked: Any, **more: Any) -> Decision:
        decision = super().decide(*asked, **more)
        return replace(decision, **self.says)

    def learn(self, sample: SampleRecord) -> None:
        self.learned.append(sample)


def learning(
    optimizer: Optimizer, heed: Heed = observed, hindsight: Hindsight | None = None
) -> Learning:
    return Learning(
        optimizer,
        FeatureBuilder(COSTS),
        hindsight or PaperHindsight(CERTAIN, Planner(RULES)),
        heed,
        "observe",
        COSTS,
        run_id=3,
        provenance=Provenance.SIMULATED,
    )


def engine_of(
    script: Sequence[FeedItem],
    taught: Learning | None = None,
    limits: Limits = LIMITS,
    complete: bool = True,
) -> Engine:
    feed = ScriptedFeed(script, complete)
    executor = make_executor(replace(CERTAIN, whole_blocks=complete))
    judging = Judging(
        RiskGate(limits), Admission(3, 36), Planner(RULES), executor, LocalPreflight(), COSTS,
        adviser=taught,
    )  # fmt: skip
    return Engine(feed, Scanner([WETH], 3, COSTS), judging, executor, learning=taught)


async def run(engine: Engine) -> list[EngineEvent]:
    async with aclosing(engine.events()) as events:
        return [event async for event in events]


async def play(
    *script: FeedItem, taught: Learning | None = None, **changes: Any
) -> list[EngineEvent]:
    return await run(engine_of(script, taught, **changes))


def entries_of(events: Sequence[EngineEvent]) -> list[FunnelEntry]:
    steps = (event for event in events if isinstance(event, StepProcessed))
    return [entry for each in steps for entry in each.entries]


def samples_of(events: Sequence[EngineEvent]) -> list[SampleRecord]:
    steps = (event for event in events if isinstance(event, StepProcessed))
    return [sample for each in steps for sample in each.samples]


def with_contests(told: FeedStep, *contests: Contest) -> FeedStep:
    return replace(told, contests=contests)


GOOD: dict[str, Any] = {
    "attempt": True,
    "bid_bps": 6000,
    "lands": 0.5,
    "expected_net_wei": 10**15,
    "band_wei": (0, 10**16),
    "decided_by": DecidedBy.TABLE,
}
BAD: dict[str, Any] = {**GOOD, "attempt": False, "words": "every bid costs more than it brings"}


def judged(attempted: bool = True) -> Judged:
    market = Market([CHEAP, DEAR], block=block(100))
    [opportunity] = find_opportunities(market, [WETH], 2, costs=COSTS)
    planner = Planner(RULES)
    opportunity = replace(opportunity, confidence=0.9)
    plan = planner.plan(opportunity, block(100), 0, builder_payment_bps=4000)
    decision = Scripted(**GOOD).decide(opportunity, ETHER, 0, "USDC/WETH", [0.0] * len(NAMES))
    attempt = Attempt("sim-1", plan, 100, 0, 0.0) if attempted else None
    return Judged(
        opportunity, decision, block(100), 0, gap_of(opportunity.route), ETHER, 0, attempt
    )


def seen(
    number: int, *settlements: Settlement, changed: Sequence[str] = (), pools: Sequence[Any] = ()
) -> Seen:
    market = Market(pools or [CHEAP, DEAR], block=block(number))
    return Seen.of(block(number), market, frozenset(changed), None, settlements)
