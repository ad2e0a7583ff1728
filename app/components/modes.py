"""The button from simulation to rehearsal and back, and what became of the last press."""

from __future__ import annotations

from typing import Final

import streamlit as st

from aineon.ledger.requests import ModeRequest, RequestState
from aineon.primitives import Book
from app import actions, mode
from app.actions import Action
from app.components.live import told_in_words
from app.format import age, plain
from app.state import client

_RESULT: Final = "mode_result"
_UNHEARD_SECONDS: Final = 5.0
_SHOWN_SECONDS: Final = 1800.0
_OTHERS: Final = {
    Book.SIMULATION: (Action.REHEARSE, "Start the rehearsal", ":material/theater_comedy:"),
    Book.REHEARSAL: (Action.SIMULATE, "Back to the simulation", ":material/arrow_back:"),
}
_ABOUT: Final = {
    Book.SIMULATION: "The rehearsal starts a chain of its own on this machine, with the real "
    "protocols, and carries plans out there by real transactions, with play money. The simulation "
    "goes on until that chain stands, and stops then.",
    Book.REHEARSAL: "Going back stops the engine and then its chain; the book of the rehearsal is "
    "kept.",
}


def switch(place: str) -> None:
    """Offer the other mode; nothing where real money is at stake."""
    book = client().settings.mode
    if mode.is_live(client()) or book not in _OTHERS:
        return
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
        if not actions.is_supervised():
            st.caption(
                "The mode can be changed here where `aineon up` or `aineon rehearse` started this "
                "console."
            )
        _say_result(request)


def live_is_closed() -> None:
    """Say why live mode cannot be chosen."""
    st.caption(plain(_perform(Action.GO_LIVE).words))


def _can_be_pressed(action: Action, request: ModeRequest | None) -> bool:
    allowed = actions.may(actions.visitor_of_now(), action)
    return allowed and actions.is_supervised() and (request is None or not request.is_open)


def _press(action: Action) -> None:
    result = _perform(action)
    st.session_state[_RESULT] = None if result.accepted else result.words
    client().memory.clear()


def _perform(action: Action) -> actions.Result:
    return actions.perform(action, actions.visitor_of_now(), client().settings, client().clock)


def _say_result(request: ModeRequest | None) -> None:
    if words := st.session_state.get(_RESULT):
        st.warning(plain(words), icon=":material/block:")
    if request is None:
        return
    old = client().clock.now() - request.changed_at
    what = f"{plain(request.who)} asked for the {plain(request.mode)} {age(old)} ago"
    if request.state is RequestState.ASKED and old > _UNHEARD_SECONDS:
        st.warning(f"{what}, and nobody has seen to it yet.", icon=":material/hourglass_top:")
    elif request.is_open:
        words = plain(request.answer) or "it is seen to within a second"
        st.info(f"{what}: {words}.", icon=":material/hourglass_top:")
    elif old > _SHOWN_SECONDS:
        return
    elif request.state is RequestState.REFUSED:
        text = f"The {plain(request.mode)} could not be had: {plain(request.answer)}."
        st.warning(text, icon=":material/block:")
    else:
        st.caption(f"{age(old)} ago, for {plain(request.who)}: {plain(request.answer)}.")
