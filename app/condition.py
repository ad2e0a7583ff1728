"""How the engine is doing, seen from its heartbeat, in words and with what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from aineon.errors import AineonError
from aineon.ledger.heartbeat import Heartbeat
from app.format import age
from app.state import Client

Severity = Literal["good", "waiting", "warning", "error"]

_RESTART = "Look at the engine's log, then start AINEON again with `make run` or `aineon up`."
_ENDED = frozenset({"finished", "stopped", "failed"})


@dataclass(frozen=True, slots=True)
class Condition:
    """What people should know about the engine.

    Attributes:
        word: one or two words, e.g. `Running`.
        sentence: what is known, with the heartbeat's age where there is one.
        advice: what to do; empty where nothing is to be done.
        heartbeat: what the engine said last; None where it said nothing that can be read.
        warm_up: share of the warm-up that is done, 0 to 1; None outside it.
    """

    word: str
    severity: Severity
    sentence: str
    advice: str = ""
    heartbeat: Heartbeat | None = None
    warm_up: float | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the engine works now, for all that is known."""
        return self.severity in ("good", "waiting")


def condition_of(client: Client) -> Condition:
    """Return how the engine of `client` is doing now."""
    try:
        heartbeat = client.heartbeat()
    except AineonError as error:
        return Condition(
            "Unknown",
            "warning",
            f"The engine's heartbeat cannot be read: {error}.",
            "This page tries again by itself every few seconds.",
        )
    if heartbeat is None:
        return Condition(
            "Not started",
            "warning",
            "No engine has left a heartbeat here yet.",
            "Start AINEON with `make run` or `aineon up`; a first start takes some seconds.",
        )
    if heartbeat.mode != client.settings.mode:
        return _of_another_mode(heartbeat, client.settings.mode)
    old = max(0.0, client.clock.now() - heartbeat.beat_at)
    return _seen(heartbeat, old, client.settings.heartbeat_stale_seconds)


def _of_another_mode(heartbeat: Heartbeat, shown: str) -> Condition:
    """The engine's figures are not of the book that is shown, so none of them is passed on."""
    return Condition(
        "Other mode",
        "waiting",
        f"The engine was last heard of in {heartbeat.mode}; this is the book of {shown}. After a "
        "change of mode that takes some seconds.",
    )


def _seen(heartbeat: Heartbeat, old: float, stale_after: float) -> Condition:
    state = heartbeat.state
    if old > stale_after and state not in _ENDED:
        return Condition(
            "Down",
            "error",
            f"The engine has been silent for {age(old)}; it was {state} when it was last heard "
            "of. The figures below are as old as that.",
            _RESTART,
            heartbeat,
        )
    describe = _WORDS.get(state)
    if describe is None:
        return Condition(state.capitalize(), "waiting", f"Heartbeat {age(old)} ago.", "", heartbeat)
    found = describe(heartbeat, old)
    if old > stale_after / 2 and state not in _ENDED:
        return Condition(
            "Stale",
            "warning",
            f"The engine is {state}, but its last heartbeat is {age(old)} old; from "
            f"{age(stale_after)} on it counts as down.",
            "",
            heartbeat,
            found.warm_up,
        )
    return found


def _starting(heartbeat: Heartbeat, old: float) -> Condition:
    return Condition(
        "Starting", "waiting", f"The engine starts. Heartbeat {age(old)} ago.", "", heartbeat
    )


def _warming_up(heartbeat: Heartbeat, old: float) -> Condition:
    done, total = heartbeat.warm_up_done, heartbeat.warm_up_total
    share, progress = None, "The engine runs its warm-up blocks"
    if done is not None and total:
        share = min(1.0, done / total)
        progress = f"Warm-up: {done:,} of {total:,} blocks"
    return Condition(
        "Warming up",
        "waiting",
        f"{progress}; trades in it are worked out for real. Heartbeat {age(old)} ago.",
        "",
        heartbeat,
        share,
    )


def _running(heartbeat: Heartbeat, old: float) -> Condition:
    return Condition("Running", "good", f"Heartbeat {age(old)} ago.", "", heartbeat)


def _paused(heartbeat: Heartbeat, old: float) -> Condition:
    reason = heartbeat.detail or "the engine's log says why"
    return Condition(
        "Paused",
        "warning",
        f"{reason} Nothing is sent meanwhile. Heartbeat {age(old)} ago.",
        "The engine goes on by itself as soon as the reason is gone.",
        heartbeat,
    )


def _finished(heartbeat: Heartbeat, old: float) -> Condition:
    return Condition(
        "Finished",
        "waiting",
        f"The feed came to its end {age(old)} ago; the figures below are final.",
        "Start AINEON again for a new run.",
        heartbeat,
    )


def _stopped(heartbeat: Heartbeat, old: float) -> Condition:
    return Condition(
        "Stopped",
        "warning",
        f"The engine was stopped {age(old)} ago.",
        "Start AINEON again with `make run` or `aineon up`.",
        heartbeat,
    )


def _failed(heartbeat: Heartbeat, old: float) -> Condition:
    reason = heartbeat.detail or "the engine's log says why"
    return Condition(
        "Failed", "error", f"The engine failed {age(old)} ago: {reason}.", _RESTART, heartbeat
    )


_WORDS: dict[str, Callable[[Heartbeat, float], Condition]] = {
    "starting": _starting,
    "warming up": _warming_up,
    "running": _running,
    "paused": _paused,
    "finished": _finished,
    "stopped": _stopped,
    "failed": _failed,
}
