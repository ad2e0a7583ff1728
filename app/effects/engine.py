"""The engine as effects meet it: whether it is there, and its answer to what was left for it."""

from __future__ import annotations

import time
from typing import Final

from aineon.errors import MixedBooks
from aineon.ledger.commands import Command
from aineon.ledger.control import ControlStore
from aineon.primitives import Book
from app.asking import Asked

ANSWER_SECONDS: Final = 4.0
"""How long an answer is waited for; a page tells it later where it takes longer."""
_LOOK_SECONDS: Final = 0.05


def engine_listens(asked: Asked, control: ControlStore, book: Book) -> bool:
    """Whether an engine is there to answer.

    Raises:
        MixedBooks: it keeps another book, and must not be asked.
    """
    beat = control.heartbeat()
    if beat is None or asked.clock.now() - beat.beat_at > asked.settings.heartbeat_stale_seconds:
        return False
    if beat.mode != book:
        raise MixedBooks(
            f"the engine keeps the {beat.mode} book now, and this form is of the {book.value} book"
        )
    return True


def answer_to(control: ControlStore, number: int) -> Command | None:
    """Wait a while for the answer to a command; None where it has not come."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        command = control.commands.find(number)
        if command is not None and not command.is_open:
            return command
        time.sleep(_LOOK_SECONDS)
    return None
