"""The desk: where the console's requests of the supervisor come in, and answers go out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from aineon.errors import LedgerError, RequestClosed
from aineon.ledger.audit import AuditTrail, JsonValue
from aineon.ledger.connect import parse_place
from aineon.ledger.control import ControlStore
from aineon.ledger.requests import ModeRequest, RequestKind, RequestState, RequestTable
from aineon.primitives import Book, Clock, SystemClock
from aineon.runtime.supervisor import Say

SUPERVISOR: Final = "aineon"
_LOOK_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 1.0
_STARTED_ANEW: Final = "AINEON was started anew before it was carried out; ask again"


class Desk:
    """Where requests come in and answers go out.

    A database that cannot be read or written for a moment delays both and loses neither.

    Args:
        requests: returns the table they lie in, as it is now.
        audit: returns where answers are written down besides; None writes them nowhere else.
    """

    def __init__(
        self,
        requests: Callable[[], RequestTable],
        clock: Clock,
        say: Say,
        audit: Callable[[], AuditTrail] | None = None,
    ) -> None:
        self._requests = requests
        self._audit = audit
        self._clock = clock
        self._say = say
        self._unwritten: list[Callable[[], None]] = []
        self._look_at = float("-inf")
        self._trouble = ""

    def waiting(self, now: float) -> tuple[ModeRequest, ...]:
        """Return what nobody has taken yet; looks twice a second. `now` is monotonic."""
        if now < self._look_at:
            return ()
        self._look_at = now + _LOOK_SECONDS
        self._write()
        if self._unwritten:
            return ()
        try:
            found = self._requests().waiting()
        except LedgerError as error:
            self._in_trouble(error)
            return ()
        self._trouble = ""
        return found

    def take(self, request: ModeRequest, words: str) -> None:
        """Tell who asked that it is being seen to."""
        self._later(lambda at: self._requests().take(request.number, words, at))

    def done(self, request: ModeRequest, words: str) -> None:
        """Answer that it is done."""
        self._answer(request, RequestState.DONE, words)

    def refuse(self, request: ModeRequest, words: str) -> None:
        """Answer that it cannot be, and why."""
        self._say(f"the request for {_wish(request)} is refused: {words}")
        self._answer(request, RequestState.REFUSED, words)

    def tell(self, book: Book, words: str) -> None:
        """Keep on record a change that nobody asked for."""
        self._later(lambda at: self._requests().tell(book.value, SUPERVISOR, words, at))
        self._note("mode.change", book.value, SUPERVISOR, {"words": words})

    def close(self, words: str) -> None:
        """Refuse whatever is still open."""
        self._later(lambda at: self._requests().refuse_open(words, at))

    def _answer(self, request: ModeRequest, state: RequestState, words: str) -> None:
        self._later(lambda at: self._requests().answer(request.number, state, words, at))
        action = _ACTIONS[request.kind, state is RequestState.DONE]
        self._note(action, request.mode, request.who, {"request": request.number, "words": words})

    def _note(self, action: str, mode: str, who: str, detail: Mapping[str, JsonValue]) -> None:
        # It has happened already: a database in trouble must not make it happen again.
        if self._audit is None:
            return
        try:
            trail, at = self._audit(), self._clock.now()
            trail.append(who=who, action=action, subject=mode, detail=detail, at=at)
        except LedgerError as error:
            self._say(f"{action} to {mode} by {who} is not in the audit: {error}")

    def _later(self, write: Callable[[float], None]) -> None:
        at = self._clock.now()
        self._unwritten.append(lambda: write(at))
        self._write()

    def _write(self) -> None:
        try:
            while self._unwritten:
                self._write_one(self._unwritten[0])
                del self._unwritten[0]
        except LedgerError as error:
            self._in_trouble(error)

    def _write_one(self, write: Callable[[], None]) -> None:
        try:
            write()
        except RequestClosed as error:
            # Writing it again would fail for ever, and keep every later request waiting.
            self._say(f"an answer came too late: {error}")

    def _in_trouble(self, error: LedgerError) -> None:
        if str(error) != self._trouble:
            self._trouble = str(error)
            self._say(f"requests of the console have to wait: {error}")


_ACTIONS: Final[Mapping[tuple[RequestKind, bool], str]] = {
    (RequestKind.MODE, True): "mode.change",
    (RequestKind.MODE, False): "mode.refuse",
    (RequestKind.SETTINGS, True): "settings.apply",
    (RequestKind.SETTINGS, False): "settings.refuse",
    (RequestKind.NODES, True): "node.test",
    (RequestKind.NODES, False): "node.refuse",
    (RequestKind.LIVE, True): "live.check",
    (RequestKind.LIVE, False): "live.refuse",
}
"""What the audit calls an answer."""


def _wish(request: ModeRequest) -> str:
    return request.mode if request.kind is RequestKind.MODE else f"{request.kind.value}"


@contextmanager
def open_desk(
    control_url: str,
    say: Say,
    clock: Clock | None = None,
    audit_in: Callable[[ControlStore], AuditTrail] | None = None,
) -> Iterator[Desk]:
    """Open the desk; requests that an earlier supervisor left open are refused.

    Args:
        control_url: of the control database.
        say: told what is in trouble.
        clock: tells when something was answered.
        audit_in: returns the audit of a control database; None writes answers nowhere else.

    Raises:
        LedgerError: the control database cannot be written.
    """
    clock = clock or SystemClock()
    with closing(OpenControl(control_url, say)) as control:
        control.requests().refuse_open(_STARTED_ANEW, clock.now())
        audit = None if audit_in is None else lambda: audit_in(control.store())
        desk = Desk(control.requests, clock, say, audit)
        try:
            yield desk
        finally:
            desk.close("AINEON was stopped before it was carried out")


class OpenControl:
    """The control database, opened anew where its file was removed or replaced.

    A file that is gone can still be written by whoever has it open, and nobody else sees that:
    requests that the console writes into the new one would wait for ever.

    Raises:
        LedgerError: it cannot be written.
    """

    def __init__(self, url: str, say: Say) -> None:
        self._url = url
        self._path = parse_place(url).path
        self._say = say
        self._open()

    def requests(self) -> RequestTable:
        """Return the table of requests of the file that is there now.

        Raises:
            LedgerError: it cannot be opened anew.
        """
        return self.store().requests

    def store(self) -> ControlStore:
        """Return the file that is there now.

        Raises:
            LedgerError: it cannot be opened anew.
        """
        if _identity(self._path) != self._file:
            self._store.close()
            self._open()
            self._say(
                f"the control database {self._path} was removed or replaced while AINEON runs; "
                "requests are taken from the new one, and the engine still writes into the old "
                "one: stop AINEON and start it again"
            )
        return self._store

    def close(self) -> None:
        """Let go of it."""
        self._store.close()

    def _open(self) -> None:
        self._store = ControlStore.open(self._url, busy_timeout=_PATIENCE_SECONDS)
        self._file = _identity(self._path)


def _identity(path: Path | None) -> tuple[int, int] | None:
    """Return what tells a file from its successor; None where there is none."""
    try:
        found = None if path is None else path.stat()
    except OSError:
        return None
    return None if found is None else (found.st_dev, found.st_ino)
