"""Moment: the time of day, and how long the block took."""

from __future__ import annotations

from math import cos, nan, pi, sin
from typing import Final

from aineon.optimizer.features.feature import Feature, Group
from aineon.primitives import Block

_DAY: Final = 86_400
_STAMP = "timestamp of the block"


def _told(name: str, unit: str, formula: str) -> Feature:
    return Feature(name, unit, formula, _STAMP, Group.TIME)


FEATURES: Final = (
    _told("day_sin", "1", "sine of the time of day in UTC, a day being a full turn"),
    _told("day_cos", "1", "its cosine"),
    _told("block_seconds", "s", "time since the block before; above 12 where slots were missed"),
)


class Moment:
    """Follows the blocks' timestamps."""

    def __init__(self) -> None:
        self._stamp: int | None = None
        self._took = nan

    def observe(self, block: Block) -> None:
        """A block has ended."""
        known = None not in (self._stamp, block.timestamp)
        self._took = float((block.timestamp or 0) - (self._stamp or 0)) if known else nan
        self._stamp = block.timestamp

    def values(self) -> dict[str, float]:
        """The features of this moment."""
        turn = nan if self._stamp is None else 2 * pi * (self._stamp % _DAY) / _DAY
        return {"day_sin": sin(turn), "day_cos": cos(turn), "block_seconds": self._took}
