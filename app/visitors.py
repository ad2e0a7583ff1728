"""Who is at the console: told anew at every run of a page and at every press of a button."""

from __future__ import annotations

import time
from typing import Final

import streamlit as st

from aineon.access.sessions import Session
from aineon.errors import AineonError
from aineon.ledger.control import ControlStore
from aineon.primitives import Clock
from aineon.runtime.access import sessions_of, sign_in_required
from aineon.runtime.settings import Settings
from app.asking import LOCAL_OPERATOR, NOBODY, Visitor
from app.gate.desk import THROUGH_TROUBLE_SECONDS
from app.gate.incoming import SESSION_HEADER
from app.state import client

_MOST_KNOWN: Final = 1_000
_PATIENCE_SECONDS: Final = 1.0


def visitor_of_now() -> Visitor:
    """Return who is at the console now; `NOBODY` where a session is needed and none stands.

    The session is looked up anew each time: a tab that is open knows nothing of a revocation.
    """
    if not sign_in_required(client().settings):
        return LOCAL_OPERATOR
    number = named_session()
    try:
        return NOBODY if number is None else _looked_up(number)
    except AineonError:
        # Who cannot be looked up may nothing; but see `last_known`.
        return NOBODY


def last_known() -> Visitor | None:
    """Return who was in this tab's session a moment ago, where nobody can be looked up now.

    None where they can be, whatever the answer is, and after five minutes. Such a visitor may
    stop, and nothing else.
    """
    number = named_session()
    if number is None or not sign_in_required(client().settings):
        return None
    try:
        _looked_up(number)
    except AineonError:
        at, visitor = client().known.get(number, (0.0, None))
        return visitor if time.monotonic() - at < THROUGH_TROUBLE_SECONDS else None
    return None


def visitor_to_stop() -> Visitor:
    """Return who is at the console now, or was where nobody can be looked up.

    `app.actions` looks again, and lets whoever cannot be looked up do nothing but stop.
    """
    found = visitor_of_now()
    return found if found.role is not None else last_known() or NOBODY


def _looked_up(number: str) -> Visitor:
    visitor, known = _visitor_in(client().session(number)), client().known
    if visitor.role is None:
        known.pop(number, None)
    else:
        if len(known) >= _MOST_KNOWN:
            known.clear()
        known[number] = (time.monotonic(), visitor)
    return visitor


def named_session() -> str | None:
    """Return the number of the session that the gate let this tab in by."""
    return st.context.headers.get(SESSION_HEADER)


def as_of_now(visitor: Visitor, settings: Settings, clock: Clock) -> Visitor:
    """Return `visitor` as the database knows them at this moment; `NOBODY` once they are out.

    Raises:
        LedgerError: it cannot be looked up.
    """
    if visitor.session_id is None:
        return NOBODY if sign_in_required(settings) else visitor
    with ControlStore.open_reader(settings.control_url, busy_timeout=_PATIENCE_SECONDS) as control:
        session = sessions_of(settings, control).numbered(visitor.session_id, clock.now())
    return _visitor_in(session)


def _visitor_in(session: Session | None) -> Visitor:
    return NOBODY if session is None else Visitor(session.name, session.role, session.number)
