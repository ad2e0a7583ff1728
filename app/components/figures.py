"""What charts have in common: colours that can be told apart on light and dark, axes, names.

A chart is what Plotly's JavaScript is handed: traces and a layout, as plain values. Building them
by the Python package's classes would check each value anew at every change, for several
milliseconds a chart; the tests hold every chart against those classes instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

Trace = dict[str, Any]

# Each has a contrast of 3 : 1 and more against the backgrounds of both themes.
BLUE: Final = "#3f86d8"
YELLOW: Final = "#b08800"
GREEN: Final = "#1f9d6b"
RED: Final = "#d9544a"
VIOLET: Final = "#8a6fd1"
GREY: Final = "#73879c"
LINES: Final = (BLUE, YELLOW, GREEN, RED, VIOLET, GREY)
ETHER: Final = 10**18
GWEI: Final = 10**9
# What Plotly would take for markup.
_MARKUP: Final = str.maketrans("", "", "<>&")
_LONGEST: Final = 24


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart: its traces, and what differs from the layout that all charts have."""

    traces: Sequence[Trace]
    layout: dict[str, Any]


def figure(
    traces: Sequence[Trace],
    x: str,
    y: str,
    *,
    xaxis: dict[str, Any] | None = None,
    yaxis: dict[str, Any] | None = None,
    **layout: Any,
) -> Figure:
    """Return a chart whose axes are called `x` and `y`; zero is a line.

    `xaxis`, `yaxis` and `layout` are what else is said of them, in Plotly's own words.
    """
    axes = {
        "xaxis": {"title": {"text": x}, "showgrid": False, **(xaxis or {})},
        "yaxis": {"title": {"text": y}, "zeroline": True, "zerolinecolor": GREY, **(yaxis or {})},
    }
    return Figure(traces, axes | layout)


def moment(at: float) -> int:
    """Return a moment as an axis of type `date` takes it: milliseconds, which it shows in UTC."""
    return int(at * 1000)


def moments(times: Iterable[float]) -> list[int]:
    """Return moments as an axis of type `date` takes them."""
    return [moment(at) for at in times]


def label(text: str) -> str:
    """Return a stranger's name as text of a chart: no markup, on one line, not too long."""
    plain = " ".join(text.translate(_MARKUP).split())
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"
