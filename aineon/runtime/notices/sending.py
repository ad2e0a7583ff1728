"""One target's own thread: it sends, waits, tries again, and holds up nobody else."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

from aineon.errors import SettingRefused
from aineon.runtime.notices.addresses import Target
from aineon.runtime.notices.outside import REFUSALS, outside_only
from aineon.runtime.notices.wording import line

MOST_LINES: Final = 10
_TITLE: Final = "AINEON"
_MOST_WAITING: Final = 200


@dataclass(frozen=True, slots=True)
class Pace:
    """How a target is spared.

    Attributes:
        between: seconds from one message to the next; what comes meanwhile is one message.
        again: seconds before each further try of a message that was not taken.
    """

    between: float = 3.0
    again: tuple[float, ...] = (2.0, 10.0)


@dataclass(frozen=True, slots=True)
class Letter:
    """One notice on its way: its number in the table, and its words with the book in front."""

    number: int
    words: str


Outcome = Callable[[Target, Sequence[Letter], str], None]
"""Told of each message: the target, what was in it, and why it failed; empty where it did not."""


class Worker:
    """Sends to one target, in a thread that ends with `close`."""

    def __init__(self, target: Target, outcome: Outcome, pace: Pace | None = None) -> None:
        self.target = target
        self._outcome = outcome
        self._pace = pace or Pace()
        self._letters: deque[Letter] = deque()
        self._lock = threading.Condition()
        self._closing = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"aineon-notices-{target.name}", daemon=True
        )
        self._thread.start()

    def put(self, letter: Letter) -> None:
        """Have a letter sent; the oldest is given up where too many wait. Returns at once."""
        with self._lock:
            given_up = self._letters.popleft() if len(self._letters) >= _MOST_WAITING else None
            self._letters.append(letter)
            self._lock.notify()
        if given_up is not None:
            self._outcome(self.target, [given_up], "too many notices were waiting")

    def close(self, patience: float) -> None:
        """End the thread; what it is sending may take `patience` seconds more."""
        self._closing.set()
        with self._lock:
            self._lock.notify()
        self._thread.join(patience)

    def _run(self) -> None:
        while not self._closing.is_set():
            letters = self._next()
            if letters:
                self._outcome(self.target, letters, self._tried(message(letters)))
                self._closing.wait(self._pace.between)

    def _next(self) -> list[Letter]:
        with self._lock:
            while not self._letters and not self._closing.is_set():
                self._lock.wait()
            letters = list(self._letters)
            self._letters.clear()
        return letters

    def _tried(self, text: str) -> str:
        words = deliver(self.target, text)
        for pause in self._pace.again:
            # What is refused here is refused again.
            if not words or words in REFUSALS or self._closing.wait(pause):
                break
            words = deliver(self.target, text)
        return words


def message(letters: Sequence[Letter]) -> str:
    """Return several notices as one text: the newest lines, and how many are left out."""
    lines = [letter.words for letter in letters]
    if len(lines) > MOST_LINES:
        left_out = len(lines) - MOST_LINES
        lines = [f"{left_out} earlier notices are on the Settings page.", *lines[-MOST_LINES:]]
    return "\n".join(lines)


def deliver(target: Target, text: str) -> str:
    """Send `text`; returns why that failed, without a secret, and nothing where it did not."""
    heard = _Heard()
    taken = False
    logger = logging.getLogger("apprise")
    try:
        service = target.service()
        if service is None:
            return "apprise does not know such an address"
        logger.addHandler(heard)
        with nullcontext() if target.inside else outside_only():
            taken = bool(service.notify(body=text, title=_TITLE, body_format="text"))
    except SettingRefused as refused:
        # One that was taken is not sent again, wherever else the service wanted to go.
        return "" if taken else str(refused)
    except Exception as error:  # noqa: BLE001 (a service's defect must not end the thread)
        heard.lines.append(f"{type(error).__name__}: {error}")
    finally:
        logger.removeHandler(heard)
    if taken:
        return ""
    reason = " ".join(heard.lines) or "it was not taken"
    return line(target.redactor.text(reason))


class _Heard(logging.Handler):
    """Keeps what apprise says in this thread while it sends."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.lines.append(record.getMessage())
