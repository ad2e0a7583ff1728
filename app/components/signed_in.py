"""Who is at the console, with the way out; and what is said where nobody is any more."""

from __future__ import annotations

from typing import Final

import streamlit as st

from app import format as fmt
from app.actions import Action
from app.asking import Visitor
from app.components.confirming import send
from app.visitors import visitor_of_now

_WHO: Final = "visitor"
_FORM: Final = "sign_out"


def keep_apart(visitor: Visitor) -> Visitor:
    """Forget what a tab holds of somebody else, and return who is there now.

    A tab may be signed in anew by another person; half-filled forms are not for them.
    """
    before = st.session_state.get(_WHO)
    if before is not None and before != visitor.name:
        st.session_state.clear()
    st.session_state[_WHO] = visitor.name
    return visitor


def line(visitor: Visitor) -> None:
    """Write who is signed in, with the button to sign out."""
    if visitor.role is None:
        return
    if visitor.is_local_operator:
        st.caption("No sign-in is needed at this console: whoever reaches it is its operator.")
        return
    st.caption(f"Signed in as **{fmt.plain(visitor.name)}**, {visitor.role.value}.")
    st.html(
        '<a href="/second-factor" target="_self">Second factor</a> · '
        '<a href="/password" target="_self">Password</a>'
    )
    st.button("Sign out", key="sign_out", icon=":material/logout:", on_click=_sign_out)


def _sign_out() -> None:
    send(Action.END_OWN_SESSIONS, _FORM, {"which": "this"})


def ended() -> None:
    """Say that nobody is signed in; the gate closes the tab's connection in a moment."""
    st.title("Signed out", anchor=False)
    st.info("Your session has ended. Nothing on this page is renewed any more.")
    st.html('<a href="/sign-in" target="_self">Sign in</a>')


def follow() -> None:
    """Run the whole page again where the session has ended, or became somebody else's."""
    if st.session_state.get(_WHO, "") != visitor_of_now().name:
        st.rerun(scope="app")
