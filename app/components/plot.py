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

import streamlit as st

from app.plotly_file import SOURCE

PREFIX: Final = "chart-"
_SCRIPT: Final = Path(__file__).with_name("plot.js")
_HTML: Final = '<div class="aineon-chart" role="figure"></div>'


def plot(name: str, figure: str, alt: str) -> None:
    """Draw a chart of traces and layout (JSON) as `name`; `alt` tells who cannot see it."""
    data = {"figure": figure, "alt": alt, "source": SOURCE}
    _component()(key=f"{PREFIX}{name}", data=data)


@cache
def _component() -> Any:
    # Its style sheet and its root are the page's, as Plotly expects.
    return st.components.v2.component(
        "aineon-plot", html=_HTML, js=_SCRIPT.read_text(encoding="utf-8"), isolate_styles=False
    )
