"""Users and sessions for tests of a console that somebody signs in to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyotp

from aineon.access.passwords import PasswordHasher
from aineon.access.roles import Role
from aineon.access.users import UserStore
from aineon.ledger.control import ControlStore
from aineon.primitives import Clock, SystemClock
from aineon.runtime.access import Access, access_of, sessions_of
from aineon.runtime.auditing import audit_of
from aineon.runtime.settings import Settings
from app.asking import Visitor

PASSWORD = "canary-Tau7 horse lamp"
"""Long enough, in no list, and looked for in what pages, logs and databases hold."""


@contextmanager
def access(settings: Settings, clock: Clock | None = None) -> Iterator[Access]:
    with ControlStore.open(settings.control_url) as control:
        yield access_of(settings, control, clock or SystemClock())


def add_user(found: Access, name: str, role: Role, at: float) -> None:
    """Add a user; the first one is always a super admin's, whose name is `root`."""
    if found.users.is_empty() and role is not Role.SUPER_ADMIN:
        found.users.add("root", PASSWORD, Role.SUPER_ADMIN, who="test", at=at)
    found.users.add(name, PASSWORD, role, who="test", at=at)


def open_session(found: Access, name: str, at: float) -> tuple[str, Visitor]:
    """Return the token of a new session, and the visitor whom it makes."""
    token = found.sessions.open(found.users.get(name), at)
    session = found.sessions.look(token, at)
    assert session is not None
    return token, Visitor(session.name, session.role, session.number)


def enrol(found: Access, name: str, at: float) -> str:
    """Give a user a second factor; returns its seed."""
    secret = found.second_factor.enrol_begin(name, at).secret
    found.second_factor.enrol_confirm(name, pyotp.TOTP(secret).at(int(at)), at)
    return secret


def code_of(secret: str, at: float) -> str:
    return pyotp.TOTP(secret).at(int(at))


def people(settings: Settings, at: float) -> dict[Role, Visitor]:
    """Add a user of each role, named after it, and open a session for each."""
    found: dict[Role, Visitor] = {}
    with ControlStore.open(settings.control_url) as control:
        # Nobody signs in by these passwords: a cheap hash will do.
        cheap = UserStore(control, audit_of(settings, control), PasswordHasher(4))
        sessions = sessions_of(settings, control)
        for role in Role:
            user = cheap.add(role.name.lower(), PASSWORD, role, who="test", at=at)
            session = sessions.look(sessions.open(user, at), at)
            assert session is not None
            found[role] = Visitor(session.name, session.role, session.number)
    return found
