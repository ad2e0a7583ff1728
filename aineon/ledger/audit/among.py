"""Among machines: was each entry announced by one of those that share the audit?

A machine announces in its own anchor alone, so an entry that somebody added to the database passes
for another machine's, until the anchors of all of them are laid side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from sqlalchemy import select

from aineon.errors import LedgerError
from aineon.ledger.audit.anchor import HEADER, Head, Kind, entries, parse_line
from aineon.ledger.audit.remembered import content_of
from aineon.ledger.audit.table import AuditRow
from aineon.ledger.audit.verifying import Fault, Finding
from aineon.ledger.connect import Place, explained, reader_engine
from aineon.ledger.tables import table_of

_AUDIT = table_of(AuditRow)


@dataclass(frozen=True, slots=True)
class Announced:
    """What one machine has announced.

    Attributes:
        path: of its anchor, or of a copy of it.
        heads: the entries that it announced.
        since: the entry with which the anchor was begun anew; it does not tell of earlier ones.
        until: the newest entry that it knows.
    """

    path: Path
    heads: frozenset[Head]
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the anchors of all machines say together.

    Attributes:
        judged: the first and the last entry that all of them tell about; None where none is.
        finding: the first entry among these that none of them announced.
        notices: what could not be judged, and by whose fault.
    """

    judged: tuple[int, int] | None
    finding: Finding | None
    notices: tuple[str, ...] = ()


def compare_anchors(place: Place, anchors: Sequence[Path]) -> Comparison:
    """Look for entries that no machine announced; `anchors` are those of all machines.

    The anchors are read before the database: what was written meanwhile is not judged.

    Raises:
        LedgerError: an anchor or the database cannot be read, or an anchor is given twice.
    """
    told = [announced_in(path) for path in anchors]
    for one, other in combinations(told, 2):
        _refuse_same(one, other)
    first = max(each.since for each in told) + 1
    last = min(each.until for each in told)
    heads = frozenset[Head]().union(*(each.heads for each in told))
    query = select(_AUDIT.c.number, _AUDIT.c.hash).order_by(_AUDIT.c.number)
    engine = reader_engine(place)
    try:
        with explained(place), engine.connect() as connection:
            # What was announced and never kept is nobody's fault: what counts is what is there.
            there = [Head(*row) for row in connection.execute(query)]
    finally:
        engine.dispose()
    judged = [head for head in there if first <= head.number <= last]
    strange = next((head for head in judged if head not in heads), None)
    finding = None
    if strange is not None:
        words = (
            f"entry {strange.number} was announced by none of the {len(told)} machines: it was "
            "added from outside, or the anchor of a machine is not among those given"
        )
        finding = Finding(Fault.ADDED, strange.number, words)
    newest = there[-1].number if there else 0
    bounds = (judged[0].number, judged[-1].number) if judged else None
    return Comparison(bounds, finding, tuple(_not_judged(told, first, last, newest)))


def announced_in(path: Path) -> Announced:
    """Return what the anchor in file `path` says that its machine announced.

    Raises:
        LedgerError: it cannot be read, or is none.
    """
    try:
        content = content_of(path)
    except OSError as error:
        raise LedgerError(
            f"the audit's anchor {path} cannot be read: {error.strerror or error}"
        ) from error
    if content is None or not content.startswith(f"{HEADER}\n"):
        raise LedgerError(f"{path} is no anchor of an audit")
    heads, since, until = set[Head](), 0, 0
    for line in map(parse_line, content.split("\n")[1:-1]):
        if line is None:
            continue  # a line that a crash cut off; `verify_audit` tells of any other one
        if line.kind is Kind.ANNOUNCED:
            heads.add(line.head)
            continue
        if line.kind is Kind.RESTORED and until == 0:
            since = line.head.number
        until = line.head.number
    return Announced(path, frozenset(heads), since, until)


def _refuse_same(one: Announced, other: Announced) -> None:
    # Those that announced nothing may well have followed the same entries.
    told_alike = (one.since, one.until, one.heads) == (other.since, other.until, other.heads)
    if one.path.resolve() == other.path.resolve() or (one.heads and told_alike):
        raise LedgerError(
            f"{one.path} and {other.path} are one machine's anchor; give each machine's once"
        )


def _not_judged(told: Sequence[Announced], first: int, last: int, newest: int) -> list[str]:
    notices = []
    if first > 1 and newest:
        begun = next(each for each in told if each.since == first - 1)
        before = entries(1, min(first - 1, newest))
        notices.append(
            f"{begun.path} was begun anew at entry {begun.since}: {before} cannot be judged"
        )
    if newest > last:
        behind = next(each for each in told if each.until == last)
        notices.append(
            f"{behind.path} ends with entry {last}: {entries(last + 1, newest)} cannot be judged; "
            "run `aineon audit verify` on its machine, and copy it anew"
        )
    return notices
