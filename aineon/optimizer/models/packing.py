"""Names of arrays in one file: those of a part stand behind its name and a slash."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[np.generic]]


def packed(parts: Mapping[str, Arrays]) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of all parts under names of their own."""
    return {
        f"{name}/{each}": array for name, arrays in parts.items() for each, array in arrays.items()
    }


def part(arrays: Arrays, name: str) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of one part, under the names that it knows."""
    start = f"{name}/"
    return {
        each.removeprefix(start): array for each, array in arrays.items() if each.startswith(start)
    }
