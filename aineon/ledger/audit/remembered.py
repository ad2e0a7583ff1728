"""What an anchor remembers, read as a whole for verification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aineon.ledger.audit.anchor import (
    HEADER,
    NO_ENTRY,
    Head,
    Kind,
    Line,
    entries,
    is_cut_off,
    parse_line,
)


@dataclass(frozen=True, slots=True)
class Remembered:
    """An anchor's content.

    Attributes:
        head: the newest entry it knows.
        announced: the entry that is to follow it; None where none was announced since.
        hashes: of the entries it knows, by number.
        present: whether the file is there.
        damage: what is wrong with a line; empty where nothing is.
        notices: restores and renewals that it tells of.
        torn: what follows the last newline: a line that is being written, or was cut off.
    """

    head: Head = NO_ENTRY
    hashes: Mapping[int, str] = field(default_factory=dict)
    present: bool = True
    damage: str = ""
    notices: Sequence[str] = ()
    torn: str = ""
    announced: Head | None = None


def content_of(path: Path) -> str | None:
    """Return the content of the anchor in file `path`; None where it is not there.

    Raises:
        OSError: it is there and cannot be read.
    """
    try:
        return path.read_bytes().decode("ascii", "replace")
    except FileNotFoundError:
        return None


def remembered_in(text: str | None) -> Remembered:
    """Return what an anchor with this content remembers."""
    if text is None:
        return Remembered(present=False)
    *lines, torn = text.split("\n")
    if not lines or lines[0] != HEADER:
        return Remembered(damage="its first line is not that of an audit anchor", torn=torn)
    reading = _Reading()
    for number, content in enumerate(lines[1:], start=2):
        damage = reading.read(content)
        if damage:
            return reading.result(f"its line {number} {damage}", torn)
    return reading.result("", torn)


class _Reading:
    def __init__(self) -> None:
        self._head = NO_ENTRY
        self._hashes: dict[int, str] = {}
        self._notices: list[str] = []
        self._begun = False
        self._announced: Head | None = None

    def result(self, damage: str, torn: str) -> Remembered:
        """Return what was read so far."""
        return Remembered(
            self._head,
            self._hashes,
            damage=damage,
            notices=tuple(self._notices),
            torn=torn,
            announced=self._announced,
        )

    def read(self, content: str) -> str:
        """Take one line in; returns what is wrong with it."""
        line = parse_line(content)
        if line is None:
            return "" if is_cut_off(content) else "is not what the audit writes"
        if line.kind is Kind.ANNOUNCED:
            return self._announces(line)
        damage = self._restored(line) if line.kind is Kind.RESTORED else self._next(line)
        self._announced = None
        self._begun = True
        return damage

    def _announces(self, line: Line) -> str:
        if line.head.number != self._head.number + 1:
            return f"announces entry {line.head.number} after entry {self._head.number}"
        self._announced = line.head
        return ""

    def _next(self, line: Line) -> str:
        if line.head.number != self._head.number + 1:
            return f"holds entry {line.head.number} after entry {self._head.number}"
        self._head = line.head
        self._hashes[line.head.number] = line.head.hash
        return ""

    def _restored(self, line: Line) -> str:
        number, of = line.head
        if not self._begun:
            self._notices.append(
                f"the anchor was begun anew at entry {number}: it does not vouch for what is before"
            )
        elif self._hashes.get(number, NO_ENTRY.hash) != of:
            return f"says that entry {number} was restored, and it knew another one"
        elif number < self._head.number:
            self._notices.append(
                f"a backup that ended with entry {number} was restored; given up were "
                f"{entries(number + 1, self._head.number)} of that time"
            )
        self._hashes = {known: each for known, each in self._hashes.items() if known <= number}
        self._head = line.head
        self._hashes[number] = of
        return ""
