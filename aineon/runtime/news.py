"""Word that something was booked, from the engine to replicas elsewhere, over Redis or Valkey.

What is sent is a wake-up and nothing else: whoever hears it reads the database, as he would have
done a moment later. So nothing secret and no figure passes through that server; a word that gets
lost costs seconds, and one that somebody forges costs a look.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from aineon.primitives import Book
from aineon.runtime.settings import Settings

if TYPE_CHECKING:
    from redis import Redis

ANSWER_SECONDS: Final = 2.0
"""How long the server may take to be reached, and to answer."""

PAUSE_SECONDS: Final = 5.0
"""How long a server that failed is left alone."""

LEAST_SECONDS: Final = 0.1
"""Between two words: a market that is played at full speed books hundreds of steps a second."""

_FAREWELL_SECONDS: Final = 1.0
_WORD: Final = b"booked"
_log = logging.getLogger(__name__)


def channel_of(mode: Book) -> str:
    """Return the name under which the engine of `mode` is heard."""
    return f"aineon.{mode}.booked"


def client_options(seconds: float = ANSWER_SECONDS) -> dict[str, Any]:
    """Return how the server is spoken to: briefly, and without trying again by itself."""
    return {"socket_connect_timeout": seconds, "socket_timeout": seconds, "retry": None}


class Announcer:
    """Tells, in a thread of its own, that something was booked; the engine never waits for it.

    Use it with `with`. What happens while a word is under way is told by one word more. Where the
    server cannot be reached, that is logged once, and whoever listens goes by the clock.

    Args:
        url: of the Redis or Valkey server.
        mode: whose engine this is.
        seconds: how long the server may take.
        pause_seconds: how long it is left alone after a failure.
    """

    def __init__(
        self,
        url: str,
        mode: Book,
        seconds: float = ANSWER_SECONDS,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._url = url
        self._channel = channel_of(mode)
        self._seconds = seconds
        self._pause = pause_seconds
        self._due = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="aineon-announcer", daemon=True)
        self._failed = False

    def follow(self, event: object) -> None:
        """Take note that the engine told of `event`, which the book holds by then."""
        self._due.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # The engine's last state was booked a moment ago.
        self._ended.set()
        self._due.set()
        self._thread.join(_FAREWELL_SECONDS)

    def _tell(self) -> None:
        """Send a word whenever one is due, until the end, and then once more."""
        from redis import Redis

        client = Redis.from_url(self._url, **client_options(self._seconds))
        with client:
            while True:
                self._due.wait()
                self._due.clear()
                ended = self._ended.is_set()
                told = self._send(client)
                if ended:
                    return
                self._ended.wait(LEAST_SECONDS if told else self._pause)

    def _send(self, client: Redis) -> bool:
        try:
            client.publish(self._channel, _WORD)
        except Exception as error:  # noqa: BLE001 (whatever a server answers, the engine goes on)
            if not self._failed:
                _log.warning(
                    "replicas are not told what is booked, and look by the clock: REDIS_URL's "
                    "server: %s",
                    error,
                )
            self._failed = True
            return False
        if self._failed:
            _log.info("replicas are told what is booked again")
        self._failed = False
        return True


@contextmanager
def announced(settings: Settings) -> Iterator[Callable[[object], None]]:
    """Yield what is to hear of every event of the engine; it does nothing without REDIS_URL."""
    if settings.redis_url is None:
        yield lambda _: None
        return
    with Announcer(settings.redis_url.get_secret_value(), settings.mode) as announcer:
        yield announcer.follow
