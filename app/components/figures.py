"""What charts have in common: colours that can be told apart on light and dark, axes, names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

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


def axes(figure: go.Figure, x: str, y: str) -> go.Figure:
    """Name the axes; zero is a line."""
    figure.update_xaxes(title_text=x, showgrid=False)
    figure.update_yaxes(title_text=y, zeroline=True, zerolinecolor=GREY)
    return figure


def utc(at: float) -> datetime:
    """Return a moment that the browser leaves in UTC: without a zone it does not move it."""
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None)


def moments(times: Iterable[float]) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """Return moments as an array, in UTC; a chart copies arrays faster than lists."""
    return np.array([int(at * 1000) for at in times], dtype="datetime64[ms]")


def label(text: str) -> str:
    """Return a stranger's name as text of a chart: no markup, on one line, not too long."""
    plain = " ".join(text.translate(_MARKUP).split())
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"
