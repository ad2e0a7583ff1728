"""Scanning what changed finds what scanning everything finds, over a long run with reorgs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from aineon.engine.engine import Engine
from aineon.engine.events import AttemptSettled, MarketRewound
from aineon.execution import Outcome
from aineon.feeds.base import Feed, FeedStep, Rewind
from aineon.market import Market
from aineon.primitives import Address
from aineon.runtime.build import build_engine
from aineon.runtime.settings import load_settings
from aineon.search import Scanner
from aineon.search.scanner import Scanning

EVERY, DEPTH = 9, 3


class Reorganising:
    """The sandbox, but every few blocks the last ones are undone and come once more."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.name, self.complete, self.provenance = feed.name, feed.complete, feed.provenance
        self.base_tokens, self.native_token = feed.base_tokens, feed.native_token

    async def steps(self) -> AsyncIterator[FeedStep | Rewind]:
        recent: list[FeedStep] = []
        async for step in self._feed.steps():
            yield step
            assert isinstance(step, FeedStep)
            number = step.update.block.number
            recent = [each for each in recent if each.update.block.number > number - DEPTH]
            recent.append(step)
            if number % EVERY == 0 and len(recent) > DEPTH - 1 and step.warm_up is None:
                yield Rewind(number - DEPTH)
                for again in recent:
                    yield again


@dataclass
class Twin:
    """A scanner that is told what changed, beside one that looks at everything."""

    told: Scanner
    thorough: Scanner
    scans: int = 0
    differences: int = 0

    def begin(self, market: Market, changed: Collection[Address]) -> Scanning:
        scanning, all_there_is = self.told.begin(market, changed), self.thorough.scan(market)
        found = scanning.finished()
        self.scans += 1
        self.differences += (found.opportunities, found.near_misses) != (
            all_there_is.opportunities,
            all_there_is.near_misses,
        )
        return scanning


async def run_of_twins() -> tuple[Twin, int, int]:
    """The twins after a run, how many attempts were included, and how often it was rewound."""
    settings = load_settings(
        {}, feed="sandbox", seed=7, warm_up_blocks=10, blocks=40, pace_seconds=0,
        min_profit_wei=1, sandbox_pools=20, paper_inclusion_rate=1.0, confidence_threshold=0.0,
    )  # fmt: skip
    engine = build_engine(settings)
    feed = Reorganising(engine.feed)
    engine.feed = feed
    scanners = [Scanner(feed.base_tokens, 3, engine._scanner.costs) for _ in range(2)]
    twin = Twin(*scanners)
    engine._scanner = twin  # type: ignore[assignment]
    included = rewound = 0
    async with aclosing(engine.events()) as events:
        async for event in events:
            rewound += isinstance(event, MarketRewound)
            if isinstance(event, AttemptSettled):
                included += event.settlement.outcome is Outcome.INCLUDED
    return twin, included, rewound


async def test_what_changed_is_all_that_has_to_be_looked_at() -> None:
    twin, included, rewound = await run_of_twins()
    assert twin.scans > 50
    assert included > 0
    assert rewound > 3
    assert twin.differences == 0


@pytest.mark.parametrize("left_out", ["executor moves", "rewinds"])
async def test_a_scan_that_is_told_too_little_misses_something(
    left_out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what a paper trade moves, and what a rewind brings back, counts as changed."""
    if left_out == "executor moves":

        def unscanned(engine: Engine) -> set[Address]:
            changed, engine._unscanned = engine._unscanned, set()
            return changed

        monkeypatch.setattr(Engine, "_changed_since_scan", unscanned)
    else:
        rewind = Market.rewind

        def quiet(market: Market, to_block: int) -> frozenset[Address]:
            rewind(market, to_block)
            return frozenset()

        monkeypatch.setattr(Market, "rewind", quiet)
    twin, _, _ = await run_of_twins()
    assert twin.differences > 0
