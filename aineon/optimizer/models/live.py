"""What learns from every label at once: the live table, and what is thought of the others' bids.

Two curves are mixed. One is the live table's, with a correction: how often each bid landed, by pair
and size. The other comes with the features, where they hold it: the chance that nobody else bids as
much, by all that was seen of each rival (`features.bidders`); it is true where the block's builder
takes bundles from here at all, so it is multiplied by how often that was so. What each would have
said of the newest labels decides how much it counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.arms import FIRST
from aineon.optimizer.models.correction import Correction
from aineon.optimizer.models.curves import LEAST, Floats, from_log_odds, log_odds
from aineon.optimizer.models.labels import Label
from aineon.optimizer.models.packing import packed, part
from aineon.optimizer.models.table import LiveTable

_REACHED, _TRIED = 19.0, 20.0
# How often builders are reached changes seldom, but then at once. So the long memory counts, and
# of what the short one says otherwise so much as chance does not explain.
_REMEMBERED: Final = np.array([[3_000.0], [300.0]])
_BY_CHANCE: Final = 0.06
_LIKELY: Final = 0.5
_JUDGED_OVER: Final = 200.0
_STRICTNESS: Final = 150.0


class LiveTold(NamedTuple):
    """What is said of one opportunity.

    Attributes:
        table: the chances that the live table with its correction tells.
        rivals: those by what is thought of each rival; None where nothing is.
        curve: both, mixed.
    """

    table: Floats
    rivals: Floats | None
    curve: Floats


class Live:
    """The plain member, and an input of all the others.

    The table knows pairs and sizes but forgets slowly, because its cells are many; the correction
    has a few numbers only, and follows within some tens of labels.

    Args:
        names: the features of the vectors that will come; without `FIRST` among them the table
            speaks alone.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        told = set(FIRST) <= set(names)
        self._columns = np.array([list(names).index(each) for each in FIRST if told], np.int64)
        self._table = LiveTable()
        self._correction = Correction()
        # Of the labels that hardly any rival would have stopped: how many landed, of how many.
        self._reach = np.array([[_REACHED, _TRIED]] * len(_REMEMBERED))
        self._loss = np.zeros(2)
        self._heard = False

    @property
    def labels(self) -> int:
        """How many outcomes it has learned from."""
        return self._table.labels

    @property
    def hears_of_rivals(self) -> bool:
        """Whether the newest outcome's features told what is thought of rivals."""
        return self._heard

    def chances(self, pair: str, net: float, vector: Floats | None = None) -> Floats:
        """Return the chance of each arm.

        Args:
            pair: what the opportunity trades.
            net: ETH that it leaves before the bid.
            vector: its features; without them the table speaks alone.
        """
        return self.told(pair, net, vector).curve

    def told(self, pair: str, net: float, vector: Floats | None) -> LiveTold:
        """Return the same, with what it is mixed of."""
        table, first = self.table(pair, net), self._first(vector)
        if first is None:
            return LiveTold(table, None, table)
        rivals = first * self._reached()
        return LiveTold(table, rivals, self._mixed(table, rivals))

    def table(self, pair: str, net: float) -> Floats:
        """Return the chances that the live table with its correction tells."""
        return self._correction.chances(self._table.chances(pair, net), pair, net)

    def learn(self, label: Label) -> None:
        """Take in one outcome."""
        # What is judged, and what the correction learns, must not have seen this label yet.
        before = self._table.chances(label.pair, label.net)
        self._heard = self._first(label.vector) is not None
        known = ~np.isnan(label.landed)
        if known.any():
            self._judge(label, before, known)
        self._correction.learn(before, label.pair, label.net, label.landed)
        self._table.learn(label.pair, label.net, label.landed, label.time)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return all that was learned, as plain arrays."""
        own = {"reach": self._reach, "loss": self._loss}
        parts = {"table": self._table.arrays(), "correction": self._correction.arrays()}
        return packed({**parts, "rivals": own})

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, NDArray[np.generic]], names: Sequence[str] = ()
    ) -> Self:
        """Return what goes on where the one of `arrays` was.

        Args:
            arrays: what was learned.
            names: the features of the vectors that will come; they may be others than before.

        Raises:
            ModelRefused: they are not those of such a pair.
        """
        live = cls(names)
        live._table = LiveTable.from_arrays(part(arrays, "table"))
        live._correction = Correction.from_arrays(part(arrays, "correction"))
        own = part(arrays, "rivals")
        # What was kept with one memory only goes on in both.
        reach = own["reach"].astype(np.float64).reshape(-1, 2)
        live._reach = np.broadcast_to(reach, (len(_REMEMBERED), 2)).copy()
        live._loss = own["loss"].astype(np.float64).reshape(2)
        return live

    def _mixed(self, table: Floats, rivals: Floats) -> Floats:
        weights = np.exp(-_STRICTNESS * (self._loss - self._loss.min()))
        odds = weights[0] * log_odds(table) + weights[1] * log_odds(rivals)
        return from_log_odds(odds / weights.sum())

    def _judge(self, label: Label, before: Floats, known: NDArray[np.bool_]) -> None:
        first = self._first(label.vector)
        if first is None:
            return
        table = self._correction.chances(before, label.pair, label.net)
        told = np.stack([table, first * self._reached()])[:, known]
        kept = np.clip(told, LEAST, 1 - LEAST)
        miss = -np.log(np.where(label.landed[known] > 0, kept, 1 - kept)).mean(axis=1)
        self._loss += (miss - self._loss) / _JUDGED_OVER
        # Where only a bound is known, wins tell of the dearest bid and losses do not.
        if known.all() and first[-1] > _LIKELY:
            landed = np.array([label.landed[-1], first[-1]])
            self._reach += landed - self._reach / _REMEMBERED

    def _reached(self) -> float:
        long, short = (float(landed / tried) for landed, tried in self._reach)
        apart = short - long
        changed = math.copysign(max(abs(apart) - _BY_CHANCE, 0.0), apart)
        return min(max(long + changed, 0.0), 1.0)

    def _first(self, vector: Floats | None) -> Floats | None:
        """What the features say; None where they say nothing."""
        if vector is None or not self._columns.size or len(vector) <= self._columns.max():
            return None
        odds = vector[self._columns]
        return from_log_odds(odds) if np.isfinite(odds).all() else None
