"""How everything stands: engine, nodes, emergency stop, breaker, limits."""

from __future__ import annotations

from contextlib import suppress

from aineon.errors import LedgerNotFound
from aineon.ledger.heartbeat import Heartbeat
from aineon.runtime.settings import Settings
from aineon.safety.breaker import BreakerChange
from aineon.server.answers import BreakerTold, Status
from aineon.server.doors import Doors
from aineon.server.health import HealthDesk
from aineon.server.stops import stops_beside


class Standing:
    """Reads the control database, and the stops beside it."""

    def __init__(self, settings: Settings, desk: HealthDesk, doors: Doors) -> None:
        self._settings = settings
        self._desk = desk
        self._doors = doors

    def read(self) -> Status:
        """Return how everything stands now.

        Raises:
            AineonError: it cannot be read.
        """
        stops = list(stops_beside(self._settings))
        heartbeat: Heartbeat | None = None
        moved: BreakerChange | None = None
        book = self._settings.mode
        with suppress(LedgerNotFound), self._doors.control.open() as control:
            heartbeat = control.heartbeat()
            stops += control.stops.look()
            moved = control.breaker(book).latest()
        breaker = BreakerTold.of(book, moved)
        return Status.of(self._desk.answer(), heartbeat, stops, breaker)
