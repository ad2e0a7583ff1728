"""What the gate knows of users and sessions: the control database, opened when it is needed."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Final

from aineon.access.sessions import Session
from aineon.errors import AineonError
from aineon.ledger.control import ControlStore
from aineon.ledger.door import Door
from aineon.primitives import Clock
from aineon.runtime.access import Access, access_of, sign_in_required
from aineon.runtime.settings import Settings

KEPT_SECONDS: Final = 1.0
"""How long a session that was looked up counts without another look: a page is many requests."""
THROUGH_TROUBLE_SECONDS: Final = 300.0
"""How long a session that stood goes on while none can be looked up; `app.visitors` lets whoever
was in it stop, and nothing else."""
_MOST_KEPT: Final = 1_000
_PATIENCE_SECONDS: Final = 3.0
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """Tokens for a browser: of a session, and by which the browser is known the next time."""

    session: str = field(repr=False)
    device: str = field(repr=False)


class _OpenAccess:
    """Sign-in over a control database that stays open."""

    def __init__(self, settings: Settings, clock: Clock, url: str) -> None:
        self._control = ControlStore.open(url, busy_timeout=_PATIENCE_SECONDS)
        try:
            self.access = access_of(settings, self._control, clock)
        except BaseException:
            self._control.close()
            raise

    def close(self) -> None:
        self._control.close()


class AccessDesk:
    """Answers for the gate; every method may wait for the database, and belongs into a thread.

    All methods but `standing` and `seen`, which are asked at every step, raise `AineonError`
    where the database cannot be read or written.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.is_needed = sign_in_required(settings)
        self._door = Door(settings.control_url, lambda url: _OpenAccess(settings, clock, url))
        self._kept: dict[str, tuple[float, Session | None]] = {}
        self._lock = threading.Lock()

    # --- sessions --------------------------------------------------------------------------

    def standing(self, token: str) -> Session | None:
        """Return the session that a token opens; None where it opens none.

        While none can be looked up, one that stood a moment ago goes on, so that whoever is there
        can still stop; everybody else stays outside.
        """
        now = time.monotonic()
        with self._lock:
            known = self._kept.get(token)
        if known is not None and now - known[0] < KEPT_SECONDS:
            return known[1]
        try:
            session = self._access().sessions.look(token, self.clock.now())
        except AineonError:
            still = known is not None and now - known[0] < THROUGH_TROUBLE_SECONDS
            return known[1] if known is not None and still else None
        with self._lock:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[token] = (now, session)
        return session

    def seen(self, token: str) -> None:
        """Note that a person was active in a session; what cannot be noted counts as idle."""
        try:
            self._access().sessions.find(token, self.clock.now())
        except AineonError as error:
            _LOG.warning("that a session is in use could not be kept: %s", error)

    def sign_in(
        self, name: str, password: str, code: str, *, source: str, device: str | None
    ) -> Opened:
        """Open a session.

        Raises:
            SignInRefused: something does not fit.
            SignInThrottled: too many tries.
        """
        sign_in = self._access().sign_in
        session = sign_in.try_sign_in(name, password, code, source=source, device=device)
        return Opened(session, sign_in.remember(session))

    def sign_out(self, token: str) -> None:
        """End the session of a token."""
        self._access().sign_in.sign_out(token)
        with self._lock:
            self._kept.pop(token, None)

    # --- users -----------------------------------------------------------------------------

    def is_open(self) -> bool:
        """Whether there is no user yet, so that the first one can be created."""
        return self._access().setup.is_open()

    def set_up(self, token: str, name: str, password: str, *, source: str) -> Opened:
        """Create the first user, and open a session for them.

        Raises:
            SetupRefused: there are users, or it is not the token.
            InvalidUser, PasswordRefused: something is not allowed.
        """
        setup = self._access().setup
        user = setup.create_first(token, name, password, at=self.clock.now(), source=source)
        return self.sign_in(user.name, password, "", source=source, device=None)

    def is_enrolled(self, name: str) -> bool:
        """Whether a user has a second factor."""
        return self._access().second_factor.is_enrolled(name)

    def close(self) -> None:
        """Let go of the database."""
        self._door.close()

    def _access(self) -> Access:
        return self._door.store().access
