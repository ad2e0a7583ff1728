"""Setting and clearing the emergency stop, and ending a halt of the breaker.

These do not wait for the engine: the stop's file and row are what it looks at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from aineon.ledger.control import ControlStore
from aineon.runtime.auditing import audit_of
from aineon.runtime.stop_desk import StopDesk, latch, make_folder, stop_desk
from aineon.safety import Breaker, StopState
from aineon.safety.breaker import BreakerStanding
from app.asking import Asked, Result
from app.effects.auditing import PATIENCE_SECONDS

REASON: Final = "reason"
SEEN: Final = "seen"
"""Body of what clears: the fingerprint of the reasons that the visitor was shown."""
_LONGEST_REASON: Final = 300
_NOT_SET: Final = "The emergency stop is not set."
_ANOTHER: Final = (
    "What holds it has changed since the page was drawn. Look at the reasons again, and then "
    "decide."
)


def set_stop(asked: Asked) -> Result:
    """Set the emergency stop; the file first, whatever else may be down."""
    given = " ".join(asked.body.get(REASON, "").split())[:_LONGEST_REASON]
    make_folder(asked.settings.data_dir.absolute())
    state, not_audited = latch(asked.settings, given or "set at the console", asked.visitor.name)
    words = "The emergency stop is set: nothing is signed or sent from now on."
    if not_audited:
        words += f" It is not in the audit: {not_audited}."
    return Result(state.is_set, words)


def look_at_stop(asked: Asked) -> Result | None:
    """Refuse to clear reasons that the visitor was not shown; None where he was.

    Where nothing is set there is nothing to do.
    """
    with stop_desk(asked.settings, asked.clock) as desk:
        seen = desk.all_places.state()
    return _other_than_shown(seen, asked) if seen.is_set else Result(True, _NOT_SET)


def clear_stop(asked: Asked) -> Result:
    """Clear the stop, where its reasons are those that the visitor was shown."""
    with stop_desk(asked.settings, asked.clock) as desk:
        return _cleared(desk, asked)


def _cleared(desk: StopDesk, asked: Asked) -> Result:
    seen = desk.all_places.state()
    if not seen.is_set:
        return Result(True, _NOT_SET)
    if other := _other_than_shown(seen, asked):
        return other
    left = desk.clear(asked.visitor.name, seen)
    if not left.is_set:
        return Result(True, "The emergency stop is cleared.")
    return Result(False, f"Cleared where that can be done from here; it is still set: {left}.")


def _other_than_shown(seen: StopState, asked: Asked) -> Result | None:
    return None if asked.body.get(SEEN) == fingerprint(seen) else Result(False, _ANOTHER)


def look_at_breaker(asked: Asked) -> Result | None:
    """Refuse to end a halt that the visitor was not shown; None where he was."""
    settings = asked.settings
    with ControlStore.open(settings.control_url, busy_timeout=PATIENCE_SECONDS) as control:
        seen = Breaker(control.breaker(settings.mode), asked.clock).standing
    return None if asked.body.get(SEEN) == fingerprint_of(seen) else Result(False, _ANOTHER)


def reset_breaker(asked: Asked) -> Result:
    """End a halt of the breaker, where it stands as the visitor was shown."""
    settings, now = asked.settings, asked.clock.now()
    with ControlStore.open(settings.control_url, busy_timeout=PATIENCE_SECONDS) as control:
        breaker = Breaker(control.breaker(settings.mode), asked.clock)
        seen = breaker.standing
        if asked.body.get(SEEN) != fingerprint_of(seen):
            return Result(False, _ANOTHER)
        audit_of(settings, control).append(
            who=asked.visitor.name,
            action="breaker.reset",
            subject=f"breaker of the {settings.mode} book",
            detail={"standing": str(seen)},
            at=now,
        )
        state = breaker.reset(asked.visitor.name, seen).state
    return Result(True, f"The breaker is {state} now, and goes on by itself.")


def fingerprint(state: StopState) -> str:
    """Return what tells one set of reasons from another."""
    return _short(sorted(map(repr, state.reasons)))


def fingerprint_of(standing: BreakerStanding) -> str:
    """Return what tells one standing of the breaker from another."""
    return _short([repr(standing)])


def _short(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
