"""What the engine tells of itself, and what stops it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from aineon.errors import AineonError, LedgerNotFound, SafetyError
from aineon.ledger.heartbeat import Heartbeat
from aineon.ledger.requests import ModeRequest, RequestKind
from aineon.safety.breaker import BreakerChange
from aineon.safety.places import STOP_FILE, StopFile, StopVariable
from aineon.safety.stop import StopReason
from app.reading.keeping import Kept, kept


class EngineRead(Kept):
    """Heartbeat, requests, stops, breaker."""

    @kept
    def heartbeat(self) -> Heartbeat | None:
        """Return the engine's latest heartbeat; None where there has been none yet.

        Raises:
            LedgerError: it cannot be read.
        """
        try:
            return self.control.store().heartbeat()
        except LedgerNotFound:
            return None

    @kept
    def mode_of_engine(self) -> str | None:
        """Return the mode the engine says it is in; None where that is not known."""
        try:
            heartbeat = self.heartbeat()
        except AineonError:
            return None
        return None if heartbeat is None else heartbeat.mode

    @kept
    def latest_request(self) -> ModeRequest | None:
        """Return what was asked of the supervisor last; None where nothing was.

        Raises:
            LedgerError: it cannot be read.
        """
        try:
            return self.control.store().requests.latest()
        except LedgerNotFound:
            return None

    @kept
    def stops(self) -> tuple[StopReason, ...]:
        """Return the emergency stops that file and control database keep, and the setting.

        Raises:
            LedgerError, SafetyError: they cannot be read.
        """
        found = [*StopVariable(setting=self.settings.emergency_stop).look(), *self._stop_file()]
        with suppress(LedgerNotFound):
            found += self.control.store().stops.look()
        return tuple(found)

    def _stop_file(self) -> Sequence[StopReason]:
        folder = self.settings.data_dir.absolute()
        try:
            return StopFile(folder / STOP_FILE).look() if folder.exists() else ()
        except OSError as error:
            raise SafetyError(f"{folder / STOP_FILE} cannot be read: {error.strerror}") from error

    @kept
    def breaker_moves(self, limit: int) -> tuple[BreakerChange, ...]:
        """Return the newest moves of the book's circuit breaker, newest first.

        Raises:
            LedgerError: they cannot be read.
        """
        try:
            return self.control.store().breaker(self.settings.mode).history(limit)
        except LedgerNotFound:
            return ()

    @kept
    def latest_of(self, kind: RequestKind) -> ModeRequest | None:
        """Return the newest request of a kind; None where there was none.

        Raises:
            LedgerError: it cannot be read.
        """
        try:
            return self.control.store().requests.latest(kind)
        except LedgerNotFound:
            return None
