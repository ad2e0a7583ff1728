"""Charts that stay the same chart when their data change.

Streamlit's own Plotly element is named by a hash of its data: new data make the browser throw the
chart away and draw another one, which flickers and loses zoom and hidden lines. So charts are drawn
by a component of ours, which hands new data to the Plotly figure that is there. What Plotly then
compares is the layout's `uirevision`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st

from app.plotly_file import SOURCE

PREFIX: Final = "chart-"
_SCRIPT: Final = Path(__file__).with_name("plot.js")
_HTML: Final = '<div class="aineon-chart" role="figure"></div>'


def plot(name: str, figure: go.Figure, alt: str) -> None:
    """Draw `figure` in the chart called `name`; `alt` says what it shows to who cannot see it."""
    data = {"figure": figure.to_json(), "alt": alt, "source": SOURCE}
    _component()(key=f"{PREFIX}{name}", data=data)


@cache
def _component() -> Any:
    # Its style sheet and its root are the page's, as Plotly expects.
    return st.components.v2.component(
        "aineon-plot", html=_HTML, js=_SCRIPT.read_text(encoding="utf-8"), isolate_styles=False
    )
