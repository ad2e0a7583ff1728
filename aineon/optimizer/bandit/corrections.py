"""Corrections: how far wins fall short of what was predicted for the bids that were chosen.

The bid that looks best of sixteen looks a little better than it is: where an estimate happens to
be too high, that arm is chosen more often (the winner's curse). So predictions at the chosen
bids are compared with what came, by pair and size, and scaled:

    factor = (wins + k) / (predicted wins + k)

with `k` predicted wins' worth of trust in the model. All outcomes give one factor, each size leans
on that one, and each pair and size on its size's: large opportunities are the ones whose chances
are most often overstated, and pairs differ little once size is known. Old outcomes fade.
"""

from __future__ import annotations

import math
from typing import Final

from aineon.optimizer.pair_rows import MOST_PAIRS, PairRows

HALF_LIFE: Final = 24 * 3600.0
"""Seconds after which an outcome counts half."""
TRUST: Final = 100.0
"""Predicted wins for which the model's word counts, and all outcomes' factor for a size."""
PAIR_TRUST: Final = 300.0
"""Predicted wins for which a size's factor counts for one of its pairs."""
_SMALLEST: Final = 1e-6
_LARGEST: Final = 1e6
LEAST: Final = 0.25
MOST: Final = 1.5
"""A correction is small: what is further off is drift, and others deal with that."""


class _Tally:
    def __init__(self) -> None:
        self._wins = 0.0
        self._predicted = 0.0
        self._time = -math.inf

    def learn(self, landed: bool, predicted: float, at: float) -> None:
        self._fade(at)
        self._wins += landed
        self._predicted += predicted

    def factor(self, holder: float = 1.0, trust: float = TRUST) -> float:
        """The factor of this tally's outcomes, with the holder's where there are few."""
        return (self._wins + trust * holder) / (self._predicted + trust)

    def _fade(self, at: float) -> None:
        if at > self._time:
            keep = 0.5 ** ((at - self._time) / HALF_LIFE)
            self._wins *= keep
            self._predicted *= keep
            self._time = at


class Corrections:
    """Factors on the chance that the chosen bid lands, by pair and size.

    Args:
        most_pairs: pairs that have factors of their own; see `PairRows`.
    """

    def __init__(self, most_pairs: int = MOST_PAIRS) -> None:
        self._all = _Tally()
        self._sizes: dict[int, _Tally] = {}
        self._pairs = PairRows(most=most_pairs)
        self._cells: list[dict[int, _Tally]] = []

    def factor(self, pair: str, net: float) -> float:
        """Return the factor for a pair and a net of so many ETH."""
        found = self._all.factor()
        size = _size(net)
        if (sizes := self._sizes.get(size)) is not None:
            found = sizes.factor(found)
        row = self._pairs.find(pair)
        if row is not None and (cell := self._cells[row].get(size)) is not None:
            found = cell.factor(found, PAIR_TRUST)
        return min(max(found, LEAST), MOST)

    def learn(self, pair: str, net: float, landed: bool, predicted: float, at: float) -> None:
        """Take in what came of the bid that was chosen, attempted or replayed.

        Args:
            pair: what it traded.
            net: ETH that it left before the bid.
            landed: whether that bid landed, or would have.
            predicted: the chance that was predicted for it, before any correction.
            at: seconds, the market's time.
        """
        size = _size(net)
        sizes = self._sizes.setdefault(size, _Tally())
        cell = self._of(pair).setdefault(size, _Tally())
        for tally in (self._all, sizes, cell):
            tally.learn(landed, predicted, at)

    def _of(self, pair: str) -> dict[int, _Tally]:
        """The tallies of a pair, none where it is a new one."""
        row = self._pairs.told(pair)
        if row.at == len(self._cells):
            self._cells.append({})
        elif row.is_new:
            self._cells[row.at] = {}
        return self._cells[row.at]


def _size(net: float) -> int:
    """Which size: one for each factor of about three."""
    return round(2 * math.log10(min(max(net, _SMALLEST), _LARGEST)))
