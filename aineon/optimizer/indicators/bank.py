"""Bank: all indicators of all pairs, brought up to date bar by bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aineon.errors import OptimizerError
from aineon.optimizer.indicators import averages, ranges
from aineon.optimizer.indicators.averages import Averages
from aineon.optimizer.indicators.bars import Bars, Floats
from aineon.optimizer.indicators.catalogue import INDICATORS, NAMES
from aineon.optimizer.indicators.ranges import Ranges

_FIRST: Final = np.array([[indicator.first] for indicator in INDICATORS])
_SCALE: Final = np.array([[100.0 if each.unit == "%" else 1.0] for each in INDICATORS])
_OLDEST: Final = int(_FIRST.max())
_RANGES: Final = slice(averages.ROWS, averages.ROWS + ranges.ROWS)


class Bank:
    """The indicators of `aineon.optimizer.indicators.catalogue` for every pair.

    Values equal those of TA-Lib on the same bars, the first ones too; nan means that a pair has
    not had enough bars yet. A pair whose bar is unknown (no positive price, or a close outside
    of high and low) starts over: its values are nan until it has had enough bars again, as if
    the ones before had never been, because an average over a gap is none. Memory is bounded.

    Args:
        pairs: their names, each once.

    Raises:
        OptimizerError: a name comes twice.
    """

    names: Final = NAMES

    def __init__(self, pairs: Sequence[str]) -> None:
        self.pairs = tuple(pairs)
        self._places = {pair: place for place, pair in enumerate(self.pairs)}
        if len(self._places) < len(self.pairs):
            raise OptimizerError(f"pairs are {self.pairs!r}; allowed is every name once")
        count = len(self.pairs)
        self._ages: NDArray[np.int64] = np.zeros(count, dtype=np.int64)
        self._youngest = 0
        self._complete = True
        self._before: Floats = np.ones((3, count))
        self._volume: Floats = np.full(count, np.nan)
        self._averages = Averages(count)
        self._ranges = Ranges(count)
        self.values: Floats = np.full((len(NAMES), count), np.nan)

    def update(self, bars: Bars) -> Floats:
        """Take the newest bar of every pair and return all values.

        Returns:
            One row an indicator (as in `names`), one column a pair. It belongs to the caller.

        Raises:
            OptimizerError: the bars are of another number of pairs.
        """
        if bars.close.size != len(self.pairs):
            raise OptimizerError(
                f"the bars are of {bars.close.size} pairs; allowed are {len(self.pairs)}"
            )
        values: Floats = np.empty((len(NAMES), len(self.pairs)))
        now, before = self._follow(bars)
        self._averages.update(now, before, self._ages, self._youngest, values)
        self._ranges.update(now, values[_RANGES])
        values[-1] = self._on_balance(now[2] - before[2], bars.volume)
        values *= _SCALE
        if self._youngest < _OLDEST or not self._complete:
            values[self._ages < _FIRST] = np.nan
        self._before = now
        self.values = values
        return values

    def of(self, pair: str) -> dict[str, float]:
        """Return the values of one pair by name.

        Raises:
            OptimizerError: the pair is none of the bank's.
        """
        if pair not in self._places:
            raise OptimizerError(f"pair is {pair!r}; allowed are {', '.join(self.pairs)}")
        column = self.values[:, self._places[pair]]
        return dict(zip(NAMES, column.tolist(), strict=True))

    def _follow(self, bars: Bars) -> tuple[Floats, Floats]:
        """Count the ages; return this bar and the one before, with numbers everywhere.

        What is unknown is computed with a price of one and hidden afterwards by its age.
        """
        known = bars.known()
        now = np.array((bars.high, bars.low, bars.close))
        before = self._before
        ages = self._ages
        ages += 1
        # Counting takes a quarter of the time of all() and any(), which go through Python.
        complete = np.count_nonzero(known) == known.size
        if complete and self._complete:
            self._youngest += 1
        else:
            ages[~known] = 0
            now[:, ~known] = 1.0
            self._youngest = int(ages.min(where=known, initial=_OLDEST))
        self._complete = complete
        if self._youngest <= 1:
            fresh = ages <= 1
            before = np.where(fresh, now, before)
            self._volume[fresh] = np.nan
        return now, before

    def _on_balance(self, change: Floats, volume: Floats) -> Floats:
        """On-balance volume; an unknown volume lets it start over, with the next known one."""
        total = np.sign(change) * volume
        total += self._volume
        unknown = np.isnan(total)
        if np.count_nonzero(unknown):
            total[unknown] = volume[unknown]
        self._volume = total
        return total
