"""Labelling: one regime at a time, given up only for a good reason.

Chances flicker. A label that follows them changes several times an hour, and with every change
the weights of strategies. So the chances are averaged over the last blocks, a new label has to
be ahead by a factor, and that factor grows with every change and shrinks again with time.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Final

from aineon.optimizer.regimes.parameters import Floats
from aineon.optimizer.regimes.regime import REGIMES, Regime


@dataclass(frozen=True, slots=True)
class LabelRule:
    """How hesitant a label is.

    Attributes:
        share: weight of the newest block in the average of the chances.
        ahead: factor by which the average of another regime must lead after a calm time.
        dearer: every change adds this to the factor's logarithm ...
        memory_blocks: ... and half of it is gone after so many blocks.
    """

    share: float
    ahead: float
    dearer: float
    memory_blocks: float


RULE: Final = LabelRule(share=1 / 3, ahead=3.0, dearer=1.0, memory_blocks=1200.0)
"""Chosen on ten days of the sandbox that no published figure uses; see docs/regimes.md."""


class Labeller:
    """Follows chances with hesitation."""

    __slots__ = ("_average", "_fading", "_place", "_recent", "_rule")

    def __init__(self, rule: LabelRule = RULE) -> None:
        self._rule = rule
        self._fading = 0.5 ** (1 / rule.memory_blocks)
        self._recent = 0.0
        self._place: int | None = None
        self._average: Floats | None = None

    def update(self, chances: Floats) -> Regime:
        """Take the chances after a block and return the label; the first is the likeliest."""
        if self._average is None or self._place is None:
            self._average, self._place = chances.copy(), int(chances.argmax())
            return REGIMES[self._place]
        self._average += self._rule.share * (chances - self._average)
        self._recent *= self._fading
        best = int(self._average.argmax())
        needed = self._rule.ahead * exp(self._rule.dearer * self._recent)
        if best != self._place and self._average[best] > needed * self._average[self._place]:
            self._place = best
            self._recent += 1.0
        return REGIMES[self._place]
