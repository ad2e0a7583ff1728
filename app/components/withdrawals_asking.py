"""Forms of the withdrawals page: who may fill them in, sending them, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import streamlit as st

from aineon.ledger.accounts.names import is_wallet
from aineon.ledger.commands import CommandState
from aineon.primitives import ETHER
from aineon.treasury.commands import PREVIEW
from app.actions import Action, Result
from app.components.confirming import allowed, form_token, send
from app.effects.withdrawals import BOOK
from app.format import plain
from app.state import client

__all__ = [
    "allowed",
    "answered",
    "asset_in",
    "assets",
    "submit",
    "token_of",
    "told",
    "told_of_gone",
]

_TOLD: Final = "withdrawals_told"


def token_of(form_key: str) -> str:
    """Return what names the present filling-in of a form."""
    return form_token(form_key)


def assets() -> list[str]:
    """Return what our accounts hold, ether first; tokens by symbol and address."""
    held = {each.token for each in client().accounts() if is_wallet(each.account)}
    known = sorted((each for each in held if each != ETHER), key=str)
    return ["ETH", *(f"{each} {each.address}" for each in known)]


def asset_in(choice: str | None) -> str:
    """Return what names the asset of a choice among `assets`."""
    return (choice or "").rpartition(" ")[2]


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
