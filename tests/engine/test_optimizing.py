"""The optimizer in the engine: what it is shown, what it tells, what it learns."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import aclosing
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from aineon.amm import ConstantProductPool
from aineon.engine.advising import obeyed
from aineon.engine.events import AttemptSubmitted, StepProcessed
from aineon.engine.optimizing import MOST_AT_ONCE
from aineon.engine.translating import opportunity_record
from aineon.feeds.base import Contest, Rewind
from aineon.ledger.samples import MarketSeen, SampleTable
from aineon.optimizer.decision import Reason
from aineon.optimizer.features.builder import FeatureBuilder
from aineon.optimizer.features.catalogue import NAMES
from aineon.optimizer.regimes.regime import Regime, RegimeReading
from aineon.primitives import Provenance
from tests.engine.learners import (
    BAD,
    GAP,
    GOOD,
    LIMITS,
    Scripted,
    engine_of,
    entries_of,
    learning,
    play,
    samples_of,
    with_contests,
)
from tests.execution.making import COSTS
from tests.ledger import booked
from tests.ledger.booked import reader_of, scratch_book
from tests.scripted import (
    CHEAP,
    DEAR,
    ETHER,
    EVEN,
    WETH,
    first_step,
    pool,
    step,
)

# --- what it tells and learns --------------------------------------------------------------


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
