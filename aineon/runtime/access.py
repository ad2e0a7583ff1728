"""Sign-in as the settings have it: whether it is asked for, and who sees to it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aineon.access.sealing import open_keyring
from aineon.access.second_factor import SecondFactor
from aineon.access.sessions import SessionStore
from aineon.access.setup import Setup
from aineon.access.sign_in import SignIn
from aineon.access.users import UserStore
from aineon.ledger.control import ControlStore
from aineon.primitives import Book, Clock
from aineon.runtime.auditing import audit_of
from aineon.runtime.hosts import is_of_this_machine
from aineon.runtime.settings import Settings

_TOKEN_BYTES: Final = 24
_MINUTE: Final = 60.0
_HOUR: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Access:
    """Everything about who may do what, over one control database."""

    users: UserStore
    sessions: SessionStore
    second_factor: SecondFactor
    sign_in: SignIn
    setup: Setup


def access_of(settings: Settings, control: ControlStore, clock: Clock) -> Access:
    """Return sign-in over a control database that is open for writing.

    Raises:
        InvalidSealKey: there is no key to seal with, and none can be made.
    """
    audit = audit_of(settings, control)
    given = [key.get_secret_value() for key in settings.sealing_keys]
    seal = open_keyring(settings.data_dir, given)
    users = UserStore(control, audit)
    sessions = sessions_of(settings, control)
    token = settings.setup_token
    return Access(
        users,
        sessions,
        SecondFactor(control, audit, seal, clock),
        SignIn(control, audit, seal, clock, sessions),
        Setup(control, users, audit, None if token is None else token.get_secret_value()),
    )


def sessions_of(settings: Settings, control: ControlStore) -> SessionStore:
    """Return the sessions of a control database, which may be open for reading alone."""
    return SessionStore(
        control, settings.session_idle_minutes * _MINUTE, settings.session_hours * _HOUR
    )


def sign_in_required(settings: Settings) -> bool:
    """Whether the console asks who is there.

    It does where it was told to, where real money is at stake, and where anybody but this machine
    could reach it: by the address that it listens on, or by a name that a proxy passes on to it.
    """
    return (
        settings.sign_in == "always"
        or settings.mode is Book.LIVE
        or settings.on_render
        or settings.render_hostname is not None
        or not all(map(is_of_this_machine, (settings.host, *settings.allowed_hosts)))
    )


def with_setup_token(settings: Settings, say: Callable[[str], None]) -> Settings:
    """Return settings in which somebody can create the first user, where one will be needed.

    Where no token was set, one is made and said: whoever reads this terminal has the machine. On
    Render nobody sees it but in a log that stays, so that none is made there.

    Raises:
        LedgerError: the control database cannot be read.
    """
    if settings.setup_token is not None or not sign_in_required(settings):
        return settings
    with ControlStore.open(settings.control_url) as control:
        if not UserStore(control, audit_of(settings, control)).is_empty():
            return settings
    if settings.on_render:
        say("There is no user yet; set AINEON_SETUP_TOKEN to create the first, and start again.")
        return settings
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    say(
        "There is no user yet, and the console asks for one: create the first on its set-up page, "
        f"which asks for the token {token} (or run `aineon users add`)."
    )
    return settings.with_typed("setup_token", token)
