"""Forms of the settings page: who may fill them in, sending them, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from app.actions import Action, Result
from app.components.confirming import allowed, send
from app.format import plain

__all__ = ["allowed", "submit", "told"]

_TOLD: Final = "settings_told"


def submit(
    action: Action, form_key: str, body: Mapping[str, str] | None = None, code: str | None = None
) -> Result:
    """Send a form, and keep what came of it for `told`."""
    result = send(action, form_key, body, code)
    st.session_state[_TOLD] = (form_key, result)
    return result


def told(form_key: str) -> None:
    """Say what came of a form, where it was the last one that was sent."""
    last, result = st.session_state.get(_TOLD, ("", None))
    if last != form_key or result is None:
        return
    box, icon = (
        (st.success, ":material/check:") if result.accepted else (st.warning, ":material/block:")
    )
    for line in result.words.splitlines():
        box(plain(line), icon=icon)
