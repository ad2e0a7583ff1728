"""Forms of the withdrawals page: who may fill them in, sending them, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import streamlit as st

from aineon.ledger.commands import CommandState
from aineon.treasury.commands import PREVIEW
from app.actions import Action, Result, may, visitor_of_now
from app.components.confirming import form_token, send
from app.effects.withdrawals import BOOK
from app.format import plain
from app.state import client

_TOLD: Final = "withdrawals_told"


def allowed(action: Action) -> bool:
    """Whether the visitor may do `action`; says so in words where not."""
    visitor = visitor_of_now()
    if may(visitor, action):
        return True
    role = "nobody" if visitor.role is None else visitor.role.value
    st.caption(f":material/lock: To {action.value} takes another role than yours ({plain(role)}).")
    return False


def token_of(form_key: str) -> str:
    """Return what names the present filling-in of a form."""
    return form_token(form_key)


def submit(action: Action, form_key: str, body: Mapping[str, str], code: str | None) -> Result:
    """Send a form, and keep what came of it for `told`.

    A form that was sent is over, whatever came of it: pressed again it is a new wish. Sent twice
    before the page has answered, it is one.
    """
    token = form_token(form_key)
    with st.spinner("The engine is asked …"):
        book = client().settings.mode.value
        result = send(action, form_key, {**body, BOOK: book}, code)
    st.session_state.pop(f"{form_key}_token", None)
    st.session_state[_TOLD] = (form_key, token, result)
    client().memory.clear()
    return result


def told(form_key: str) -> None:
    """Say what came of a form, where it was the last one that was sent.

    An answer that came later than it was waited for is told as soon as it is there.
    """
    last, token, result = _last()
    if last != form_key or result is None:
        return
    command = client().command(token)
    good, words = result.accepted, result.words
    if command is not None and command.kind != PREVIEW and not command.is_open:
        good, words = command.state is CommandState.DONE, command.answer
        words = words if good else f"Refused: {words}."
    box, icon = (st.success, ":material/check:") if good else (st.warning, ":material/block:")
    box(plain(words), icon=icon)


def told_of_gone(kinds: tuple[str, ...], shown: Collection[str]) -> None:
    """Say what came of a form that is not on the page any more: its decision took it away."""
    last, _, _ = _last()
    if last.startswith(kinds) and last not in shown:
        told(last)


def answered() -> str:
    """Return how far the last thing asked for has come; it changes when its answer comes."""
    _, token, _ = _last()
    command = client().command(token) if token else None
    return "" if command is None else command.state.value


def _last() -> tuple[str, str, Result | None]:
    found: tuple[str, str, Result | None] = st.session_state.get(_TOLD, ("", "", None))
    return found
