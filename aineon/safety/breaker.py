"""Breaker: whether attempts are made fully, with restrictions, or not at all, and since when.

It moves between four states, along one table of legal transitions. What it decides by stands in
`aineon.risk.breaker`; here is what everybody must be able to see and to trip: the state, kept
durably, with the history of who or what moved it. A state that cannot be read counts as paused,
and a trip that cannot be written holds in this process until it can: never is not knowing a
permission.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Protocol

from aineon.errors import BreakerMoved, IllegalBreakerMove, SafetyError
from aineon.primitives import Clock, SystemClock

RESET: Final = "reset"
UNREADABLE: Final = "unreadable"
_MOST_TRIES: Final = 3


class BreakerState(StrEnum):
    """How far attempts are let through."""

    RUNNING = "running"
    """Within the operator's limits."""
    DEGRADED = "degraded"
    """Within tighter ones (`aineon.risk.Limits.restricted`)."""
    PAUSED = "paused"
    """None, until the weather has cleared; that happens by itself."""
    HALTED = "halted"
    """None, until an operator has looked at the damage and reset it in his name."""

    @property
    def severity(self) -> int:
        """From 0, running, to 3, halted."""
        return _ORDER.index(self)

    @property
    def lets_through(self) -> bool:
        """Whether anything may be attempted."""
        return self.severity < BreakerState.PAUSED.severity


_ORDER: Final = tuple(BreakerState)
_RUNNING, _DEGRADED, _PAUSED, _HALTED = _ORDER

LEGAL: Final[Mapping[tuple[BreakerState, BreakerState], str]] = {
    (_RUNNING, _DEGRADED): "the weather got rough",
    (_RUNNING, _PAUSED): "the weather got bad",
    (_RUNNING, _HALTED): "damage was found",
    (_DEGRADED, _RUNNING): "the weather has been fine for long enough",
    (_DEGRADED, _PAUSED): "the weather got bad",
    (_DEGRADED, _HALTED): "damage was found",
    (_PAUSED, _DEGRADED): "the weather has been better for long enough; never straight to running",
    (_PAUSED, _HALTED): "damage was found",
    (_HALTED, _HALTED): "further damage was found, which must be looked at too",
    (_HALTED, _PAUSED): "an operator reset it; the weather decides when it goes on",
}
"""What may follow what, and what it means."""


@dataclass(frozen=True, slots=True)
class BreakerChange:
    """One move of the breaker.

    Attributes:
        cause: short stable name of the rule, such as `gas_price` or `daily_loss`; `reset` where
            an operator did it.
        reason: a sentence for people, figures included.
        who: the part of the engine, or the operator's name.
        at: seconds since the Unix epoch.
    """

    old: BreakerState
    new: BreakerState
    cause: str
    reason: str
    who: str
    at: float


@dataclass(frozen=True, slots=True)
class BreakerStanding:
    """How the breaker stands; `change` is what led there, None where it never moved.

    Attributes:
        is_known: False where the place that keeps it could not be read or written.
    """

    state: BreakerState = _RUNNING
    change: BreakerChange | None = None
    is_known: bool = True

    def __str__(self) -> str:
        return self.state if self.change is None else f"{self.state}: {self.change.reason}"


class BreakerKeeper(Protocol):
    """Where the breaker's moves are kept. Whatever `latest` raises counts as paused."""

    def latest(self) -> BreakerChange | None:
        """Return the newest move; None where there was none."""

    def append(self, change: BreakerChange) -> None:
        """Keep a move, durably.

        Raises:
            BreakerMoved: the newest move does not lead to where this one begins.
        """

    def history(self, limit: int) -> Sequence[BreakerChange]:
        """Return the newest moves, newest first."""


class MemoryKeeper:
    """Keeps moves as long as the process lives; for engines that keep no book."""

    def __init__(self) -> None:
        self._changes: list[BreakerChange] = []

    def latest(self) -> BreakerChange | None:
        """Return the newest move; None where there was none."""
        return self._changes[-1] if self._changes else None

    def append(self, change: BreakerChange) -> None:
        """Keep a move.

        Raises:
            BreakerMoved: it begins elsewhere than the newest one ends.
        """
        require_follows(self.latest(), change)
        self._changes.append(change)

    def history(self, limit: int) -> Sequence[BreakerChange]:
        """Return the newest moves, newest first."""
        return tuple(self._changes[::-1][:limit])


class Breaker:
    """The circuit breaker of one book.

    Args:
        keeper: where its moves are kept.
        clock: tells when it moved.
    """

    def __init__(self, keeper: BreakerKeeper, clock: Clock | None = None) -> None:
        self._keeper = keeper
        self._clock = clock or SystemClock()
        self._owed: BreakerChange | None = None
        self._standing = self.look()

    @property
    def standing(self) -> BreakerStanding:
        """How it stood at the latest look."""
        return self._standing

    def look(self) -> BreakerStanding:
        """Read how it stands, and write down first what could not be written before."""
        try:
            latest = self._pay(self._keeper.latest())
        except Exception as error:  # noqa: BLE001 - whatever keeps us from looking means paused
            self._standing = self._unknown(error)
        else:
            self._standing = BreakerStanding(latest.new, latest) if latest else BreakerStanding()
        return self._standing

    def move(self, new: BreakerState, cause: str, reason: str, who: str) -> BreakerStanding:
        """Move to `new`; where it stands there already, nothing is added.

        A further cause of a halt is added, so that whoever resets it has seen them all. A move
        to a severer state holds from now on, written or not; one to a milder state holds where
        it is written.

        Raises:
            IllegalBreakerMove: `LEGAL` has no such transition, or only an operator may make it.
        """
        for _ in range(_MOST_TRIES):
            standing = self.look()
            if _adds_nothing(standing, new, cause):
                return standing
            check_move(standing.state, new)
            if standing.state is _HALTED and new is not _HALTED:
                raise IllegalBreakerMove(
                    f"the breaker is halted ({standing}); only an operator resets it"
                )
            eases = new.severity < standing.state.severity
            if eases and not standing.is_known:
                return standing
            change = BreakerChange(standing.state, new, cause, reason, who, self._clock.now())
            try:
                self._keeper.append(change)
            except BreakerMoved:
                # Somebody else moved it between the look and the write: look again.
                continue
            except Exception:  # noqa: BLE001 - a trip holds, whatever keeps it from being written
                if not eases:
                    self._owe(change)
                return self.look()
            self._standing = BreakerStanding(new, change)
            return self._standing
        return self.look()

    def reset(self, who: str, seen: BreakerStanding) -> BreakerStanding:
        """End a halt on an operator's explicit word: it is paused then, until the weather is fine.

        Args:
            who: the operator.
            seen: the standing that the operator was shown.

        Raises:
            SafetyError: nobody is named, it is not halted, or a cause has come up that the
                operator has not seen; or it cannot be read or written.
        """
        if not who.strip():
            raise SafetyError("the breaker is reset in somebody's name, and none is given")
        standing = self.look()
        if not standing.is_known:
            raise SafetyError(f"the breaker cannot be reset: {standing}")
        if standing.state is not _HALTED:
            raise SafetyError(f"the breaker is {standing.state}; only a halted one is reset")
        if standing != seen:
            raise SafetyError(f"the breaker has a cause that was not looked at yet: {standing}")
        reason = f"reset after: {standing.change.reason}" if standing.change else "reset"
        self._keeper.append(
            BreakerChange(_HALTED, _PAUSED, RESET, reason, who.strip(), self._clock.now())
        )
        return self.look()

    def history(self, limit: int = 50) -> Sequence[BreakerChange]:
        """Return the newest moves, newest first."""
        return self._keeper.history(limit)

    def _owe(self, change: BreakerChange) -> None:
        if self._owed is None or change.new.severity > self._owed.new.severity:
            self._owed = change

    def _pay(self, latest: BreakerChange | None) -> BreakerChange | None:
        owed, state = self._owed, _RUNNING if latest is None else latest.new
        if owed is None:
            return latest
        if state.severity < owed.new.severity:
            latest = replace(owed, old=state)
            self._keeper.append(latest)
        self._owed = None
        return latest

    def _unknown(self, error: Exception) -> BreakerStanding:
        told = str(error) or type(error).__name__
        words = f"the breaker's state cannot be read or kept: {told}"
        change = BreakerChange(
            _PAUSED, _PAUSED, UNREADABLE, words, "the breaker itself", self._clock.now()
        )
        if self._owed is not None and self._owed.new is _HALTED:
            change = self._owed
        return BreakerStanding(change.new, change, is_known=False)


def check_move(old: BreakerState, new: BreakerState) -> None:
    """Check that `new` may follow `old`.

    Raises:
        IllegalBreakerMove: it may not.
    """
    if (old, new) not in LEGAL:
        raise IllegalBreakerMove(f"the breaker is {old} and cannot become {new}")


def require_follows(latest: BreakerChange | None, change: BreakerChange) -> None:
    """Check that `change` is legal, and begins where `latest` ended.

    Raises:
        IllegalBreakerMove: it is not legal.
        BreakerMoved: the breaker stands elsewhere.
    """
    check_move(change.old, change.new)
    stands = _RUNNING if latest is None else latest.new
    if stands is not change.old:
        raise BreakerMoved(f"the breaker is {stands}, and a move from {change.old} was to be kept")


def _adds_nothing(standing: BreakerStanding, new: BreakerState, cause: str) -> bool:
    if standing.state is not new:
        return False
    known = standing.change
    return new is not _HALTED or (known is not None and known.cause == cause)
