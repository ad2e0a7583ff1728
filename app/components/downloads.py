"""Trades as files that still say what they are once they have left the console."""

from __future__ import annotations

from functools import partial

import streamlit as st

from aineon.ledger.views import Scope
from app.state import client


def offer(scope: Scope) -> None:
    """Offer all trades of `scope` as JSON and as CSV."""
    book = client().settings.mode.value.upper()
    with st.container(horizontal=True):
        for ending in ("json", "csv"):
            export = client().export(scope, ending)
            st.download_button(
                f"Download {ending.upper()} ({scope.provenance.value})",
                # Made when somebody asks for it, not with every look at the page.
                data=partial(_text, scope, ending),
                file_name=_name(book, export.file_name),
                mime=export.media_type,
                key=f"download-{ending}",
                on_click="ignore",
                icon=":material/download:",
            )


def _name(book: str, name: str) -> str:
    return name if book in name else f"{book}-{name}"


def _text(scope: Scope, ending: str) -> str:
    return client().export(scope, ending).text()
