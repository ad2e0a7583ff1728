"""Ways of sending: chosen by what an attempt is worth, learned from what became of it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest

from aineon.engine.hindsight import ChainHindsight
from aineon.engine.optimizing import Learning
from aineon.engine.ways import WayChooser
from aineon.execution.live.dispatching import TO_EVERYBODY, Dispatch
from aineon.execution.settlement import Attempt, OnchainSettlement, Outcome
from aineon.optimizer.arms import Channel
from aineon.optimizer.bandit import Bandit, Choice, Way
from aineon.optimizer.bandit.ways import ALL_RELAYS, EACH_BLOCK, NEXT_BLOCK
from aineon.primitives import market_time
from aineon.primitives.units import ETHER
from tests.engine.learners import Scripted, judged, learning, seen
from tests.scripted import block

USUAL = Way(ALL_RELAYS, EACH_BLOCK, Channel.PRIVATE)
OTHER = Way("relay-2", NEXT_BLOCK, Channel.PRIVATE)


class Fixed(Bandit):
    """Always chooses the same, and notes what it is asked and told."""

    def __init__(self, way: Way | None, regret_wei: int = 0) -> None:
        super().__init__([USUAL, OTHER], ETHER)
        self._way, self._regret = way, regret_wei
        self.asked: list[tuple[Any, ...]] = []
        self.told_of: list[tuple[Any, ...]] = []

    def choose(self, *asked: Any) -> Choice | None:  # type: ignore[override]
        self.asked.append(asked)
        return None if self._way is None else Choice(self._way, 1, self._regret)

    def learn(self, *told: Any) -> None:  # type: ignore[override]
        self.told_of.append(told)


@pytest.mark.parametrize(
    ("way", "dispatch"),
    [
        (USUAL, TO_EVERYBODY),
        (OTHER, Dispatch(frozenset({"relay-2"}), 1)),
        (Way(ALL_RELAYS, NEXT_BLOCK, Channel.PRIVATE), Dispatch(None, 1)),
        (Way("relay-1", EACH_BLOCK, Channel.PRIVATE), Dispatch(frozenset({"relay-1"}))),
        (None, TO_EVERYBODY),
    ],
)
def test_what_was_judged_of_a_gap_says_what_its_attempt_is_worth(
    way: Way | None, dispatch: Dispatch
) -> None:
    bandit, one = Fixed(way), judged()
    assert one.attempt is not None
    plan = one.attempt.plan
    chooser = WayChooser(bandit)
    chooser.turn([one], 77.0, 2.0)
    assert chooser.dispatch(plan) == dispatch
    assert bandit.asked == [(0.5, ETHER, 0, plan.builder_payment_bps, 77.0, 2.0)]
    assert chooser.way_of(plan) == way
    chooser.turn([], 78.0, 1.0)
    assert chooser.way_of(plan) is None


def test_where_nothing_is_known_of_a_plan_it_goes_the_usual_way() -> None:
    one = judged()
    assert one.attempt is not None
    plan = one.attempt.plan
    ruled = replace(one, decision=replace(one.decision, lands=None))
    elsewhere = replace(one, gap=frozenset())
    for known in ([], [ruled], [elsewhere]):
        bandit = Fixed(OTHER)
        chooser = WayChooser(bandit)
        chooser.turn(known, 0.0, 1.0)
        assert chooser.dispatch(plan) is TO_EVERYBODY
        assert bandit.asked == []
        assert chooser.way_of(plan) is None


def test_what_trying_out_costs_is_logged_and_no_failure_keeps_a_plan_from_being_sent(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = judged()
    assert one.attempt is not None
    caplog.set_level(logging.INFO)
    chooser = WayChooser(Fixed(OTHER, ETHER // 10_000))
    chooser.turn([one], 0.0, 1.0)
    way = chooser.dispatch(one.attempt.plan)
    assert not caplog.records
    way.signed()
    assert [each.getMessage() for each in caplog.records] == [
        "trying out relay-2, next block only: by present estimates that costs 0.0001 ETH on average"
    ]
    monkeypatch.setattr(Fixed, "choose", lambda *_: 1 // 0)
    assert chooser.dispatch(one.attempt.plan) is TO_EVERYBODY


@pytest.mark.parametrize(
    ("outcome", "at_fault", "learned"),
    [
        (Outcome.INCLUDED, False, [(OTHER, True, 0.5, market_time(block(101)))]),
        (Outcome.MISSED, False, [(OTHER, False, 0.5, market_time(block(101)))]),
        (Outcome.REVERTED, True, []),
        (Outcome.UNRESOLVED, False, []),
    ],
)
def test_a_way_is_judged_by_what_became_of_its_attempts(
    outcome: Outcome, at_fault: bool, learned: list[Any]
) -> None:
    bandit, one = Fixed(OTHER), judged()
    taught: Learning = learning(Scripted(), hindsight=ChainHindsight())
    taught._ways = WayChooser(bandit)
    assert one.attempt is not None
    taught._ways.turn([one], 0.0, 1.0)
    taught._ways.dispatch(one.attempt.plan)
    taught._waiting = [taught._with_way(one)]
    ended = OnchainSettlement(one.attempt, outcome, "as the chain says", 101, at_fault=at_fault)
    taught._look_back(seen(101, ended), market_time(block(101)))
    assert bandit.told_of == learned


def test_the_state_of_the_market_comes_with_the_budget_of_an_alarm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bandit, one = Fixed(USUAL), judged()
    taught = learning(Scripted())
    taught._ways = WayChooser(bandit)
    market: Any = None
    taught.turn(block(100), 0, market)
    taught._judged.append(one)
    assert isinstance(one.attempt, Attempt)
    taught._ways.dispatch(one.attempt.plan)
    assert bandit.asked[0][-2:] == (market_time(block(100)), taught.optimizer.answer.exploring)


def test_the_budget_is_spent_by_a_plan_that_is_signed_and_by_no_other() -> None:
    class Exploring(Fixed):
        spend = Bandit.spend

    bandit, one = Exploring(OTHER, ETHER // 4), judged()
    assert one.attempt is not None
    chooser = WayChooser(bandit)
    for _ in range(3):
        chooser.turn([one], 77.0, 1.0)
        way = chooser.dispatch(one.attempt.plan)
        assert bandit.left_wei(77.0) == ETHER
    way.signed()
    assert bandit.left_wei(77.0) == ETHER - ETHER // 4


def test_a_relay_that_took_nothing_is_thought_less_of_and_what_comes_is_not_its_doing() -> None:
    one, bandit = judged(), Bandit([USUAL, OTHER], ETHER, paper={USUAL: 0.5, OTHER: 0.9})
    assert one.attempt is not None
    chooser, plan = WayChooser(bandit), one.attempt.plan
    chooser.turn([one], 77.0, 1.0)
    before = bandit.reach[OTHER].mean
    chooser._chosen[plan.plan_id] = OTHER
    chooser._untaken(plan)
    chooser._untaken(plan)
    assert bandit.reach[OTHER].mean < before
    assert bandit.reach[OTHER].tried == 1
    assert chooser.way_of(plan) is None


def test_a_way_that_cannot_be_learned_costs_no_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    one = replace(judged(), way=OTHER)
    taught = learning(Scripted(), hindsight=ChainHindsight())
    taught._ways = WayChooser(Fixed(OTHER))
    taught._waiting = [one]
    monkeypatch.setattr(Fixed, "learn", lambda *_: 1 // 0)
    assert one.attempt is not None
    ended = OnchainSettlement(one.attempt, Outcome.INCLUDED, "as the chain says", 101)
    assert len(taught._look_back(seen(101, ended), market_time(block(101)))) == 1
    assert taught._waiting == []


def test_where_no_state_can_be_begun_plans_go_the_usual_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, bandit, market = judged(), Fixed(OTHER), None
    taught = learning(Scripted())
    taught._ways = WayChooser(bandit)
    anything: Any = market
    taught.turn(block(100), 0, anything)
    monkeypatch.setattr(Scripted, "answer", property(lambda _: 1 // 0))
    taught.turn(block(101), 0, anything)
    taught._judged.append(one)
    assert one.attempt is not None
    assert taught._ways.dispatch(one.attempt.plan) is TO_EVERYBODY
    assert taught._trouble
