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
from aineon.ledger.requests import ModeRequest, RequestKind
from aineon.primitives import Book
from aineon.runtime.access import with_setup_token
from aineon.runtime.auditing import audit_of, note_settings
from aineon.runtime.desk import Desk, open_desk
from aineon.runtime.errands import Errand
from aineon.runtime.house import House
from aineon.runtime.keys import without_keys
from aineon.runtime.node_check import look_at_nodes
from aineon.runtime.notices.service import notices_sent
from aineon.runtime.rehearsing import BLOCK_SECONDS, RehearsalInMaking
from aineon.runtime.settings import Settings
from aineon.runtime.supervisor import (
    ConsoleNews,
    Crew,
    Reborn,
    Say,
    introduction,
    players,
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
        for sentence in settings.ignored:
            say(sentence)
        note_settings(settings, say)
        house = House(with_setup_token(settings, say), say)
        makers: dict[Book, Maker] = {
            Book.SIMULATION: lambda: AtHand(house.settings, simulated, console, say),
            Book.REHEARSAL: lambda: RehearsalInMaking(house.settings, console, say, block_seconds),
        }
        if settings.mode is not Book.SIMULATION:
            # Its chain was given, so that none has to be made.
            makers[settings.mode] = lambda: AtHand(house.settings, _as_given, console, say)

        def live(request: ModeRequest) -> Making:
            # Loaded when it is asked for, as below.
            from aineon.runtime.live_asked import LiveInMaking

            return LiveInMaking(house.settings, request, at_hand, say)

        def at_hand(settings: Settings, played: Callable[[Settings], Settings]) -> Crew:
            return AtHand(settings, played, console, say).tend(0.0)

        modes = Modes(makers, first, desk, say, house, live)
        with notices_sent(modes.settings, say):
            return supervise(modes, say)


def simulated(settings: Settings) -> Settings:
    """Return the settings with which a simulation is played: it needs no key."""
    return without_keys(settings).model_copy(update={"mode": Book.SIMULATION})


def _as_given(settings: Settings) -> Settings:
    return settings


def as_played(settings: Settings) -> Settings:
    """Return the settings with which an engine plays the mode that they name."""
    return simulated(settings) if settings.mode is Book.SIMULATION else settings


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

    words: Final = "engine and console start"

    def __init__(
        self,
        settings: Settings,
        played: Callable[[Settings], Settings],
        console: Path,
        say: Say,
    ) -> None:
        self._settings = settings
        self._played = played
        self._console = console
        self._say = say

    def tend(self, now: float) -> Crew:
        """Return engine and console.

        Raises:
            StartError: the data folder cannot be written.
            LedgerError: a database cannot be written.
        """
        first = self._players(self._settings)
        return Crew(
            [first.children],
            first.settings.stop_grace_seconds,
            self._say,
            ConsoleNews(first.settings),
            settings=first.settings,
            anew=self._players,
        )

    def _players(self, settings: Settings) -> Reborn:
        return players(self._played(settings), self._console, self._say)

    def stop(self, hurried: Callable[[], bool]) -> None:
        """Nothing was started."""


class Modes:
    """Plays one mode at a time, and changes it when it is asked to.

    Args:
        makers: how each mode that may be played is made ready.
        first: the mode to begin with.
        house: the settings that everything is started with; None where they never change.
        live: how live mode is made ready that somebody asks for; None where nobody can.
    """

    def __init__(
        self,
        makers: Mapping[Book, Maker],
        first: Book,
        desk: Desk,
        say: Say,
        house: House | None = None,
        live: Callable[[ModeRequest], Making] | None = None,
    ) -> None:
        self._house = house
        self._live = live
        self._errands: list[tuple[ModeRequest, Errand]] = []
        self._makers = makers
        self._first = first
        self._desk = desk
        self._say = say
        self._book = first
        self._crew: Crew | None = None
        self._next: Book | None = first
        self._making: Making | None = None
        self._request: ModeRequest | None = None

    def settings(self) -> Settings | None:
        """Return the settings of those who play; None before anybody does."""
        return None if self._crew is None else self._crew.settings

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
        self._tend_errands()
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
        see_to = {
            RequestKind.MODE: self._see_to_mode,
            RequestKind.SETTINGS: self._see_to_settings,
            RequestKind.NODES: self._see_to_nodes,
            RequestKind.LIVE: self._see_to_live_points,
        }
        see_to[request.kind](request)

    def _see_to_settings(self, request: ModeRequest) -> None:
        """Start the engine anew, in the same mode, with the settings as they are saved now."""
        if self._crew is None or self._house is None or self._next is not None:
            busy = self._book if self._next is None else self._next
            self._desk.refuse(request, f"{_called(busy)} is being made ready; ask again then")
            return
        try:
            settings, words = self._house.looked_up()
            self._say(f"{request.who} asked for a start with saved settings: {words}")
            self._crew.begin_again(settings)
        except (AineonError, OSError) as error:
            reason = str(error).rstrip(".")
            self._desk.refuse(request, f"{reason}; the engine goes on as it was")
            return
        self._house.move_to(settings)
        self._desk.done(request, f"the engine was started anew; {words}")

    def _see_to_nodes(self, request: ModeRequest) -> None:
        """Ask the nodes how they are, beside everything else."""
        settings = None if self._crew is None else self._crew.settings
        if settings is None:
            self._desk.refuse(request, f"{_called(self._book)} is still being made ready")
            return
        self._desk.take(request, "the nodes are being asked")
        self._errands.append((request, Errand("aineon-nodes", partial(look_at_nodes, settings))))

    def _see_to_live_points(self, request: ModeRequest) -> None:
        """Look at what live mode would need, with the settings as they were given."""
        if self._house is None:
            self._desk.refuse(request, "there are no settings to look at")
            return
        self._desk.take(request, "it is being looked at")
        # With it comes all that executes, for which no start should have to wait.
        from aineon.runtime.live_points import live_lines

        look = partial(live_lines, self._house.settings)
        self._errands.append((request, Errand("aineon-live-points", look)))

    def _tend_errands(self) -> None:
        for request, errand in tuple(self._errands):
            if errand.words is None:
                continue
            self._errands.remove((request, errand))
            answer = self._desk.refuse if errand.failed else self._desk.done
            answer(request, errand.words)

    def _see_to_mode(self, request: ModeRequest) -> None:
        refusal = self._refusal(request)
        if refusal:
            self._desk.refuse(request, refusal)
            return
        book = Book(request.mode)
        if book is self._next and self._request is not None:
            self._desk.refuse(request, f"{_called(book)} is being made ready already")
            return
        if self._request is not None:
            self._desk.refuse(self._request, f"{request.who} asked for {book.value} instead")
            self._give_up_making(_at_leisure)
        if book is self._book:
            self._desk.done(request, f"{_called(book)} goes on")
            return
        self._say(f"{request.who} asked for {_called(book)}")
        self._next, self._request = book, request

    def _refusal(self, request: ModeRequest) -> str:
        known = {*self._makers, *(() if self._live is None else (Book.LIVE,))}
        if request.mode not in known:
            return f"the mode {request.mode!r} is not one of {', '.join(sorted(known))}"
        if self._crew is None:
            return f"{_called(self._book)} is still being made ready"
        if request.mode == Book.LIVE and self._book is Book.REHEARSAL:
            # What was typed there would name the rehearsal's chain and contract.
            return "live mode is asked for in the simulation; go back to it first"
        return ""

    # --- from one mode to the next ---------------------------------------------------------

    def _make(self, book: Book, now: float) -> None:
        try:
            if self._making is None:
                self._making = self._begun(book)
                if self._request is not None:
                    self._desk.take(self._request, self._making.words)
            crew = self._making.tend(now)
        except (AineonError, OSError) as error:
            self._not_to_be_had(error)
            return
        if crew is not None:
            self._change_to(book, crew)

    def _begun(self, book: Book) -> Making:
        request = self._request
        if request is not None and self._live is not None and book is Book.LIVE:
            return self._live(request)
        return self._makers[book]()

    def _not_to_be_had(self, error: Exception) -> None:
        self._give_up_making(_at_leisure, keep_request=True)
        if self._crew is None:
            raise error if isinstance(error, AineonError) else StartError(str(error))
        request, self._request = self._request, None
        if request is not None:
            self._desk.refuse(request, f"{str(error).rstrip('.')}; {_called(self._book)} goes on")

    def _change_to(self, book: Book, crew: Crew) -> None:
        if self._crew is not None:
            self._say(f"stopping {_called(self._book)}")
            self._crew.stop(_at_leisure)
        request = self._request
        self._crew, self._book = crew, book
        self._next = self._making = self._request = None
        if request is not None:
            self._say(f"{_called(book)} begins")
            self._desk.done(request, f"{_called(book)} was begun")

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
        ended = f"{_called(self._book)} came to an end by itself; the log says why"
        self._say(f"{ended}. Back to {_called(self._first)}")
        if self._crew is not None:
            self._crew.stop(_at_leisure)
        self._crew, self._book, self._next = None, self._first, self._first
        self._desk.tell(self._first, ended)


def _called(book: Book) -> str:
    return "live mode" if book is Book.LIVE else f"the {book.value}"


def _at_leisure() -> bool:
    return False
