"""BreakerTable: the moves of a book's circuit breaker in the control database."""

from __future__ import annotations

from contextlib import closing
from typing import Any, Final

from sqlalchemy import Engine, insert, select

from aineon.ledger.connect import Place, explained
from aineon.ledger.tables import BreakerRow, table_of
from aineon.primitives import Book
from aineon.safety.breaker import BreakerChange, BreakerState, require_follows

_MOVES: Final = table_of(BreakerRow)
_COLUMNS: Final = ("old", "new", "cause", "reason", "who", "at")


class BreakerTable:
    """Moves of one book's breaker; each begins where the one before it ended.

    All methods raise `LedgerError` where the database cannot be read or written.
    """

    def __init__(self, place: Place, engine: Engine, book: Book) -> None:
        self._place = place
        self._engine = engine
        self._book = book.value
        # Book's own names, and written the same in every database's SQL.
        self._newest = (
            f"SELECT {', '.join(_COLUMNS)} FROM breaker_changes "  # noqa: S608
            f"WHERE book = '{book.value}' ORDER BY id DESC LIMIT "
        )

    def latest(self) -> BreakerChange | None:
        """Return the newest move; None where there was none."""
        return next(iter(self.history(1)), None)

    def append(self, change: BreakerChange) -> None:
        """Keep a move, durably.

        Raises:
            BreakerMoved: the newest move does not lead to where this one begins.
            IllegalBreakerMove: it is not legal.
        """
        newest = select(_MOVES).where(_MOVES.c.book == self._book).order_by(_MOVES.c.id.desc())
        row = {"book": self._book, "old": change.old.value, "new": change.new.value}
        row |= {"cause": change.cause, "reason": change.reason, "who": change.who}
        with explained(self._place), self._engine.begin() as connection:
            found = connection.execute(newest.limit(1)).mappings().first()
            require_follows(None if found is None else _change_of(dict(found)), change)
            connection.execute(insert(_MOVES).values(**row, at=change.at))

    def history(self, limit: int) -> tuple[BreakerChange, ...]:
        """Return the newest moves, newest first."""
        # Without BEGIN: a writer's transaction would wait for other writers at each block.
        with explained(self._place), closing(self._engine.raw_connection()) as raw:
            cursor = raw.cursor()
            cursor.execute(f"{self._newest}{limit:d}")
            rows = cursor.fetchall()
        return tuple(_change_of(dict(zip(_COLUMNS, row, strict=True))) for row in rows)


def _change_of(row: dict[str, Any]) -> BreakerChange:
    return BreakerChange(
        BreakerState(row["old"]),
        BreakerState(row["new"]),
        row["cause"],
        row["reason"],
        row["who"],
        row["at"],
    )
