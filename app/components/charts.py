"""Charts of profit. A figure is built anew only when its data changed, and keeps its zoom."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import streamlit as st

from aineon.ledger.breakdown import GroupFigures
from aineon.ledger.figures import EquityCurve, ProfitSummary
from aineon.ledger.views import Trade
from app.components.figures import (
    BLUE,
    ETHER,
    GREEN,
    GREY,
    LINES,
    RED,
    Figure,
    Trace,
    figure,
    label,
    moment,
    moments,
)
from app.components.plot import plot

HEIGHT = 300
_FEWEST_BARS = 12
_MOST_MARKERS = 60
_KEPT = "figure:"


def draw(
    name: str, data: Any, build: Callable[[Any], Figure], alt: str, height: int = HEIGHT
) -> None:
    """Draw the figure that `build` makes of `data`; the last one, where `data` is the same.

    Zoom and hidden lines stay when new data come, as long as the chart keeps its `name`.
    """
    kept = st.session_state.get(_KEPT + name)
    if kept is None or kept[0] != data:
        kept = st.session_state[_KEPT + name] = (data, told(name, build(data), height))
    plot(name, kept[1], alt)


def told(name: str, drawn: Figure, height: int = HEIGHT) -> str:
    """Return a chart as the browser is told of it; the page's own colours it puts in by itself."""
    layout = {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "colorway": LINES,
        "uirevision": name,
        "hovermode": "x unified",
    }
    # What is not a number is no JSON either: it has to be None, which is a gap.
    whole = {"data": drawn.traces, "layout": layout | drawn.layout}
    return json.dumps(whole, allow_nan=False, separators=(",", ":"))


def equity(curve: EquityCurve) -> Figure:
    """Return the running total of the net, with the fall below its peak beneath it."""
    totals = [point.net_total.wei / ETHER for point in curve.points]
    times = moments(point.at for point in curve.points)
    # Everything starts at zero; a later beginning is its own first peak.
    first = 0.0 if curve.points[0].ordinal == 1 else totals[0]
    peaks = list(accumulate(totals, max, initial=first))[1:]
    net: Trace = {
        "type": "scatter",
        "x": times,
        "y": totals,
        "mode": "lines+markers" if len(times) < _MOST_MARKERS else "lines",
        "name": f"Net so far, {curve.provenance.value}",
        "line": {"color": BLUE, "width": 2, "shape": "hv"},
        "hovertemplate": "%{y:+.6f} ETH",
    }
    falls: Trace = {
        "type": "scatter",
        "x": times,
        "y": [total - peak for total, peak in zip(totals, peaks, strict=True)],
        "mode": "lines",
        "name": "Drawdown",
        "fill": "tozeroy",
        "line": {"color": RED, "width": 1, "shape": "hv"},
        "hovertemplate": "%{y:+.6f} ETH",
    }
    return figure([net, falls], "Time (UTC)", "ETH", xaxis={"type": "date"})


def profit_bars(series: Sequence[ProfitSummary]) -> Figure:
    """Return the net of each hour, day or week as bars; a gap is a time whose net is unknown."""
    length = series[-1].until - (series[-1].since or 0.0)
    first = min(series[0].since or 0.0, series[-1].until - _FEWEST_BARS * length)
    bars = _bars(series) | {
        "x": moments(one.since or 0.0 for one in series),
        "width": 700 * length,
        "offset": 150 * length,
    }
    shown = {"type": "date", "range": [moment(first), moment(series[-1].until)]}
    return figure([bars], "Beginning (UTC)", "Net, ETH", xaxis=shown)


def by_hour(hours: Sequence[GroupFigures]) -> Figure:
    """Return the net by hour of the day, over all days; a gap is an hour whose net is unknown."""
    bars = _bars(hours) | {"x": [one.name for one in hours]}
    # Names of hours would be taken for times of today.
    return figure([bars], "Hour of the day (UTC)", "Net, ETH", xaxis={"type": "category"})


def _bars(groups: Sequence[ProfitSummary] | Sequence[GroupFigures]) -> Trace:
    nets = [None if one.net is None else one.net.wei / ETHER for one in groups]
    return {
        "type": "bar",
        "y": nets,
        "marker": {"color": [RED if net is not None and net < 0 else GREEN for net in nets]},
        "customdata": [[one.attempts, one.included] for one in groups],
        "hovertemplate": "net %{y:+.6f} ETH<br>%{customdata[0]} attempts, %{customdata[1]} "
        "included<extra></extra>",
    }


def expected_and_realised(trades: Sequence[Trade]) -> Figure:
    """Return included trades as points: what was expected, and what came of it."""
    known = [
        (trade.attempt.expected_net_wei / ETHER, trade.net.wei / ETHER, trade.attempt)
        for trade in trades
        if trade.outcome == "included"
        and trade.net is not None
        and trade.attempt.expected_net_wei is not None
    ]
    expected = [each[0] for each in known]
    ends = [min(expected, default=0.0), max(expected, default=0.0)]
    ideal: Trace = {
        "type": "scatter",
        "x": ends,
        "y": ends,
        "mode": "lines",
        "name": "As expected",
        "line": {"color": GREY, "dash": "dash"},
        "hoverinfo": "skip",
    }
    points: Trace = {
        "type": "scatter",
        "x": expected,
        "y": [each[1] for each in known],
        "mode": "markers",
        "name": "Included trade",
        "marker": {"color": BLUE, "size": 8},
        "text": [f"{label(each[2].pair)}, block {each[2].submitted_block}" for each in known],
        "hovertemplate": "%{text}<br>expected %{x:+.6f} ETH<br>realised %{y:+.6f} ETH"
        "<extra></extra>",
    }
    names = "Expected net, ETH", "Realised net, ETH"
    return figure([ideal, points], *names, hovermode="closest")
