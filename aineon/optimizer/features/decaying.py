"""Decaying figures: what lies so and so many blocks back counts half.

They are brought up to date when something happens, and by reading are not changed: a block costs
what happened in it, and what is read depends on what was seen alone, never on how often.
"""

from __future__ import annotations

import math
from math import isnan, nan
from typing import Final

_LN2: Final = math.log(2.0)


class Mean:
    """The mean of events; an event's weight halves every `half_life` blocks."""

    __slots__ = ("_at", "_half_life", "_sum", "_weight")

    def __init__(self, half_life: float) -> None:
        self._half_life = half_life
        self._at = 0
        self._sum = 0.0
        self._weight = 0.0

    def add(self, value: float, now: int) -> None:
        """Take an event of block `now` in."""
        kept = _kept(now - self._at, self._half_life)
        self._sum = self._sum * kept + value
        self._weight = self._weight * kept + 1.0
        self._at = now

    @property
    def value(self) -> float:
        """The mean; nan where there was no event."""
        return self._sum / self._weight if self._weight else nan


class Rate:
    """How much happens a block, over the blocks since `began`."""

    __slots__ = ("_at", "_began", "_half_life", "_sum")

    def __init__(self, half_life: float, began: int) -> None:
        self._half_life = half_life
        self._began = began
        self._at = began
        self._sum = 0.0

    def add(self, now: int, amount: float = 1.0) -> None:
        """Something happened in block `now`."""
        self._sum = self._sum * _kept(now - self._at, self._half_life) + amount
        self._at = now

    def at(self, now: int) -> float:
        """The rate as block `now` ends."""
        blocks = max(now - self._began, 0) + 1
        return self._sum * _kept(now - self._at, self._half_life) / _mass(blocks, self._half_life)


class Level:
    """The mean over time of something that holds its value until it changes."""

    __slots__ = ("_at", "_half_life", "_held", "_sum", "_weight")

    def __init__(self, half_life: float) -> None:
        self._half_life = half_life
        self._at = 0
        self._held = nan
        self._sum = 0.0
        self._weight = 0.0

    def hold(self, value: float, now: int) -> None:
        """From block `now` on it is `value`."""
        self._sum, self._weight = self._until(now)
        self._at = now
        self._held = value

    def mean(self, now: int) -> float:
        """The mean up to block `now`, which counts as the others; nan where nothing was held."""
        total, weight = self._until(now + 1)
        return total / weight if weight else nan

    def _until(self, now: int) -> tuple[float, float]:
        """Sum and weight of the blocks before `now`."""
        blocks = now - self._at
        if blocks <= 0 or isnan(self._held):
            return self._sum, self._weight
        kept, mass = _kept(blocks, self._half_life), _mass(blocks, self._half_life)
        return self._sum * kept + self._held * mass, self._weight * kept + mass


def _kept(blocks: int, half_life: float) -> float:
    """What is left of a weight; a clock that goes backwards takes nothing away."""
    return math.exp2(-blocks / half_life) if blocks > 0 else 1.0


def _mass(blocks: int, half_life: float) -> float:
    """The weights of so many blocks together, the last one's being 1."""
    return math.expm1(-_LN2 * blocks / half_life) / math.expm1(-_LN2 / half_life)
