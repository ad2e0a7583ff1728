"""The emergency stop for whoever holds the command line: it needs neither engine nor database.

The file in the data folder is enough to stop everything that signs or sends. The control
database is asked and written besides, for as long as somebody patient waits; what it does not
answer is said.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aineon.errors import (
    AineonError,
    AuditUnwritable,
    ConfigurationError,
    LedgerError,
    LedgerNotFound,
    SafetyError,
)
from aineon.primitives import Book, Clock, SystemClock
from aineon.runtime import lock
from aineon.runtime.redaction import Redactor, secrets_of
from aineon.runtime.settings import PARAMETERS, Settings, load_given
from aineon.runtime.sources import choose_env_file, read_sources
from aineon.safety import (
    REHEARSAL_STOP_FILE,
    STOP_FILE,
    Stop,
    StopFile,
    StopKeeper,
    StopReason,
    StopState,
    StopVariable,
)

if TYPE_CHECKING:
    from aineon.ledger.audit import AuditTrail
    from aineon.sending.open_transactions import OpenTransaction

PATIENCE_SECONDS: Final = 1.0
WORD: Final = "clear"
"""How the word begins that an operator says to clear the stop; see `word_of`."""
_NEEDED: Final = (("data_dir", "database_url", "emergency_stop"), ("data_dir",))
_ON_CHAIN: Final = (Book.REHEARSAL, Book.LIVE)


def settings_to_stop(data_dir: str | None = None) -> tuple[Settings, str]:
    """Return the settings, and what is wrong with them.

    A stop must not fail because of a setting that it does not need: then only the places are
    read.

    Raises:
        ConfigurationError: not even the places can be read.
    """
    try:
        return load_given(data_dir=data_dir), ""
    except ConfigurationError as error:
        problems = str(error)
    places, least = _NEEDED
    with suppress(ConfigurationError):
        return load_given(_given(places), data_dir=data_dir), problems
    return load_given(_given(least), data_dir=data_dir), problems


def _given(fields: Iterable[str]) -> dict[str, str]:
    names = [PARAMETERS[field].env for field in fields]
    given, _ = read_sources(os.environ, choose_env_file(None, None), names)
    return {name: str(value.value) for name, value in given.items()}


class Unreachable:
    """A control database that is there and cannot be opened: it counts as set."""

    name: Final = "database"

    def __init__(self, error: LedgerError) -> None:
        self._error = error

    def look(self) -> Sequence[StopReason]:
        """Raise why it cannot be opened."""
        raise self._error

    def latch(self, reason: StopReason) -> None:
        """Raise why it cannot be opened."""
        raise self._error

    def clear(self, who: str, at: float, seen: Sequence[StopReason]) -> None:
        """Raise why it cannot be opened."""
        raise self._error


class Unwritable:
    """The audit of such a control database."""

    def __init__(self, error: LedgerError) -> None:
        self._error = error

    def append(self, *, who: str, action: str, subject: str, detail: object, at: float) -> int:
        """Raise why nothing can be written down."""
        raise AuditUnwritable(f"the audit cannot be written: {self._error}") from self._error


@dataclass(frozen=True, slots=True)
class Landing:
    """What may still land of one book; `trouble` says why it cannot be told."""

    book: Book
    open: tuple[OpenTransaction, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class StopDesk:
    """The places of the stop that this command reaches.

    Attributes:
        stop: latches in the installation's places, and looks in all of them.
        all_places: clears those that rehearsals keep for themselves as well.
        audit: None where there is no control database yet.
    """

    stop: Stop
    all_places: Stop
    audit: AuditTrail | None
    clock: Clock

    def clear(self, who: str, seen: StopState) -> StopState:
        """Clear the stop in the name of `who`, who was shown `seen`; audited first.

        Raises:
            SafetyError: it may not be cleared like this, or a place cannot be written.
            AuditUnwritable: it could not be written down who did it.
        """
        if self.audit is not None and who.strip():
            reasons = [str(reason) for reason in seen.reasons]
            self.audit.append(
                who=who,
                action="stop.clear",
                subject="emergency stop",
                detail={"reasons": "; ".join(reasons)[:1000]},
                at=self.clock.now(),
            )
        return self.all_places.clear(who, seen)

    def latch(self, reason: str, who: str) -> tuple[StopState, str]:
        """Set the stop, then write down who did it; returns what could not be audited.

        Raises:
            SafetyError: no place could keep it.
        """
        state = self.stop.latch(reason, who)
        try:
            if self.audit is not None:
                self.audit.append(
                    who=who,
                    action="stop.latch",
                    subject="emergency stop",
                    detail={"reason": reason},
                    at=self.clock.now(),
                )
        except AineonError as error:
            return state, str(error)
        return state, ""


def word_of(seen: StopState) -> str:
    """Return what an operator says to clear the stop: it is for exactly these reasons.

    A word that was kept in a script, or read from an older list, clears nothing.
    """
    return bound(WORD, sorted((each.place, each.who, each.reason) for each in seen.reasons))


def bound(word: str, seen: object) -> str:
    """Return a word that is bound to what was seen: its first six digits of SHA-256."""
    return f"{word}-{hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:6]}"


def latch(settings: Settings, reason: str, who: str) -> tuple[StopState, str]:
    """Set the stop: the file first, and then wherever else it can be kept.

    Returns:
        The stop's state, and why it is not in the audit, where it is not.

    Raises:
        SafetyError: no place could keep it.
    """
    with suppress(SafetyError):
        # Before anything that waits: a database that does not answer takes its time.
        Stop([_common_file(settings)]).latch(reason, who)
    with stop_desk(settings) as desk:
        return desk.latch(reason, who)


@contextmanager
def stop_desk(settings: Settings, clock: Clock | None = None) -> Iterator[StopDesk]:
    """Reach for all places of the stop."""
    clock = clock or SystemClock()
    common = _common_file(settings)
    path = settings.data_dir.absolute() / REHEARSAL_STOP_FILE
    rehearsal = StopFile(path, REHEARSAL_STOP_FILE)
    variable = StopVariable(setting=settings.emergency_stop)
    with _database(settings) as (table, audit):
        keepers: list[StopKeeper] = [common, *table]
        yield StopDesk(
            Stop(keepers, (rehearsal, variable), clock),
            Stop([*keepers, rehearsal], (variable,), clock),
            audit,
            clock,
        )


@contextmanager
def _database(settings: Settings) -> Iterator[tuple[list[StopKeeper], AuditTrail | None]]:
    """The control database's place of the stop, and its audit; none where it does not exist."""
    from aineon.ledger.audit import AuditLog
    from aineon.ledger.connect import is_there, parse_place, writer_engine
    from aineon.ledger.stops import StopTable
    from aineon.runtime.auditing import anchor_of

    try:
        place = parse_place(settings.control_url)
        if not is_there(place, PATIENCE_SECONDS):
            yield [], None
            return
        engine = writer_engine(place, PATIENCE_SECONDS)
    except LedgerError as error:
        yield [Unreachable(error)], Unwritable(error)
        return
    try:
        redact = Redactor(secrets_of(settings)).text
        yield [StopTable(place, engine)], AuditLog(place, engine, anchor_of(settings), redact)
    finally:
        engine.dispose()


def _common_file(settings: Settings) -> StopFile:
    return StopFile(settings.data_dir.absolute() / STOP_FILE)


def was_at_work(settings: Settings) -> bool:
    """Whether an AINEON with these places was ever at work: it left a lock, or a database.

    A server that cannot be asked tells of none: what is in the folder has to.
    """
    from aineon.ledger.connect import is_there, parse_place

    def is_kept(url: str) -> bool:
        with suppress(LedgerError):
            return is_there(parse_place(url), PATIENCE_SECONDS)
        return False

    if lock.was_at_work(settings.data_dir.absolute()):
        return True
    books = (settings.model_copy(update={"mode": book}).book_url for book in Book)
    return any(map(is_kept, (settings.control_url, *books)))


def landings(settings: Settings) -> tuple[Landing, ...]:
    """Return what may still land of each book that signs, as far as its outbox can be read."""
    return tuple(landing for book in _ON_CHAIN if (landing := _landing(settings, book)) is not None)


def _landing(settings: Settings, book: Book) -> Landing | None:
    from aineon.ledger.reading import BookReader
    from aineon.sending.open_transactions import open_transactions

    url = settings.model_copy(update={"mode": book}).book_url
    try:
        with BookReader.open(url, book, busy_timeout=PATIENCE_SECONDS) as reader:
            return Landing(book, open_transactions(reader))
    except LedgerNotFound:
        return None
    except LedgerError as error:
        return Landing(book, trouble=str(error))


def make_folder(path: Path) -> None:
    """Create the data folder, so that the file can be put there.

    Raises:
        ConfigurationError: it cannot be created.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the data folder {path} cannot be created: {error.strerror or error}"
        ) from error
