"""A small neural network: weighted sums, cut at zero, summed up to log-odds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from aineon.errors import ModelRefused
from aineon.optimizer.models.curves import Floats


@dataclass(frozen=True, eq=False)
class Network:
    """Layers of a multilayer perceptron with rectified units.

    Attributes:
        weights: a matrix (from, to) for each layer; the last one leads to one number.
        biases: what each layer adds.
    """

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]

    def log_odds(self, rows: Floats) -> Floats:
        """Return one number for each row."""
        signal = rows
        for weights, biases in zip(self.weights[:-1], self.biases[:-1], strict=True):
            signal = np.maximum(signal @ weights + biases, 0.0)
        odds: Floats = (signal @ self.weights[-1] + self.biases[-1])[:, 0]
        return odds

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return all there is, as plain arrays."""
        layers = enumerate(zip(self.weights, self.biases, strict=True))
        found: dict[str, NDArray[np.generic]] = {}
        for layer, (weights, biases) in layers:
            found |= {f"weights{layer}": weights, f"biases{layer}": biases}
        return found

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], width: int) -> Self:
        """Return the network that `arrays` described, for rows of `width` numbers.

        Raises:
            ModelRefused: its layers do not fit each other, or no such rows.
        """
        layers = range(len(arrays) // 2)
        weights = tuple(arrays[f"weights{layer}"].astype(np.float64) for layer in layers)
        biases = tuple(arrays[f"biases{layer}"].astype(np.float64) for layer in layers)
        shapes = [each.shape for each in weights]
        fits = (
            bool(shapes)
            and all(len(shape) == 2 for shape in shapes)
            and shapes[0][0] == width
            and shapes[-1][1] == 1
            and all(left[1] == right[0] for left, right in pairwise(shapes))
            and [each.shape for each in biases] == [shape[1:] for shape in shapes]
        )
        if not fits:
            raise ModelRefused("the layers of a model's network do not fit each other")
        return cls(weights, biases)
