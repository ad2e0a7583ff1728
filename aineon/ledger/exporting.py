"""Exporting: files that still say what they are once they have left the console.

Integers are text, because JSON readers and spreadsheets round wei.

A CSV cell never begins with `=`, `+`, `-`, `@`, a tab or a line break, which
spreadsheets take for a formula. A negative number gets a space in front, which number parsers
skip; any other text that begins so gets an apostrophe.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aineon.errors import LedgerError
from aineon.primitives import Book, Money, Provenance

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Export:
    """A file to be offered or written.

    Attributes:
        file_name: suggested name, e.g. `aineon-SIMULATED-trades-20261123T101500Z.json`.
        media_type: for downloads.
        pieces: calls it to get the text, piece by piece.
    """

    file_name: str
    media_type: str
    pieces: Callable[[], Iterator[str]]

    def text(self) -> str:
        """Return the whole file's text."""
        return "".join(self.pieces())

    def save(self, folder: Path) -> Path:
        """Write the file into `folder` and return its path; half a file is never left.

        Raises:
            LedgerError: it cannot be written.
        """
        path = folder / self.file_name
        unfinished = path.with_name(f".{path.name}.part")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with unfinished.open("w", encoding="utf-8", newline="") as file:
                file.writelines(self.pieces())
            unfinished.replace(path)
        except OSError as error:
            raise LedgerError(
                f"export {path} cannot be written: {error.strerror or error}; name a folder "
                "with free space that this user may write to"
            ) from error
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
        return path


def safe_cell(value: Any) -> str:
    """Return a value as a CSV cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    # Some programs drop the blanks in front before they look for a formula.
    if not (text.lstrip(" ") or " ").startswith(_FORMULA_STARTS):
        return text
    return f" {text}" if _NUMBER.fullmatch(text) else f"'{text}"


def csv_line(cells: Iterable[Any]) -> str:
    """Return values as a line of CSV that is safe in a spreadsheet."""
    line = io.StringIO()
    csv.writer(line).writerow([safe_cell(cell) for cell in cells])
    return line.getvalue()


def file_name(
    book: Book, provenance: Provenance, run_id: int | None, what: str, now: float, ending: str
) -> str:
    """Return a name that says in capitals whose money a file is about."""
    moment = datetime.fromtimestamp(now, UTC)
    run = "" if run_id is None else f"run{run_id}-"
    where = provenance.value.upper()
    if book is Book.REHEARSAL:
        where = f"REHEARSAL-{where}"
    return f"aineon-{where}-{what}-{run}{moment:%Y%m%dT%H%M%SZ}.{ending}"


def time_text(at: float) -> str:
    """Return a time as people and programs read it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def integer_text(value: int | None) -> str | None:
    """Return an int as text; None where it is not known."""
    return None if value is None else str(value)


def wei_text(value: Money | None) -> str | None:
    """Return money as its wei; None where it is not known."""
    return None if value is None else str(value.wei)
