"""The emergency stop within reach of every page: set it, see what holds it, clear it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from aineon.errors import AineonError
from aineon.ledger.control import ControlStore
from aineon.runtime.stop_desk import Landing, landings, stop_desk
from aineon.safety import Breaker
from aineon.safety.breaker import BreakerState
from app import format as fmt
from app.actions import Action, Result, Visitor, may, visitor_of_now
from app.components.confirming import allowed, confirmation, send
from app.effects.stop import REASON, SEEN, fingerprint, fingerprint_of
from app.state import client
from app.visitors import last_known

_FORM: Final = "stop"
_CLEARING: Final = "clear_stop"
_RESETTING: Final = "reset_breaker"
_MOVES_SHOWN: Final = 5
_SAID: Final = "stop_said"
_SHOWN: Final = "stop_shown"
_OPENED: Final = "stop_dialog"
_SET: Final = "set"
_NOT_SET: Final = "not set"
_UNREADABLE: Final = "unreadable"
_LONGEST_REASON: Final = 300


def in_reach() -> None:
    """Draw the stop's state and its buttons; the rest is asked in a dialog."""
    state, trouble = _state()
    st.session_state[_SHOWN] = state
    breaker_in_reach()
    if state == _SET:
        st.error("The emergency stop is set: nothing is signed or sent.", icon=":material/block:")
        if allowed(Action.CLEAR_STOP):
            st.button("Clear the stop …", key="open_clear_stop", on_click=_open, args=(_CLEARING,))
    else:
        if trouble:
            words = "Whether the emergency stop is set cannot be read, so it counts as set"
            st.error(f"{words}: {fmt.plain(trouble)}.", icon=":material/block:")
        if may(visitor_of_now(), Action.STOP):
            _button_to_stop("open_stop")
        else:
            st.caption("" if trouble else "The emergency stop is not set.")
            allowed(Action.STOP)
    _say(st.session_state.pop(_SAID, None))
    # It stays open through a run of the whole page, with what was typed into it.
    dialog = _DIALOGS.get(st.session_state.get(_OPENED, ""))
    if dialog is not None:
        dialog()


def in_head() -> None:
    """Draw the button once more; `look.css` shows it where a phone hides the sidebar."""
    if st.session_state.get(_SHOWN) != _SET and may(visitor_of_now(), Action.STOP):
        with st.container(key="stop_in_head"):
            _button_to_stop("open_stop_head")


def _button_to_stop(key: str) -> None:
    st.button(
        "Stop …",
        key=key,
        type="primary",
        icon=":material/front_hand:",
        help="Emergency stop: nothing more is signed or sent, in any mode. You confirm it.",
        on_click=_open,
        args=(_FORM,),
    )


def last_resort(visitor: Visitor) -> None:
    """Offer the stop, and nothing else, to whoever was here and cannot be looked up now."""
    st.title("Nobody can be looked up", anchor=False)
    st.warning(
        "The control database cannot be read now, so it is not known who may see what, and no page "
        "is shown. This one tries again every few seconds. What the engine does meanwhile is not "
        "known here.",
        icon=":material/lock_clock:",
    )
    if may(visitor, Action.STOP):
        st.header("Emergency stop", anchor=False)
        st.write(
            f"You were here as {fmt.plain(visitor.name)} a moment ago, so you may still stop: from "
            "then on nothing is signed or sent, in any mode, until somebody clears it."
        )
        reason = st.text_input("Reason", key="stop_reason", max_chars=_LONGEST_REASON)
        if st.button("Stop now", key="stop_now", type="primary", icon=":material/front_hand:"):
            _say(send(Action.STOP, _FORM, {REASON: reason}))
    _wait_until_somebody_can_be()


@st.fragment(run_every=3.0)
def _wait_until_somebody_can_be() -> None:
    if last_known() is None:
        st.rerun(scope="app")


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
    if allowed(Action.RESET_BREAKER):
        st.button("Reset the breaker …", key="open_reset", on_click=_open, args=(_RESETTING,))


def follow() -> None:
    """Run the whole page again where the stop is no longer as it is shown."""
    shown = st.session_state.get(_SHOWN)
    if shown is not None and shown != _state()[0]:
        st.rerun(scope="app")


def _state() -> tuple[str, str]:
    """Return whether the stop is set, and why that cannot be read, where it cannot."""
    try:
        return (_SET if client().stops() else _NOT_SET), ""
    except AineonError as error:
        return _UNREADABLE, str(error)


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
        st.caption("No book of a chain is here: what may still land of others is not known here.")
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
