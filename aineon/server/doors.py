"""The databases that the server reads, each behind its door."""

from __future__ import annotations

from typing import Final

from aineon.ledger.control import ControlStore
from aineon.ledger.door import Door
from aineon.ledger.reading import BookReader
from aineon.primitives import Book
from aineon.runtime.settings import Settings

PATIENCE_SECONDS: Final = 1.0
"""How long a locked database is waited for: whoever asks is told, and asks again."""


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
