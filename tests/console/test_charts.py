"""What charts hand to Plotly's JavaScript is what Plotly knows, and no more."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from aineon.chain.fee_forecast import BlockFee
from aineon.ledger.breakdown import GroupFigures
from aineon.ledger.figures import EquityCurve, EquityPoint
from aineon.ledger.views import Booked, Trade
from aineon.primitives import Book, Provenance, SimulatedMoney
from app.components import charts, market_charts, optimizer_charts, periods, waterfall, way
from app.components.figures import Figure, figure
from tests.console import optimized
from tests.ledger import booked

NOON, HOUR = 1_767_268_800.0, 3_600.0
SIMULATED = (Book.SIMULATION, Provenance.SIMULATED)
SEEN = booked.opportunity(1, route_key=optimized.KEY, gas_cost=20, net_profit=70)


def money(wei: int | None) -> SimulatedMoney | None:
    return None if wei is None else SimulatedMoney(wei)


def curve(*totals: int, first: int = 1) -> EquityCurve:
    points = tuple(
        EquityPoint(first + number, NOON + number, SimulatedMoney(total))
        for number, total in enumerate(totals)
    )
    return EquityCurve(*SIMULATED, None, len(totals), points)


def hours(*nets: int | None) -> list[Any]:
    return [
        SimpleNamespace(
            since=NOON + n * HOUR,
            until=NOON + (n + 1) * HOUR,
            net=money(net),
            attempts=2,
            included=1,
        )
        for n, net in enumerate(nets)
    ]


def seen(record: Any) -> Booked[Any]:
    return Booked(*SIMULATED, 1, NOON, record)


DRAWN = {
    "equity": charts.equity(curve(5, -3, 9)),
    "bars": charts.profit_bars(hours(3, None, -2)),
    "hours": charts.by_hour([GroupFigures("14:00", 2, 1, 0.5, 1, money(-3), None, None, 0)]),
    "slippage": charts.expected_and_realised(
        [Trade(Book.SIMULATION, booked.attempt(1), booked.included())]
    ),
    "spread": market_charts.spread(
        [seen(booked.price(1)), seen(booked.price(1, venue="sushiswap", price=3_010.0))]
    ),
    "fees": market_charts.base_fee(
        ([seen(booked.step(1))], [BlockFee(2, 10**9, 3 * 10**9, 2 * 10**9, True)], 50 * 10**9)
    ),
    "fees without a limit": market_charts.base_fee(([], [], None)),
    "waterfall": waterfall.waterfall(waterfall.steps_of(SEEN, 60), "WETH", 18),
    "way": way.drawn(way.legs_of(SEEN)),
    "calibration": optimizer_charts.calibration(optimized.KNOWS.calibration),
    "captured": optimizer_charts.captured(optimized.KNOWS.captured),
    "arms": optimizer_charts.arms(optimized.KNOWS.arms),
}


def known_to_plotly(drawn: Figure) -> Any:
    """The chart as Plotly's own classes take it; they refuse what they do not know."""
    import plotly.graph_objects as go

    return go.Figure(json.loads(charts.told("name", drawn)))


@pytest.mark.parametrize("name", DRAWN)
def test_plotly_knows_every_word_of_a_chart(name: str) -> None:
    found = known_to_plotly(DRAWN[name])
    assert len(found.data) == len(DRAWN[name].traces)
    assert found.layout.uirevision == "name"


@pytest.mark.parametrize(
    "wrong",
    [
        figure([{"type": "scatter", "colour": "red"}], "x", "y"),
        figure([{"type": "scatter", "mode": "dots"}], "x", "y"),
        figure([], "x", "y", uirevison="other"),
    ],
)
def test_plotly_refuses_what_it_does_not_know(wrong: Figure) -> None:
    with pytest.raises(ValueError, match=r"Invalid|invalid"):
        known_to_plotly(wrong)


def test_what_is_no_number_is_no_chart() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        charts.told("name", figure([{"type": "scatter", "y": [float("nan")]}], "x", "y"))


def test_the_fall_is_counted_from_the_highest_point_so_far() -> None:
    ether = 10**18
    falls = charts.equity(curve(5 * ether, -3 * ether, 9 * ether)).traces[1]["y"]
    assert falls == [0, -8, 0]
    # What began below zero fell from there; a curve that begins later is its own first peak.
    assert charts.equity(curve(-ether)).traces[1]["y"] == [-1]
    assert charts.equity(curve(-ether, -2 * ether, first=7)).traces[1]["y"] == [0, -1]


def test_a_net_that_is_not_known_is_a_gap() -> None:
    assert charts.profit_bars(hours(10**18, None)).traces[0]["y"] == [1, None]


def test_hourly_bars_end_where_they_would_be_narrower_than_a_pixel() -> None:
    old = NOON - 1_000 * HOUR
    since, words = periods.bars_from("hour", None, old, NOON)
    assert since == NOON - 199 * HOUR
    assert "newest 200 hours" in words
    assert periods.bars_from("day", None, old, NOON) == (None, "")
    assert periods.bars_from("hour", None, NOON - HOUR, NOON) == (None, "")
