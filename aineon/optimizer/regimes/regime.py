"""Regimes: the five characters that a stretch of time may have, and what is seen of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import nan
from typing import Final


class Regime(StrEnum):
    """The character of the market. It tells how much prices move, not where they will go."""

    TRENDING_UP = "trending up"
    TRENDING_DOWN = "trending down"
    RANGING = "ranging"
    VOLATILE = "volatile"
    QUIET = "quiet"


REGIMES: Final = tuple(Regime)
"""All of them; every array of this package is in this order."""

UP, DOWN, RANGING, VOLATILE, QUIET = range(len(REGIMES))
"""Their places in it."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one block shows to everybody.

    Attributes:
        block: its number.
        price: what a WETH is worth in the deepest pool against a dollar, at the block's end. Any
            unit will do, because only changes count; nan where it is unknown.
        activity: how many pools were moved in this block; nan where it is unknown.
    """

    block: int
    price: float = nan
    activity: float = nan


@dataclass(frozen=True, slots=True)
class RegimeReading:
    """What is thought of the market after a block.

    Attributes:
        regime: the label, which changes with hesitation; None while too little has been seen.
        probabilities: of each regime, as in `REGIMES`. They rest on this block and the ones
            before it; a later one never changes them. Empty while too little has been seen.
        since_block: number of the block with which the label began; None while there is none.
    """

    regime: Regime | None = None
    probabilities: tuple[float, ...] = ()
    since_block: int | None = None
