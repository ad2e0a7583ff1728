"""What somebody does with their own password, second factor and sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aineon.errors import AccessError
from aineon.ledger.control import ControlStore
from aineon.runtime.access import Access, access_of
from app.asking import Asked, Result
from app.effects.auditing import PATIENCE_SECONDS, note

WHICH: Final = "which"
THIS: Final = "this"
"""Body of `end_sessions`: this session alone; anything else is all of them."""
STEP: Final = "step"
BEGIN: Final = "begin"
CONFIRM: Final = "confirm"
"""Body of `enrol`: which of its two steps it is."""
PRESENT: Final = "present"
"""Body of `change_password`, and of the first second factor: the password as it is."""


@contextmanager
def access(asked: Asked) -> Iterator[Access]:
    """Open what knows users and sessions, for one press of a button.

    Raises:
        LedgerError: the control database cannot be opened.
    """
    url = asked.settings.control_url
    with ControlStore.open(url, busy_timeout=PATIENCE_SECONDS) as control:
        yield access_of(asked.settings, control, asked.clock)


def end_sessions(asked: Asked) -> Result:
    """Sign out here, or everywhere."""
    visitor = asked.visitor
    if visitor.session_id is None:
        return Result(False, "Nobody has signed in at this console, so nobody can sign out.")
    with access(asked) as found:
        if asked.body.get(WHICH) == THIS:
            found.sessions.end(visitor.session_id)
            note(asked, "session.close", visitor.name, {"session": visitor.session_id})
            return Result(True, "You are signed out.")
        found.users.end_sessions(visitor.name, who=visitor.name, at=asked.clock.now())
    return Result(True, "You are signed out everywhere.")


def change_password(asked: Asked) -> Result:
    """Change the visitor's password, who gives the present one."""
    if asked.visitor.session_id is None:
        return _nobody()
    present, new = asked.body.get(PRESENT, ""), asked.body.get("new", "")
    try:
        with access(asked) as found:
            found.sign_in.change_password(asked.visitor.name, present, new)
    except AccessError as error:
        return _no(error)
    return Result(True, "Your password is changed, and all your sessions have ended. Sign in anew.")


def enrol(asked: Asked) -> Result:
    """Set up the visitor's second factor: first its seed, then a code that confirms it.

    Beginning takes the password, or a code of the second factor that is to be replaced: whoever
    comes upon an open session must not make himself the one who gives its codes.
    """
    if asked.visitor.session_id is None:
        return _nobody()
    try:
        with access(asked) as found:
            return _enrolled(asked, found)
    except AccessError as error:
        return _no(error)


def _enrolled(asked: Asked, found: Access) -> Result:
    factor = found.second_factor
    name, code, at = asked.visitor.name, asked.body.get("code", ""), asked.clock.now()
    if asked.body.get(STEP) == CONFIRM:
        codes = factor.enrol_confirm(name, code, at)
        return Result(True, "Your second factor is set up.", codes)
    if not factor.is_enrolled(name):
        found.sign_in.require_password(name, asked.body.get(PRESENT, ""))
    begun = factor.enrol_begin(name, at, code)
    return Result(True, "Scan the code, and confirm it.", (begun.uri, begun.secret))


def _no(error: AccessError) -> Result:
    words = str(error)
    return Result(False, f"{words[:1].upper()}{words[1:]}.")


def _nobody() -> Result:
    return Result(False, "Nobody has signed in at this console, so there is no user to change.")
