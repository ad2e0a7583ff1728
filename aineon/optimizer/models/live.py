"""What learns from every label at once: the live table, and a correction on top of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.models.correction import Correction
from aineon.optimizer.models.curves import Floats
from aineon.optimizer.models.labels import Label
from aineon.optimizer.models.packing import packed, part
from aineon.optimizer.models.table import LiveTable


class Live:
    """The live table with its correction: the plain member, and an input of all the others.

    The table knows pairs and sizes but forgets slowly, because its cells are many; the correction
    has a few numbers only, and follows within some tens of labels.
    """

    def __init__(self) -> None:
        self._table = LiveTable()
        self._correction = Correction()

    @property
    def labels(self) -> int:
        """How many outcomes it has learned from."""
        return self._table.labels

    def chances(self, pair: str, net: float) -> Floats:
        """Return the chance of each arm for a net of so many ETH."""
        return self._correction.chances(self._table.chances(pair, net), pair, net)

    def learn(self, label: Label) -> None:
        """Take in one outcome."""
        # The correction learns what the table missed, so it must not have seen this label yet.
        before = self._table.chances(label.pair, label.net)
        self._correction.learn(before, label.pair, label.net, label.landed)
        self._table.learn(label.pair, label.net, label.landed, label.time)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return all that was learned, as plain arrays."""
        parts = {"table": self._table.arrays(), "correction": self._correction.arrays()}
        return packed(parts)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return what goes on where the one of `arrays` was.

        Raises:
            ModelRefused: they are not those of such a pair.
        """
        live = cls()
        live._table = LiveTable.from_arrays(part(arrays, "table"))
        live._correction = Correction.from_arrays(part(arrays, "correction"))
        return live
