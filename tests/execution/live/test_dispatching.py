"""A dispatcher says which relays get a plan, and for how many of its target blocks."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from aineon.errors import LeaseLost, LedgerError, StopLatched
from aineon.execution import Planner
from aineon.execution.executor import PreflightResult
from aineon.execution.live.dispatching import Dispatch
from aineon.execution.live.executor import LiveExecutor, LiveRules
from aineon.execution.live.gas import GasStrategy
from aineon.execution.plan import ExecutionPlan
from aineon.execution.settlement import Attempt
from aineon.market import Market
from aineon.primitives import RehearsalMoney
from aineon.search import find_opportunities
from aineon.sending.carriers import Answer, Verdict
from aineon.sending.intent import Intent, Window
from tests.execution.making import COSTS, RULES
from tests.scripted import CHEAP, DEAR, WETH, block


class Noting:
    """A sender that notes what it is given, and whom it is for."""

    def __init__(self, *answers: Answer) -> None:
        self.given: list[tuple[Intent, Any]] = []
        self._answers = answers

    async def send(self, intent: Intent, through: Any = None) -> Any:
        self.given.append((intent, through))
        return SimpleNamespace(answers=self._answers)

    async def status(self, intent_id: str) -> object:
        return next((each for each, _ in self.given if each.intent_id == intent_id), None)


def plan_of(blocks: int) -> ExecutionPlan:
    market = Market([CHEAP, DEAR], block=block(100))
    [opportunity] = find_opportunities(market, [WETH], 2, costs=COSTS)
    rules = replace(RULES, deadline_blocks=blocks - 1)
    return Planner(rules).plan(replace(opportunity, confidence=0.9), block(100), 0)


def executor_of(sender: Any, chosen: dict[str, Any]) -> LiveExecutor:
    anything: Any = SimpleNamespace()
    expected: Any = SimpleNamespace(executor="0x" + "e1" * 20, operator="0x" + "0f" * 20)
    executor = LiveExecutor(
        sender, anything, anything, anything, expected, COSTS, RehearsalMoney,
        LiveRules(GasStrategy.OPTIMIZED, "rehearsal-0001"), **chosen,
    )  # fmt: skip
    executor._obstacle = ""
    executor._contract.shortfall = lambda _: ""  # type: ignore[method-assign]
    return executor


@pytest.mark.parametrize(
    ("way", "window", "through"),
    [
        (None, Window(101, 103), None),
        (Dispatch(frozenset({"relay-2"})), Window(101, 103), {"relay-2"}),
        (Dispatch(blocks=1), Window(101, 101), None),
        (Dispatch(frozenset({"relay-1"}), 2), Window(101, 102), {"relay-1"}),
        (Dispatch(blocks=99), Window(101, 103), None),
    ],
)
async def test_a_plan_is_sent_as_it_was_said(
    way: Dispatch | None, window: Window, through: Any
) -> None:
    sender = Noting()
    executor = executor_of(sender, {} if way is None else {"dispatch": lambda plan: way})
    answer = await executor.submit(plan_of(3), block(100), 0, PreflightResult(""))
    assert sender.given, answer
    [(intent, told)] = sender.given
    assert (intent.window, told) == (window, through)


@pytest.mark.parametrize(
    ("first", "others", "untaken"),
    [
        (Verdict.REFUSED, Verdict.ACCEPTED, 1),
        (Verdict.UNCLEAR, Verdict.ACCEPTED, 1),
        (Verdict.REFUSED, Verdict.UNCLEAR, 1),
        (Verdict.ACCEPTED, None, 0),
    ],
)
async def test_who_chose_a_relay_is_told_that_it_took_nothing_and_the_attempt_stands(
    first: Verdict, others: Verdict | None, untaken: int
) -> None:
    told: list[str] = []
    way = Dispatch(
        frozenset({"relay-1"}),
        signed=lambda: told.append("signed"),
        untaken=lambda: told.append("relay-1"),
    )
    answers = [Answer("relay-1", first)] + ([] if others is None else [Answer("relay-2", others)])
    executor = executor_of(Noting(*answers), {"dispatch": lambda plan: way})
    attempt = await executor.submit(plan_of(3), block(100), 0, PreflightResult(""))
    assert isinstance(attempt, Attempt)
    assert told == ["signed"] + ["relay-1"] * untaken


async def test_who_chose_is_told_of_what_may_be_signed_and_of_nothing_else() -> None:
    told: list[str] = []
    way = Dispatch(signed=lambda: told.append("signed"))

    class Stopped(Noting):
        async def send(self, intent: Intent, through: Any = None) -> Any:
            raise StopLatched("enough")

    class LostLater(Noting):
        """Signed, and lost on the way to the relays."""

        async def send(self, intent: Intent, through: Any = None) -> Any:
            await super().send(intent, through)
            raise LeaseLost("another engine signs now")

    class Unreadable(Stopped):
        async def status(self, intent_id: str) -> object:
            raise LedgerError("the disk is gone")

    senders = ((Stopped(), False), (Noting(), True), (LostLater(), True), (Unreadable(), True))
    for sender, is_told in senders:
        told.clear()
        executor = executor_of(sender, {"dispatch": lambda plan: way})
        await executor.submit(plan_of(3), block(100), 0, PreflightResult(""))
        assert told == ["signed"] * is_told
