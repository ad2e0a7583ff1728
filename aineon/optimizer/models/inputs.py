"""Inputs: one row of plain numbers from what is known of an opportunity.

Trees, network and line all read the same row: each feature moved and scaled by what was usual in
training and bent so that a rare extreme stays within a few units, unknown ones at the usual
value; then net and gas; then one column for each pair. A feature that never differed in training
says nothing, and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from aineon.errors import ModelRefused
from aineon.optimizer.models.curves import Floats
from aineon.optimizer.models.packing import Arrays
from aineon.optimizer.tape import Tape

_LEAST_AMOUNT: Final = 1e-9
_FARTHEST: Final = 2.5


@dataclass(frozen=True, eq=False)
class Inputs:
    """How a row of numbers is made.

    Attributes:
        names: the features that a vector holds, in its order.
        pair_names: pairs with a column of their own; any other pair has zeros in all of them.
        kept: which features are used.
        usual, spread: of the kept features, of log net and of log gas, in this order.
    """

    names: tuple[str, ...]
    pair_names: tuple[str, ...]
    kept: NDArray[np.int64]
    usual: Floats
    spread: Floats

    @classmethod
    def of(cls, tape: Tape, chosen: NDArray[np.int64] | None = None) -> Self:
        """Return what suits the rows of `tape`, from all its features or the chosen ones."""
        columns = np.arange(len(tape.names)) if chosen is None else np.sort(chosen)
        usual, spread = _usual(_amounts(tape.features[:, columns], tape.net, tape.gas))
        differs = spread[:-2] > 0
        seen = np.unique(tape.pairs)
        return cls(
            names=tape.names,
            pair_names=tuple(tape.pair_names[each] for each in seen),
            kept=columns[differs],
            usual=np.append(usual[:-2][differs], usual[-2:]),
            spread=np.append(spread[:-2][differs], np.where(spread[-2:] > 0, spread[-2:], 1.0)),
        )

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return len(self.usual) + len(self.pair_names)

    def rows_of(self, vectors: Floats, pair: str, net: float, gas: float) -> Floats:
        """Return a row for each of several vectors of one opportunity."""
        count = len(vectors)
        rows = self._scaled(vectors, np.full(count, net), np.full(count, gas))
        flags = np.array([float(pair == each) for each in self.pair_names])
        return np.concatenate([rows, np.repeat(flags[None, :], count, axis=0)], axis=1)

    def rows(self, tape: Tape) -> Floats:
        """Return the rows of all opportunities of a tape with the same features."""
        rows = self._scaled(tape.features, tape.net, tape.gas)
        number = {pair: column for column, pair in enumerate(self.pair_names)}
        columns = np.array([number.get(pair, -1) for pair in tape.pair_names])[tape.pairs]
        flags = (columns[:, None] == np.arange(len(self.pair_names))).astype(np.float64)
        return np.concatenate([rows, flags], axis=1)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return all there is, as plain arrays."""
        return {
            "names": np.array(self.names, dtype=np.str_),
            "pair_names": np.array(self.pair_names, dtype=np.str_),
            "kept": self.kept,
            "usual": self.usual,
            "spread": self.spread,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return the inputs that `arrays` described.

        Raises:
            ModelRefused: they do not fit each other.
        """
        inputs = cls(
            names=tuple(str(name) for name in arrays["names"]),
            pair_names=tuple(str(name) for name in arrays["pair_names"]),
            kept=arrays["kept"].astype(np.int64),
            usual=arrays["usual"].astype(np.float64),
            spread=arrays["spread"].astype(np.float64),
        )
        shape = (len(inputs.kept) + 2,)
        kept = (inputs.kept >= 0) & (inputs.kept < len(inputs.names))
        if not kept.all() or (inputs.usual.shape, inputs.spread.shape) != (shape, shape):
            raise ModelRefused("the inputs of a model do not fit its features")
        return inputs

    def _scaled(self, features: Floats, net: Floats, gas: Floats) -> Floats:
        raw = _amounts(features[:, self.kept], net, gas)
        raw = np.where(np.isfinite(raw), raw, self.usual)
        scaled = np.arcsinh((raw - self.usual) / self.spread)
        # What lies farther out than almost anything in training is a guess, however far it lies.
        kept: Floats = np.clip(scaled, -_FARTHEST, _FARTHEST)
        return kept


def _amounts(features: Floats, net: Floats, gas: Floats) -> Floats:
    logs = np.log(np.maximum(np.stack([net, gas], axis=1), _LEAST_AMOUNT))
    return np.concatenate([features, logs], axis=1)


def _usual(raw: Floats) -> tuple[Floats, Floats]:
    """Middle and half the distance between the quartiles; where that is none, the deviation."""
    usual, spread = np.zeros(raw.shape[1]), np.zeros(raw.shape[1])
    for column in range(raw.shape[1]):
        known = raw[np.isfinite(raw[:, column]), column]
        if not len(known):
            continue
        low, usual[column], high = np.quantile(known, (0.25, 0.5, 0.75))
        wide = (high - low) / 2
        spread[column] = wide if wide > 0 else known.std()
    return usual, spread
