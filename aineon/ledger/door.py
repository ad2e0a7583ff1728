"""A door to a store: opened when it is first asked for, and anew where its file was replaced."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from aineon.errors import AineonError
from aineon.ledger.connect import parse_place


class _Closable(Protocol):
    def close(self) -> None: ...


S = TypeVar("S", bound=_Closable)


class Door(Generic[S]):
    """Keeps a store open, and opens it anew where its file has become another one.

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

    def store(self) -> S:
        """Return the open store.

        Raises:
            LedgerNotFound: nobody has created it yet.
            LedgerError: it cannot be opened.
        """
        with self._lock:
            return self._opened()

    @contextmanager
    def open(self) -> Iterator[S]:
        """Lend the store to one reader at a time; where it cannot be read it is let go of.

        Raises:
            LedgerNotFound: nobody has created it yet.
            LedgerError: it cannot be read.
        """
        with self._lock:
            store = self._opened()
            try:
                yield store
            except AineonError:
                self._let_go()
                raise

    @property
    def seen(self) -> tuple[int, int] | None:
        """Which file the open store is; None where it is none."""
        return self._file

    def close(self) -> None:
        """Let go of the store; it is opened again when it is asked for."""
        with self._lock:
            self._let_go()

    def _opened(self) -> S:
        file = _identity(self._path)
        if file != self._file:
            # Somebody has put another file there; the old one is still open, and says nothing new
            # any more.
            self._let_go()
        if self._store is None:
            self._store = self._opener(self._url)
            self._file = file
        return self._store

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
