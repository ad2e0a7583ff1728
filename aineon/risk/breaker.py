"""The rules by which the circuit breaker moves (`aineon.safety.breaker` keeps its state).

Weather moves it down as far as the worst reading says, and lets it up again one step at a time,
each after so many blocks without such a reading. Damage halts it until an operator has looked:
a day's loss at its limit, faults of our own in a row, a settlement that an independent source
contradicts, a defect of the engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from aineon.risk.day import Day
from aineon.risk.limits import Limits
from aineon.risk.weather import FINE, Reading
from aineon.safety.breaker import Breaker, BreakerState

WHO: Final = "risk"
CALM_BLOCKS: Final = 10
"""Blocks without a reading as bad as the state before the breaker moves up by one."""
FAULTS: Final = 3
"""Reverts of our own making in a row that halt it; lost races do not count."""
DAILY_LOSS: Final = "daily_loss"
FAULTS_IN_A_ROW: Final = "faults"
_STATES: Final = tuple(BreakerState)


@dataclass(frozen=True, slots=True)
class Ended:
    """What the rules look at in a settlement.

    Attributes:
        net_wei: None where not known.
        included: whether it landed and paid.
        at_fault: whether it reverted by a fault of ours, and not because somebody was faster.
        contradicted: what an independent source says against it; empty where none does.
        words: the settlement's reason.
    """

    attempt_id: str
    net_wei: int | None
    included: bool = False
    at_fault: bool = False
    contradicted: str = ""
    words: str = ""


class BreakerRules:
    """Moves a breaker by weather and damage.

    Args:
        breaker: what is moved.
        limits: whose daily loss is damage.
        day: the day's result, counted by whoever calls.
    """

    def __init__(self, breaker: Breaker, limits: Limits, day: Day) -> None:
        self._breaker = breaker
        self._limits = limits
        self._day = day
        self._calm = 0
        self._number: int | None = None
        self._faults = 0

    def follow(self, readings: Iterable[Reading], number: int) -> None:
        """Move as the weather of block `number` says; a second step of a block calms nothing."""
        state = self._breaker.look().state
        worst = max(readings, key=lambda each: each.level.severity, default=None)
        level = FINE if worst is None else worst.level
        is_new, self._number = number != self._number, number
        if state is BreakerState.HALTED or level is state:
            self._calm = 0
        elif worst is not None and level.severity > state.severity:
            self._calm = 0
            self._breaker.move(level, worst.cause, worst.words, WHO)
        else:
            self._calm += is_new
            if self._calm >= CALM_BLOCKS:
                self._calm = 0
                words = f"for {CALM_BLOCKS} blocks no reading was as bad"
                self._breaker.move(_STATES[state.severity - 1], "calm", words, WHO)

    def settled(self, ended: Ended) -> None:
        """Look for damage in a settlement that `day` has counted already."""
        self._faults = 0 if ended.included else self._faults + ended.at_fault
        if ended.contradicted:
            self.damage("contradiction", f"attempt {ended.attempt_id}: {ended.contradicted}")
        self._look_at_faults(f"the last one, {ended.attempt_id}: {ended.words}")
        self.look_at_day(ended.net_wei)

    def go_on(self, faults: int) -> None:
        """Count on from `faults` in a row, which the book holds from before the start.

        An engine that dies between booking the last of them and tripping leaves that behind.
        """
        self._faults = faults
        self._look_at_faults("as the book says")

    def _look_at_faults(self, words: str) -> None:
        if self._faults >= FAULTS:
            number, self._faults = self._faults, 0
            self.damage(
                FAULTS_IN_A_ROW,
                f"{number} attempts in a row reverted by a fault of ours, {words}",
            )

    def look_at_day(self, change_wei: int | None) -> None:
        """Halt where a loss has brought the day to its limit.

        Only what made it worse halts: what an operator has seen and reset does not halt again.
        """
        limit = self._limits.max_daily_loss_wei
        if limit is not None and (change_wei or 0) < 0 and self._day.loss_wei >= limit:
            self.damage(DAILY_LOSS, self._day.words(limit))

    def damage(self, cause: str, words: str) -> None:
        """Halt the breaker until an operator resets it."""
        self._breaker.move(BreakerState.HALTED, cause, words, WHO)
