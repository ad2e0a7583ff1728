"""The correction: what the newest labels say that a model's curve misses, one small step a label.

A model is trained every now and then; the competition changes meanwhile. On the scale of
log-odds a correction adds to a curve

    level + tilt * slope + level(pair) + tilt(pair) * slope + lift * size

where the size is the powers of ten by which the net is larger than usual. Each label moves these
few numbers one step down the gradient of the log loss over the arms that it tells about. A step
is some ten microseconds, so it is done for every label and at once.

How long a step should be depends on how fast the competition changes, which nobody knows
beforehand: corrections with several lengths (one of them zero: the curve as it is) run side by
side, and what each would have said of the newest labels decides how much it counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from aineon.errors import ModelRefused
from aineon.optimizer.models.curves import LEAST, SLOPE, Floats, from_log_odds, log_odds, sizes
from aineon.optimizer.pair_rows import MOST_PAIRS, PairRows

LENGTHS: Final = (0.0, 0.03, 0.1, 0.3)
"""Lengths of a step, in log-odds for a surprise of one on all arms."""

_PAIR: Final = 0.5
_FADES: Final = 0.999
_JUDGED_OVER: Final = 300.0
_STRICTNESS: Final = 150.0


class Correction:
    """Small additions to a model's curves, learned from each label.

    Args:
        lengths: of a step, of each of the corrections side by side.
        most_pairs: pairs that have additions of their own; see `PairRows`.
    """

    def __init__(self, lengths: tuple[float, ...] = LENGTHS, most_pairs: int = MOST_PAIRS) -> None:
        self._lengths = np.array(lengths)[:, None]
        self._pairs = PairRows(most=most_pairs)
        # lengths x (level, tilt, size), and lengths x pairs x (level, tilt)
        self._shared = np.zeros((len(lengths), 3))
        self._own = np.zeros((len(lengths), 0, 2))
        self._loss = np.zeros(len(lengths))
        self.labels = 0

    def chances(self, curve: Floats, pair: str, net: float) -> Floats:
        """Return the corrected curve of an opportunity, rising."""
        mixed = self._trust() @ self._odds(log_odds(curve), pair, net)
        return np.maximum.accumulate(from_log_odds(mixed))

    def learn(self, curve: Floats, pair: str, net: float, landed: Floats) -> None:
        """Take one step for an outcome of which the model said `curve`.

        Args:
            curve: the model's curve, uncorrected.
            pair: what the opportunity traded.
            net: ETH that it would have left before the bid.
            landed: for each arm 1, 0, or nan where it is unknown.
        """
        known = ~np.isnan(landed)
        if not known.any():
            return
        chances = from_log_odds(self._odds(log_odds(curve), pair, net))
        self._judge(chances[:, known], landed[known])
        surprise = np.where(known, np.nan_to_num(landed) - chances, 0.0)
        level = surprise.mean(axis=1, keepdims=True)
        tilt = (surprise * SLOPE).mean(axis=1, keepdims=True)
        step = self._lengths * np.concatenate([level, tilt, level * sizes(np.asarray(net))], axis=1)
        self._shared = _FADES * self._shared + step
        row = self._row(pair)
        own = self._own[:, row]
        own += _PAIR * step[:, :2] - (1 - _FADES) * own
        self.labels += 1

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return all that was learned, as plain arrays; pairs stand in the order of being told."""
        pairs = self._pairs.oldest_first()
        return {
            "lengths": self._lengths[:, 0],
            "pairs": np.array(list(pairs), dtype=np.str_),
            "shared": self._shared,
            "own": self._own[:, list(pairs.values())],
            "loss": self._loss,
            "labels": np.array(self.labels, dtype=np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return a correction that goes on where the one of `arrays` was.

        Raises:
            ModelRefused: they are not those of a correction.
        """
        correction = cls(tuple(arrays["lengths"].astype(np.float64)))
        pairs = [str(pair) for pair in arrays["pairs"]]
        if (arrays["shared"].shape, arrays["own"].shape) != (
            correction._shared.shape,
            (len(correction._lengths), len(pairs), 2),
        ):
            raise ModelRefused("the correction of a model has not the numbers of one")
        # Those of a time that kept every pair may be more than are kept now.
        correction._pairs = PairRows(pairs[-MOST_PAIRS:])
        correction._shared = arrays["shared"].astype(np.float64)
        correction._own = arrays["own"].astype(np.float64)[:, -MOST_PAIRS:].copy()
        correction._loss = arrays["loss"].astype(np.float64)
        correction.labels = int(arrays["labels"].astype(np.int64))
        return correction

    def _odds(self, odds: Floats, pair: str, net: float) -> Floats:
        added = self._shared[:, :2].copy()
        added[:, 0] += self._shared[:, 2] * sizes(np.asarray(net))
        row = self._pairs.find(pair)
        if row is not None:
            added += self._own[:, row]
        corrected: Floats = odds + added[:, :1] + added[:, 1:] * SLOPE
        return corrected

    def _judge(self, chances: Floats, landed: Floats) -> None:
        kept = np.clip(chances, LEAST, 1 - LEAST)
        miss = -np.log(np.where(landed > 0, kept, 1 - kept)).mean(axis=1)
        self._loss += (miss - self._loss) / min(self.labels + 1, _JUDGED_OVER)

    def _trust(self) -> Floats:
        weights = np.exp(-_STRICTNESS * (self._loss - self._loss.min()))
        trust: Floats = weights / weights.sum()
        return trust

    def _row(self, pair: str) -> int:
        """The row of a pair's additions, which are none where it is a new one."""
        found = self._pairs.told(pair)
        if found.at == self._own.shape[1]:
            self._own = np.pad(self._own, ((0, 0), (0, 1), (0, 0)))
        if found.is_new:
            self._own[:, found.at] = 0.0
        return found.at
