"""What an action asks for beyond a press: a one-time code, or a typed word in its place."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Final

import streamlit as st

from app.actions import (
    NEEDS_CODE,
    Action,
    Asked,
    Result,
    may,
    perform,
    typed_word,
    visitor_of_now,
)
from app.format import plain
from app.state import client
from app.visitors import visitor_to_stop

_LONGEST: Final = 32


def allowed(action: Action) -> bool:
    """Whether the visitor may do `action`; says so in words where not."""
    visitor = visitor_of_now()
    if may(visitor, action):
        return True
    role = "nobody" if visitor.role is None else visitor.role.value
    st.caption(f":material/lock: To {action.value} takes another role than yours ({plain(role)}).")
    return False


def confirmation(action: Action, form_key: str) -> str | None:
    """Draw the field for the one-time code where `action` needs one; returns what stands in it.

    Whoever is here without a sign-in types a word. None where nothing is needed, or typed yet.
    """
    if action not in NEEDS_CODE:
        return None
    key = _key(form_key)
    if visitor_of_now().is_local_operator:
        label = f"Type “{typed_word(action)}” to {action}"
        helped = "Nobody has signed in at this console, so a word stands in place of a code."
        return st.text_input(label, key=key, max_chars=_LONGEST, help=helped) or None
    return (
        st.text_input(
            f"One-time code to {action}",
            key=key,
            max_chars=_LONGEST,
            autocomplete="one-time-code",
            help="Six digits from your authenticator, or a recovery code. Each works once.",
        )
        or None
    )


def given(action: Action, form_key: str) -> str | None:
    """Return what stands in the field of `confirmation` at this moment, for a button's callback.

    Whoever types and presses at once is faster than the page: what it drew last lacks the code.
    """
    return st.session_state.get(_key(form_key)) or None if action in NEEDS_CODE else None


def _key(form_key: str) -> str:
    return f"{form_key}_code_{form_token(form_key)}"


def form_token(form_key: str) -> str:
    """Return what names this filling-in of a form: the same until it was accepted."""
    key = f"{form_key}_token"
    if key not in st.session_state:
        st.session_state[key] = secrets.token_hex(16)
    return str(st.session_state[key])


def send(
    action: Action,
    form_key: str,
    body: Mapping[str, str] | None = None,
    code: str | None = None,
) -> Result:
    """Ask for `action` in the name of whoever is at the console now.

    A form that was accepted gets a new token, and with it an empty code field.
    """
    token = form_token(form_key)
    visitor = visitor_to_stop() if action is Action.STOP else visitor_of_now()
    result = perform(
        Asked(action, visitor, client().settings, client().clock, body or {}, token, code)
    )
    if result.accepted:
        st.session_state.pop(f"{form_key}_token", None)
        client().memory.clear()
    return result
