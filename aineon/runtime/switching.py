"""`aineon up` and `aineon rehearse`: one mode at a time, and the way from one to the other.

A request that lies in the control database is noticed within a second. What it asks for is made
ready beside what runs; only when that stands is the former mode stopped. So a rehearsal that
cannot be had leaves the simulation as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from aineon.errors import AineonError, StartError
from aineon.ledger.requests import ModeRequest
from aineon.primitives import Book
from aineon.runtime.auditing import audit_of, note_settings
from aineon.runtime.desk import Desk, open_desk
from aineon.runtime.keys import without_keys
from aineon.runtime.processes import Child
from aineon.runtime.rehearsing import BLOCK_SECONDS, RehearsalInMaking
from aineon.runtime.sections.market import LIVE_IS_CLOSED
from aineon.runtime.settings import Settings
from aineon.runtime.storage import check_storage
from aineon.runtime.supervisor import (
    ConsoleNews,
    Crew,
    Say,
    console_program,
    engine_program,
    introduction,
    prepared,
    supervise,
)


def run_up(settings: Settings, say: Say) -> int:
    """Run engine and console until a signal comes; returns the exit code.

    `say` gets one line of news at a time.

    Raises:
        StartError: the port or the data folder is taken, or the console is not there.
        LedgerError: a database cannot be written.
    """
    return _run(settings, settings.mode, say, BLOCK_SECONDS)


def run_rehearsal(settings: Settings, say: Say, *, block_seconds: float) -> int:
    """Run chain, engine and console until a signal comes; returns the exit code.

    Raises:
        StartError: the chain cannot be had, or as `run_up`.
        LedgerError: a database cannot be written.
    """
    played = settings.model_copy(update={"mode": Book.SIMULATION})
    return _run(played, Book.REHEARSAL, say, block_seconds)


def _run(settings: Settings, first: Book, say: Say, block_seconds: float) -> int:
    with (
        prepared(settings) as console,
        open_desk(settings.control_url, say, audit_in=partial(audit_of, settings)) as desk,
    ):
        say(introduction(settings))
        note_settings(settings, say)
        simulated = without_keys(settings).model_copy(update={"mode": Book.SIMULATION})
        makers: dict[Book, Maker] = {
            Book.SIMULATION: lambda: AtHand(simulated, console, say),
            Book.REHEARSAL: lambda: RehearsalInMaking(settings, console, say, block_seconds),
        }
        if settings.mode is not Book.SIMULATION:
            # Its chain was given, so that none has to be made.
            makers[settings.mode] = lambda: AtHand(settings, console, say)
        return supervise(Modes(makers, first, desk, say), say)


class Making(Protocol):
    """A composition that is being made ready; `words` says what that takes."""

    @property
    def words(self) -> str: ...

    def tend(self, now: float) -> Crew | None:
        """Return who is to be kept alive, as soon as all is ready.

        Raises:
            AineonError: it cannot be had; the message says why.
        """

    def stop(self, hurried: Callable[[], bool]) -> None:
        """Give it up."""


Maker = Callable[[], Making]


class AtHand:
    """Engine and console, for which nothing has to be made first."""

    words: Final = "the simulation starts"

    def __init__(self, settings: Settings, console: Path, say: Say) -> None:
        self._settings = settings
        self._console = console
        self._say = say

    def tend(self, now: float) -> Crew:
        """Return engine and console.

        Raises:
            StartError: the data folder cannot be written.
            LedgerError: a database cannot be written.
        """
        settings = self._settings
        check_storage(settings)
        grace = settings.stop_grace_seconds
        programs = (engine_program(settings), console_program(settings, self._console))
        children = [Child(program, grace, self._say) for program in programs]
        return Crew([children], grace, self._say, ConsoleNews(settings))

    def stop(self, hurried: Callable[[], bool]) -> None:
        """Nothing was started."""


class Modes:
    """Plays one mode at a time, and changes it when it is asked to.

    Args:
        makers: how each mode that may be played is made ready.
        first: the mode to begin with.
    """

    def __init__(self, makers: Mapping[Book, Maker], first: Book, desk: Desk, say: Say) -> None:
        self._makers = makers
        self._first = first
        self._desk = desk
        self._say = say
        self._book = first
        self._crew: Crew | None = None
        self._next: Book | None = first
        self._making: Making | None = None
        self._request: ModeRequest | None = None

    def tend(self, now: float) -> int | None:
        """See to what runs, to what is being made ready, and to requests.

        Raises:
            AineonError: the mode to begin with cannot be had.
        """
        code = None if self._crew is None else self._crew.tend(now)
        if code is not None and not self._may_fall_back():
            return code
        if code is not None:
            self._fall_back()
        for request in self._desk.waiting(now):
            self._see_to(request)
        if self._next is not None:
            self._make(self._next, now)
        return None

    def stop(self, hurried: Callable[[], bool]) -> None:
        """Stop what runs, and what is being made ready."""
        if self._crew is not None:
            self._crew.stop(hurried)
        self._give_up_making(hurried)

    # --- requests --------------------------------------------------------------------------

    def _see_to(self, request: ModeRequest) -> None:
        refusal = self._refusal(request)
        if refusal:
            self._desk.refuse(request, refusal)
            return
        book = Book(request.mode)
        if book is self._next and self._request is not None:
            self._desk.refuse(request, f"the {book.value} is being made ready already")
            return
        if self._request is not None:
            self._desk.refuse(self._request, f"{request.who} asked for {book.value} instead")
            self._give_up_making(_at_leisure)
        if book is self._book:
            self._desk.done(request, f"the {book.value} goes on")
            return
        self._say(f"{request.who} asked for the {book.value}")
        self._next, self._request = book, request

    def _refusal(self, request: ModeRequest) -> str:
        if request.mode == Book.LIVE:
            return LIVE_IS_CLOSED
        if request.mode not in self._makers:
            return f"the mode {request.mode!r} is not one of {', '.join(sorted(self._makers))}"
        if self._crew is None:
            return f"the {self._book.value} is still being made ready"
        return ""

    # --- from one mode to the next ---------------------------------------------------------

    def _make(self, book: Book, now: float) -> None:
        try:
            if self._making is None:
                self._making = self._makers[book]()
                if self._request is not None:
                    self._desk.take(self._request, self._making.words)
            crew = self._making.tend(now)
        except (AineonError, OSError) as error:
            self._not_to_be_had(error)
            return
        if crew is not None:
            self._change_to(book, crew)

    def _not_to_be_had(self, error: Exception) -> None:
        self._give_up_making(_at_leisure, keep_request=True)
        if self._crew is None:
            raise error if isinstance(error, AineonError) else StartError(str(error))
        request, self._request = self._request, None
        if request is not None:
            self._desk.refuse(request, f"{str(error).rstrip('.')}; the {self._book.value} goes on")

    def _change_to(self, book: Book, crew: Crew) -> None:
        if self._crew is not None:
            self._say(f"stopping the {self._book.value}")
            self._crew.stop(_at_leisure)
        request = self._request
        self._crew, self._book = crew, book
        self._next = self._making = self._request = None
        if request is not None:
            self._say(f"the {book.value} begins")
            self._desk.done(request, f"the {book.value} was begun")

    def _give_up_making(self, hurried: Callable[[], bool], *, keep_request: bool = False) -> None:
        if self._making is not None:
            self._making.stop(hurried)
        self._next = self._making = None
        if not keep_request:
            self._request = None

    # --- when a rehearsal breaks -----------------------------------------------------------

    def _may_fall_back(self) -> bool:
        """Who pressed a button for a rehearsal does not lose the console with its chain."""
        return self._book is not self._first and self._first is Book.SIMULATION

    def _fall_back(self) -> None:
        ended = f"the {self._book.value} came to an end by itself; the log says why"
        self._say(f"{ended}. Back to the {self._first.value}")
        if self._crew is not None:
            self._crew.stop(_at_leisure)
        self._crew, self._book, self._next = None, self._first, self._first
        self._desk.tell(self._first, ended)


def _at_leisure() -> bool:
    return False
