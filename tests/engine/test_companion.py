"""What works beside the loop: it begins with it, ends before the books close, and fails alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

from aineon.engine.admission import Admission
from aineon.engine.engine import Companion, Engine
from aineon.engine.events import EngineEvent, EngineState
from aineon.engine.judging import Judging
from aineon.execution.planner import Planner
from aineon.execution.preflight import LocalPreflight
from aineon.market import Market
from aineon.risk import RiskGate
from aineon.search import Scanner
from tests.engine.test_engine import CHEAP, COSTS, DEAR, LIMITS, RULES, WETH, first_step, step
from tests.execution.making import make_executor
from tests.scripted import ScriptedFeed


class Books:
    """A journal that tells when it is closed."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def record(self, events: Sequence[EngineEvent], engine: Engine) -> None:
        pass

    def close(self, engine: Engine) -> None:
        self._told.append("books closed")


class Beside:
    """A companion that works until it is ended."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    async def run(self, market: Market) -> None:
        self._told.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            # It has something left to do, and the books are open for it.
            await asyncio.sleep(0)
            self._told.append(f"ended, {len(market.pools)} pools")


class Faulty:
    """A companion that fails at once."""

    async def run(self, market: Market) -> None:
        raise RuntimeError("nobody thought of this")


def engine_with(companion: Companion, told: list[str]) -> Engine:
    executor = make_executor()
    judging = Judging(
        RiskGate(LIMITS), Admission(3, 36), Planner(RULES), executor, LocalPreflight(), COSTS
    )
    feed = ScriptedFeed([first_step(100, CHEAP, DEAR), step(101)])
    scanner = Scanner([WETH], max_hops=3, costs=COSTS)
    return Engine(feed, scanner, judging, executor, Books(told), companion=companion)


async def test_it_ends_before_the_books_are_closed() -> None:
    told: list[str] = []
    engine = engine_with(Beside(told), told)
    async with aclosing(engine.events()) as events:
        assert [event async for event in events]
    assert told == ["begun", "ended, 2 pools", "books closed"]


async def test_it_ends_with_an_engine_that_is_stopped_in_the_middle() -> None:
    told: list[str] = []
    engine = engine_with(Beside(told), told)
    events = engine.events()
    await anext(events)
    await asyncio.sleep(0)
    await engine.aclose()
    assert told[0] == "begun"
    assert told[-1] == "books closed"
    assert len(told) == 3


async def test_one_that_fails_does_not_end_the_loop() -> None:
    told: list[str] = []
    engine = engine_with(Faulty(), told)
    async with aclosing(engine.events()) as events:
        assert [event async for event in events]
    assert engine.state is EngineState.FINISHED
    assert told == ["books closed"]
