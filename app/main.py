"""The console: its pages, and what stands around them."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import mode
from app.components import runs, signed_in, stopping
from app.state import client
from app.visitors import last_known, visitor_of_now

HERE = Path(__file__).parent
PAGES = ("Overview", "Performance", "Opportunities", "Risk", "Withdrawals", "Settings")

visitor = visitor_of_now()
# Where nobody can be looked up, what a tab holds stays with whoever was there.
before = last_known() if visitor.role is None else None
if before is None:
    visitor = signed_in.keep_apart(visitor)
# Pages have no icons here: Streamlit would have the browser fetch each from a font service.
page = st.navigation(
    [
        st.Page(f"../pages/{name.lower()}.py", title=name, default=name == "Overview")
        for name in PAGES
    ]
)
st.set_page_config(
    page_title=f"{mode.title(client(), page.title)} · AINEON",
    page_icon=HERE / "icon.svg",
    layout="wide",
)
st.html(HERE / "look.css")
mode.wear(client())
with st.sidebar:
    if visitor.role is not None:
        stopping.in_reach()
        runs.picker()
    signed_in.line(visitor)
if before is not None:
    stopping.last_resort(before)
elif visitor.role is None:
    signed_in.ended()
else:
    page.run()
