"""AccessStore: the tables of sign-in in the control database, read and written in turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final

from sqlalchemy import Connection

from aineon.ledger.access_tables import (
    DeviceRow,
    RecoveryCodeRow,
    RefusalRow,
    SecondFactorRow,
    SessionRow,
    ThrottleRow,
    UserRow,
    VoucherRow,
)
from aineon.ledger.connect import explained
from aineon.ledger.control import ControlStore
from aineon.ledger.tables import table_of

USERS: Final = table_of(UserRow)
SESSIONS: Final = table_of(SessionRow)
DEVICES: Final = table_of(DeviceRow)
FACTORS: Final = table_of(SecondFactorRow)
RECOVERY: Final = table_of(RecoveryCodeRow)
VOUCHERS: Final = table_of(VoucherRow)
THROTTLES: Final = table_of(ThrottleRow)
REFUSALS: Final = table_of(RefusalRow)


class AccessStore:
    """The control database as far as sign-in goes.

    All methods raise `LedgerError` where the database cannot be read or written.
    """

    def __init__(self, control: ControlStore) -> None:
        self._place = control.place
        self._engine = control.engine

    @contextmanager
    def turn(self) -> Iterator[Connection]:
        """Have the database alone until the end, which keeps everything or nothing."""
        with explained(self._place), self._engine.begin() as connection:
            yield connection

    def glance(self, query: str) -> Sequence[Any]:
        """Return the rows of a query without waiting for a writer.

        It has no parameters: whatever stands in it must be of our own making, such as a hash.
        """
        # Without BEGIN: looking at each click must not stand in the way of the engine's writes.
        with explained(self._place), closing(self._engine.raw_connection()) as raw:
            cursor = raw.cursor()
            cursor.execute(query)
            rows: Sequence[Any] = cursor.fetchall()
        return rows
