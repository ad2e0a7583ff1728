"""The optimizer in the engine: what it is shown, what is done with its word, what it learns."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from aineon.amm import ConstantProductPool
from aineon.engine.admission import Admission
from aineon.engine.advising import Heed, obeyed, observed
from aineon.engine.engine import Engine
from aineon.engine.events import AttemptSubmitted, EngineEvent, StepProcessed
from aineon.engine.funnel import FunnelEntry, Stage
from aineon.engine.hindsight import (
    ChainHindsight,
    Hindsight,
    Judged,
    NoSequel,
    PaperHindsight,
    Seen,
)
from aineon.engine.judging import Judging
from aineon.engine.optimizing import MOST_AT_ONCE, MOST_SAMPLES, Learning
from aineon.engine.translating import opportunity_record
from aineon.execution import Planner
from aineon.execution.preflight import LocalPreflight
from aineon.execution.settlement import (
    Attempt,
    OnchainSettlement,
    Outcome,
    PaperSettlement,
    Settlement,
)
from aineon.feeds.base import Contest, FeedItem, FeedStep, Rewind
from aineon.ledger.records import SampleRecord
from aineon.ledger.samples import MarketSeen, SampleTable
from aineon.market import Market
from aineon.optimizer import Channel, Decision, Optimizer
from aineon.optimizer.decision import DecidedBy, Reason
from aineon.optimizer.features.builder import FeatureBuilder
from aineon.optimizer.features.catalogue import NAMES
from aineon.optimizer.features.seeing import gap_of
from aineon.optimizer.regimes.regime import Regime, RegimeReading
from aineon.primitives import Provenance
from aineon.risk import Limits, RiskGate
from aineon.search import Scanner, find_opportunities
from tests.execution.making import CERTAIN, COSTS, RULES, make_executor
from tests.ledger import booked
from tests.ledger.booked import reader_of, scratch_book
from tests.scripted import (
    CHEAP,
    DEAR,
    ETHER,
    EVEN,
    GWEI,
    USDC,
    WETH,
    ScriptedFeed,
    block,
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


# --- its word ------------------------------------------------------------------------------


GOOD: dict[str, Any] = {
    "attempt": True,
    "bid_bps": 6000,
    "lands": 0.5,
    "expected_net_wei": 10**15,
    "band_wei": (0, 10**16),
    "decided_by": DecidedBy.TABLE,
}
BAD: dict[str, Any] = {**GOOD, "attempt": False, "words": "every bid costs more than it brings"}


async def test_looking_on_changes_nothing_but_what_is_told() -> None:
    script = (
        first_step(100, CHEAP, DEAR),
        step(101, EVEN),
        step(102, DEAR),
        *map(step, range(103, 109)),
    )
    alone = await play(*script)
    watched = await play(*script, taught=learning(Scripted(**BAD)))

    def plain(event: EngineEvent) -> EngineEvent:
        if not isinstance(event, StepProcessed):
            return event
        entries = tuple(replace(entry, decision=None) for entry in event.entries)
        return replace(event, entries=entries, samples=(), scan_seconds=None)

    assert list(map(plain, watched)) == list(map(plain, alone))
    assert any(isinstance(event, AttemptSubmitted) for event in alone)
    assert [entry.decision for entry in entries_of(alone)] == [None] * len(entries_of(alone))
    first = entries_of(watched)[0].decision
    assert first is not None
    assert first.words == BAD["words"]


async def test_what_it_refuses_is_not_attempted_and_says_why() -> None:
    events = await play(first_step(100, CHEAP, DEAR), taught=learning(Scripted(**BAD), obeyed))
    [entry] = entries_of(events)
    assert (entry.stage, entry.gate, entry.reason) == (Stage.SIZED, "score", BAD["words"])
    assert not [event for event in events if isinstance(event, AttemptSubmitted)]


async def test_what_it_bids_is_what_the_plan_offers_and_the_limits_see() -> None:
    events = await play(first_step(100, CHEAP, DEAR), taught=learning(Scripted(**GOOD), obeyed))
    [entry] = entries_of(events)
    [attempt] = [event.attempt for event in events if isinstance(event, AttemptSubmitted)]
    assert attempt.plan.builder_payment_bps == 6000
    worth = entry.opportunity.net_profit
    assert worth is not None
    assert entry.net_wei == worth - worth * 6000 // 10_000
    picky = replace(LIMITS, min_profit_wei=worth // 2)
    events = await play(
        first_step(100, CHEAP, DEAR), taught=learning(Scripted(**GOOD), obeyed), limits=picky
    )
    assert [entry.gate for entry in entries_of(events)] == ["min_profit"]


async def test_a_rule_that_decides_makes_the_plan_that_there_is_without_an_optimizer() -> None:
    told = [
        [event.attempt.plan.encode() for event in events if isinstance(event, AttemptSubmitted)]
        for events in (
            await play(first_step(100, CHEAP, DEAR)),
            await play(
                first_step(100, CHEAP, DEAR),
                taught=learning(Optimizer(RULES.builder_payment_bps, NAMES), obeyed),
            ),
        )
    ]
    assert told[0] == told[1]
    assert len(told[0]) == 1


async def test_a_book_takes_what_was_thought_and_learned_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading = RegimeReading(Regime.QUIET, (0.0, 0.0, 0.1, 0.0, 0.9), 90)
    monkeypatch.setattr(FeatureBuilder, "regime", reading)
    reasons = (Reason("log_net", 0.1), Reason("hops", -0.05))
    optimizer = Scripted(**GOOD, reasons=reasons)
    taught = learning(optimizer, obeyed)
    events = await play(first_step(100, CHEAP, DEAR), step(101), step(102), taught=taught)
    assert json.loads(json.dumps(taught.told()))["regime"] == "quiet"
    entries, samples = entries_of(events), samples_of(events)
    with scratch_book() as store:
        number = store.begin_run(booked.run())
        samples = [replace(sample, run_id=number) for sample in samples]
        told = [opportunity_record(entry, number, 1_700_000_000.0) for entry in entries]
        store.write(booked.step(number), told, samples=samples)
        found = reader_of(store).recent_opportunities()[-1].record
        market = MarketSeen.of(booked.run(), 1_800_000_000.0)
        assert list(SampleTable.of(store).newest(market, optimizer.feature_set, 9)) == samples
    assert (found.regime, found.decided_by, found.lands) == ("quiet", "table", 0.5)
    assert (found.band_low_wei, found.band_high_wei) == (0, 10**16)
    assert found.reasons == {"log_net": 0.1, "hops": -0.05}
    assert samples


# --- what it learns ------------------------------------------------------------------------


async def test_the_next_blocks_auctions_say_what_it_would_have_taken() -> None:
    optimizer = Scripted()
    events = await play(
        first_step(100, CHEAP, DEAR),
        with_contests(step(101), Contest(GAP, ETHER, True)),
        taught=learning(optimizer),
    )
    [sample] = samples_of(events)
    assert optimizer.learned == [sample]
    [entry] = [each for each in entries_of(events) if each.block_number == 100]
    assert sample.net_wei == entry.opportunity.net_profit
    assert (sample.block_number, sample.at, sample.known_at) == (100, 1_700_001_200, 1_700_001_212)
    assert (sample.needed_payment_wei, sample.reachable) == (ETHER + 1, True)
    assert (sample.won, sample.offered_bps, sample.censored) == (False, 1000, False)
    assert (sample.run_id, sample.provenance) == (3, Provenance.SIMULATED)
    vector = np.frombuffer(sample.vector, dtype="<f8")
    assert vector.shape == (len(NAMES),)
    assert np.isfinite(vector).any()
    assert sample.feature_set == optimizer.feature_set


@pytest.mark.parametrize(
    ("contests", "needed", "reachable"),
    [
        ((), 0, True),
        ((Contest(GAP, 0, True),), 0, True),
        ((Contest(GAP[:1], 7, True), Contest(GAP[1:], 9, True)), 10, True),
        ((Contest((("0x" + "ee" * 20, WETH.address),), 7, True),), 0, True),
        ((Contest(GAP, 7, False),), None, False),
    ],
)
async def test_what_was_not_attempted_is_learned_from_too(
    contests: tuple[Contest, ...], needed: int | None, reachable: bool
) -> None:
    picky = replace(LIMITS, min_profit_wei=10_000 * ETHER)
    events = await play(
        first_step(100, CHEAP, DEAR),
        with_contests(step(101), *contests),
        taught=learning(Scripted()),
        limits=picky,
    )
    [sample] = samples_of(events)
    assert (sample.needed_payment_wei, sample.reachable) == (needed, reachable)
    assert (sample.won, sample.offered_bps) == (None, None)


@pytest.mark.parametrize(("after", "lands"), [((), True), ((EVEN,), False)])
@pytest.mark.parametrize("least", [ETHER // 100, 10_000 * ETHER])
async def test_without_auctions_it_counts_whether_the_route_still_pays(
    after: tuple[ConstantProductPool, ...], lands: bool, least: int
) -> None:
    events = await play(
        first_step(100, CHEAP, DEAR),
        step(101, *after),
        taught=learning(Scripted()),
        limits=replace(LIMITS, min_profit_wei=least),
    )
    [sample] = samples_of(events)
    assert (sample.needed_payment_wei, sample.reachable) == ((0, True) if lands else (None, False))
    assert sample.won == (lands if least < ETHER else None)


@pytest.mark.parametrize("where", ["vector", "observe"])
async def test_an_optimizer_that_fails_leaves_it_to_the_plain_rule(
    where: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any) -> Any:
        raise ZeroDivisionError("a pool was empty")

    monkeypatch.setattr(FeatureBuilder, where, fails)
    taught = learning(Scripted(**BAD), obeyed)
    script = [first_step(100, CHEAP, DEAR), step(101), step(102, EVEN), step(103, DEAR)]
    events = await play(*script, taught=taught)
    assert [event for event in events if isinstance(event, AttemptSubmitted)]
    assert {entry.decision for entry in entries_of(events)} == {None}
    words = taught.told()["words"]
    assert words.startswith("the optimizer failed (")
    assert words.endswith("), so the rule decides")
    assert len({record.message for record in caplog.records}) == len(caplog.records), "once"


async def test_nothing_is_learned_of_blocks_that_never_were() -> None:
    events = await play(
        first_step(100, CHEAP, DEAR), Rewind(99), first_step(100, CHEAP, EVEN), step(101),
        taught=learning(Scripted()),
    )  # fmt: skip
    assert samples_of(events) == []


async def test_one_gap_is_one_sample_and_its_routes_get_one_answer() -> None:
    """Ether is dear in one pool and cheap in two: two routes, and one that divides a hop."""
    also = pool(3, 30_100_000, 10_000)
    events = await play(
        first_step(100, CHEAP, DEAR, also), step(101), taught=learning(Scripted(**BAD), obeyed)
    )
    entries = [each for each in entries_of(events) if each.block_number == 100]
    assert len(entries) >= 2
    assert {each.gate for each in entries} == {"score"}
    assert len(samples_of(events)) == 1


async def test_no_more_gaps_are_learned_from_than_are_combined_and_all_are_decided() -> None:
    """Twelve that are refused do not let the next one through unseen."""
    count = MOST_SAMPLES + 3
    pools = [
        made
        for number in range(count)
        for made in (pool(2 * number, 30_000_000, 10_000), pool(2 * number + 1, 31_000_000, 10_000))
    ]
    market = Market(pools, block=block(100))
    taught = learning(Scripted(**BAD), obeyed)
    taught._features.observe(block(100), {}, market, frozenset(market.pools))
    taught.turn(block(100), 0, market)
    found = [
        opportunity
        for each in range(count)
        for opportunity in find_opportunities(
            Market(pools[2 * each : 2 * each + 2], block=block(100)), [WETH], 2, costs=COSTS
        )[:1]
    ]
    advice = [taught.advise(opportunity, ETHER, ETHER // 100) for opportunity in found]
    assert [each is not None and each.refusal is not None for each in advice] == [True] * count
    taught.judged([], [])
    assert len(taught._waiting) == MOST_SAMPLES


def test_a_route_that_leaves_less_is_not_given_anothers_chance() -> None:
    market = Market([CHEAP, DEAR], block=block(100))
    [opportunity] = find_opportunities(market, [WETH], 2, costs=COSTS)
    taught = learning(Scripted(**GOOD), obeyed)
    taught._features.observe(block(100), {}, market, frozenset(market.pools))
    taught.turn(block(100), 0, market)
    first = taught.advise(opportunity, ETHER, ETHER // 100)
    alike = taught.advise(opportunity, ETHER * 19 // 20, ETHER // 100)
    smaller = taught.advise(opportunity, ETHER // 2, ETHER // 100)
    assert first is not None
    assert alike is not None
    assert smaller is not None
    assert first.bid_bps == alike.bid_bps == smaller.bid_bps == 6000
    assert alike.decision is not None
    assert alike.decision.expected_net_wei == round(0.5 * 0.4 * 0.95 * ETHER)
    assert smaller.decision is None


@pytest.mark.parametrize(("heed", "refused"), [(obeyed, True), (observed, False)])
def test_a_route_whose_gas_is_too_dear_at_anothers_chance_is_refused(
    heed: Heed, refused: bool
) -> None:
    """In public, half the chances of the gap's best route may not pay for a smaller one."""
    market = Market([CHEAP, DEAR], block=block(100))
    [opportunity] = find_opportunities(market, [WETH], 2, costs=COSTS)
    public = {**GOOD, "channel": Channel.PUBLIC, "bid_bps": 5000}
    taught = learning(Scripted(**public), heed)
    taught._features.observe(block(100), {}, market, frozenset(market.pools))
    taught.turn(block(100), 0, market)
    gas = ETHER * 48 // 100
    first = taught.advise(opportunity, ETHER, gas)
    assert first is not None
    assert first.refusal is None
    for net in (ETHER * 92 // 100, ETHER * 30 // 100):
        other = taught.advise(opportunity, net, gas)
        assert other is not None
        assert (other.refusal is not None) is refused
    # A route that still pays is let through.
    still = taught.advise(opportunity, ETHER * 99 // 100, gas)
    assert still is not None
    assert still.refusal is None


def test_an_optimizer_that_cannot_say_how_it_stands_does_not_stop_the_heartbeat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taught = learning(Scripted())

    def fails() -> None:
        raise ValueError("cannot convert float NaN to integer")

    monkeypatch.setattr(taught.optimizer, "standing", fails)
    assert taught.told()["words"].startswith("the optimizer failed (ValueError")


async def test_a_swap_of_a_transaction_is_shown_when_the_transaction_is_over() -> None:
    seen: list[tuple[int, frozenset[str]]] = []

    class Watched(FeatureBuilder):
        def observe(
            self, block: Any, before: Any, market: Any, changed: Any, takings: Any = ()
        ) -> None:
            seen.append((block.number, frozenset(changed)))
            super().observe(block, before, market, changed, takings)

    taught = learning(Scripted())
    taught._features = Watched(COSTS)
    await play(
        first_step(100, CHEAP, EVEN),
        step(101, DEAR, mid_transaction=True),
        step(101, pool(1, 30_000_001, 10_000), index=1),
        taught=taught,
    )
    assert seen == [
        (100, frozenset({CHEAP.address, EVEN.address})),
        (101, frozenset({CHEAP.address, DEAR.address})),
    ]


# --- hindsight -----------------------------------------------------------------------------


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


def test_where_swaps_alone_are_recorded_it_waits_for_its_pools_and_not_for_ever() -> None:
    planner = Planner(RULES)
    hindsight = PaperHindsight(replace(CERTAIN, whole_blocks=False), planner)
    one = judged(attempted=False)
    assert hindsight.look(one, seen(101)) is NoSequel.WAIT
    label = hindsight.look(one, seen(102, changed=[DEAR.address], pools=[CHEAP, EVEN]))
    assert not isinstance(label, NoSequel)
    assert label.reachable is False
    assert hindsight.look(one, seen(104)) is NoSequel.NEVER


def test_what_a_builder_would_not_have_taken_in_does_not_land() -> None:
    def lands(rate: float) -> bool | None:
        hindsight = PaperHindsight(replace(CERTAIN, inclusion_rate=rate), Planner(RULES))
        label = hindsight.look(judged(attempted=False), seen(101))
        assert not isinstance(label, NoSequel)
        return label.reachable

    assert lands(1.0) is True
    assert lands(0.0) is False


def on_chain(outcome: Outcome, **changes: Any) -> Callable[[Attempt], Settlement]:
    return lambda attempt: OnchainSettlement(attempt, outcome, "as the chain says", 101, **changes)


@pytest.mark.parametrize(
    ("settle", "won"),
    [
        (on_chain(Outcome.INCLUDED), True),
        (on_chain(Outcome.MISSED), False),
        (on_chain(Outcome.REVERTED), False),
        (on_chain(Outcome.REVERTED, at_fault=True), None),
        (on_chain(Outcome.UNRESOLVED), None),
    ],
)
def test_a_chain_tells_a_bound_of_what_was_attempted(
    settle: Callable[[Attempt], Settlement], won: bool | None
) -> None:
    hindsight, one = ChainHindsight(), judged()
    assert one.attempt is not None
    assert hindsight.concerns(one)
    assert not hindsight.concerns(judged(attempted=False))
    assert hindsight.look(one, seen(101)) is NoSequel.WAIT
    label = hindsight.look(one, seen(109, settle(one.attempt)))
    if won is None:
        assert label is NoSequel.NEVER
        return
    assert not isinstance(label, NoSequel)
    assert (label.won, label.censored) == (won, True)
    assert label.needed_payment_wei == ETHER * 4000 // 10_000
    assert label.reachable is (True if won else None), "a dearer bid might have landed, or not"


def test_an_attempt_that_nobody_saw_the_end_of_teaches_nothing() -> None:
    hindsight, one = PaperHindsight(CERTAIN, Planner(RULES)), judged()
    assert one.attempt is not None
    lost = PaperSettlement(one.attempt, Outcome.UNRESOLVED, "nobody knows", None)
    assert hindsight.look(one, seen(101, lost)) is NoSequel.NEVER
    assert hindsight.look(one, seen(101)) is NoSequel.NEVER


# --- beside the loop -----------------------------------------------------------------------


async def test_one_who_studied_the_past_is_told_what_happened_meanwhile() -> None:
    student, taught = Scripted(), learning(Scripted())
    taught.expect_past()
    engine = engine_of([first_step(100, CHEAP, DEAR), step(101), step(102), step(103)], taught)
    async with aclosing(engine.events()) as events:
        async for event in events:
            if isinstance(event, StepProcessed) and event.block.number == 101:
                learned = list(event.samples)
                taught.hand_in(lambda each: each.go_on_with(student))
    assert taught.optimizer is student
    assert student.learned[: len(learned)] == learned
    assert learned


async def test_however_much_has_piled_up_a_step_learns_from_a_few_outcomes_only() -> None:
    student, taught = Scripted(), learning(Scripted())
    taught.expect_past()
    count = 3 * MOST_AT_ONCE + 1
    events = await play(first_step(100, CHEAP, DEAR), step(101), taught=taught)
    [sample] = samples_of(events)
    piled_up = [replace(sample, block_number=number) for number in range(count)]
    assert taught._since is not None
    taught._since.extend(piled_up)
    taught.hand_in(lambda each: each.go_on_with(student))
    steps = [0]
    while len(student.learned) <= count:
        taught.study()
        steps.append(len(student.learned))
    assert taught.optimizer is student
    assert max(after - before for before, after in pairwise(steps)) == MOST_AT_ONCE
    assert student.learned == [sample, *piled_up], "nothing is lost, and all in its order"


def test_the_engine_loads_nothing_that_trains() -> None:
    code = (
        "import sys, aineon.runtime.build, aineon.runtime.learning, aineon.runtime.model_desk\n"
        "import aineon.engine.booking, aineon.optimizer.features.builder\n"
        "from aineon.optimizer import Optimizer\n"
        "print(sorted({'sklearn', 'scipy', 'pandas', 'river'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"


def test_attempts_travel_as_the_settings_say() -> None:
    assert (
        Optimizer(1000, NAMES).decide(None, None, None, "", [], at=0.0).channel is Channel.PRIVATE
    )
