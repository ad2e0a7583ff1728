"""Anchor: a file outside the database that remembers the hash of every entry.

Whoever can write the database can compute the whole chain anew, and it would agree with itself.
The anchor holds what the hashes were, one line an entry, only ever added to; so it can lie on
another disk, in a file that the operating system lets nobody shorten (`chattr +a`). Whoever can
rewrite database and anchor both can rewrite all. A secret in the anchor's lines would not
change that: every process that appends would have to hold it, under the same user.

Lines are `NUMBER HASH`; `restored NUMBER HASH` says that a backup was put back, and that the
chain goes on from that entry.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from aineon.errors import AuditUnwritable
from aineon.ledger.audit.entry import GENESIS

HEADER: Final = "aineon audit anchor 1"
_LINE: Final = re.compile(r"(restored )?([1-9][0-9]{0,17}|0) ([0-9a-f]{64})")
# Holds the last whole line, whatever was torn off behind it.
_TAIL_BYTES: Final = 512


class Head(NamedTuple):
    """The newest entry's number and hash; number 0 where there is none."""

    number: int = 0
    hash: str = GENESIS

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


NO_ENTRY: Final = Head()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an anchor: what `head` was, after an entry or after a restore."""

    head: Head
    restored: bool = False

    def __str__(self) -> str:
        mark = "restored " if self.restored else ""
        return f"{mark}{self.head.number} {self.head.hash}"


def entries(first: int, last: int) -> str:
    """Return what messages call the entries from `first` to `last`."""
    return f"entry {first}" if first == last else f"entries {first} to {last}"


def parse_line(text: str) -> Line | None:
    """Return the line that `text` is; None where it is none."""
    found = _LINE.fullmatch(text)
    if found is None:
        return None
    return Line(Head(int(found[2]), found[3]), restored=found[1] is not None)


class Anchor:
    """The anchor in file `path`; whoever appends holds the database's write lock meanwhile."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def follow(self, head: Head, before: Head) -> None:
        """Make the anchor hold `head`, the entry after `before`.

        It lags by one entry where a crash fell between the two writes, and by no more than
        that: nothing is appended before it has caught up.

        Raises:
            AuditUnwritable: it cannot be written, or disagrees in any other way.
        """
        try:
            tail = self._tail(may_begin=head.number == 0)
            if tail == head:
                return
            if tail == before and head.number == before.number + 1:
                self._add(Line(head))
                return
        except OSError as error:
            raise AuditUnwritable(
                f"the audit's anchor {self.path} cannot be written: {error.strerror or error}; "
                "make room, or make its file and folder writable"
            ) from error
        raise AuditUnwritable(self._disagreement(tail, head))

    def mark_restored(self, head: Head) -> None:
        """Say that a backup was put back whose newest entry is `head`.

        Raises:
            OSError: the file cannot be written.
        """
        self._add(Line(head, restored=True))

    def renew(self, head: Head, aside: Path) -> None:
        """Move the file to `aside` and begin another one at `head`.

        Raises:
            OSError: it cannot be moved, or the new one cannot be written.
        """
        if self.path.exists():
            os.rename(self.path, aside)  # noqa: PTH104 - unlike replace, says so where one is there
        self.begin(head)

    def begin(self, head: Head) -> None:
        """Create the anchor of a chain whose newest entry is `head`.

        Raises:
            OSError: the file is there already, or cannot be written.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = f"{HEADER}\n" + (f"{Line(head, restored=True)}\n" if head.number else "")
        _write(self.path, text, os.O_CREAT | os.O_EXCL)
        sync_folder(self.path.parent)

    def _tail(self, *, may_begin: bool) -> Head:
        try:
            lines = self._ending()
        except FileNotFoundError:
            if not may_begin:
                raise AuditUnwritable(
                    f"the audit's anchor {self.path} is missing; put it back, or run `aineon audit "
                    "renew-anchor` when you know why it went"
                ) from None
            self.begin(NO_ENTRY)
            return NO_ENTRY
        whole = lines[-2] if len(lines) > 1 else ""
        if whole == HEADER:
            return NO_ENTRY
        line = parse_line(whole)
        if line is None:
            raise AuditUnwritable(
                f"the audit's anchor {self.path} is damaged; `aineon audit verify` says where"
            )
        return line.head

    def _add(self, line: Line) -> None:
        """Add `line`; one that a crash cut off is written to its end."""
        text = f"{line}\n"
        torn = self._ending()[-1]
        _write(self.path, text.removeprefix(torn) if text.startswith(torn) else f"\n{text}")

    def _ending(self) -> list[str]:
        """Return the last lines; the very last is what follows the last newline."""
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            return file.read().decode("ascii", "replace").split("\n")

    def _disagreement(self, tail: Head, head: Head) -> str:
        if tail.number > head.number:
            what = f"is behind its anchor (entry {head.number} of {tail.number})"
        elif tail.number == head.number:
            what = f"holds another entry {head.number} than its anchor"
        else:
            what = f"is ahead of its anchor (entry {head.number} against {tail.number})"
        return f"the audit's database {what}; run `aineon audit verify`, which says what it means"


def _write(path: Path, text: str, flags: int = 0) -> None:
    """Add `text` at the end of a file, durably."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | flags, 0o600)
    try:
        rest = text.encode("ascii")
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make what was created, renamed or removed in `folder` outlive a power cut."""
    if os.name == "nt":
        return  # Windows has no handle on a folder to sync
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
