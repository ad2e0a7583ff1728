"""Charts of profit. A figure is built anew only when its data changed, and keeps its zoom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from aineon.ledger.breakdown import GroupFigures
from aineon.ledger.figures import EquityCurve, ProfitSummary
from aineon.ledger.views import Trade
from app.components.figures import BLUE, ETHER, GREEN, GREY, LINES, RED, axes, label, moments, utc
from app.components.plot import plot

HEIGHT = 300
_FEWEST_BARS = 12
_MOST_MARKERS = 60
_KEPT = "figure:"


def draw(
    name: str, data: Any, build: Callable[[Any], go.Figure], alt: str, height: int = HEIGHT
) -> None:
    """Draw the figure that `build` makes of `data`; the last one, where `data` is the same.

    Zoom and hidden lines stay when new data come, as long as the chart keeps its `name`.
    """
    kept = st.session_state.get(_KEPT + name)
    if kept is None or kept[0] != data:
        figure = build(data)
        figure.update_layout(
            height=height,
            margin={"l": 8, "r": 8, "t": 8, "b": 8},
            legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            colorway=LINES,
            uirevision=name,
            # The page's own colours are put in by the browser.
            template=go.layout.Template(),
        )
        if figure.layout.hovermode is None:
            figure.update_layout(hovermode="x unified")
        kept = st.session_state[_KEPT + name] = (data, figure)
    plot(name, kept[1], alt)


def equity(curve: EquityCurve) -> go.Figure:
    """Return the running total of the net, with the fall below its peak beneath it."""
    totals = np.array([point.net_total.wei / ETHER for point in curve.points])
    times = moments(point.at for point in curve.points)
    # Everything starts at zero; a later beginning is its own first peak.
    first = 0.0 if curve.points[0].ordinal == 1 else totals[0]
    falls = totals - np.maximum(np.maximum.accumulate(totals), first)
    figure = go.Figure()
    figure.add_scatter(
        x=times,
        y=totals,
        mode="lines+markers" if len(times) < _MOST_MARKERS else "lines",
        name=f"Net so far, {curve.provenance.value}",
        line={"color": BLUE, "width": 2, "shape": "hv"},
        hovertemplate="%{y:+.6f} ETH",
    )
    figure.add_scatter(
        x=times,
        y=falls,
        mode="lines",
        name="Drawdown",
        fill="tozeroy",
        line={"color": RED, "width": 1, "shape": "hv"},
        hovertemplate="%{y:+.6f} ETH",
    )
    return axes(figure, "Time (UTC)", "ETH")


def profit_bars(series: Sequence[ProfitSummary]) -> go.Figure:
    """Return the net of each hour, day or week as bars; a gap is a time whose net is unknown."""
    nets = [None if one.net is None else one.net.wei / ETHER for one in series]
    length = series[-1].until - (series[-1].since or 0.0)
    first = min(series[0].since or 0.0, series[-1].until - _FEWEST_BARS * length)
    figure = go.Figure()
    figure.add_bar(
        x=moments(one.since or 0.0 for one in series),
        y=np.array(nets, dtype=float),
        width=700 * length,
        offset=150 * length,
        marker_color=_signs(nets),
        customdata=np.array([[one.attempts, one.included] for one in series]),
        hovertemplate="net %{y:+.6f} ETH<br>%{customdata[0]} attempts, %{customdata[1]} included"
        "<extra></extra>",
    )
    figure.update_xaxes(range=[utc(first), utc(series[-1].until)])
    return axes(figure, "Beginning (UTC)", "Net, ETH")


def by_hour(hours: Sequence[GroupFigures]) -> go.Figure:
    """Return the net by hour of the day, over all days; a gap is an hour whose net is unknown."""
    nets = [None if one.net is None else one.net.wei / ETHER for one in hours]
    figure = go.Figure()
    figure.add_bar(
        x=[one.name for one in hours],
        y=nets,
        marker_color=_signs(nets),
        customdata=[[one.attempts, one.included] for one in hours],
        hovertemplate="net %{y:+.6f} ETH<br>%{customdata[0]} attempts, %{customdata[1]} included"
        "<extra></extra>",
    )
    # Names of hours would be taken for times of today.
    figure.update_xaxes(type="category")
    return axes(figure, "Hour of the day (UTC)", "Net, ETH")


def expected_and_realised(trades: Sequence[Trade]) -> go.Figure:
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
    figure = go.Figure()
    figure.add_scatter(
        x=ends,
        y=ends,
        mode="lines",
        name="As expected",
        line={"color": GREY, "dash": "dash"},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=expected,
        y=[each[1] for each in known],
        mode="markers",
        name="Included trade",
        marker={"color": BLUE, "size": 8},
        text=[f"{label(each[2].pair)}, block {each[2].submitted_block}" for each in known],
        hovertemplate="%{text}<br>expected %{x:+.6f} ETH<br>realised %{y:+.6f} ETH<extra></extra>",
    )
    figure.update_layout(hovermode="closest")
    return axes(figure, "Expected net, ETH", "Realised net, ETH")


def _signs(nets: Sequence[float | None]) -> list[str]:
    return [RED if net is not None and net < 0 else GREEN for net in nets]
