"""Stop: the emergency stop that whoever signs, sends or books asks first.

It is set where any of its places says so: a file in the data folder, a row of the control
database, the variable AINEON_STOP, this process's own memory, and whatever probe is added (a
pause of the executor contract). A place that cannot be read counts as set, because "I could
not look" is no permission. Places that keep what is latched survive a restart, and nothing
clears them but an operator who has seen the reasons.

What was handed out before may still be mined: Stop keeps the next byte from leaving, and takes
none back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from aineon.errors import SafetyError, StopLatched
from aineon.primitives import Clock, SystemClock

MEMORY: Final = "memory"


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why the stop is set, in one place.

    Attributes:
        place: which one says so: `file`, `database`, `environment`, `memory` or a probe's name.
        reason: a sentence for people.
        who: who latched it: an operator's name, or the part of the engine.
        at: seconds since the Unix epoch; None where the place does not tell.
    """

    place: str
    reason: str
    who: str
    at: float | None = None

    def __str__(self) -> str:
        return f"{self.reason} ({self.place}, by {self.who})"


@dataclass(frozen=True, slots=True)
class StopState:
    """All reasons for which the stop is set; none means that work may go on."""

    reasons: tuple[StopReason, ...] = ()

    @property
    def is_set(self) -> bool:
        """Whether nothing may be signed or sent."""
        return bool(self.reasons)

    def __str__(self) -> str:
        return "; ".join(map(str, self.reasons)) or "not set"


class StopPlace(Protocol):
    """Somewhere that can say stop. Whatever `look` raises counts as set."""

    @property
    def name(self) -> str: ...

    def look(self) -> Sequence[StopReason]:
        """Return the reasons that hold here; none where the stop is not set."""


class StopKeeper(StopPlace, Protocol):
    """A place that keeps a latch, and outlives this process."""

    def latch(self, reason: StopReason) -> None:
        """Keep `reason`, durably."""

    def clear(self, who: str, at: float, seen: Sequence[StopReason]) -> None:
        """Forget what of `seen` is latched here, and nothing else."""


class Stop:
    """The emergency stop, made of its places.

    Args:
        keepers: where a latch is kept; the more there are, the more may fail at once.
        places: where it can be set from outside, besides.
        clock: tells when something was latched.

    Raises:
        SafetyError: there is no keeper: a latch would not survive a restart.
    """

    def __init__(
        self,
        keepers: Sequence[StopKeeper],
        places: Sequence[StopPlace] = (),
        clock: Clock | None = None,
    ) -> None:
        if not keepers:
            raise SafetyError("an emergency stop needs a place that keeps it: a file or a database")
        self._keepers = tuple(keepers)
        self._places = tuple(places)
        self._clock = clock or SystemClock()
        self._memory: tuple[StopReason, ...] = ()

    def also(self, place: StopPlace) -> None:
        """Ask one more place from now on, such as a pause on chain."""
        self._places = (*self._places, place)

    def state(self) -> StopState:
        """Look everywhere and return all reasons."""
        found = [reason for place in (*self._keepers, *self._places) for reason in _ask(place)]
        kept = {(reason.reason, reason.who) for reason in found}
        # What a keeper took is not told twice; what none took is known here alone.
        alone = [reason for reason in self._memory if (reason.reason, reason.who) not in kept]
        return StopState((*found, *alone))

    def check(self, before: str) -> None:
        """Go on only where the stop is not set.

        Args:
            before: what is about to happen, for the message: `signing`, `broadcasting`.

        Raises:
            StopLatched: it is set.
        """
        state = self.state()
        if state.is_set:
            raise StopLatched(f"{before} was refused, the emergency stop is set: {state}")

    def latch(self, reason: str, who: str, at: float | None = None) -> StopState:
        """Set the stop, in this process at once and in every keeper that can be written.

        Repeating a reason that holds already adds nothing.

        Raises:
            SafetyError: no keeper could be written. This process stays stopped all the same.
        """
        latched = StopReason(MEMORY, reason, who, self._clock.now() if at is None else at)
        if all((known.reason, known.who) != (reason, who) for known in self._memory):
            self._memory = (*self._memory, latched)
        failures = [_keep(keeper, latched) for keeper in self._keepers]
        if all(failures):
            raise SafetyError(
                "the emergency stop is set in this process alone and would not survive a "
                f"restart: {'; '.join(failures)}"
            )
        return self.state()

    def clear(self, who: str, seen: StopState) -> StopState:
        """Clear the stop, on an operator's explicit word.

        Args:
            who: the operator.
            seen: the state that the operator was shown.

        Returns:
            What still holds: the environment and probes are not cleared from here.

        Raises:
            SafetyError: nobody is named, a reason has come up that the operator has not seen,
                or a keeper cannot be written.
        """
        if not who.strip():
            raise SafetyError("the emergency stop is cleared in somebody's name, and none is given")
        held = [reason for keeper in self._keepers for reason in _ask(keeper)]
        unseen = [reason for reason in held if reason not in seen.reasons]
        if unseen:
            raise SafetyError(
                "the emergency stop has a reason that was not looked at yet: "
                f"{StopState(tuple(unseen))}"
            )
        now = self._clock.now()
        cleared = [_clear(keeper, who, now, seen.reasons) for keeper in self._keepers]
        failures = [failure for failure in cleared if failure]
        if failures:
            raise SafetyError(f"the emergency stop stays set: {'; '.join(failures)}")
        self._memory = ()
        state = self.state()
        # Somebody may have latched it while it was being cleared.
        late = [r for r in state.reasons if r.place in self._kept_in and r not in seen.reasons]
        if late:
            raise SafetyError(
                f"the emergency stop was set anew while it was cleared: {StopState(tuple(late))}"
            )
        return state

    @property
    def _kept_in(self) -> frozenset[str]:
        return frozenset(keeper.name for keeper in self._keepers)


def _ask(place: StopPlace) -> Sequence[StopReason]:
    try:
        return place.look()
    except Exception as error:  # noqa: BLE001 - whatever keeps us from looking means stopped
        return [StopReason(place.name, f"cannot be read: {_words(error)}", "the stop itself")]


def _keep(keeper: StopKeeper, reason: StopReason) -> str:
    """Latch at `keeper`; return what went wrong, or nothing."""
    try:
        held = {(known.reason, known.who) for known in keeper.look()}
        if (reason.reason, reason.who) not in held:
            keeper.latch(reason)
    except Exception as error:  # noqa: BLE001 - one place failing must not spare the others
        return f"{keeper.name}: {_words(error)}"
    return ""


def _clear(keeper: StopKeeper, who: str, at: float, seen: Sequence[StopReason]) -> str:
    try:
        keeper.clear(who, at, seen)
    except Exception as error:  # noqa: BLE001 - the message names every place that stays set
        return f"{keeper.name}: {_words(error)}"
    return ""


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
