"""`aineon breaker`: how the circuit breaker stands, what moved it, and its reset."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from aineon.cli.failures import COULD_NOT_RUN, OK
from aineon.cli.stop import Say
from aineon.errors import ConfigurationError
from aineon.ledger.connect import is_there, parse_place
from aineon.ledger.control import ControlStore
from aineon.primitives import SystemClock
from aineon.runtime.auditing import audit_of
from aineon.runtime.settings import Settings
from aineon.runtime.stop_desk import bound
from aineon.safety import Breaker, BreakerChange, BreakerStanding

NOT_RUNNING: Final = 3
"""Exit code where the breaker lets nothing through."""
WORD: Final = "reset"
_SHOWN: Final = 20


def show(settings: Settings, say: Say) -> int:
    """Say how the breaker of the settings' book stands, and what moved it.

    Raises:
        LedgerError: it cannot be read.
    """
    if not _exists(settings):
        say("No engine has run here yet, so the breaker never moved.")
        return OK
    with ControlStore.open_reader(settings.control_url) as control:
        breaker = Breaker(control.breaker(settings.mode))
        say(f"The breaker of the {settings.mode} book is {breaker.standing}")
        _tell(breaker.history(_SHOWN), say)
    return OK if breaker.standing.state.lets_through else NOT_RUNNING


def reset(settings: Settings, who: str | None, word: str | None, say: Say) -> int:
    """End a halt in the operator's name; audited first, and refused where that fails.

    Raises:
        ConfigurationError: nobody is named.
        SafetyError: it is not halted, or a further cause came up.
        LedgerError: it, or the audit, cannot be written.
    """
    if not (who or "").strip():
        raise ConfigurationError(
            "--who is not given; the breaker is reset in somebody's name: --reset --who NAME"
        )
    if not _exists(settings):
        say("No engine has run here yet, so there is nothing to reset.")
        return COULD_NOT_RUN
    clock = SystemClock()
    with ControlStore.open(settings.control_url) as control:
        breaker = Breaker(control.breaker(settings.mode), clock)
        seen = breaker.standing
        say(f"The breaker of the {settings.mode} book is {seen}")
        needed = word_of(seen)
        if word != needed:
            say(f"Not reset; say the word once the damage was looked into: --word {needed}")
            return COULD_NOT_RUN
        audit_of(settings, control).append(
            who=who or "",
            action="breaker.reset",
            subject=f"breaker of the {settings.mode} book",
            detail={"standing": str(seen)},
            at=clock.now(),
        )
        say(f"It is {breaker.reset(who or '', seen).state} now, and goes on by itself.")
    return OK


def word_of(seen: BreakerStanding) -> str:
    """Return what an operator says to reset a breaker: it is for exactly this standing."""
    change = seen.change
    return bound(WORD, [str(seen), None if change is None else change.at])


def _exists(settings: Settings) -> bool:
    return is_there(parse_place(settings.control_url))


def _tell(moves: Iterable[BreakerChange], say: Say) -> None:
    for move in moves:
        at = datetime.fromtimestamp(move.at, UTC)
        say(f"  {at:%F %T} UTC  {move.old} → {move.new}  {move.cause}: {move.reason} ({move.who})")
