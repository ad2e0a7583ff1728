"""An audit to play with: a control database, its anchor, and what somebody does to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aineon.ledger.audit.anchor import Head
from aineon.ledger.audit.entry import GENESIS, Decision, hash_of
from aineon.ledger.audit.log import AuditLog
from aineon.ledger.audit.verifying import AuditReport, verify_audit
from aineon.ledger.connect import parse_place, writer_engine
from aineon.ledger.control import ControlStore
from tests.databases import database_url, is_on_server

COLUMNS = ("number", "at", "who", "action", "subject", "detail", "previous", "hash")


@dataclass(frozen=True)
class Audited:
    """A folder with a control database and the audit's anchor."""

    folder: Path

    @property
    def url(self) -> str:
        return database_url(self.folder / "control.db")

    @property
    def anchor(self) -> Path:
        return self.folder / "control.anchor"

    @contextmanager
    def log(self, busy_timeout: float = 10.0) -> Iterator[AuditLog]:
        with ControlStore.open(self.url, busy_timeout=busy_timeout) as control:
            yield control.audit(self.anchor)

    def write(self, count: int) -> None:
        """Add `count` decisions."""
        with self.log() as log:
            for each in range(count):
                decide(log, subject=f"w-{each + 1}")

    def verify(self, expected: Head | None = None) -> AuditReport:
        return verify_audit(parse_place(self.url), self.anchor, expected)

    def rows(self) -> list[tuple[Any, ...]]:
        return self.sql(f"SELECT {', '.join(COLUMNS)} FROM audit ORDER BY number")

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Do what an intruder with the database does."""
        if is_on_server():
            return self._on_server(statement.replace("?", "%s"), values)
        path = self.folder / "control.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=OFF")  # an intruder is in a hurry
            return connection.execute(statement, values).fetchall()

    def _on_server(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        engine = writer_engine(parse_place(self.url))
        with engine.begin() as connection:
            done = connection.exec_driver_sql(statement, values)
            found = [tuple(row) for row in done] if done.returns_rows else []
        engine.dispose()
        return found

    def recompute(self, first: int = 1) -> None:
        """Give every entry from `first` on the hash that fits it, as an intruder would."""
        for number, at, who, action, subject, detail, *_ in self.rows()[first - 1 :]:
            before = self.sql("SELECT hash FROM audit WHERE number = ?", number - 1)
            previous = before[0][0] if before else GENESIS
            of = hash_of(number, previous, Decision(at, who, action, subject, detail))
            self.sql(
                "UPDATE audit SET previous = ?, hash = ? WHERE number = ?", previous, of, number
            )

    def anchored(self) -> Sequence[str]:
        return self.anchor.read_text().splitlines()


def decide(log: AuditLog, subject: str = "w-1", at: float = 1_800_000_000.25) -> int:
    return log.append(
        who="anna",
        action="withdrawal.request",
        subject=subject,
        detail={"amount": "1000000000000000000", "to": "0x" + "ab" * 20},
        at=at,
    )
