"""What an opportunity came to is told by outcomes alone, and by no more than they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aineon.engine.hindsight import (
    ChainHindsight,
    NoSequel,
    PaperHindsight,
)
from aineon.execution import Planner
from aineon.execution.settlement import (
    Attempt,
    OnchainSettlement,
    Outcome,
    PaperSettlement,
    Settlement,
)
from tests.engine.learners import (
    judged,
    seen,
)
from tests.execution.making import CERTAIN, RULES
from tests.scripted import (
    CHEAP,
    DEAR,
    ETHER,
    EVEN,
)


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
