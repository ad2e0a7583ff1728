"""AuditLog: appends to the audit, durably, in any number of processes.

The order of the writes is fixed: the entry is announced in the anchor and synced, then it is
committed (with synchronous=FULL), then its line goes to the anchor and is synced, and only then
does `append` return. All happens under the database's write lock, and begins by letting the anchor
catch up. So the anchor is never ahead of the database, whatever crashes, but for an announcement;
it lags by one entry at most, and that one was announced, and acknowledged to nobody. An anchor that
is ahead means that entries were taken away; an entry that was not announced, that it was added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import Connection, Engine, RowMapping, desc, insert, select

from aineon.errors import AuditUnwritable, LedgerError
from aineon.ledger.audit.anchor import NO_ENTRY, Anchor, Head, Link
from aineon.ledger.audit.entry import (
    LONGEST_SUBJECT,
    AuditEntry,
    Decision,
    Details,
    JsonValue,
)
from aineon.ledger.audit.table import AuditRow
from aineon.ledger.connect import Place, explained
from aineon.ledger.tables import table_of

_AUDIT: Final = table_of(AuditRow)
_NEWEST: Final = select(_AUDIT).order_by(desc(_AUDIT.c.number))
_HEADS: Final = select(_AUDIT.c.number, _AUDIT.c.hash).order_by(desc(_AUDIT.c.number))

_LINKS: Final = select(_AUDIT.c.number, _AUDIT.c.hash, _AUDIT.c.previous)

Redact = Callable[[str], str]


class AuditTrail(Protocol):
    """Where decisions are written down before they are carried out."""

    def append(self, *, who: str, action: str, subject: str, detail: Details, at: float) -> int:
        """Keep a decision, durably, and return its entry's number.

        Args:
            who: an operator's name, or the part of AINEON.
            action: a dotted word such as `withdrawal.request`.
            subject: what it is about.
            detail: what else is to be known; amounts as decimal strings, never a secret.
            at: seconds since the Unix epoch.

        Raises:
            AuditUnwritable: it could not be kept; what it is about must not be done.
        """


class AuditLog:
    """The audit of a control database.

    Args:
        place: of the control database.
        engine: one that writes it.
        anchor: the file outside the database; by its path where it is the only one.
        redact: masks what must not be written down, in every text; `str` leaves texts as they
            are.
    """

    def __init__(
        self, place: Place, engine: Engine, anchor: Path | Anchor, redact: Redact = str
    ) -> None:
        self._place = place
        self._engine = engine
        self._anchor = anchor if isinstance(anchor, Anchor) else Anchor(anchor)
        self._redact = redact

    def append(self, *, who: str, action: str, subject: str, detail: Details, at: float) -> int:
        """Keep a decision, durably; see `AuditTrail.append`."""
        masked = {name: _masked(value, self._redact) for name, value in detail.items()}
        decision = Decision.of(self._redact(who), action, self._redact(subject), masked, at)
        with self._writing() as connection:
            head = self._caught_up(connection)
            entry = AuditEntry.after(head.number, head.hash, decision)
            connection.execute(insert(_AUDIT).values(**_row_of(entry)))
            self._anchor.announce(Head(entry.number, entry.hash))
        with self._writing() as connection:
            self._caught_up(connection)
        return entry.number

    def catch_up(self) -> None:
        """Let the anchor catch up with what was appended; see `Anchor.follow`.

        Raises:
            AuditUnwritable: it cannot be written, or disagrees.
        """
        with self._writing() as connection:
            self._caught_up(connection)

    def last(self, count: int) -> tuple[AuditEntry, ...]:
        """Return the newest `count` entries, oldest first.

        Raises:
            LedgerError: the database cannot be read.
        """
        with explained(self._place), self._engine.connect() as connection:
            rows = connection.execute(_NEWEST.limit(count)).mappings().all()
        return tuple(entry_of(row) for row in reversed(rows))

    def latest(self, action: str) -> AuditEntry | None:
        """Return the newest entry with `action`; None where there is none.

        Raises:
            LedgerError: the database cannot be read.
        """
        query = _NEWEST.where(_AUDIT.c.action == action).limit(1)
        with explained(self._place), self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else entry_of(row)

    def renew_anchor(self, who: str, reason: str, at: float) -> Path | None:
        """Begin another anchor at the newest entry; returns where the former one was moved.

        For an anchor that is lost, and for one that disagrees with the database for a reason
        that is known. What was found before must be looked at first: the new anchor vouches
        for nothing that is older.

        Raises:
            AuditUnwritable: the anchor or the audit cannot be written.
        """
        aside = self._anchor.path.with_name(f"{self._anchor.path.name}.{at:.0f}")
        kept = aside if self._anchor.path.exists() else None
        with self._writing() as connection:
            try:
                self._anchor.renew(self._newest(connection)[0], aside)
            except OSError as error:
                raise AuditUnwritable(
                    f"the audit's anchor {self._anchor.path} cannot be begun anew: "
                    f"{error.strerror or error}"
                ) from error
        detail = {"reason": reason, "kept": str(kept or "")}
        subject = str(self._anchor.path)[-LONGEST_SUBJECT:]
        self.append(who=who, action="audit.renew", subject=subject, detail=detail, at=at)
        return kept

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with explained(self._place), self._engine.begin() as connection:
                yield connection
        except AuditUnwritable:
            raise
        except LedgerError as error:
            raise AuditUnwritable(f"the audit cannot be written: {error}") from error

    def _caught_up(self, connection: Connection) -> Head:
        """Let the anchor catch up with the newest entry, and return that entry's place."""
        head, before = self._newest(connection)
        self._anchor.take_over(head, lambda number: self._links_after(connection, number))
        self._anchor.follow(head, before)
        return head

    def _links_after(self, connection: Connection, number: int) -> Iterator[Link]:
        query = _LINKS.where(_AUDIT.c.number > number).order_by(_AUDIT.c.number)
        for found, of, previous in connection.execute(query):
            yield Link(Head(found, of), previous)

    def _newest(self, connection: Connection) -> tuple[Head, Head]:
        """Return the newest entry's place, and that of the one before."""
        rows = connection.execute(_HEADS.limit(2)).all()
        head, before = [*(Head(number, of) for number, of in rows), NO_ENTRY, NO_ENTRY][:2]
        return head, before


def entry_of(row: RowMapping) -> AuditEntry:
    """Return the entry that a row holds."""
    decision = Decision(row["at"], row["who"], row["action"], row["subject"], row["detail"])
    return AuditEntry(row["number"], decision, row["previous"], row["hash"])


def _masked(value: JsonValue, redact: Redact) -> JsonValue:
    # Value by value: in the encoded form characters of a secret may be escaped.
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {name: _masked(part, redact) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(part, redact) for part in value]
    return value


def _row_of(entry: AuditEntry) -> dict[str, object]:
    decision = entry.decision
    return {
        "number": entry.number,
        "at": decision.at,
        "who": decision.who,
        "action": decision.action,
        "subject": decision.subject,
        "detail": decision.detail,
        "previous": entry.previous,
        "hash": entry.hash,
    }
