"""Notices.tell: leaving a notice from wherever something happens, without waiting for anything."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Final

from aineon.errors import LedgerError
from aineon.ledger.notices import NoticeTable
from aineon.primitives import Book, Clock
from aineon.runtime.notices.kinds import NoticeKind

_MOST_WAITING: Final = 1000
_CLOSING_SECONDS: Final = 2.0


class Notices:
    """Leaves notices about one book; whoever tells never waits, and is never told of a failure.

    Args:
        table: where they are left.
        book: that they are about.
        say: told where one is lost.
    """

    def __init__(
        self, table: NoticeTable, book: Book, clock: Clock, say: Callable[[str], None]
    ) -> None:
        self._table = table
        self._book = book
        self._clock = clock
        self._say = say
        self._waiting: queue.Queue[tuple[NoticeKind, str, float] | None]
        self._waiting = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._leave, name="aineon-notices", daemon=True)
        self._thread.start()

    def tell(self, kind: NoticeKind, words: str) -> None:
        """Leave a notice; returns at once, and drops it where a thousand wait already."""
        try:
            self._waiting.put_nowait((kind, words, self._clock.now()))
        except queue.Full:
            self._say(f"a notice was dropped, because {_MOST_WAITING} wait already: {words}")

    def close(self) -> None:
        """Leave what waits, and end."""
        self._waiting.put(None)
        self._thread.join(_CLOSING_SECONDS)

    def _leave(self) -> None:
        while (found := self._waiting.get()) is not None:
            kind, words, at = found
            try:
                self._table.leave(kind.value, self._book.value, words, at)
            except LedgerError as error:
                self._say(f"a notice is lost: {error}")
