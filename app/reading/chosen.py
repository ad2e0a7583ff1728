"""What people chose at the console, and who they are."""

from __future__ import annotations

from collections.abc import Mapping

from aineon.access.sessions import Session
from aineon.access.users import User, UserStore
from aineon.errors import LedgerNotFound
from aineon.ledger.notices import KeptNotice, TargetTold
from aineon.ledger.saved_settings import SavedSetting
from aineon.runtime.access import sessions_of
from aineon.runtime.auditing import audit_of
from app.reading.keeping import Kept, kept


class ChosenRead(Kept):
    """Saved settings, notices, users, sessions."""

    @kept
    def saved_settings(self) -> Mapping[str, SavedSetting]:
        """Return the saved settings by the names of their variables.

        Raises:
            LedgerError: they cannot be read.
        """
        try:
            return self.control.store().saved_settings.all()
        except LedgerNotFound:
            return {}

    @kept
    def notices(self, limit: int) -> tuple[KeptNotice, ...]:
        """Return the newest notices, newest first.

        Raises:
            LedgerError: they cannot be read.
        """
        try:
            return self.control.store().notices.newest(limit)
        except LedgerNotFound:
            return ()

    @kept
    def notice_targets(self) -> tuple[TargetTold, ...]:
        """Return how each target took the last notices.

        Raises:
            LedgerError: they cannot be read.
        """
        try:
            return self.control.store().notices.targets()
        except LedgerNotFound:
            return ()

    @kept
    def users(self) -> tuple[User, ...]:
        """Return who may sign in, by name.

        Raises:
            LedgerError: they cannot be read.
        """
        try:
            control = self.control.store()
            return UserStore(control, audit_of(self.settings, control)).all()
        except LedgerNotFound:
            return ()

    def session(self, number: str) -> Session | None:
        """Return the session of this number while it stands; looked up anew each time.

        Raises:
            LedgerError: it cannot be read.
        """
        return sessions_of(self.settings, self.control.store()).numbered(number, self.clock.now())
