"""NoticeTable: what operators are to be told, kept until it was sent or given up.

Any process leaves a notice here, and one sends them; so who has something to tell waits for
nobody, and a notice outlives the process that thought of it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Engine, RowMapping, Select, delete, insert, select, update

from aineon.ledger.connect import Place, explained
from aineon.ledger.settings_tables import NoticeRow, NoticeTargetRow
from aineon.ledger.tables import table_of

_NOTICES: Final = table_of(NoticeRow)
_TARGETS: Final = table_of(NoticeTargetRow)
_MOST_KEPT: Final = 500
_LONGEST_WORDS: Final = 2000


class NoticeState(StrEnum):
    """What became of a notice."""

    WAITING = "waiting"
    SENT = "sent"
    """Every target took it."""
    FAILED = "failed"
    """One target at least did not; `detail` says which."""
    DROPPED = "dropped"
    """It was not sent: nobody is to be told of its kind, or it was too old."""


@dataclass(frozen=True, slots=True)
class KeptNotice:
    """A notice, and what became of it.

    Attributes:
        kind: as switches call it, e.g. `trade`.
        mode: the book that it is about, e.g. `simulation`.
        words: one sentence or several lines for people.
        detail: what became of it in words, since `changed_at`.
    """

    number: int
    kind: str
    mode: str
    words: str
    at: float
    state: NoticeState
    detail: str
    changed_at: float


@dataclass(frozen=True, slots=True)
class TargetTold:
    """How a target took the last notices.

    Attributes:
        name: its place in the list and its kind, e.g. `1 telegram`.
        reached_at: when it last took one; None where it never did.
        failed_at: when it last refused one; None where it never did, `words` then says why.
    """

    name: str
    reached_at: float | None
    failed_at: float | None
    words: str

    @property
    def fails(self) -> bool:
        """Whether the newest notice did not get there."""
        return self.failed_at is not None and self.failed_at > (self.reached_at or 0.0)


class NoticeTable:
    """Notices of the control database, the newest ones with what became of them.

    All methods raise `LedgerError` where the database cannot be read or written.
    """

    def __init__(self, place: Place, engine: Engine) -> None:
        self._place = place
        self._engine = engine

    def leave(self, kind: str, mode: str, words: str, at: float) -> int:
        """Leave a notice to be sent; returns its number."""
        row = {"kind": kind, "mode": mode, "words": words[:_LONGEST_WORDS], "at": at}
        row |= {"state": NoticeState.WAITING.value, "detail": "", "changed_at": at}
        with explained(self._place), self._engine.begin() as connection:
            query = insert(_NOTICES).values(**row).returning(_NOTICES.c.number)
            number: int = connection.execute(query).scalar_one()
        return number

    def waiting(self) -> tuple[KeptNotice, ...]:
        """Return what is still to be sent, oldest first."""
        waits = _NOTICES.c.state == NoticeState.WAITING.value
        return self._look(select(_NOTICES).where(waits).order_by(_NOTICES.c.number))

    def newest(self, limit: int) -> tuple[KeptNotice, ...]:
        """Return the newest notices, newest first."""
        return self._look(select(_NOTICES).order_by(_NOTICES.c.number.desc()).limit(limit))

    def settle(self, numbers: Collection[int], state: NoticeState, detail: str, at: float) -> None:
        """Say what became of notices; the oldest settled ones beyond 500 are forgotten."""
        with explained(self._place), self._engine.begin() as connection:
            connection.execute(
                update(_NOTICES)
                .where(_NOTICES.c.number.in_(numbers))
                .values(state=state.value, detail=detail, changed_at=at)
            )
            newest = select(_NOTICES.c.number).order_by(_NOTICES.c.number.desc())
            last = connection.execute(newest.offset(_MOST_KEPT).limit(1)).scalar_one_or_none()
            if last is not None:
                old = (_NOTICES.c.number <= last) & (_NOTICES.c.state != NoticeState.WAITING.value)
                connection.execute(delete(_NOTICES).where(old))

    def targets(self) -> tuple[TargetTold, ...]:
        """Return how each target took the last notices."""
        with explained(self._place), self._engine.begin() as connection:
            rows = connection.execute(select(_TARGETS).order_by(_TARGETS.c.name)).mappings()
            return tuple(
                TargetTold(row["name"], row["reached_at"], row["failed_at"], row["words"])
                for row in rows
            )

    def keep_targets(self, names: Collection[str]) -> None:
        """Forget all targets but these, which begin with a clean sheet where they are new."""
        with explained(self._place), self._engine.begin() as connection:
            connection.execute(delete(_TARGETS).where(_TARGETS.c.name.not_in(names)))
            known = set(connection.execute(select(_TARGETS.c.name)).scalars())
            for name in sorted(set(names) - known):
                row = {"name": name, "reached_at": None, "failed_at": None, "words": ""}
                connection.execute(insert(_TARGETS).values(**row))

    def reached(self, name: str, at: float) -> None:
        """Say that a target took a notice."""
        self._of_target(name, {"reached_at": at, "words": ""})

    def failed(self, name: str, words: str, at: float) -> None:
        """Say that a target did not take one, and why."""
        self._of_target(name, {"failed_at": at, "words": words[:_LONGEST_WORDS]})

    def _of_target(self, name: str, values: dict[str, Any]) -> None:
        with explained(self._place), self._engine.begin() as connection:
            connection.execute(update(_TARGETS).where(_TARGETS.c.name == name).values(**values))

    def _look(self, query: Select[Any]) -> tuple[KeptNotice, ...]:
        with explained(self._place), self._engine.begin() as connection:
            return tuple(map(_notice_of, connection.execute(query).mappings()))


def _notice_of(row: RowMapping) -> KeptNotice:
    return KeptNotice(
        row["number"],
        row["kind"],
        row["mode"],
        row["words"],
        row["at"],
        NoticeState(row["state"]),
        row["detail"],
        row["changed_at"],
    )
