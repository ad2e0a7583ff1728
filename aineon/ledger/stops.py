"""StopTable: the emergency stop's place in the control database."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Final

from sqlalchemy import Engine, insert, select, update

from aineon.ledger.connect import Place, explained
from aineon.ledger.tables import StopRow, table_of
from aineon.safety.stop import StopReason

_STOPS: Final = table_of(StopRow)
_ACTIVE: Final = "SELECT reason, who, at FROM stops WHERE cleared_at IS NULL ORDER BY id"


class StopTable:
    """Latches of the control database; one that was cleared stays on record.

    All methods raise `LedgerError` where the database cannot be read or written.
    """

    name: Final = "database"

    def __init__(self, place: Place, engine: Engine) -> None:
        self._place = place
        self._engine = engine

    def look(self) -> tuple[StopReason, ...]:
        """Return the latches that nobody has cleared."""
        # Without BEGIN: a writer's transaction would wait for other writers before each signature.
        with explained(self._place), closing(self._engine.raw_connection()) as raw:
            cursor = raw.cursor()
            cursor.execute(_ACTIVE)
            rows = cursor.fetchall()
        return tuple(StopReason(self.name, reason, who, at) for reason, who, at in rows)

    def latch(self, reason: StopReason) -> None:
        """Keep `reason`, durably."""
        row = {"reason": reason.reason, "who": reason.who, "at": reason.at}
        with explained(self._place), self._engine.begin() as connection:
            connection.execute(insert(_STOPS).values(**row))

    def clear(self, who: str, at: float, seen: Sequence[StopReason]) -> None:
        """Clear what was `seen`, in the name of `who`; what was latched since stays."""
        active = select(_STOPS).where(_STOPS.c.cleared_at.is_(None))
        with explained(self._place), self._engine.begin() as connection:
            known = [
                row["id"]
                for row in connection.execute(active).mappings()
                if StopReason(self.name, row["reason"], row["who"], row["at"]) in seen
            ]
            connection.execute(
                update(_STOPS).where(_STOPS.c.id.in_(known)).values(cleared_by=who, cleared_at=at)
            )
