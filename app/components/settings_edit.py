"""Changing parameters: widgets, the difference as it would be, and what it takes to save it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from aineon.access.permissions import Action
from aineon.errors import AineonError
from aineon.ledger.saved_settings import SavedSetting
from aineon.runtime.parameter import Parameter
from aineon.runtime.saved import is_overridden
from aineon.runtime.saving import NOTIFICATIONS, Difference, Proposal, Wish, propose
from aineon.runtime.settings import PARAMETERS
from app.actions import may, visitor_of_now
from app.components import settings_asking as asking
from app.components import tables
from app.components.confirming import confirmation, form_token, given
from app.components.settings_table import default_words
from app.effects.settings import body_of
from app.format import plain
from app.state import client

FORM: Final = "settings"
_CHANGING: Final = (Action.CHANGE_SETTING, Action.RAISE_LIMIT, Action.LOWER_LIMIT)
_SWITCH: Final = ("on", "off")
_DEFAULT: Final = "default"


def draw() -> None:
    """Draw the editor of one group of parameters, where the visitor may change any."""
    if not may_change_any():
        return
    groups = _groups()
    st.header("Change parameters", anchor=False)
    group = st.selectbox("Group", groups, key="settings_group")
    fields(groups[group or next(iter(groups))], FORM, None)


def fields(names: Sequence[str], form: str, action: Action | None) -> None:
    """Draw widgets for some parameters, with the difference and the button that saves it.

    Args:
        names: fields of the settings.
        form: names the form.
        action: what saving is; None works it out from the difference.
    """
    saved = _as_first_seen(form)
    columns = st.columns(2, gap="medium")
    wishes = []
    for place, name in enumerate(names):
        with columns[place % len(columns)]:
            wish = _wish(name, form, saved)
        if wish is not None:
            wishes.append(wish)
    if wishes:
        _review(wishes, form, action)
    asking.told(form)


def may_change_any() -> bool:
    """Whether the visitor may change any parameter; says so in words where not."""
    if _groups():
        return True
    st.caption(":material/lock: To change settings takes another role than yours.")
    return False


def _groups() -> Mapping[str, list[str]]:
    visitor = visitor_of_now()
    change, *limits = (may(visitor, action) for action in _CHANGING)
    groups: dict[str, list[str]] = {}
    for field, parameter in PARAMETERS.items():
        open_to_visitor = change if parameter.lets_more is None else any(limits)
        if parameter.savable and parameter.group != NOTIFICATIONS and open_to_visitor:
            groups.setdefault(parameter.group, []).append(field)
    return groups


def _as_first_seen(form: str) -> Mapping[str, SavedSetting]:
    """What was saved when this filling-in of the form began: what others save since is told."""
    key = f"{form}_seen_{form_token(form)}"
    if key not in st.session_state:
        st.session_state[key] = dict(client().saved_settings())
    seen: Mapping[str, SavedSetting] = st.session_state[key]
    return seen


def _wish(field: str, form: str, saved: Mapping[str, SavedSetting]) -> Wish | None:
    """Draw a parameter's widget; returns what is wished where that is something new."""
    parameter = PARAMETERS[field]
    settings = client().settings
    if is_overridden(settings, field):
        origin = plain(settings.origin(field))
        st.caption(
            f"**{plain(parameter.label)}** is given by {origin}, which goes before what is saved "
            "here: change it there."
        )
        return None
    known = saved.get(parameter.env)
    before = "" if known is None or known.value is None else known.value
    version = 0 if known is None else known.version
    text = _widget(field, parameter, "" if parameter.secret else before, form)
    if parameter.secret:
        return _secret_wish(field, text, bool(before), version, form)
    return None if text == before else Wish(field, text, version)


def _secret_wish(field: str, text: str, was_set: bool, version: int, form: str) -> Wish | None:
    if text:
        return Wish(field, text, version)
    if not was_set:
        return None
    label = f"Forget the saved {PARAMETERS[field].label.lower()}"
    forgotten = st.checkbox(label, key=_key(f"{field}_forget", form))
    return Wish(field, "", version) if forgotten else None


def _widget(field: str, parameter: Parameter, before: str, form: str) -> str:
    is_told = not parameter.unit or parameter.unit in parameter.label.lower()
    unit = "" if is_told else f" ({parameter.unit})"
    label = f"{parameter.label}{unit}"
    default = default_words(field, parameter)
    about = (
        f"{plain(parameter.about)} Allowed: {plain(parameter.allowed)}. Empty: {plain(default)}."
    )
    choices = parameter.choices or (_SWITCH if isinstance(_value(field), bool) else ())
    if choices:
        options = ["", *map(str, choices)]
        chosen = st.selectbox(
            label,
            options,
            index=options.index(before) if before in options else 0,
            format_func=lambda option: option or f"{_DEFAULT} ({default})",
            key=_key(field, form),
            help=about,
        )
        return chosen or ""
    kind = "password" if parameter.secret else "default"
    typed = st.text_input(
        label,
        before,
        key=_key(field, form),
        placeholder=f"{_DEFAULT}: {default}",
        help=about,
        type=kind,
        autocomplete="off",
    )
    return (typed or "").strip()


def _review(wishes: Sequence[Wish], form: str, action: Action | None) -> None:
    """Show what would differ, and offer to save it."""
    try:
        proposal = propose(client().settings, client().saved_settings(), wishes)
    except AineonError as error:
        for line in str(error).splitlines():
            st.error(plain(line), icon=":material/block:")
        return
    if not proposal.differences:
        st.caption("Nothing would differ.")
        return
    _table(proposal.differences)
    needed = action or _action(proposal)
    if not all([asking.allowed(each) for each in sorted(proposal.takes)]):  # noqa: C419 (say each)
        return
    st.caption(
        "Saving starts the engine anew, in the same mode, with the settings as they are then."
    )
    confirmation(needed, form)
    st.button(
        "Save and start the engine anew",
        key=_key("save", form),
        type="primary",
        icon=":material/save:",
        on_click=_save,
        args=(needed, form, tuple(wishes)),
    )


def _table(differences: Sequence[Difference]) -> None:
    st.markdown("**What would differ**")
    rows = [
        {
            "Parameter": f"**{plain(PARAMETERS[each.field].label)}**",
            "Now": plain(each.old),
            "Then": plain(each.new),
            "Is": _IS[each.takes],
        }
        for each in differences
    ]
    tables.static(rows)


_IS: Final[Mapping[Action, str]] = {
    Action.RAISE_LIMIT: ":material/north_east: lets more through, and takes a code",
    Action.LOWER_LIMIT: ":material/south_east: lets less through",
    Action.CHANGE_SETTING: ":material/east: a change",
    Action.CHANGE_NOTIFICATIONS: ":material/east: a change",
}


def _action(proposal: Proposal) -> Action:
    """The one of several actions that asks for most."""
    order = (Action.RAISE_LIMIT, Action.CHANGE_SETTING, Action.LOWER_LIMIT)
    return next(action for action in (*order, *sorted(proposal.takes)) if action in proposal.takes)


def _save(action: Action, form: str, wishes: tuple[Wish, ...]) -> None:
    # What was shown is what is saved.
    asking.submit(action, form, body_of(wishes), given(action, form))


def _key(name: str, form: str) -> str:
    return f"{form}_{name}_{form_token(form)}"


def _value(field: str) -> object:
    return getattr(client().settings, field)
