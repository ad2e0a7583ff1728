"""Verifying the audit: is every entry as it was written, and is none missing?

Nothing is locked meanwhile, and entries may be added. So the anchor is read twice, before the
database's snapshot and after it: what it knew before must be in the snapshot, and the snapshot
may be one entry ahead of what it knew afterwards, if that entry was announced.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, func, inspect, select

from aineon.errors import LedgerError
from aineon.ledger.audit.anchor import NO_ENTRY, Anchor, Head, Line, entries
from aineon.ledger.audit.entry import Decision, hash_of
from aineon.ledger.audit.remembered import Remembered, content_of, remembered_in
from aineon.ledger.audit.table import AuditRow
from aineon.ledger.connect import Place, explained, reader_engine
from aineon.ledger.migrating import CONTROL_SCHEMA, schema_version
from aineon.ledger.tables import table_of

_AUDIT: Final = table_of(AuditRow)
_NAMES: Final = ("number", "previous", "hash", "at", "who", "action", "subject", "detail")
_ROWS: Final = select(*(_AUDIT.c[name] for name in _NAMES)).order_by(_AUDIT.c.number)


class Fault(StrEnum):
    """What is wrong with an audit."""

    EDITED = "edited"
    DELETED = "deleted"
    ADDED = "added"
    SWAPPED = "swapped"
    RECOMPUTED = "recomputed"
    TRUNCATED = "truncated"
    ANCHOR_MISSING = "anchor missing"
    ANCHOR_BEHIND = "anchor behind"
    ANCHOR_DAMAGED = "anchor damaged"


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that is wrong: `number` is the entry, 0 where it is not one."""

    fault: Fault
    number: int
    words: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What verification found.

    Attributes:
        entries: how many entries there are.
        head: the newest of them; noted down elsewhere, it is an anchor of its own.
        finding: the first thing that is wrong; None where nothing is.
        notices: what is worth knowing, and is not wrong.
    """

    entries: int
    head: Head
    finding: Finding | None
    notices: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.finding is None


def verify_audit(place: Place, anchor: Path | Anchor, expected: Head | None = None) -> AuditReport:
    """Compare every entry with its hash, with the one before it and with the anchor.

    Args:
        place: of the control database, which is only read.
        anchor: the file outside of it; by its path where it is the only one.
        expected: an entry's number and hash that were noted down earlier.

    Raises:
        LedgerError: the database or the anchor cannot be read, or is something else.
    """
    kind = anchor if isinstance(anchor, Anchor) else Anchor(anchor)
    engine = reader_engine(place)
    try:
        before = _content(kind.path)
        with explained(place), engine.connect() as connection:
            _read_any_bytes(connection)
            # Looking at the schema begins the snapshot, before the anchor is read again.
            schema_version(connection, CONTROL_SCHEMA, place)
            there = "audit" in inspect(connection).get_table_names()
            after = _content(kind.path)
            later = remembered_in(after)
            rows = connection.execute(_ROWS) if there else ()
            walk = _Walk(later.hashes)
            finding = walk.first_fault(rows, expected)
            if finding is not None and finding.fault is Fault.EDITED and there:
                finding = _told_apart(connection, finding, walk.head.number)
    finally:
        engine.dispose()
    earlier = later if before == after else remembered_in(before)
    finding = finding or _against_anchor(walk.head, earlier, later)
    if finding is None and kind.is_only:
        finding = _unannounced(walk.head, later)
    notices = [*later.notices]
    if finding is None:
        notices += [*_lagging(walk.head, later), *_not_kept(walk.head, earlier, later)]
    return AuditReport(walk.count, walk.head, finding, tuple(notices))


def _content(anchor: Path) -> str | None:
    try:
        return content_of(anchor)
    except OSError as error:
        raise LedgerError(
            f"the audit's anchor {anchor} cannot be read: {error.strerror or error}"
        ) from error


def _read_any_bytes(connection: Connection) -> None:
    """Let bytes that are no text through: they are a finding, not an error of the program."""
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        driver.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")


class _Walk:
    """Walks along the chain up to the first thing that is wrong."""

    def __init__(self, anchored: Mapping[int, str]) -> None:
        self.head = NO_ENTRY
        self.count = 0
        self._anchored = anchored
        self._suspect: Finding | None = None

    def first_fault(self, rows: Iterable[Sequence[Any]], expected: Head | None) -> Finding | None:
        """Return the first thing that is wrong with `rows`, seen by themselves and the anchor."""
        for number, previous, of, *values in rows:
            finding = self._fault(number, previous, of, values, expected)
            if finding is not None:
                return finding
            self.head = Head(number, of)
            self.count += 1
        if self._suspect is None and expected is not None and expected.number > self.head.number:
            words = f"entry {expected.number} was noted down, and the audit ends before it"
            return Finding(Fault.TRUNCATED, self.head.number + 1, words)
        return self._suspect

    def _fault(
        self, number: int, previous: Any, of: Any, values: list[Any], expected: Head | None
    ) -> Finding | None:
        if self._suspect is not None:
            return self._rewritten(self._suspect, previous)
        due = self.head.number + 1
        if number > due:
            return Finding(Fault.DELETED, due, f"entry {due} is missing; entry {number} is there")
        if number < due:
            return Finding(Fault.ADDED, number, f"entry {number} is none of the chain's")
        if _hash(number, previous, values) != of:
            return Finding(Fault.EDITED, number, f"entry {number} is not what was written")
        if previous != self.head.hash:
            return Finding(
                Fault.EDITED,
                max(number - 1, 1),
                f"entry {number} was written after another entry {number - 1} than the one there",
            )
        return self._compared(Head(number, of), expected)

    def _compared(self, found: Head, expected: Head | None) -> Finding | None:
        known = self._anchored.get(found.number, found.hash)
        source = "the anchor remembers another"
        if expected is not None and expected.number == found.number and known == found.hash:
            known, source = expected.hash, "another was noted down"
        if known != found.hash:
            words = f"entry {found.number} fits its hash, and {source}"
            # Whether what follows was made to fit it shows in the next entry.
            self._suspect = Finding(Fault.RECOMPUTED, found.number, words)
        return None

    def _rewritten(self, suspect: Finding, previous: Any) -> Finding:
        if previous != self.head.hash:
            return Finding(Fault.EDITED, suspect.number, suspect.words)
        which = "the whole chain was" if suspect.number == 1 else "it and what follows were"
        return Finding(Fault.RECOMPUTED, suspect.number, f"{suspect.words}: {which} recomputed")


def _hash(number: int, previous: Any, values: list[Any]) -> str | None:
    """Return the hash of what a row holds; None where it holds what is never written."""
    at, *texts = values
    if not isinstance(at, float) or not all(isinstance(text, str) for text in (previous, *texts)):
        return None
    return hash_of(number, previous, Decision(at, *texts))


def _told_apart(connection: Connection, finding: Finding, before: int) -> Finding:
    """Return whether the row at fault is an entry from somewhere else, unchanged."""
    if finding.number <= before:
        return finding
    row = connection.execute(_ROWS.where(_AUDIT.c.number == finding.number)).one()
    last = connection.execute(select(func.max(_AUDIT.c.number))).scalar_one()
    _, previous, of, *values = row
    for number in range(1, last + 1):
        if _hash(number, previous, values) == of:
            words = f"entry {finding.number} is what was written as entry {number}"
            return Finding(Fault.SWAPPED, finding.number, words)
    return finding


def _against_anchor(head: Head, earlier: Remembered, later: Remembered) -> Finding | None:
    if not later.present:
        if head.number == 0:
            return None
        return Finding(Fault.ANCHOR_MISSING, 0, "the anchor is missing: nobody can tell")
    if later.damage:
        return Finding(Fault.ANCHOR_DAMAGED, 0, f"the anchor is damaged: {later.damage}")
    if earlier.head.number > head.number:
        words = (
            f"missing: {entries(head.number + 1, earlier.head.number)}; the tail was cut off, or "
            "an older database was put in place"
        )
        return Finding(Fault.TRUNCATED, head.number + 1, words)
    if head.number > later.head.number + 1:
        words = (
            f"the anchor ends with entry {later.head.number} and the audit with {head.number}: "
            "lines were cut off from the anchor, or entries added behind its back"
        )
        return Finding(Fault.ANCHOR_BEHIND, later.head.number + 1, words)
    lagging = head.number == later.head.number + 1
    if lagging and not str(Line(head)).startswith(later.torn):
        return Finding(
            Fault.ANCHOR_DAMAGED, head.number, "the anchor ends with what the audit does not write"
        )
    return None


def _unannounced(head: Head, later: Remembered) -> Finding | None:
    """Return an entry that the only anchor was not told of before it was committed."""
    if head.number <= later.head.number or later.announced == head:
        return None
    words = (
        f"entry {head.number} was never announced to the anchor, as AINEON does before it keeps "
        "one: it was added from outside, or lines were cut off from the anchor"
    )
    return Finding(Fault.ADDED, head.number, words)


def _lagging(head: Head, later: Remembered) -> Iterable[str]:
    if head.number == later.head.number + 1:
        yield (
            f"entry {head.number} is not anchored yet: its writer was cut off before it was, and "
            "acknowledged it to nobody"
        )


def _not_kept(head: Head, earlier: Remembered, later: Remembered) -> Iterable[str]:
    """Tell of an announcement that stood before the snapshot and that nothing has followed."""
    announced = later.announced
    if announced is not None and announced == earlier.announced and announced.number > head.number:
        yield (
            f"entry {announced.number} was announced and not kept: its writer was cut off, or is "
            "about to keep it; nothing was taken away, and the number may be announced anew"
        )
