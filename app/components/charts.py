"""Charts. A figure is built anew only when its data changed, so that it keeps its zoom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from aineon.ledger.figures import EquityCurve, ProfitSummary
from aineon.ledger.records import PriceRecord, StepRecord
from aineon.ledger.views import Booked

_BLUE, _YELLOW, _GREEN, _RED, _GREY = "#7fb6ff", "#f2c200", "#5ad1a4", "#ff8a7a", "#8fa3b8"
_LINES = (_BLUE, _YELLOW, _GREEN, _RED, "#b79cff", _GREY)
_FEWEST_BARS = 12
_MOST_MARKERS = 60
# What Plotly would take for markup.
_MARKUP = str.maketrans("", "", "<>&")
_ETHER = 10**18
_HEIGHT = 300
_KEPT = "figure:"


def draw(name: str, data: Any, build: Callable[[Any], go.Figure], alt: str) -> None:
    """Draw the figure that `build` makes of `data`; the last one, where `data` is the same."""
    kept = st.session_state.get(_KEPT + name)
    if kept is None or kept[0] != data:
        figure = build(data)
        figure.update_layout(
            height=_HEIGHT,
            margin={"l": 8, "r": 8, "t": 8, "b": 8},
            legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            colorway=_LINES,
            hovermode="x unified",
        )
        kept = st.session_state[_KEPT + name] = (data, figure)
    st.plotly_chart(kept[1], key=f"chart-{name}", alt=alt, config={"displaylogo": False})


def equity(curve: EquityCurve) -> go.Figure:
    """Return the running total of the net, with the fall below its peak beneath it."""
    totals = [point.net_total.wei / _ETHER for point in curve.points]
    times = [_utc(point.at) for point in curve.points]
    peak, falls = 0.0, []
    for total in totals:
        peak = max(peak, total)
        falls.append(total - peak)
    figure = go.Figure()
    figure.add_scatter(
        x=times,
        y=totals,
        mode="lines+markers" if len(times) < _MOST_MARKERS else "lines",
        name=f"Net so far, {curve.provenance.value}",
        line={"color": _BLUE, "width": 2, "shape": "hv"},
        hovertemplate="%{y:+.6f} ETH",
    )
    figure.add_scatter(
        x=times,
        y=falls,
        mode="lines",
        name="Drawdown",
        fill="tozeroy",
        line={"color": _RED, "width": 1, "shape": "hv"},
        hovertemplate="%{y:+.6f} ETH",
    )
    return _axes(figure, "Time (UTC)", "ETH")


def profit_bars(series: Sequence[ProfitSummary]) -> go.Figure:
    """Return the net of each hour, day or week as bars; a gap is a time whose net is unknown."""
    nets = [None if one.net is None else one.net.wei / _ETHER for one in series]
    length = series[-1].until - (series[-1].since or 0.0)
    first = min(series[0].since or 0.0, series[-1].until - _FEWEST_BARS * length)
    figure = go.Figure()
    figure.add_bar(
        x=[_utc(one.since or 0.0) for one in series],
        y=nets,
        width=700 * length,
        offset=150 * length,
        marker_color=[_RED if net is not None and net < 0 else _GREEN for net in nets],
        customdata=[[one.attempts, one.included] for one in series],
        hovertemplate="net %{y:+.6f} ETH<br>%{customdata[0]} attempts, %{customdata[1]} included"
        "<extra></extra>",
    )
    figure.update_xaxes(range=[_utc(first), _utc(series[-1].until)])
    return _axes(figure, "Beginning (UTC)", "Net, ETH")


def spread(prices: Sequence[Booked[PriceRecord]]) -> go.Figure:
    """Return how far each pool's price is from the middle one of its block, in bps."""
    by_block: dict[int, list[PriceRecord]] = {}
    for price in prices:
        by_block.setdefault(price.record.block_number, []).append(price.record)
    lines: dict[str, tuple[list[int], list[float]]] = {}
    for block, records in sorted(by_block.items()):
        middle = median(record.price for record in records)
        for record in records:
            blocks, offsets = lines.setdefault(pool_name(record), ([], []))
            blocks.append(block)
            offsets.append((record.price / middle - 1) * 10_000)
    figure = go.Figure()
    for name, (blocks, offsets) in sorted(lines.items()):
        figure.add_scatter(
            x=blocks, y=offsets, mode="lines", name=name, hovertemplate="%{y:+.1f} bps"
        )
    return _axes(figure, "Block", "bps from the middle price")


def base_fee(data: tuple[Sequence[Booked[StepRecord]], int | None]) -> go.Figure:
    """Return the base fee of the newest blocks, and the most gas may cost."""
    steps, limit_wei = data
    known = [s.record for s in steps if s.record.base_fee_wei is not None]
    figure = go.Figure()
    figure.add_scatter(
        x=[record.block_number for record in known],
        y=[(record.base_fee_wei or 0) / 10**9 for record in known],
        mode="lines",
        name="Base fee",
        line={"color": _BLUE, "width": 2},
        hovertemplate="%{y:.2f} gwei",
    )
    if limit_wei is not None:
        figure.add_hline(
            y=limit_wei / 10**9,
            line={"color": _YELLOW, "dash": "dash"},
            annotation_text="Maximum gas price",
        )
    return _axes(figure, "Block", "gwei")


def pool_name(record: PriceRecord) -> str:
    """Return a pool as its venue and the ends of its address."""
    return f"{record.venue.translate(_MARKUP)} {record.pool[:6]}…{record.pool[-4:]}"


def _axes(figure: go.Figure, x: str, y: str) -> go.Figure:
    figure.update_xaxes(title_text=x, showgrid=False)
    figure.update_yaxes(title_text=y, zeroline=True, zerolinecolor=_GREY)
    return figure


def _utc(at: float) -> datetime:
    # Without a zone, because the browser would move it into its own.
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
