"""Errands: what takes seconds and must not keep the supervisor from its children."""

from __future__ import annotations

import threading
from collections.abc import Callable

from aineon.errors import AineonError


class Errand:
    """One piece of work in a thread of its own; it is looked at until it is done.

    Args:
        name: of the thread.
        work: returns what is to be said; its `AineonError` is what is said in place of it.
    """

    def __init__(self, name: str, work: Callable[[], str]) -> None:
        self._work = work
        self._words: str | None = None
        self.failed = False
        # A daemon: an answer that nobody waits for any more does not hold up the end.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def words(self) -> str | None:
        """What came of it; None while it is under way."""
        return None if self._thread.is_alive() else self._words

    def _run(self) -> None:
        try:
            self._words = self._work()
        except AineonError as error:
            self.failed, self._words = True, str(error)
        finally:
            if self._words is None:
                self.failed, self._words = True, "it failed for a reason that the log says"
