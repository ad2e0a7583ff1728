"""What stands at the top of every page: title, the stakes, the engine's condition, the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import streamlit as st

from aineon.primitives import Book
from app import mode
from app.components import stopping
from app.components.runs import chosen_run_words
from app.condition import Condition, Severity, condition_of
from app.format import plain
from app.state import client

_COLOURS: Final[Mapping[Severity, Literal["green", "blue", "orange", "red"]]] = {
    "good": "green",
    "waiting": "blue",
    "warning": "orange",
    "error": "red",
}
_ICONS = {
    "good": ":material/check_circle:",
    "waiting": ":material/hourglass_top:",
    "warning": ":material/warning:",
    "error": ":material/error:",
}


def title(name: str, about: str) -> None:
    """Write a page's title, and what the page is about."""
    stopping.in_head()
    st.title(mode.title(client(), name), anchor=False)
    st.caption(about)


def engine_line() -> Condition:
    """Write how the engine is doing, with what to do about it, and return it."""
    condition = condition_of(client())
    # One place on the page, whatever is in it, so that what follows stays where it is drawn.
    with st.container():
        _draw(condition)
    return condition


def _draw(condition: Condition) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if not mode.is_live(client()):
            book = client().settings.mode
            icon = ":material/help:" if book is Book.LIVE else ":material/toys:"
            st.badge(mode.words(book), icon=icon, color="yellow")
        st.badge(
            f"Engine: {plain(condition.word)}",
            icon=_ICONS[condition.severity],
            color=_COLOURS[condition.severity],
        )
        if condition.is_alive:
            st.caption(f"{plain(condition.sentence)} {condition.advice}".strip(), width="content")
    if not condition.is_alive:
        box = st.error if condition.severity == "error" else st.warning
        text = f"**{plain(condition.word)}.** {plain(condition.sentence)}"
        box(f"{text} {condition.advice}".strip(), icon=_ICONS[condition.severity])
    if condition.warm_up is not None:
        st.progress(condition.warm_up, text=f"Warm-up: {condition.warm_up:.0%}")


def run_line() -> None:
    """Write which run the figures are of, and where they come from."""
    st.caption(f":material/history: {chosen_run_words()}")
