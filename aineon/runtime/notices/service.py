"""The supervisor's thread for notices: it watches, leaves what it saw, and sends what waits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

from aineon.errors import AineonError
from aineon.ledger.control import ControlStore
from aineon.ledger.notices import NoticeTable
from aineon.primitives import Clock, SystemClock
from aineon.runtime.notices.dispatcher import Dispatcher
from aineon.runtime.notices.sending import Pace
from aineon.runtime.settings import Settings

if TYPE_CHECKING:
    from aineon.runtime.notices.watch import Watch

LOOK_SECONDS: Final = 2.0
_PATIENCE_SECONDS: Final = 1.0
_CLOSING_SECONDS: Final = 10.0

Say = Callable[[str], None]
_log = logging.getLogger(__name__)


@contextmanager
def notices_sent(
    settings: Callable[[], Settings | None], say: Say, pace: Pace | None = None
) -> Iterator[None]:
    """Watch and send in a thread beside, until the end.

    Args:
        settings: returns those in force; None while there are none yet.
        say: told of troubles, each once.
        pace: how targets are spared.
    """
    ended = threading.Event()
    service = _Service(settings, say, SystemClock(), pace)
    thread = threading.Thread(target=service.run, args=(ended,), name="aineon-notices", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_CLOSING_SECONDS)


class _Service:
    def __init__(
        self,
        settings: Callable[[], Settings | None],
        say: Say,
        clock: Clock,
        pace: Pace | None,
    ) -> None:
        self._settings = settings
        self._say = say
        self._clock = clock
        self._pace = pace
        self._trouble = ""

    def run(self, ended: threading.Event) -> None:
        """Look again and again; whatever fails is said once and tried anew."""
        while not ended.is_set():
            settings = self._settings()
            if settings is not None:
                try:
                    self._with_control(settings, ended)
                except (AineonError, OSError) as error:
                    self._in_trouble(error)
                except Exception as error:  # noqa: BLE001 (notices go on, whatever the defect)
                    self._in_trouble(error)
                    _log.exception("a look at what is to be told failed")
            ended.wait(LOOK_SECONDS)

    def _with_control(self, settings: Settings, ended: threading.Event) -> None:
        """Work with one control database, as long as the settings stay the same."""
        with ControlStore.open(settings.control_url, busy_timeout=_PATIENCE_SECONDS) as control:
            dispatcher = Dispatcher(
                lambda: settings, lambda: control.notices, self._clock, self._say, self._pace
            )
            with closing(dispatcher):
                # Nobody to tell: nothing is looked for.
                watch = _watch(settings, control, self._clock) if settings.notify_urls else None
                while self._settings() is settings:
                    self._once(settings, control.notices, dispatcher, watch)
                    if ended.wait(LOOK_SECONDS):
                        return

    def _once(
        self,
        settings: Settings,
        table: NoticeTable,
        dispatcher: Dispatcher,
        watch: Watch | None,
    ) -> None:
        for seen in () if watch is None else watch.look():
            table.leave(seen.kind.value, settings.mode.value, seen.words, self._clock.now())
        dispatcher.look()
        self._trouble = ""

    def _in_trouble(self, error: Exception) -> None:
        if str(error) != self._trouble:
            self._trouble = str(error)
            self._say(f"notices have to wait: {error}")


def _watch(settings: Settings, control: ControlStore, clock: Clock) -> Watch:
    # It stands on book and treasury, which those who are told of nothing need not load.
    from aineon.runtime.notices.watch import Watch

    return Watch(settings, control, clock)
