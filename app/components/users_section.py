"""Users: who may sign in and as what, for whoever manages them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from aineon.access.permissions import Action
from aineon.access.roles import Role
from aineon.access.users import User
from app.components import settings_asking as asking
from app.components import tables
from app.components.confirming import confirmation, form_token, given
from app.effects import users as effects
from app.format import plain, time_utc
from app.state import client

_ADD: Final = "user_add"
_CHANGE: Final = "user_change"
_WHAT: Final[Mapping[str, tuple[Action, str]]] = {
    "Another role": (Action.CHANGE_USER, "role"),
    "Another password": (Action.CHANGE_USER, "password"),
    "End all sessions": (Action.CHANGE_USER, "end sessions"),
    "No sign-in for now": (Action.CHANGE_USER, "disable"),
    "Sign-in again": (Action.CHANGE_USER, "enable"),
    "Reset the second factor": (Action.RESET_SECOND_FACTOR, ""),
    "Remove": (Action.REMOVE_USER, ""),
}

_FIELDS: Final = {
    effects.NAME: "name",
    effects.EMAIL: "email",
    effects.DISPLAY_NAME: "shown",
    effects.ROLE: "role",
    effects.PASSWORD: "password",
}
"""The fields of a new user, and what their widgets are called."""


def listed() -> None:
    """Draw the users; for whoever manages them alone."""
    found = client().users()
    if not found:
        st.caption(
            "There is no user: this console asks nobody to sign in, or the first user is created "
            "on its set-up page."
        )
        return
    tables.static([_row(user) for user in found])


def forms() -> None:
    """Draw the forms that add and change users."""
    if not asking.allowed(Action.ADD_USER):
        return
    found = client().users()
    if found:
        _change_form([user.name for user in found])
    _add_form()


def _row(user: User) -> dict[str, str]:
    factor = user.has_second_factor
    return {
        "Name": f"**{plain(user.name)}**",
        "Shown as": plain(user.display_name),
        "E-mail": plain(user.email),
        "Role": plain(user.role.value),
        "Second factor": ":material/check_circle: set up" if factor else ":material/error: none",
        "Sign-in": ":material/block: not now" if user.disabled else ":material/check: yes",
        "Since": time_utc(user.created_at),
    }


def _add_form() -> None:
    st.header("Add a user", anchor=False)
    token = form_token(_ADD)
    # In a form the browser hands over what is typed with the press itself; a password field on
    # its own keeps it back when it is left for the eye beside it.
    with st.form(_ADD, border=False, enter_to_submit=False):
        columns = st.columns(2)
        with columns[0]:
            st.text_input("Name", key=f"{_ADD}_name_{token}", max_chars=64)
            st.text_input("E-mail (may be empty)", key=f"{_ADD}_email_{token}", max_chars=254)
        with columns[1]:
            st.text_input("Shown as", key=f"{_ADD}_shown_{token}", max_chars=100)
            st.selectbox("Role", [each.value for each in Role][::-1], key=f"{_ADD}_role_{token}")
        _password("First password", f"{_ADD}_password_{token}")
        confirmation(Action.ADD_USER, _ADD)
        st.form_submit_button(
            "Add the user", key=f"{_ADD}_send", icon=":material/person_add:", on_click=_send_new
        )
    asking.told(_ADD)


def _send_new() -> None:
    body = {field: _filled(_ADD, name) for field, name in _FIELDS.items()}
    asking.submit(Action.ADD_USER, _ADD, body, given(Action.ADD_USER, _ADD))


def _filled(form: str, name: str) -> str:
    """What stands in a field at this moment: a press may come before the page drew it."""
    return str(st.session_state.get(f"{form}_{name}_{form_token(form)}") or "")


def _change_form(names: list[str]) -> None:
    st.header("Change a user", anchor=False)
    token = form_token(_CHANGE)
    columns = st.columns(2)
    with columns[0]:
        name = st.selectbox("User", names, key=f"{_CHANGE}_name_{token}")
    with columns[1]:
        what = st.selectbox("Change", list(_WHAT), key=f"{_CHANGE}_what_{token}")
    action, change = _WHAT[what or next(iter(_WHAT))]
    body = {effects.NAME: name or "", effects.CHANGE: change}
    with st.form(_CHANGE, border=False, enter_to_submit=False):
        if change == "role":
            roles = [each.value for each in Role][::-1]
            st.selectbox("New role", roles, key=f"{_CHANGE}_role_{token}")
        if change == "password":
            _password("New password", f"{_CHANGE}_password_{token}")
        confirmation(action, _CHANGE)
        st.form_submit_button(
            f"{what} for {name}" if change != "role" else f"New role for {name}",
            key=f"{_CHANGE}_send",
            icon=":material/manage_accounts:",
            on_click=_send_change,
            args=(action, body),
        )
    asking.told(_CHANGE)


def _send_change(action: Action, body: Mapping[str, str]) -> None:
    # Whom it is about, and what, as the button said; the rest as it stands now.
    change = body[effects.CHANGE]
    field = {"role": effects.ROLE, "password": effects.PASSWORD}.get(change)
    rest = {} if field is None else {field: _filled(_CHANGE, change)}
    asking.submit(action, _CHANGE, {**body, **rest}, given(action, _CHANGE))


def _password(label: str, key: str) -> None:
    st.text_input(
        label,
        key=key,
        type="password",
        autocomplete="new-password",
        max_chars=200,
        help="Tell it to its user in person; it is changed after the first sign-in.",
    )
