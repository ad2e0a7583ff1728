"""Notifications: who is told of what, how the targets take it, and a test."""

from __future__ import annotations

from typing import Final

import streamlit as st

from aineon.ledger.notices import NoticeState, TargetTold
from aineon.runtime.notices.kinds import ABOUT, SWITCHED
from app.actions import Action, is_supervised
from app.components import settings_asking as asking
from app.components import settings_edit, tables
from app.format import UNKNOWN, age, plain, time_utc
from app.state import client

FIELDS: Final = ("notify_urls", "notify_kinds", "notify_trades_from_wei")
_FORM: Final = "notifications"
_TEST: Final = "notification_test"
_SHOWN: Final = 20
_SIGNS: Final = {
    NoticeState.WAITING: ":material/hourglass_top: waits",
    NoticeState.SENT: ":material/check_circle: sent",
    NoticeState.FAILED: ":material/error: failed",
    NoticeState.DROPPED: ":material/remove_circle: not sent",
}


def draw() -> None:
    """Draw the targets and the newest notices."""
    _targets(client().notice_targets())
    notices = client().notices(_SHOWN)
    st.header("Newest notices", anchor=False)
    if not notices:
        st.caption("Nothing has been told yet.")
        return
    rows = [
        {
            "Time (UTC)": time_utc(each.at).removesuffix(" UTC"),
            "Kind": plain(each.kind),
            "Notice": plain(f"[{each.mode.upper()}] {each.words}"),
            "Became": f"{_SIGNS[each.state]} {plain(each.detail)}".strip(),
        }
        for each in notices
    ]
    tables.static(rows)


def forms() -> None:
    """Draw what can be changed, and the button that tries it out."""
    st.header("Who is told of what", anchor=False)
    st.caption(
        "Addresses are secrets: they are sealed before they are saved, and never shown again. "
        "Several are separated by blanks, e.g. tgram://TOKEN/CHAT or mailtos://USER:PASSWORD@HOST. "
        "Targets of the environment, which the console does not see, go before those saved here."
    )
    about = "; ".join(f"{kind.value}: {ABOUT[kind]}" for kind in SWITCHED)
    st.caption(plain(f"Kinds. {about}."))
    if asking.allowed(Action.CHANGE_NOTIFICATIONS):
        settings_edit.fields(FIELDS, _FORM, Action.CHANGE_NOTIFICATIONS)
    if asking.allowed(Action.TEST_NOTIFICATION):
        st.button(
            "Send a test",
            key="test_notification",
            icon=":material/send:",
            disabled=not is_supervised(),
            on_click=asking.submit,
            args=(Action.TEST_NOTIFICATION, _TEST),
        )
        if not is_supervised():
            st.caption("Notices are sent where `aineon up` runs.")
    asking.told(_TEST)


def _targets(targets: tuple[TargetTold, ...]) -> None:
    st.header("Targets", anchor=False)
    if not targets:
        st.caption("Nobody is told anything yet: no target is in force.")
        return
    now = client().clock.now()
    rows = [
        {
            "Target": plain(each.name),
            "State": _state(each),
            "Reached": UNKNOWN if each.reached_at is None else f"{age(now - each.reached_at)} ago",
            "Failed": UNKNOWN if each.failed_at is None else f"{age(now - each.failed_at)} ago",
            "Why": plain(each.words) or UNKNOWN,
        }
        for each in targets
    ]
    tables.static(rows)


def _state(target: TargetTold) -> str:
    if target.fails:
        return ":material/error: fails"
    if target.reached_at is None:
        return ":material/help: not tried yet"
    return ":material/check_circle: takes notices"
