"""ControlStore: what the processes tell each other through the control database."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sqlalchemy import Engine, insert, select, update

from aineon.errors import LedgerError
from aineon.ledger.audit.anchor import Anchor
from aineon.ledger.audit.log import AuditLog, Redact
from aineon.ledger.breakers import BreakerTable
from aineon.ledger.commands import CommandTable
from aineon.ledger.connect import (
    BUSY_TIMEOUT_SECONDS,
    Place,
    explained,
    parse_place,
    reader_engine,
    writer_engine,
)
from aineon.ledger.heartbeat import Heartbeat, NodeTold, RiskTold
from aineon.ledger.migrating import CONTROL_SCHEMA, require_current, upgrade
from aineon.ledger.notices import NoticeTable
from aineon.ledger.requests import RequestTable
from aineon.ledger.saved_settings import SavedTable
from aineon.ledger.stops import StopTable
from aineon.ledger.tables import HeartbeatRow, table_of
from aineon.primitives import Book

_HEARTBEAT: Final = table_of(HeartbeatRow)
_FIELDS: Final = frozenset(field.name for field in fields(Heartbeat))


class ControlStore:
    """The control database: the engine beats in it, the console asks, the supervisor answers."""

    def __init__(self, place: Place, engine: Engine) -> None:
        self._place = place
        self._engine = engine

    @classmethod
    def open(cls, url: str, *, busy_timeout: float = BUSY_TIMEOUT_SECONDS) -> Self:
        """Open the control database at `url` for writing; create and upgrade it where needed.

        Raises:
            LedgerError: it cannot be opened or written, or is something else.
        """
        place = parse_place(url)
        engine = writer_engine(place, busy_timeout)
        try:
            with explained(place), engine.begin() as connection:
                upgrade(connection, CONTROL_SCHEMA, place)
        except BaseException:
            engine.dispose()
            raise
        return cls(place, engine)

    @classmethod
    def open_reader(cls, url: str, *, busy_timeout: float = BUSY_TIMEOUT_SECONDS) -> Self:
        """Open the control database at `url` for reading alone.

        Raises:
            LedgerNotFound: nobody has created it yet.
            LedgerError: it cannot be read, or is something else.
        """
        place = parse_place(url)
        engine = reader_engine(place, busy_timeout)
        try:
            with explained(place), engine.begin() as connection:
                require_current(connection, CONTROL_SCHEMA, place)
        except BaseException:
            engine.dispose()
            raise
        return cls(place, engine)

    def beat(self, heartbeat: Heartbeat) -> None:
        """Replace the engine's heartbeat.

        Raises:
            LedgerError: a value that cannot be stored, or a database that cannot be written.
        """
        row = {"beat_at": heartbeat.beat_at, "body": _body_of(heartbeat)}
        with explained(self._place), self._engine.begin() as connection:
            changed = connection.execute(update(_HEARTBEAT).values(**row))
            if changed.rowcount == 0:
                connection.execute(insert(_HEARTBEAT).values(id=1, **row))

    def heartbeat(self) -> Heartbeat | None:
        """Return the engine's latest heartbeat; None before the first."""
        with explained(self._place), self._engine.begin() as connection:
            body = connection.execute(select(_HEARTBEAT.c.body)).scalar_one_or_none()
        if body is None:
            return None
        known = {name: value for name, value in body.items() if name in _FIELDS}
        known["nodes"] = tuple(NodeTold(**told) for told in known.get("nodes", ()))
        risk = known.get("risk")
        known["risk"] = None if risk is None else RiskTold.from_body(risk)
        return Heartbeat(**known)

    @property
    def place(self) -> Place:
        """Where it is; never with a password."""
        return self._place

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine behind the store."""
        return self._engine

    @property
    def stops(self) -> StopTable:
        """The emergency stops that are kept here."""
        return StopTable(self._place, self._engine)

    def breaker(self, book: Book) -> BreakerTable:
        """What moved the circuit breaker of one book."""
        return BreakerTable(self._place, self._engine, book)

    @property
    def commands(self) -> CommandTable:
        """What is asked of the engine, and its answers."""
        return CommandTable(self._place, self._engine)

    @property
    def requests(self) -> RequestTable:
        """What is asked of the supervisor, and its answers."""
        return RequestTable(self._place, self._engine)

    @property
    def saved_settings(self) -> SavedTable:
        """Settings that were changed at the console."""
        return SavedTable(self._place, self._engine)

    @property
    def notices(self) -> NoticeTable:
        """What operators are to be told, and whether they were."""
        return NoticeTable(self._place, self._engine)

    def audit(self, anchor: Path | Anchor, redact: Redact = str) -> AuditLog:
        """The log of decisions that is kept here, with its anchor in a file outside."""
        return AuditLog(self._place, self._engine, anchor, redact)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _body_of(heartbeat: Heartbeat) -> dict[str, object]:
    body = {name: getattr(heartbeat, name) for name in _FIELDS}
    body["not_replayable"] = dict(heartbeat.not_replayable)
    body["limits"] = dict(heartbeat.limits)
    body["nodes"] = [asdict(told) for told in heartbeat.nodes]
    body["risk"] = None if heartbeat.risk is None else asdict(heartbeat.risk)
    body["optimizer"] = None if heartbeat.optimizer is None else dict(heartbeat.optimizer)
    try:
        json.dumps(body, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise LedgerError(f"the heartbeat cannot be stored: {error}") from error
    return body
