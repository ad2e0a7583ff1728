"""Live mode that is asked for at the console: checked here once more, beside what runs.

The console hands over the phrase that somebody typed, and the proof that they gave a one-time
code for exactly that phrase. Whatever the console had looked at, all of it is looked at again:
only what stands now counts, and until it does the simulation goes on as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from aineon.access import permissions
from aineon.access.permissions import Action
from aineon.errors import AccessError, AineonError, StartError
from aineon.ledger.control import ControlStore
from aineon.ledger.requests import ModeRequest
from aineon.primitives import Book, SystemClock
from aineon.runtime.access import access_of
from aineon.runtime.doctor import Verdict
from aineon.runtime.errands import Errand
from aineon.runtime.live_points import live_points
from aineon.runtime.live_word import live_digest
from aineon.runtime.redaction import Redactor, secrets_of
from aineon.runtime.settings import Settings
from aineon.runtime.supervisor import Crew, Say

_PATIENCE_SECONDS: Final = 2.0

Played = Callable[[Settings], Settings]
AtHand = Callable[[Settings, Played], Crew]


def as_live(settings: Settings, word: str) -> Settings:
    """Return the settings with which live mode is played on the word of whoever typed it.

    Raises:
        NotAllowed: it is no such phrase.
    """
    told = settings.with_typed("mode", Book.LIVE.value).with_typed("live_confirmation", word)
    return told.model_copy(update={"mode": Book.LIVE})


class LiveInMaking:
    """Looks whether live mode may start, and has engine and console start in it.

    Args:
        settings: as they were given, keys included.
        request: who asked, their word and its proof.
        at_hand: starts engine and console with settings that it is told how to play.
        say: takes a line of news.
    """

    words: Final = "everything that live mode needs is being looked at"

    def __init__(self, settings: Settings, request: ModeRequest, at_hand: AtHand, say: Say) -> None:
        self._settings = settings
        self._request = request
        self._at_hand = at_hand
        self._say = say
        self._look = Errand("aineon-going-live", partial(_why_not, settings, request))

    def tend(self, now: float) -> Crew | None:
        """Return engine and console, as soon as all was looked at and stands.

        Raises:
            StartError: something stands in the way; the message names all of it.
            LedgerError: the live book cannot be written.
        """
        why_not = self._look.words
        if why_not is None:
            return None
        if why_not:
            raise StartError(f"live mode does not start: {why_not}")
        self._say(f"LIVE, with real money, on the word of {self._request.who}")
        return self._at_hand(self._settings, partial(as_live, word=self._request.word))

    def stop(self, hurried: Callable[[], bool]) -> None:
        """Nothing was started."""


def _why_not(settings: Settings, request: ModeRequest) -> str:
    """Return what stands in the way; nothing where live mode may start."""
    try:
        played = as_live(settings, request.word)
    except ValueError:
        return "the phrase that was typed is none"
    try:
        if words := _why_not_them(settings, request):
            return words
        points = live_points(played)
    except AineonError as error:
        return str(error).rstrip(".")
    mask = Redactor(secrets_of(settings)).text
    return "; ".join(
        mask(" ".join(point.words.split())).rstrip(".")
        for point in points
        if point.verdict is Verdict.PROBLEM
    )


def _why_not_them(settings: Settings, request: ModeRequest) -> str:
    """Say why it is not for whoever asked to have live mode start.

    A row in the database is no proof: anybody could have written it who can write there.
    """
    url, clock = settings.control_url, SystemClock()
    with ControlStore.open(url, busy_timeout=_PATIENCE_SECONDS) as control:
        access = access_of(settings, control, clock)
        try:
            user = access.users.find(request.who)
        except AccessError:
            user = None
        if user is None or user.disabled or not permissions.may(user.role, Action.GO_LIVE):
            return f"{request.who} may not have live mode start"
        if not access.second_factor.accepts(user.name, live_digest(request.word), request.proof):
            return f"there is no one-time code of {request.who} for exactly this"
    return ""
