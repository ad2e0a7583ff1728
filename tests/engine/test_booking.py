"""Booking: what the engine did is what the book says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from aineon.engine.admission import Admission
from aineon.engine.booking import Booking, RunInfo, settle_left_over
from aineon.engine.engine import Engine
from aineon.engine.events import StepProcessed
from aineon.engine.judging import Judging
from aineon.errors import LedgerError
from aineon.execution import Planner
from aineon.execution.preflight import LocalPreflight
from aineon.feeds.base import FeedStep, Rewind, Taking
from aineon.ledger.control import ControlStore
from aineon.ledger.reading import BookReader
from aineon.ledger.records import RunRecord
from aineon.ledger.store import BookStore
from aineon.market import Market
from aineon.primitives import Book, ManualClock, Provenance, SimulatedMoney
from aineon.risk import RiskGate
from aineon.search import Scanner
from tests.engine.test_engine import LIMITS
from tests.execution.making import COSTS, RULES, make_executor
from tests.scripted import (
    CHEAP,
    DEAR,
    ETHER,
    EVEN,
    WETH,
    ScriptedFeed,
    block,
    first_step,
    pool,
    step,
)


@pytest.fixture
def urls(tmp_path: Path) -> tuple[str, str]:
    return f"sqlite:///{tmp_path / 'simulation.db'}", f"sqlite:///{tmp_path / 'control.db'}"


@pytest.fixture
def reader(urls: tuple[str, str]) -> Iterator[BookReader]:
    BookStore.open(urls[0], Book.SIMULATION).close()
    with BookReader.open(urls[0], Book.SIMULATION) as opened:
        yield opened


def booked_engine(urls: tuple[str, str], *script: FeedStep | Rewind) -> Engine:
    feed = ScriptedFeed(script)
    clock = ManualClock(1_700_000_000.0)
    book = BookStore.open(urls[0], Book.SIMULATION)
    run_id = book.begin_run(
        RunRecord("scripted", Provenance.SIMULATED, None, "", clock.now(), WETH)
    )
    run = RunInfo(run_id, "simulation", "scripted", Provenance.SIMULATED, clock.now(), {"a": "b"})
    booking = Booking(book, ControlStore.open(urls[1]), run, COSTS, clock)
    executor = make_executor()
    judging = Judging(
        RiskGate(LIMITS), Admission(3, 36), Planner(RULES), executor, LocalPreflight(), COSTS
    )
    return Engine(feed, Scanner([WETH], costs=COSTS), judging, executor, journal=booking)


async def run(engine: Engine) -> None:
    async with aclosing(engine.events()) as events:
        async for _ in events:
            pass


async def test_a_trade_is_booked_with_what_was_expected_and_what_it_came_to(
    urls: tuple[str, str], reader: BookReader
) -> None:
    await run(booked_engine(urls, first_step(100, CHEAP, DEAR), step(101)))
    [trade] = reader.recent_trades()
    assert trade.outcome == "included"
    assert trade.settlement is not None
    assert isinstance(trade.settlement.net, SimulatedMoney)
    assert trade.settlement.net.wei == trade.attempt.expected_net_wei
    assert trade.attempt.pair == "WETH/USDC"
    assert trade.attempt.venues == ("sushiswap", "uniswap_v2")
    funnel = reader.funnel()
    assert funnel.counts["submitted"] == 1
    assert funnel.counts["landed"] == 1


async def test_every_stop_is_booked_with_its_reason(
    urls: tuple[str, str], reader: BookReader
) -> None:
    await run(booked_engine(urls, first_step(100, CHEAP, DEAR, base_fee_wei=None)))
    [opportunity] = reader.recent_opportunities()
    assert opportunity.record.gate == "gas_unknown"
    assert opportunity.record.net_wei is None


async def test_takings_are_booked_beside(urls: tuple[str, str], reader: BookReader) -> None:
    taking = Taking("ref", "somebody", (DEAR.address,), WETH, ETHER)
    await run(booked_engine(urls, first_step(100, CHEAP, EVEN), step(101, takings=(taking,))))
    assert reader.takings_total().wei.wei == ETHER


async def test_the_last_heartbeat_says_how_it_ended(urls: tuple[str, str]) -> None:
    await run(booked_engine(urls, first_step(100, CHEAP, EVEN), step(101)))
    with ControlStore.open_reader(urls[1]) as control:
        beat = control.heartbeat()
    assert beat is not None
    assert (beat.state, beat.block_number, beat.pools) == ("finished", 101, 2)
    assert beat.limits == {"a": "b"}


async def test_what_a_killed_engine_left_open_is_settled_as_unresolved(
    urls: tuple[str, str], reader: BookReader
) -> None:
    engine = booked_engine(urls, first_step(100, CHEAP, DEAR), *map(step, range(101, 200)))
    async for event in engine.events():
        if isinstance(event, StepProcessed):
            break
    await engine.aclose()
    assert reader.recent_trades()[0].settlement is None
    with BookStore.open(urls[0], Book.SIMULATION) as book:
        assert settle_left_over(book, ManualClock(1.7e9)) == 1
        assert settle_left_over(book, ManualClock(1.7e9)) == 0
    [trade] = reader.recent_trades()
    assert trade.outcome == "unresolved"
    assert trade.net is None


async def test_an_engine_whose_book_fails_stops_and_says_so(
    urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = booked_engine(urls, first_step(100, CHEAP, DEAR), step(101))

    def refuse(*_: object, **__: object) -> None:
        raise LedgerError("database or disk is full")

    monkeypatch.setattr(BookStore, "write", refuse)
    with pytest.raises(LedgerError, match="disk is full"):
        await run(engine)
    with ControlStore.open_reader(urls[1]) as control:
        beat = control.heartbeat()
    assert beat is not None
    assert (beat.state, beat.detail) == ("failed", "database or disk is full")


async def test_near_misses_are_booked_as_the_scan_explains_them(
    urls: tuple[str, str], reader: BookReader
) -> None:
    nearly = pool(2, 30_100_000, 10_000, venue="sushiswap")
    await run(booked_engine(urls, first_step(100, CHEAP, nearly)))
    closest = Scanner([WETH], costs=COSTS).scan(Market([CHEAP, nearly], block(100))).closest()
    assert closest
    booked = [item.record for item in reader.near_misses()]
    assert [record.route_key for record in booked] == [each.route.key for each in closest]
    assert [record.rate for record in booked] == [each.rate for each in closest]
    assert [record.reason for record in booked] == [each.reason for each in closest]
    assert {record.verdict for record in booked} == {"below_par"}
