"""Asking the supervisor for another mode."""

from __future__ import annotations

import os
from typing import Final

from aineon.errors import ConfigurationError
from aineon.ledger.control import ControlStore
from aineon.primitives import Book
from aineon.runtime.auditing import audit_of
from aineon.runtime.chain_link import addresses_of
from aineon.runtime.handover import SUPERVISED_VARIABLE
from aineon.runtime.live_word import live_digest, written
from aineon.runtime.settings import Settings
from app.asking import Asked, Result
from app.codes import DIGEST
from app.effects.auditing import PATIENCE_SECONDS, refused

PHRASE: Final = "phrase"
"""Body of `go_live`: what was typed, which names the chain."""
_NO_SIGN_IN: Final = (
    "Nobody has signed in at this console, and real money takes somebody who proves who they are. "
    "Start AINEON with AINEON_SIGN_IN=always, or start live mode at the terminal (docs/live.md)."
)


def is_supervised() -> bool:
    """Whether somebody is there to take requests."""
    return bool(os.environ.get(SUPERVISED_VARIABLE))


def simulate(asked: Asked) -> Result:
    """Ask for the simulation."""
    return _ask_for(Book.SIMULATION, asked)


def rehearse(asked: Asked) -> Result:
    """Ask for the rehearsal."""
    return _ask_for(Book.REHEARSAL, asked)


def live_body(settings: Settings, typed: str) -> dict[str, str]:
    """Return the body of `go_live`: the code is given for exactly the phrase that was typed.

    The digest is missing where it is not the phrase, which `go_live` says.
    """
    try:
        return {PHRASE: typed, DIGEST: live_digest(_written(settings, typed))}
    except ConfigurationError:
        return {PHRASE: typed}


def look_at_word(asked: Asked) -> Result | None:
    """Refuse live mode where the form cannot lead there; None where nothing speaks against it.

    It is not for whoever has not signed in, nor from elsewhere than the simulation, and it takes
    the phrase that names the chain.
    """
    if asked.visitor.is_local_operator:
        return refused(asked, _NO_SIGN_IN)
    if asked.settings.mode is not Book.SIMULATION:
        return refused(asked, "Live mode is asked for in the simulation; go back to it first.")
    try:
        _written(asked.settings, asked.body.get(PHRASE, ""))
    except ConfigurationError as error:
        return refused(asked, f"Nothing was started: {error}.")
    return None


def go_live(asked: Asked) -> Result:
    """Ask for live mode, on the typed phrase and with the proof that a code was given for it.

    The supervisor looks at everything that live mode needs before anything is stopped.
    """
    if slip := look_at_word(asked):
        return slip
    word = _written(asked.settings, asked.body.get(PHRASE, ""))
    if not asked.proof or asked.body.get(DIGEST) != live_digest(word):
        return refused(asked, "The one-time code was not given for this; load the page anew.")
    return _ask_for(Book.LIVE, asked, word)


def _written(settings: Settings, typed: str) -> str:
    return written(settings, addresses_of(settings).chain_id, typed)


def _ask_for(book: Book, asked: Asked, word: str = "") -> Result:
    if not is_supervised():
        return Result(
            False,
            "Nobody is there to change the mode: this console was not started by `aineon up`.",
        )
    settings, now = asked.settings, asked.clock.now()
    with ControlStore.open(settings.control_url, busy_timeout=PATIENCE_SECONDS) as control:
        latest = control.requests.latest()
        if latest is not None and latest.is_open and latest.mode == book:
            return Result(False, f"{_called(book)} has been asked for already.")
        # First, so that what cannot be written down is not asked for.
        audit_of(settings, control).append(
            who=asked.visitor.name, action="mode.request", subject=book.value, detail={}, at=now
        )
        control.requests.ask(book.value, asked.visitor.name, now, word=word, proof=asked.proof)
    return Result(True, f"{_called(book)} was asked for.")


def _called(book: Book) -> str:
    return "Live mode" if book is Book.LIVE else f"The {book.value}"
