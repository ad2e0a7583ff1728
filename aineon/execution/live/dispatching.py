"""Dispatch: to which relays a plan is handed, and for which of its target blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from aineon.execution.plan import ExecutionPlan


def _untold() -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """How a plan is sent.

    Attributes:
        relays: the names of those that get it; None for all of them.
        blocks: the most target blocks that it is meant for, counted from the first; None for all
            that the plan allows.
        signed: called once the plan is signed, or may be; never where it was refused before.
        untaken: called where none of `relays` took it, so that all of them got it after all.
    """

    relays: frozenset[str] | None = None
    blocks: int | None = None
    signed: Callable[[], None] = field(default=_untold, compare=False)
    untaken: Callable[[], None] = field(default=_untold, compare=False)


TO_EVERYBODY = Dispatch()
"""To all relays, for each target block: nothing that a relay is not told costs anything."""

Dispatcher = Callable[[ExecutionPlan], Dispatch]
"""Says how a plan is sent. Asked once for each plan, right before that is signed or refused."""


def to_everybody(_: ExecutionPlan) -> Dispatch:
    """Send every plan to all relays, for each target block."""
    return TO_EVERYBODY
