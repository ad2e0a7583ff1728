"""What the whole engine earns in the sandbox: little, and nothing where competitors are fast."""

from __future__ import annotations

from aineon import open_engine
from aineon.engine.report import RunReport
from aineon.execution import Outcome
from aineon.primitives import SimulatedMoney
from aineon.primitives.units import ETHER


async def report_of(blocks: int, **overrides: object) -> RunReport:
    """The report of a run of the sandbox at seed 7 from its first block on."""
    settings = {
        "feed": "sandbox",
        "seed": 7,
        "warm_up_blocks": 0,
        "pace_seconds": 0,
        "blocks": blocks,
    }
    async with open_engine(**settings | overrides) as engine:
        report = RunReport(engine.feed.name, engine.feed.provenance)
        async for event in engine.events():
            report.add(event)
    return report


def taken_by_others(report: RunReport) -> int:
    return sum(
        taken.profit
        for block in report.takings
        for taken in block.by_token
        if taken.token.symbol == "WETH"
    )


async def test_behind_competitors_without_latency_the_engine_captures_nothing() -> None:
    report = await report_of(200, competitor_latency_ms=0, min_profit_wei=10**15)
    net = report.totals.net
    assert net is not None
    assert net.wei <= ETHER // 1000
    assert sum(report.outcomes[Outcome.INCLUDED].values()) == 0
    assert taken_by_others(report) > ETHER


async def test_with_competitors_as_they_are_it_lands_now_and_then() -> None:
    """The control of the test above: what lands is booked in play money, less than theirs."""
    report = await report_of(200, min_profit_wei=10**15)
    net = report.totals.net
    assert isinstance(net, SimulatedMoney)
    assert 0 < net.wei < taken_by_others(report)
    assert sum(report.outcomes[Outcome.INCLUDED].values()) > 0
    assert report.totals.attempts > sum(report.outcomes[Outcome.INCLUDED].values())


async def test_the_same_seed_gives_the_same_settlements() -> None:
    one, other = await report_of(120), await report_of(120)
    assert one.attempts == other.attempts
    assert one.attempts
    assert (await report_of(120, seed=8)).opportunities != one.opportunities
