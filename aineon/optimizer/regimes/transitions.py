"""Transitions: how often one label followed another, and how long labels stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aineon.optimizer.regimes.regime import Regime


@dataclass(frozen=True, slots=True)
class TransitionStatistics:
    """What the labels did so far.

    Attributes:
        blocks: how many blocks each label was there.
        changes: how often the first of two labels was followed by the second.
    """

    blocks: Mapping[Regime, int]
    changes: Mapping[tuple[Regime, Regime], int]

    def expected_stay_blocks(self, regime: Regime) -> float | None:
        """Blocks that a label stays on average; None where it has never been given up.

        The stay that still lasts counts with what it has lasted so far (the usual estimate of
        a constant chance of leaving from a stretch that is cut off).
        """
        left = sum(count for (before, _), count in self.changes.items() if before is regime)
        return self.blocks.get(regime, 0) / left if left else None

    def chance(self, before: Regime, after: Regime) -> float | None:
        """Share of the departures from one label that led to another; None without departures."""
        left = sum(count for (one, _), count in self.changes.items() if one is before)
        return self.changes.get((before, after), 0) / left if left else None


class TransitionCounter:
    """Counts what labels do."""

    __slots__ = ("_blocks", "_changes", "_last")

    def __init__(self) -> None:
        self._blocks: Counter[Regime] = Counter()
        self._changes: Counter[tuple[Regime, Regime]] = Counter()
        self._last: Regime | None = None

    def add(self, regime: Regime) -> None:
        """Take the label of one more block."""
        self._blocks[regime] += 1
        if self._last is not None and regime is not self._last:
            self._changes[self._last, regime] += 1
        self._last = regime

    def statistics(self) -> TransitionStatistics:
        """What was counted so far; it does not change later."""
        return TransitionStatistics(
            MappingProxyType(dict(self._blocks)), MappingProxyType(dict(self._changes))
        )
