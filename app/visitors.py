"""Who is at the console: told anew at every run of a page and at every press of a button."""

from __future__ import annotations

from typing import Final

import streamlit as st

from aineon.access.sessions import Session
from aineon.errors import AineonError
from aineon.ledger.control import ControlStore
from aineon.primitives import Clock
from aineon.runtime.access import sessions_of, sign_in_required
from aineon.runtime.settings import Settings
from app.asking import LOCAL_OPERATOR, NOBODY, Visitor
from app.gate.incoming import SESSION_HEADER
from app.state import client

_PATIENCE_SECONDS: Final = 1.0


def visitor_of_now() -> Visitor:
    """Return who is at the console now; `NOBODY` where a session is needed and none stands.

    The session is looked up anew each time: a tab that is open knows nothing of a revocation.
    """
    if not sign_in_required(client().settings):
        return LOCAL_OPERATOR
    number = named_session()
    try:
        return NOBODY if number is None else _visitor_in(client().session(number))
    except AineonError:
        # Who cannot be looked up may nothing.
        return NOBODY


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
