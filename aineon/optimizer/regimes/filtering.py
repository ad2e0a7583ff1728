"""RegimeFilter: tells the market's regime block by block, and never looks ahead."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isfinite, isnan, log, nan
from typing import Final

from aineon.optimizer.regimes.forward import Forward, evidence
from aineon.optimizer.regimes.labelling import RULE, Labeller, LabelRule
from aineon.optimizer.regimes.learning import TRANSITIONS, WEIGHTS, Learner
from aineon.optimizer.regimes.regime import Observation, RegimeReading
from aineon.optimizer.regimes.transitions import TransitionCounter, TransitionStatistics

FIRST_LOOK: Final = 300
"""Blocks with a known move and activity before anything is said: an hour of Ethereum."""

_BPS: Final = 1e4


class Moves:
    """Turns observations into moves: basis points since the block before, nan where unknown."""

    __slots__ = ("_block", "_price")

    def __init__(self) -> None:
        self._block: int | None = None
        self._price = nan

    def is_news(self, observation: Observation) -> bool:
        """Whether a block comes after all that were seen."""
        return self._block is None or observation.block > self._block

    def take(self, observation: Observation) -> tuple[float, float]:
        """Return the move in basis points, and the activity.

        The move over a block that was not seen is unknown, because a longer one says another
        thing about how much the market moves.
        """
        price = observation.price if 0 < observation.price < inf else nan
        follows = self._block is not None and observation.block == self._block + 1
        move = _BPS * log(price / self._price) if follows else nan
        self._block, self._price = observation.block, price
        known = isfinite(observation.activity) and observation.activity >= 0
        return move, observation.activity if known else nan


class RegimeFilter:
    """Follows one market.

    What the regimes look like is learned from the blocks that were seen, so there is nothing to
    be set. After a first look of 300 blocks every block gives a reading; bad input (no price, no
    activity, a block that was seen before) is left out and changes nothing that was known.

    Args:
        rule: how hesitant the label is.
    """

    __slots__ = (
        "_counter", "_first_look", "_forward", "_labeller", "_learner", "_moves", "_reading",
    )  # fmt: skip

    def __init__(self, rule: LabelRule = RULE) -> None:
        self._moves = Moves()
        self._first_look: list[tuple[float, float]] = []
        self._learner: Learner | None = None
        self._forward = Forward(TRANSITIONS, WEIGHTS)
        self._labeller = Labeller(rule)
        self._counter = TransitionCounter()
        self._reading = RegimeReading()

    @property
    def reading(self) -> RegimeReading:
        """What is thought after the newest block."""
        return self._reading

    @property
    def statistics(self) -> TransitionStatistics:
        """How often the label changed so far, and how long labels stayed."""
        return self._counter.statistics()

    def update(self, observation: Observation) -> RegimeReading:
        """Take the newest block and return what is thought of the market now."""
        if not self._moves.is_news(observation):
            return self._reading
        move, activity = self._moves.take(observation)
        if self._learner is None:
            self._look(move, activity)
            return self._reading
        chances = self._forward.update(evidence(self._learner.parameters, move, activity))
        self._learner.learn(self._forward.chances, move, activity)
        regime = self._labeller.update(chances)
        self._counter.add(regime)
        if regime is not self._reading.regime:
            self._reading = RegimeReading(regime, (), observation.block)
        self._reading = replace(self._reading, probabilities=tuple(chances.tolist()))
        return self._reading

    def _look(self, move: float, activity: float) -> None:
        if not (isnan(move) or isnan(activity)):
            self._first_look.append((move, activity))
        if len(self._first_look) == FIRST_LOOK:
            moves, activities = zip(*self._first_look, strict=True)
            self._learner = Learner(moves, activities)
            # The same blocks once more, now that there is something to judge them by.
            for known_move, known_activity in self._first_look:
                self._forward.update(evidence(self._learner.parameters, known_move, known_activity))
                self._learner.learn(self._forward.chances, known_move, known_activity)
            self._first_look.clear()
