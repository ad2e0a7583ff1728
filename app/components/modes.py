"""From one mode to the other: buttons, the form for live mode, and what became of them."""

from __future__ import annotations

from typing import Final

import streamlit as st

from aineon.ledger.requests import ModeRequest, RequestState
from aineon.primitives import Book
from aineon.runtime.chain_link import addresses_of
from aineon.runtime.live_word import phrase
from app import actions
from app.actions import Action
from app.components import settings_asking as asking
from app.components.confirming import confirmation
from app.components.live import told_in_words
from app.effects.mode import live_body
from app.format import age, plain
from app.state import client

_RESULT: Final = "mode_result"
_UNHEARD_SECONDS: Final = 5.0
_SHOWN_SECONDS: Final = 1800.0
_OTHERS: Final = {
    Book.SIMULATION: (Action.REHEARSE, "Start the rehearsal", ":material/theater_comedy:"),
    Book.REHEARSAL: (Action.SIMULATE, "Back to the simulation", ":material/arrow_back:"),
    Book.LIVE: (Action.SIMULATE, "Back to the simulation", ":material/arrow_back:"),
}
_ABOUT: Final = {
    Book.SIMULATION: "The rehearsal starts a chain of its own on this machine, with the real "
    "protocols, and carries plans out there by real transactions, with play money. The simulation "
    "goes on until that chain stands, and stops then.",
    Book.REHEARSAL: "Going back stops the engine and then its chain; the book of the rehearsal is "
    "kept.",
    Book.LIVE: "Going back stops the engine, and nothing is signed any more. What was handed over "
    "may still land until its last block; it is booked when live mode runs again.",
}
_FORM: Final = "go_live"


def switch(place: str) -> None:
    """Offer the other mode; from live mode, the way back."""
    book = client().settings.mode
    with told_in_words():
        request = client().latest_request()
        action, label, icon = _OTHERS[book]
        st.button(
            label,
            key=f"{action}_{place}",
            icon=icon,
            help=_ABOUT[book],
            disabled=not _can_be_pressed(action, request),
            on_click=_press,
            args=(action,),
        )
        if asking.allowed(action) and not actions.is_supervised():
            st.caption(
                "The mode can be changed here where `aineon up` or `aineon rehearse` started this "
                "console."
            )
        _say_result(request)


def live_form() -> None:
    """Offer live mode, in the simulation, on a typed phrase and a one-time code."""
    settings = client().settings
    if settings.mode is not Book.SIMULATION:
        return
    st.header("Live mode", anchor=False)
    st.caption(
        "Live mode trades with real money, which can be lost. Everything on the checklist is "
        "looked at again first; until it stands, the simulation goes on. A start of the machine "
        "begins with the mode that the settings name."
    )
    if asking.allowed(Action.GO_LIVE):
        _live_fields(phrase(addresses_of(settings).chain_id))
    asking.told(_FORM)


def _live_fields(wanted: str) -> None:
    if actions.visitor_of_now().is_local_operator:
        st.caption(
            "Real money takes somebody who has signed in: start AINEON with AINEON_SIGN_IN=always, "
            "or start live mode at the terminal."
        )
        return
    with st.form(_FORM, border=True):
        typed = st.text_input(f"Type “{wanted}”", key=f"{_FORM}_phrase", max_chars=200)
        code = confirmation(Action.GO_LIVE, _FORM)
        pressed = st.form_submit_button(
            "Go live", icon=":material/payments:", disabled=not actions.is_supervised()
        )
    if pressed:
        asking.submit(Action.GO_LIVE, _FORM, live_body(client().settings, typed), code)
        st.rerun()


def _can_be_pressed(action: Action, request: ModeRequest | None) -> bool:
    allowed = actions.may(actions.visitor_of_now(), action)
    return allowed and actions.is_supervised() and (request is None or not request.is_open)


def _press(action: Action) -> None:
    result = _perform(action)
    st.session_state[_RESULT] = None if result.accepted else result.words
    client().memory.clear()


def _perform(action: Action) -> actions.Result:
    visitor = actions.visitor_of_now()
    return actions.perform(actions.Asked(action, visitor, client().settings, client().clock))


def _say_result(request: ModeRequest | None) -> None:
    if words := st.session_state.get(_RESULT):
        st.warning(plain(words), icon=":material/block:")
    if request is None:
        return
    old = client().clock.now() - request.changed_at
    wanted = "live mode" if request.mode == Book.LIVE else f"the {plain(request.mode)}"
    what = f"{plain(request.who)} asked for {wanted} {age(old)} ago"
    if request.state is RequestState.ASKED and old > _UNHEARD_SECONDS:
        st.warning(f"{what}, and nobody has seen to it yet.", icon=":material/hourglass_top:")
    elif request.is_open:
        words = plain(request.answer) or "it is seen to within a second"
        st.info(f"{what}: {words}.", icon=":material/hourglass_top:")
    elif old > _SHOWN_SECONDS:
        return
    elif request.state is RequestState.REFUSED:
        text = f"{wanted[0].upper()}{wanted[1:]} could not be had: {plain(request.answer)}."
        st.warning(text, icon=":material/block:")
    else:
        st.caption(f"{age(old)} ago, for {plain(request.who)}: {plain(request.answer)}.")
