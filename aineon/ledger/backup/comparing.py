"""What would be lost if a backup took the place of a database: rows that it does not hold."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from aineon.ledger.connect import explain, parse_place, sqlite_url

# They change all the time, and tell nothing that anybody decided or paid.
_PASSING: Final = frozenset({"heartbeat", "outbox_leases", "book_schema", "control_schema"})
_PATIENCE_SECONDS: Final = 10.0


def tables_lost(current: Path, backup: Path) -> tuple[str, ...]:
    """Return the tables of `current` with rows that `backup` does not hold as they are.

    A row that was changed since counts too: a payment that was signed then and is mined now.

    Raises:
        LedgerError: one of the two cannot be read.
    """
    try:
        with closing(sqlite3.connect(_reading(current), uri=True, timeout=_PATIENCE_SECONDS)) as db:
            db.execute("ATTACH ? AS backup", (_reading(backup, "&immutable=1"),))
            kept = set(_tables(db, "backup"))
            return tuple(
                table
                for table in _tables(db, "main")
                if table not in _PASSING and _loses(db, table, there=table in kept)
            )
    except sqlite3.Error as error:
        raise explain(parse_place(sqlite_url(current)), error) from error


def _reading(path: Path, more: str = "") -> str:
    return f"{path.absolute().as_uri()}?mode=ro{more}"


def _tables(connection: sqlite3.Connection, schema: str) -> list[str]:
    query = f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table' ORDER BY name"  # noqa: S608
    return [row[0] for row in connection.execute(query)]


def _loses(connection: sqlite3.Connection, table: str, *, there: bool) -> bool:
    # The names come from a database of ours, whose tables were looked at before.
    name = table.replace('"', '""')
    query = f'SELECT * FROM main."{name}"'  # noqa: S608
    if there:
        columns = _columns(connection, "main", name) & _columns(connection, "backup", name)
        listed = ", ".join(f'"{column}"' for column in sorted(columns))
        query = f'SELECT {listed} FROM main."{name}" EXCEPT SELECT {listed} FROM backup."{name}"'  # noqa: S608
    return connection.execute(f"{query} LIMIT 1").fetchone() is not None


def _columns(connection: sqlite3.Connection, schema: str, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f'PRAGMA {schema}.table_info("{table}")')}
