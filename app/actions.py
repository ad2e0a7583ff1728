"""What buttons do, and who may press them; nothing here needs Streamlit.

The console carries nothing out itself: an action leaves a request, which the supervisor takes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aineon.errors import AineonError, AuditUnwritable
from aineon.ledger.control import ControlStore
from aineon.primitives import Book, Clock
from aineon.runtime.auditing import audit_of, open_audit
from aineon.runtime.handover import SUPERVISED_VARIABLE
from aineon.runtime.sections.market import LIVE_IS_CLOSED
from aineon.runtime.settings import Settings

_PATIENCE_SECONDS: Final = 1.0


class Action(StrEnum):
    """Everything that a button can do."""

    SIMULATE = "simulate"
    REHEARSE = "rehearse"
    GO_LIVE = "go live"


class Role(StrEnum):
    """What somebody is to this console."""

    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever presses a button."""

    name: str
    role: Role


RULES: Final[Mapping[Action, frozenset[Role]]] = {
    Action.SIMULATE: frozenset({Role.OPERATOR}),
    Action.REHEARSE: frozenset({Role.OPERATOR}),
    Action.GO_LIVE: frozenset({Role.OPERATOR}),
}
"""Who may do what. An action that is not in here, nobody may."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an action: whether it was taken up, and a sentence for people."""

    accepted: bool
    words: str


def visitor_of_now() -> Visitor:
    """Return who is at the console: without a sign-in, whoever reaches it is its operator."""
    return Visitor("operator", Role.OPERATOR)


def is_supervised() -> bool:
    """Whether somebody is there to take requests."""
    return bool(os.environ.get(SUPERVISED_VARIABLE))


def may(visitor: Visitor, action: Action) -> bool:
    """Whether `visitor` is allowed to do `action`."""
    return visitor.role in RULES.get(action, frozenset())


def perform(action: Action, visitor: Visitor, settings: Settings, clock: Clock) -> Result:
    """Do `action` in the name of `visitor`, and say what came of it."""
    if not may(visitor, action):
        words = f"{visitor.name} may not {action}: that takes another role."
        return _refused(action, visitor, settings, clock, words)
    try:
        return _EFFECTS[action](visitor, settings, clock)
    except AineonError as error:
        return Result(False, f"This could not be asked for: {error}.")


def _ask_for(book: Book) -> Callable[[Visitor, Settings, Clock], Result]:
    def ask(visitor: Visitor, settings: Settings, clock: Clock) -> Result:
        if not is_supervised():
            return Result(
                False,
                "Nobody is there to change the mode: this console was not started by `aineon up`.",
            )
        url = settings.control_url
        with ControlStore.open(url, busy_timeout=_PATIENCE_SECONDS) as control:
            latest = control.requests.latest()
            if latest is not None and latest.is_open and latest.mode == book:
                return Result(False, f"The {book.value} has been asked for already.")
            # First, so that what cannot be written down is not asked for.
            audit_of(settings, control).append(
                who=visitor.name,
                action="mode.request",
                subject=book.value,
                detail={},
                at=clock.now(),
            )
            control.requests.ask(book.value, visitor.name, clock.now())
        return Result(True, f"The {book.value} was asked for.")

    return ask


def _refuse_live(visitor: Visitor, settings: Settings, clock: Clock) -> Result:
    words = f"{LIVE_IS_CLOSED[0].upper()}{LIVE_IS_CLOSED[1:]}."
    return _refused(Action.GO_LIVE, visitor, settings, clock, words)


def _refused(
    action: Action, visitor: Visitor, settings: Settings, clock: Clock, words: str
) -> Result:
    """Refuse, and write down who tried; a refusal stands whether or not that can be done."""
    try:
        with open_audit(settings, _PATIENCE_SECONDS) as audit:
            audit.append(
                who=visitor.name,
                action="action.refuse",
                subject=action.value,
                detail={"words": words},
                at=clock.now(),
            )
    except AuditUnwritable as error:
        words = f"{words} That it was tried could not be written down: {error}."
    return Result(False, words)


_EFFECTS: Final[Mapping[Action, Callable[[Visitor, Settings, Clock], Result]]] = {
    Action.SIMULATE: _ask_for(Book.SIMULATION),
    Action.REHEARSE: _ask_for(Book.REHEARSAL),
    Action.GO_LIVE: _refuse_live,
}
