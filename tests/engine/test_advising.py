"""What is done with the optimizer's word: one answer for a gap, bids that plans offer, refusals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aineon.engine.advising import Heed, obeyed, observed
from aineon.engine.events import AttemptSubmitted, EngineEvent, StepProcessed
from aineon.engine.funnel import Stage
from aineon.engine.optimizing import MOST_SAMPLES
from aineon.market import Market
from aineon.optimizer import Channel, Optimizer
from aineon.optimizer.features.catalogue import NAMES
from aineon.search import find_opportunities
from tests.engine.learners import (
    BAD,
    GOOD,
    LIMITS,
    Scripted,
    entries_of,
    learning,
    play,
    samples_of,
)
from tests.execution.making import COSTS, RULES
from tests.scripted import (
    CHEAP,
    DEAR,
    ETHER,
    EVEN,
    WETH,
    block,
    first_step,
    pool,
    step,
)


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


def test_attempts_travel_as_the_settings_say() -> None:
    assert (
        Optimizer(1000, NAMES).decide(None, None, None, "", [], at=0.0).channel is Channel.PRIVATE
    )
