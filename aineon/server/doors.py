"""Stores that are opened when they are first asked for, and anew where their file was replaced."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

from aineon.errors import AineonError
from aineon.ledger.connect import parse_place
from aineon.ledger.control import ControlStore
from aineon.ledger.reading import BookReader
from aineon.primitives import Book
from aineon.runtime.settings import Settings

PATIENCE_SECONDS: Final = 1.0
"""How long a locked database is waited for: whoever asks is told, and asks again."""


class _Closable(Protocol):
    def close(self) -> None: ...


S = TypeVar("S", bound=_Closable)


class Door(Generic[S]):
    """Lends one open store to one reader at a time.

    Args:
        url: of the database, which may not exist yet.
        opener: opens it for reading.
    """

    def __init__(self, url: str, opener: Callable[[str], S]) -> None:
        self._url = url
        self._opener = opener
        self._path = parse_place(url).path
        self._lock = threading.Lock()
        self._store: S | None = None
        self._file: tuple[int, int] | None = None

    @contextmanager
    def open(self) -> Iterator[S]:
        """Lend the store.

        Raises:
            LedgerNotFound: nobody has created it yet.
            LedgerError: it cannot be read.
        """
        with self._lock:
            file = _identity(self._path)
            if file != self._file:
                # Somebody has put another file there; the old one is still open, and says nothing
                # new any more.
                self._let_go()
            if self._store is None:
                self._store = self._opener(self._url)
                self._file = file
            try:
                yield self._store
            except AineonError:
                self._let_go()
                raise

    def close(self) -> None:
        """Let go of the store; it is opened again when it is asked for."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


def _identity(path: Path | None) -> tuple[int, int] | None:
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_dev, found.st_ino)


def control_door(url: str) -> Door[ControlStore]:
    """Return the door of the control database at `url`."""
    return Door(url, lambda place: ControlStore.open_reader(place, busy_timeout=PATIENCE_SECONDS))


class Doors:
    """The databases that the server reads: control, and the book of the settings' mode."""

    def __init__(self, settings: Settings) -> None:
        mode = settings.mode
        self.book_name: Book = mode
        self.control = control_door(settings.control_url)
        self.book: Door[BookReader] = Door(
            settings.book_url,
            lambda place: BookReader.open(place, mode, busy_timeout=PATIENCE_SECONDS),
        )

    def close(self) -> None:
        """Let go of both databases."""
        self.control.close()
        self.book.close()
