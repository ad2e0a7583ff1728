"""Judging: what is attempted of one state of the market, in which order, and why not the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from aineon.amm import ConstantProductPool
from aineon.engine import judging as judging_module
from aineon.engine.admission import Admission
from aineon.engine.funnel import FunnelEntry, Stage
from aineon.engine.judging import Judging, Scene
from aineon.execution import PaperExecutor, Planner, PlanRules
from aineon.execution.preflight import LocalPreflight
from aineon.execution.settlement import Attempt
from aineon.market import Market
from aineon.primitives import Token
from aineon.risk import Limits, RiskGate
from aineon.search import Opportunity, Trust, best_alone, find_opportunities
from tests.execution.making import COSTS, RULES, make_executor
from tests.scripted import DOLLAR, ETHER, GWEI, USDC, WETH, block, pool
from tests.search.mixed_cycles import cryptoswap

LIMITS = Limits(
    min_profit_wei=ETHER // 100,
    max_gas_price_wei=50 * GWEI,
    min_confidence=0.0,
    max_position_wei=100_000 * ETHER,
)
DEAR = pool(1, 33_000_000, 10_000)
CHEAP = pool(2, 3_000_000, 1_000)
CHEAP_TOO = pool(3, 30_100_000, 10_000)
DAI = Token("0x6B175474E89094C44Da98b954EedeAC495271d0F", symbol="DAI", decimals=18)
DOLLARS = ConstantProductPool(
    f"0x{4:040x}", DAI, USDC, 50_000_000 * ETHER, 50_000_000 * DOLLAR, fee_pips=100
)
CHEAP_IN_DAI = ConstantProductPool(f"0x{5:040x}", DAI, WETH, 3_000_000 * ETHER, 1_000 * ETHER)
SHARING = (DEAR, CHEAP, DOLLARS, CHEAP_IN_DAI)
"""Two cycles that pay: ether is dear in one pool, and cheap for dollars of both kinds."""

ALIKE = (DEAR, CHEAP, CHEAP_TOO)
"""Ether is cheap in two pools of the same tokens: one hop can be divided over them."""


class Court:
    """A judging with everything around it."""

    def __init__(
        self, limits: Limits = LIMITS, concurrent: int = 5, cooldown: float = 36,
        rules: PlanRules = RULES,
    ) -> None:  # fmt: skip
        self.executor: PaperExecutor = make_executor()
        self.admission = Admission(concurrent, cooldown)
        self.judging = Judging(
            RiskGate(limits), self.admission, Planner(rules), self.executor, LocalPreflight(), COSTS
        )

    async def judge(
        self, market: Market, number: int = 100, mid_transaction: bool = False
    ) -> tuple[list[FunnelEntry], list[Attempt]]:
        scene = Scene(market, block(number), 0, mid_transaction)
        return await self.judging.judge(found_in(market), scene)


def found_in(market: Market) -> list[Opportunity]:
    return find_opportunities(market, [WETH], 3, costs=COSTS)


def market_of(pools: Sequence[ConstantProductPool]) -> Market:
    return Market(pools, block=block(100))


def submitted(entries: Sequence[FunnelEntry]) -> list[FunnelEntry]:
    return [entry for entry in entries if entry.stage is Stage.SUBMITTED]


async def test_a_combination_through_shared_pools_is_attempted_in_its_order() -> None:
    market = market_of(SHARING)
    entries, attempts = await Court().judge(market)
    taken = submitted(entries)
    assert len(taken) == len(attempts) == 2
    assert [each.attempt_id for each in taken] == [each.attempt_id for each in attempts]
    first, second = (set(entry.opportunity.route.pools) for entry in taken)
    assert DEAR in first
    # The second is sized on what the first leaves of the pool they share.
    assert DEAR not in second
    assert DEAR.address in {each.address for each in second}


async def test_each_opportunity_has_one_entry() -> None:
    for pools in (SHARING, ALIKE, (*SHARING, CHEAP_TOO)):
        market = market_of(pools)
        entries, attempts = await Court().judge(market)
        again = len(attempts) - len({attempt.plan.route_key for attempt in attempts})
        assert len(entries) == len(found_in(market)) + again, pools


async def test_a_divided_hop_stands_for_one_and_says_so_of_the_other() -> None:
    entries, attempts = await Court().judge(market_of(ALIKE))
    divided = [entry for entry in submitted(entries) if "+" in entry.opportunity.key]
    assert len(divided) == len(attempts) == 1
    [left] = [entry for entry in entries if entry.gate == "combined_away"]
    assert left.stage is Stage.PASSED_RISK
    assert "divides its hops over these pools" in left.reason


async def test_one_alone_is_attempted_as_it_was_found() -> None:
    """The control: without a second pool there is nothing to divide or to combine away."""
    market = market_of((DEAR, CHEAP))
    entries, [attempt] = await Court().judge(market)
    assert [entry.gate for entry in entries] == [None]
    assert attempt.plan.route_key == found_in(market)[0].key


async def test_cooldown_begins_after_the_combination() -> None:
    court = Court()
    market = market_of(SHARING)
    _, attempts = await court.judge(market)
    pairs = [{(hop[0].token_in, hop[0].token_out) for hop in a.plan.hops} for a in attempts]
    # They share a pair, and neither kept the other waiting.
    assert any(not one.isdisjoint(other) for one, other in zip(pairs, pairs[1:], strict=False))
    await court.executor.give_up("a test's end")
    entries, none = await court.judge(market, 101)
    assert not none
    assert Counter(entry.gate for entry in entries)["cooldown"] == len(entries)
    # Three blocks later they have cooled down.
    assert (await court.judge(market, 103))[1]


async def test_attempts_of_other_states_block_their_pools() -> None:
    court = Court(cooldown=0)
    market = market_of(SHARING)
    await court.judge(market)
    entries, attempts = await court.judge(market, 101)
    assert not attempts
    assert {entry.gate for entry in entries} == {"pool_in_flight"}


async def test_where_one_is_refused_those_behind_are_checked_on_what_really_comes() -> None:
    """The first is too large; the others were sized on what it would have left."""
    market = market_of(SHARING)
    [first, *_], _ = await Court().judge(market)
    limits = replace(LIMITS, max_position_wei=first.opportunity.amount_in - 1)
    entries, attempts = await Court(limits).judge(market)
    refused = [entry for entry in entries if entry.opportunity.key == first.opportunity.key]
    assert {entry.gate for entry in refused} == {"max_position"}
    for attempt in attempts:
        assert attempt.plan.route_key != first.opportunity.key


async def test_the_best_one_is_handed_over_before_the_rest_is_combined(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    court = Court()
    handed_over: list[int] = []
    combine = judging_module.best_combination

    def watched(*arguments: Any, **options: Any) -> Any:
        handed_over.append(len(court.executor.in_flight))
        return combine(*arguments, **options)

    monkeypatch.setattr(judging_module, "best_combination", watched)
    market = market_of(SHARING)
    _, [first, *_] = await court.judge(market)
    assert handed_over == [1]
    best = best_alone(found_in(market)[0], market, COSTS)
    assert best is not None
    assert (first.plan.route_key, first.plan.hops[0][0].amount_in) == (best.key, best.amount_in)


async def test_where_the_best_one_is_refused_the_next_one_is_handed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    court = Court()
    market = market_of(SHARING)
    first, second, *_ = found_in(market)
    check = LocalPreflight.check

    async def refusing(preflight: LocalPreflight, plan: Any, state: Market) -> Any:
        tried = await check(preflight, plan, state)
        return replace(tried, failure="no") if plan.route_key == first.key else tried

    monkeypatch.setattr(LocalPreflight, "check", refusing)
    entries, [attempt, *_] = await court.judge(market)
    assert attempt.plan.route_key == second.key
    assert [each.gate for each in entries if each.opportunity.key == first.key] == ["preflight"]


async def test_those_behind_the_best_one_are_looked_at_when_it_has_been_handed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever comes first gets what there is; nothing that others need keeps it waiting."""
    court = Court()
    market = market_of(SHARING)
    asked: list[tuple[str, int]] = []
    rated = Trust.rated

    def watched(trust: Trust, opportunity: Opportunity, state: Market) -> Opportunity:
        asked.append((opportunity.key, len(court.executor.in_flight)))
        return rated(trust, opportunity, state)

    monkeypatch.setattr(Trust, "rated", watched)
    found = [replace(each, confidence=None) for each in found_in(market)]
    scene = Scene(market, block(100), 0, mid_transaction=False)
    entries, attempts = await court.judging.judge(found, scene)
    assert len(attempts) == 2
    before = {key for key, in_flight in asked if not in_flight}
    assert before == {found[0].key}
    assert {key for key, _ in asked} >= {each.key for each in found}
    # All the same each one has its entry, and its confidence.
    assert {each.key for each in found} <= {entry.opportunity.key for entry in entries}
    assert None not in {entry.opportunity.confidence for entry in entries}


async def test_an_attempt_just_made_is_no_reason_against_those_behind_it() -> None:
    """Through the same pools, and with its pools in flight: they are combined with it, or away."""
    entries, _ = await Court().judge(market_of(ALIKE))
    assert {entry.gate for entry in entries} == {None, "combined_away"}


async def test_with_room_for_one_nothing_is_combined(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("there is no room for it")

    monkeypatch.setattr(judging_module, "best_combination", never)
    entries, attempts = await Court(concurrent=1).judge(market_of(SHARING))
    assert len(attempts) == 1
    assert {entry.gate for entry in entries} == {None, "max_concurrent"}


async def test_with_room_for_one_the_best_one_is_attempted() -> None:
    market = market_of(SHARING)
    entries, [attempt] = await Court(concurrent=1).judge(market)
    best = max(found_in(market), key=lambda each: each.net_profit or 0)
    assert attempt.plan.route_key.split(">")[1] in best.key
    [entry] = submitted(entries)
    assert (entry.opportunity.net_profit or 0) >= (best.net_profit or 0)
    assert "max_concurrent" in {each.gate for each in entries}


async def test_between_two_swaps_of_one_transaction_nothing_is_attempted() -> None:
    entries, attempts = await Court().judge(market_of(SHARING), mid_transaction=True)
    assert not attempts
    assert {entry.gate for entry in entries} == {"mid_transaction"}


async def test_only_the_best_are_combined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging_module, "_MOST_COMBINED", 1)
    entries, attempts = await Court().judge(market_of(SHARING))
    assert len(attempts) == 1
    assert "crowded_out" in {entry.gate for entry in entries}


async def test_a_plan_that_cannot_be_made_stops_there() -> None:
    """Gas is capped by the protocol; the entry says that the plan failed."""
    market = market_of((DEAR, CHEAP))
    [found] = [each for each in found_in(market) if each.net_profit]
    heavy = replace(found, gas_units=30_000_000)
    court = Court()
    scene = Scene(market, block(100), 0, mid_transaction=False)
    entry, attempt, _ = await court.judging._attempt(heavy, scene, ())
    assert attempt is None
    assert (entry.stage, entry.gate) == (Stage.PASSED_RISK, "plan")


async def test_a_pool_whose_next_state_is_unknown_stops_nothing() -> None:
    """Its quotes are exact, but what it will be afterwards is not known."""
    crypto = cryptoswap(Random(1), WETH, USDC, 1e7, 1.0)
    market = Market([crypto, pool(1 << 100, 1_800_000, 1_000)], block=block(100))
    court = Court()
    entries, attempts = await court.judge(market)
    assert len(attempts) == len(submitted(entries)) == 1
    settled = await court.executor.settle(market, block(101), frozenset())
    assert [each.outcome for each in settled] == ["included"]
    # What it took counts as taken, although the pool does not show it.
    later, again = await court.judge(market, 110)
    assert not again
    assert {entry.gate for entry in later} == {"taken_already"}
