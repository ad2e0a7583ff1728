"""Novelty: whether an input lies within what the models were trained on.

A model answers any input, also one far from all it has seen, and then its answer means nothing.
Each feature's usual range is its median plus or minus some robust deviations (1.4826 times the
median absolute deviation, see `aineon.risk.robust`), widened to what really came in training.
A figure outside of it is novel, and so is a missing one where it was hardly ever missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from aineon.errors import ModelRefused

Floats = NDArray[np.float64]

DEVIATIONS: Final = 8.0
"""Robust deviations from the median up to which a figure is usual anyhow."""
MARGIN: Final = 0.25
"""Share of the range seen in training by which a figure may lie beyond it."""
HARDLY: Final = 0.01
"""Share of the training rows up to which a figure counts as hardly ever missing."""
MOST_NOVEL: Final = 0.15
"""Share of the features that may be novel before the input is."""

_SCALE: Final = 1.4826


@dataclass(frozen=True, eq=False)
class Ranges:
    """The usual range of each feature.

    Attributes:
        names: the features.
        medians: what stands for a feature where its influence is asked for; 0 of a feature that
            was always missing.
        low, high: the ends of the usual range.
        seldom_missing: where a missing figure is novel.
    """

    names: tuple[str, ...]
    medians: Floats
    low: Floats
    high: Floats
    seldom_missing: NDArray[np.bool_]

    @classmethod
    def of(cls, names: Sequence[str], values: Floats) -> Self:
        """Return the ranges of a training window; every figure is usual where it has no row.

        Args:
            names: the features.
            values: (rows, features), nan where one was not known.
        """
        known = np.isfinite(values)
        missing = 1.0 - known.mean(axis=0) if len(values) else np.ones(len(names))
        # A column without any figure is given one, so that the statistics below are defined.
        filled = np.where(known, values, np.nan)
        empty = ~known.any(axis=0)
        filled = np.vstack([filled, np.where(empty, 0.0, np.nan)])
        medians = np.nanmedian(filled, axis=0)
        spread = DEVIATIONS * _SCALE * np.nanmedian(np.abs(filled - medians), axis=0)
        least, most = np.nanmin(filled, axis=0), np.nanmax(filled, axis=0)
        room = MARGIN * (most - least)
        return cls(
            names=tuple(names),
            medians=medians,
            low=np.where(empty, -np.inf, np.minimum(medians - spread, least - room)),
            high=np.where(empty, np.inf, np.maximum(medians + spread, most + room)),
            seldom_missing=missing <= HARDLY,
        )

    def novel(self, vector: Floats) -> NDArray[np.bool_]:
        """Return which features of an input are novel."""
        outside: NDArray[np.bool_] = (vector < self.low) | (vector > self.high)
        return outside | (~np.isfinite(vector) & self.seldom_missing)

    def why_novel(self, vector: Floats) -> str:
        """Return in a sentence why an input is novel; empty where it is not."""
        novel = self.novel(vector)
        count = int(novel.sum())
        if count <= MOST_NOVEL * len(self.names):
            return ""
        first = int(novel.argmax())
        return (
            f"{count} of {len(self.names)} features lie outside of what the models have seen, "
            f"{self.names[first]} among them"
        )

    def arrays(self) -> dict[str, Any]:
        """Return plain arrays that `from_arrays` makes the same ranges of."""
        return {
            "names": np.array(self.names),
            "medians": self.medians,
            "low": self.low,
            "high": self.high,
            "seldom_missing": self.seldom_missing,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Self:
        """Return the ranges that `arrays` wrote.

        Raises:
            ModelRefused: one is missing, or of another length than the names.
        """
        try:
            ranges = cls(
                names=tuple(str(name) for name in arrays["names"]),
                medians=np.asarray(arrays["medians"], dtype=np.float64),
                low=np.asarray(arrays["low"], dtype=np.float64),
                high=np.asarray(arrays["high"], dtype=np.float64),
                seldom_missing=np.asarray(arrays["seldom_missing"], dtype=np.bool_),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelRefused(
                f"the ranges of a model's features are malformed: {error}"
            ) from error
        for name in ("medians", "low", "high", "seldom_missing"):
            if getattr(ranges, name).shape != (len(ranges.names),):
                raise ModelRefused(
                    f"{name} of a model's ranges has the shape {getattr(ranges, name).shape}; "
                    f"allowed is ({len(ranges.names)},)"
                )
        return ranges
