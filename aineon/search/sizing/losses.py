"""Losses: about what roundings leave of a cycle's profit, and of how many amounts.

These are estimates: they say where to look first, and nothing depends on them but how long it
takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from aineon.search.sizing.model import Model

# So many amounts are expected where one is looked for.
_EXPECTED = 2.0
_PER_GUESS = 2.0


class Rounding(NamedTuple):
    """One rounding of a cycle.

    Attributes:
        worth: what it costs at most, in the base token.
        free: the share of amounts of which it takes nothing.
    """

    worth: float
    free: float


def roundings_of(model: Model, worth: Sequence[float], place: int, least: float) -> list[Rounding]:
    """Return the roundings that cost more than `least`, around amounts counted at `place`.

    Those of the base token are whole: where its own amounts are counted, they cost nothing.

    Args:
        model: its pieces are rounded.
        worth: of a unit at each place.
        place: where amounts are counted; only a fee is rounded there.
        least: in the base token.
    """
    found = []
    for index, (piece, unit) in enumerate(zip(model.pieces, worth, strict=False)):
        if unit > least:
            if index != place:
                found.append(Rounding(unit, 0.0))
            if piece.of > 1:
                found.append(Rounding(unit, 1 / piece.of))
    if place and least < 1:
        found.append(Rounding(1.0, 0.0))
    return found


def likely_loss(roundings: Sequence[Rounding], amounts: float, least: float) -> float:
    """Return how far below the peak the best amount lies, about.

    Within a loss of `s` lie some root of `s` amounts, and the roundings leave a share of them.

    Args:
        roundings: those that matter.
        amounts: how many amounts lose no more than 1 before rounding.
        least: so many amounts lie within the loss at least.
    """
    loss = (least / amounts) ** 2
    while roundings and not are_enough(amounts * sqrt(loss) * share_of(roundings, loss)):
        loss *= _PER_GUESS
    return loss


def are_enough(expected: float) -> bool:
    """Whether one is likely to be found where so many are expected."""
    return expected >= _EXPECTED


def share_of(roundings: Sequence[Rounding], room: float) -> float:
    """Return about which share of the amounts that a curve leaves some room lose no more.

    The room shrinks from `room` to nothing. Its mean share, where `n` roundings take of it, is
    that of (1 - v^2)^n / n! for v from 0 to 1.
    """
    share, left = 1.0, 1.0
    for worth, free in roundings:
        chance = room / worth
        if chance < 1:
            left += 2
            share *= max(chance, free) * 2 / left
    return share
