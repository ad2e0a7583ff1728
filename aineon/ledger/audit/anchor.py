"""Anchor: a file outside the database that remembers the hash of every entry.

Whoever can write the database can compute the whole chain anew, and it would agree with itself.
The anchor holds what the hashes were, one line an entry, only ever added to; so it can lie on
another disk, in a file that the operating system lets nobody shorten (`chattr +a`). Whoever can
rewrite database and anchor both can rewrite all. A secret in the anchor's lines would not
change that: every process that appends would have to hold it, under the same user.

Lines are `NUMBER HASH`; `announced NUMBER HASH` says, before the database is committed, which
entry is to follow: what is in the database without it was added by somebody else. `restored
NUMBER HASH` says that a backup was put back, and that the chain goes on from that entry.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

from aineon.errors import AuditUnwritable
from aineon.ledger.audit.entry import GENESIS

HEADER: Final = "aineon audit anchor 1"
_LINE: Final = re.compile(r"(restored |announced |)([1-9][0-9]{0,17}|0) ([0-9a-f]{64})")
_CUT_OFF: Final = re.compile(r"announced [0-9]{0,18}( [0-9a-f]{0,64})?")
# Holds an entry's line and its announcement, whatever was torn off behind them.
_TAIL_BYTES: Final = 512


class Head(NamedTuple):
    """The newest entry's number and hash; number 0 where there is none."""

    number: int = 0
    hash: str = GENESIS

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


NO_ENTRY: Final = Head()


class Link(NamedTuple):
    """An entry's place in the chain: itself, and the hash of the one before it."""

    head: Head
    previous: str


LinksAfter = Callable[[int], Iterable[Link]]
"""Gives the links of all entries after a number, in their order."""


class Kind(StrEnum):
    """What a line says of an entry; the value stands in front of it."""

    KEPT = ""
    ANNOUNCED = "announced "
    RESTORED = "restored "


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an anchor: what `head` was, after an entry or a restore, or is to be."""

    head: Head
    kind: Kind = Kind.KEPT

    def __str__(self) -> str:
        return f"{self.kind}{self.head.number} {self.head.hash}"


class Tail(NamedTuple):
    """An anchor's newest entry, and the one announced to follow it; None where none is."""

    head: Head = NO_ENTRY
    announced: Head | None = None


def entries(first: int, last: int) -> str:
    """Return what messages call the entries from `first` to `last`."""
    return f"entry {first}" if first == last else f"entries {first} to {last}"


def parse_line(text: str) -> Line | None:
    """Return the line that `text` is; None where it is none."""
    found = _LINE.fullmatch(text)
    if found is None:
        return None
    return Line(Head(int(found[2]), found[3]), Kind(found[1]))


def is_cut_off(text: str) -> bool:
    """Return whether `text` is the beginning of an announcement, which announces nothing.

    A crash may leave one; unlike other lines it is not written to its end, because another entry
    may be announced in its place.
    """
    return Kind.ANNOUNCED.startswith(text) or _CUT_OFF.fullmatch(text) is not None


class Anchor:
    """The anchor in file `path`; whoever appends holds the database's write lock meanwhile.

    Attributes:
        is_only: whether every entry is announced in this anchor, as no other is written.
    """

    is_only: ClassVar[bool] = True

    def __init__(self, path: Path) -> None:
        self.path = path

    def follow(self, head: Head, before: Head) -> None:
        """Make the anchor hold `head`, the entry after `before`.

        It lags by one entry where a crash fell between the two writes, and by no more than
        that: nothing is appended before it has caught up. An entry that was not announced is
        none of ours.

        Raises:
            AuditUnwritable: it cannot be written, or disagrees in any other way.
        """
        with self._writing():
            tail, announced = self._tail(may_begin=head.number == 0)
            if tail == head:
                return
            if tail == before and announced == head:
                self._add(Line(head))
                return
        raise AuditUnwritable(self._disagreement(tail, head))

    def announce(self, head: Head) -> None:
        """Say, durably, which entry is about to be committed; the anchor has caught up before.

        Raises:
            AuditUnwritable: it cannot be written; the entry must not be committed.
        """
        with self._writing():
            self._add(Line(head, Kind.ANNOUNCED))

    def take_over(self, head: Head, links_after: LinksAfter) -> None:
        """Take over what others appended up to `head`; an anchor that is the only one does not.

        Raises:
            AuditUnwritable: it cannot be read or written.
        """

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise AuditUnwritable(
                f"the audit's anchor {self.path} cannot be written: {error.strerror or error}; "
                "make room, or make its file and folder writable"
            ) from error

    def mark_restored(self, head: Head) -> None:
        """Say that a backup was put back whose newest entry is `head`.

        Raises:
            OSError: the file cannot be written.
        """
        self._add(Line(head, Kind.RESTORED))

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
        text = f"{HEADER}\n" + (f"{Line(head, Kind.RESTORED)}\n" if head.number else "")
        _write(self.path, text, os.O_CREAT | os.O_EXCL)
        sync_folder(self.path.parent)

    def _tail(self, *, may_begin: bool) -> Tail:
        try:
            return self._read_tail()
        except FileNotFoundError:
            if not may_begin:
                raise AuditUnwritable(
                    f"the audit's anchor {self.path} is missing; put it back, or run `aineon audit "
                    "renew-anchor` when you know why it went"
                ) from None
            self.begin(NO_ENTRY)
            return Tail()

    def _read_tail(self) -> Tail:
        """Look for the newest entry, further back as long as there are announcements alone."""
        size = _TAIL_BYTES
        while True:
            *whole, _ = self._ending(size)
            announced = None
            for text in reversed(whole):
                line = parse_line(text)
                if text == HEADER:
                    return Tail(NO_ENTRY, announced)
                if line is not None and line.kind is not Kind.ANNOUNCED:
                    return Tail(line.head, announced)
                if line is not None:
                    # The newest one counts; those before it were given up.
                    announced = announced or line.head
                elif not is_cut_off(text):
                    break
            if size >= self.path.stat().st_size:
                raise AuditUnwritable(
                    f"the audit's anchor {self.path} is damaged; `aineon audit verify` says where"
                )
            size *= 16

    def _add(self, *lines: Line) -> None:
        """Add `lines`; one that a crash cut off is written to its end."""
        text = "".join(f"{line}\n" for line in lines)
        torn = self._ending()[-1]
        _write(self.path, text.removeprefix(torn) if text.startswith(torn) else f"\n{text}")

    def _ending(self, count: int = _TAIL_BYTES) -> list[str]:
        """Return the lines in the last `count` bytes; the very last follows the last newline."""
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - count))
            return file.read().decode("ascii", "replace").split("\n")

    def _disagreement(self, tail: Head, head: Head) -> str:
        if tail.number > head.number:
            what = f"is behind its anchor (entry {head.number} of {tail.number})"
        elif tail.number == head.number:
            what = f"holds another entry {head.number} than its anchor"
        elif head.number == tail.number + 1:
            what = f"is ahead of its anchor: entry {head.number} was never announced there"
        else:
            what = f"is ahead of its anchor (entry {head.number} against {tail.number})"
        return f"the audit's database {what}; run `aineon audit verify`, which says what it means"


class SharedAnchor(Anchor):
    """The anchor of one of several machines that append to one audit, each with its own.

    What the others appended is taken over, if it goes on from what this anchor remembers. So
    nothing that it has seen can be changed or taken away unnoticed, as with an anchor that is the
    only one; but entries that somebody adds at the end are taken for another machine's, whose
    announcements stand in its own anchor.
    """

    is_only: ClassVar[bool] = False

    def take_over(self, head: Head, links_after: LinksAfter) -> None:
        """Take over what others appended up to `head`.

        An anchor that is not there is begun, and takes over everything.

        Raises:
            AuditUnwritable: it cannot be read or written.
        """
        with self._writing():
            tail = NO_ENTRY
            if self.path.exists():
                tail = self._tail(may_begin=False).head
            else:
                self.begin(NO_ENTRY)
            if tail.number >= head.number:
                return
            lines: list[Line] = []
            for link in links_after(tail.number):
                if link.previous != tail.hash or link.head.number != tail.number + 1:
                    # What is wrong is said where the anchor is to follow.
                    return
                lines.append(Line(link.head))
                tail = link.head
            self._add(*lines)


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
