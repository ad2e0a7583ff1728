"""The dispatcher: takes notices from the table, and hands each to every target's own thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

from aineon.errors import LedgerError
from aineon.ledger.notices import KeptNotice, NoticeState, NoticeTable
from aineon.primitives import Clock
from aineon.runtime.notices.addresses import Target, targets_of
from aineon.runtime.notices.kinds import NoticeKind
from aineon.runtime.notices.sending import Letter, Pace, Worker
from aineon.runtime.notices.wording import line, prefixed
from aineon.runtime.redaction import Redactor, secrets_of
from aineon.runtime.settings import Settings

OLDEST_SECONDS: Final = 3600.0
"""Notices that waited longer than that tell nobody anything."""
_CLOSING_SECONDS: Final = 3.0

Say = Callable[[str], None]


class Dispatcher:
    """Sends what waits in the table, to the targets of the settings as they are now.

    Args:
        settings: returns those in force.
        table: returns the table as it is now.
        say: told of troubles with the database.
        pace: how targets are spared.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        table: Callable[[], NoticeTable],
        clock: Clock,
        say: Say,
        pace: Pace | None = None,
    ) -> None:
        self._settings = settings
        self._table = table
        self._clock = clock
        self._say = say
        self._pace = pace
        self._targets: tuple[Target, ...] | None = None
        self._workers: tuple[Worker, ...] = ()
        self._lock = threading.Lock()
        self._owing: dict[int, set[str]] = {}
        self._failures: dict[int, list[str]] = {}

    def look(self) -> None:
        """Take what waits, once.

        Raises:
            LedgerError: the table cannot be read or written.
        """
        settings = self._settings()
        self._renew(settings)
        for notice in self._table().waiting():
            with self._lock:
                under_way = notice.number in self._owing
            if not under_way:
                self._take(notice, settings)

    def close(self) -> None:
        """End all threads; what they have not sent waits for the next start."""
        for worker in self._workers:
            worker.close(_CLOSING_SECONDS)

    def _renew(self, settings: Settings) -> None:
        targets = targets_of(settings)
        if targets == self._targets:
            return
        self.close()
        self._table().keep_targets([target.name for target in targets])
        self._targets = targets
        self._workers = tuple(Worker(target, self._told, self._pace) for target in targets)
        with self._lock:
            self._owing.clear()
            self._failures.clear()

    def _take(self, notice: KeptNotice, settings: Settings) -> None:
        reason = self._why_not(notice, settings)
        if reason:
            self._settle(notice.number, NoticeState.DROPPED, reason)
            return
        words = Redactor(secrets_of(settings)).text(notice.words)
        text = "\n".join(map(line, words.splitlines()))
        letter = Letter(notice.number, prefixed(notice.mode, text))
        with self._lock:
            self._owing[notice.number] = {worker.target.name for worker in self._workers}
        for worker in self._workers:
            worker.put(letter)

    def _why_not(self, notice: KeptNotice, settings: Settings) -> str:
        if not self._workers:
            return "there is no target"
        if notice.kind not in (*settings.notify_kinds, NoticeKind.TEST):
            return "its kind is switched off"
        if self._clock.now() - notice.at > OLDEST_SECONDS:
            return "it had waited for an hour"
        return ""

    def _told(self, target: Target, letters: Sequence[Letter], failure: str) -> None:
        """Write down what became of a message; called in the target's thread."""
        at = self._clock.now()
        try:
            if failure:
                self._table().failed(target.name, failure, at)
            else:
                self._table().reached(target.name, at)
            for letter in letters:
                self._tick_off(letter.number, target, failure)
        except LedgerError as error:
            self._say(f"what became of a notice cannot be written down: {error}")

    def _tick_off(self, number: int, target: Target, failure: str) -> None:
        with self._lock:
            owing = self._owing.get(number)
            if owing is None:
                return
            owing.discard(target.name)
            failures = self._failures.setdefault(number, [])
            if failure:
                failures.append(f"{target.name}: {failure}")
            if owing:
                return
            del self._owing[number], self._failures[number]
        state = NoticeState.FAILED if failures else NoticeState.SENT
        self._settle(number, state, "; ".join(failures))

    def _settle(self, number: int, state: NoticeState, detail: str) -> None:
        self._table().settle([number], state, detail, self._clock.now())
