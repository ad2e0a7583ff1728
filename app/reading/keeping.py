"""What is read is kept for a moment, so that many open pages cost the database no more than one."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from aineon.errors import AineonError
from aineon.ledger.control import ControlStore
from aineon.ledger.door import Door
from aineon.ledger.profit import ProfitTracker
from aineon.ledger.reading import BookReader
from aineon.ledger.views import Scope
from aineon.primitives import Clock, SystemClock
from aineon.runtime.settings import Settings

KEPT_SECONDS: Final = 1.0
_MINUTE: Final = 60
_MOST_KEPT: Final = 300
# A page says that the book is locked; it does not stand still until it no longer is.
_PATIENCE_SECONDS: Final = 1.0

C = TypeVar("C", bound=Callable[..., Any])


def kept(method: C) -> C:
    """Answer from memory what was asked a moment ago with the same arguments."""

    @functools.wraps(method)
    def read(self: Kept, *arguments: Any) -> Any:
        key = (method.__name__, arguments)
        found = self.memory.get(key)
        if found is None or time.monotonic() - found[0] >= KEPT_SECONDS:
            try:
                value = method(self, *arguments)
            except AineonError as error:
                # Kept too: a locked book must not hold a page up once for every figure.
                value = error
            if len(self.memory) >= _MOST_KEPT:
                self.memory.clear()
            found = self.memory[key] = (time.monotonic(), value)
        if isinstance(found[1], AineonError):
            raise found[1]
        return found[1]

    return read  # type: ignore[return-value]


def kept_until_booked(method: C) -> C:
    """Answer from memory while no attempt was booked or settled, and the minute is the same."""

    @functools.wraps(method)
    def read(self: Kept, *arguments: Any) -> Any:
        key = (method.__name__, arguments)
        newest = self.newest()
        found = self.memory.get(key)
        if found is None or found[0] != newest:
            value = method(self, *arguments)
            if len(self.memory) >= _MOST_KEPT:
                self.memory.clear()
            found = self.memory[key] = (newest, value)
        return found[1]

    return read  # type: ignore[return-value]


class Kept:
    """The doors to both databases of the settings' mode, and what was read a moment ago.

    Every method that reads the book raises LedgerNotFound where there is none yet, and
    LedgerError where it cannot be read.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.memory: dict[Any, tuple[Any, Any]] = {}
        # Who was seen in a session last, and when; `app.visitors` keeps it.
        self.known: dict[str, tuple[float, Any]] = {}
        self.control = Door(
            settings.control_url,
            lambda url: ControlStore.open_reader(url, busy_timeout=_PATIENCE_SECONDS),
        )
        self.book = Door(
            settings.book_url,
            lambda url: BookReader.open(url, settings.mode, busy_timeout=_PATIENCE_SECONDS),
        )

    @kept
    def newest(self) -> tuple[object, ...]:
        """Return what changes with every attempt, settlement and minute, and with the book."""
        reader = self.reader()
        return (*reader.newest(), self.book.seen, int(self.clock.now() // _MINUTE))

    def close(self) -> None:
        """Let go of both databases."""
        self.control.close()
        self.book.close()

    def reader(self) -> BookReader:
        """Return the book's reader; opened anew where the book was replaced."""
        return self.book.store()

    def tracker(self, scope: Scope) -> ProfitTracker:
        """Return what adds up the profit of `scope`."""
        return ProfitTracker(self.reader(), scope)
