"""The line: a weighted sum of what is known, added to what the live table says.

For each number of a row it holds three weights: how much it lifts the whole curve, how much it
tilts it, and how much it bends it over the arms. That is a penalised logistic regression with
the live table's log-odds as its offset: stiff, but with a few hundred outcomes it already knows
what trees need thousands for, and it goes on straight where trees have nothing to go by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from aineon.errors import ModelRefused
from aineon.optimizer.models.curves import SLOPE, Floats

SHAPES: Final[Floats] = np.stack([np.ones_like(SLOPE), SLOPE, SLOPE**2 - np.mean(SLOPE**2)])
"""Level, tilt and bend over the arms: (3, arms)."""


@dataclass(frozen=True, eq=False)
class Line:
    """Weights of a logistic regression.

    Attributes:
        weights: (3, 1 + numbers of a row): of each of `SHAPES`, first without any number.
    """

    weights: Floats

    def log_odds(self, rows: Floats, told: Floats) -> Floats:
        """Return the log-odds of the curves of rows of which the table says `told`."""
        sums = rows @ self.weights[:, 1:].T + self.weights[:, 0]
        odds: Floats = told + sums @ SHAPES
        return odds

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return all there is, as plain arrays."""
        return {"weights": self.weights}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], width: int) -> Self:
        """Return the line that `arrays` described, for rows of `width` numbers.

        Raises:
            ModelRefused: it is for other rows.
        """
        weights = arrays["weights"].astype(np.float64)
        if weights.shape != (len(SHAPES), width + 1):
            raise ModelRefused("the line of a model does not fit its inputs")
        return cls(weights)
