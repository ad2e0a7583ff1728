"""The emergency stop within reach of every page: set it, see what holds it, clear it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from aineon.errors import AineonError
from aineon.ledger.control import ControlStore
from aineon.runtime.stop_desk import Landing, landings, stop_desk
from aineon.safety import Breaker, StopReason
from aineon.safety.breaker import BreakerState
from app import format as fmt
from app.actions import Action, Result, may, visitor_of_now
from app.components.confirming import confirmation, send
from app.effects.stop import REASON, SEEN, fingerprint, fingerprint_of
from app.state import client

_FORM: Final = "stop"
_CLEARING: Final = "clear_stop"
_RESETTING: Final = "reset_breaker"
_MOVES_SHOWN: Final = 5
_SAID: Final = "stop_said"
_SHOWN: Final = "stop_shown"
_OPENED: Final = "stop_dialog"
_LONGEST_REASON: Final = 300


def in_reach() -> None:
    """Draw the stop's state and its buttons; the rest is asked in a dialog."""
    held = _held()
    st.session_state[_SHOWN] = bool(held)
    breaker_in_reach()
    visitor = visitor_of_now()
    if held:
        st.error("The emergency stop is set: nothing is signed or sent.", icon=":material/block:")
        if may(visitor, Action.CLEAR_STOP):
            st.button("Clear the stop …", key="open_clear_stop", on_click=_open, args=(_CLEARING,))
    elif may(visitor, Action.STOP):
        st.button(
            "Stop …",
            key="open_stop",
            type="primary",
            icon=":material/front_hand:",
            help="Emergency stop: nothing more is signed or sent, in any mode. You confirm it.",
            on_click=_open,
            args=(_FORM,),
        )
    else:
        st.caption("The emergency stop is not set.")
    _say(st.session_state.pop(_SAID, None))
    # It stays open through a run of the whole page, with what was typed into it.
    dialog = _DIALOGS.get(st.session_state.get(_OPENED, ""))
    if dialog is not None:
        dialog()


def breaker_in_reach() -> None:
    """Offer to end a halt of the breaker; nothing where it is not halted."""
    try:
        moves = client().breaker_moves(1)
    except AineonError:
        # The pages say so; what cannot be read cannot be reset either.
        return
    if not moves or moves[0].new is not BreakerState.HALTED:
        return
    st.error("The breaker has halted trading.", icon=":material/block:")
    if may(visitor_of_now(), Action.RESET_BREAKER):
        st.button("Reset the breaker …", key="open_reset", on_click=_open, args=(_RESETTING,))


def follow() -> None:
    """Run the whole page again where the stop is no longer as it is shown."""
    shown = st.session_state.get(_SHOWN)
    if shown is not None and shown is not bool(_held()):
        st.rerun(scope="app")


def _held() -> tuple[StopReason, ...]:
    try:
        return client().stops()
    except AineonError as error:
        # What cannot be read counts as set.
        return (StopReason("unreadable", str(error), "the console"),)


def _open(form: str) -> None:
    st.session_state[_OPENED] = form


def _close() -> None:
    st.session_state.pop(_OPENED, None)


@st.dialog("Set the emergency stop?", on_dismiss=_close)
def _ask_to_stop() -> None:
    st.write("From then on nothing is signed or sent, in any mode, until somebody clears it.")
    _say_what_may_land()
    reason = st.text_input("Reason", key="stop_reason", max_chars=_LONGEST_REASON)
    if st.button("Stop now", key="stop_now", type="primary", icon=":material/front_hand:"):
        _done(send(Action.STOP, _FORM, {REASON: reason}))


@st.dialog("Clear the emergency stop?", on_dismiss=_close)
def _ask_to_clear() -> None:
    try:
        with stop_desk(client().settings, client().clock) as desk:
            state = desk.all_places.state()
    except AineonError as error:
        st.error(fmt.plain(str(error)))
        return
    if not state.is_set:
        st.write("It is not set any more.")
        return
    st.write("It is set for these reasons:")
    for reason in state.reasons:
        at = f", {fmt.time_utc(reason.at)}" if reason.at is not None else ""
        st.warning(
            f"{fmt.plain(reason.reason)} ({fmt.plain(reason.place)}, by {fmt.plain(reason.who)}"
            f"{at})"
        )
    code = confirmation(Action.CLEAR_STOP, _CLEARING)
    if st.button("Clear it", key="clear_stop_now", type="primary"):
        _done(send(Action.CLEAR_STOP, _CLEARING, {SEEN: fingerprint(state)}, code))


@st.dialog("Reset the breaker?", on_dismiss=_close)
def _ask_to_reset() -> None:
    settings = client().settings
    try:
        with ControlStore.open_reader(settings.control_url) as control:
            breaker = Breaker(control.breaker(settings.mode))
            standing, moves = breaker.standing, breaker.history(_MOVES_SHOWN)
    except AineonError as error:
        st.error(fmt.plain(str(error)))
        return
    st.write("Reset it once the damage was looked into; what halted it counts anew from then on.")
    st.warning(f"It is {fmt.plain(str(standing))}.")
    for move in moves:
        st.caption(
            f"{fmt.time_utc(move.at)}: {move.old} → {move.new}, {fmt.plain(move.cause)}: "
            f"{fmt.plain(move.reason)} (by {fmt.plain(move.who)})"
        )
    code = confirmation(Action.RESET_BREAKER, _RESETTING)
    if st.button("Reset it", key="reset_now", type="primary"):
        body = {SEEN: fingerprint_of(standing)}
        _done(send(Action.RESET_BREAKER, _RESETTING, body, code))


_DIALOGS: Final[Mapping[str, Callable[[], None]]] = {
    _FORM: _ask_to_stop,
    _CLEARING: _ask_to_clear,
    _RESETTING: _ask_to_reset,
}


def _done(result: Result) -> None:
    """Close a dialog whose wish was taken up, or say in it why not."""
    if result.accepted:
        _close()
        st.session_state[_SAID] = result
        st.rerun(scope="app")
    _say(result)


def _say(result: Result | None) -> None:
    if result is None:
        return
    box = st.success if result.accepted else st.error
    box(fmt.plain(result.words))


def _say_what_may_land() -> None:
    try:
        found = landings(client().settings)
    except AineonError as error:
        st.warning(f"What may still land is not known: {fmt.plain(str(error))}.")
        return
    if not found:
        st.caption("No book of a chain is here, so nothing that was signed may still land.")
    for landing in found:
        _say_landing(landing)


def _say_landing(landing: Landing) -> None:
    if landing.trouble:
        words = fmt.plain(landing.trouble)
        st.warning(f"What may still land of the {landing.book} book is not known: {words}.")
    elif not landing.open:
        st.caption(f"Nothing that the {landing.book} book knows may still land.")
    else:
        st.warning(
            f"{len(landing.open)} of the {landing.book} book were handed out before and may still "
            "be mined:"
        )
        for transaction in landing.open:
            st.text(str(transaction))
