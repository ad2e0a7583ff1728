"""Trades as files that still say what they are once they have left the console."""

from __future__ import annotations

from functools import partial

import streamlit as st

from aineon.ledger.periods import Period
from aineon.ledger.views import Scope
from app.components import periods
from app.state import client


def offer(scope: Scope, period: Period) -> None:
    """Offer the trades of the period that is looked at as JSON and as CSV."""
    st.caption(f"The files hold the trades of the period that is picked: {periods.words(period)}.")
    book = client().settings.mode.value.upper()
    with st.container(horizontal=True):
        for ending in ("json", "csv"):
            export = client().export(scope, ending, period)
            st.download_button(
                f"Download {ending.upper()} ({scope.provenance.value})",
                # Made when somebody asks for it, not with every look at the page.
                data=partial(_text, scope, ending, period),
                file_name=_name(book, export.file_name),
                mime=export.media_type,
                key=f"download-{ending}",
                on_click="ignore",
                icon=":material/download:",
            )


def _name(book: str, name: str) -> str:
    return name if book in name else f"{book}-{name}"


def _text(scope: Scope, ending: str, period: Period) -> str:
    return client().export(scope, ending, period).text()
