"""The ensemble: trained models that look at every feature, weighed against each other.

Five members say a curve each: the live table with its correction (`live`, which the caller keeps
up to date), a logistic regression (`line`), a random forest, gradient boosting and a neural
network. The four trained ones read the features and what the live table says, so they answer a
question that ages slowly: where is the table wrong? Their log-odds are added up with weights that
were fitted where no member had seen the outcome, and the sum is bent once more where predictions
had been too bold or too timid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from aineon.errors import ModelRefused
from aineon.optimizer.models.curves import (
    SHARES,
    SLOPE,
    Floats,
    from_log_odds,
    log_odds,
    rising,
    sizes,
)
from aineon.optimizer.models.inputs import Inputs
from aineon.optimizer.models.line import Line
from aineon.optimizer.models.live import Live
from aineon.optimizer.models.network import Network
from aineon.optimizer.models.packing import Arrays, packed, part
from aineon.optimizer.models.trees import Trees

MEMBERS: Final = ("live", "line", "forest", "boosting", "network")
TOLD_ARMS: Final = (0, 4, 8, 12, 15)
"""Arms of which the forest reads what the live table says: enough for level and shape."""


class Stack(NamedTuple):
    """How members' log-odds become one curve.

    Attributes:
        weights: of `MEMBERS`, none below zero.
        level, tilt: added to the sum of every arm, and along the arms.
        size_level, size_tilt: the same for each power of ten by which a net is larger than usual.
        knots, values: log-odds before and after the last bending; between two knots straight.
    """

    weights: Floats
    level: float
    tilt: float
    size_level: float
    size_tilt: float
    knots: Floats
    values: Floats

    def curve(self, members: Floats, size: Floats) -> Floats:
        """Return the curves of members' log-odds: (members, rows, arms) to (rows, arms).

        Args:
            members: in the order of `MEMBERS`.
            size: of each row's net, as `curves.sizes` tells it.
        """
        level = self.level + self.size_level * size[:, None]
        tilt = self.tilt + self.size_tilt * size[:, None]
        total = np.tensordot(self.weights, members, axes=1) + level + tilt * SLOPE
        bent = np.interp(total, self.knots, self.values)
        return rising(from_log_odds(bent))


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Models as they were after one training; nothing in it changes.

    Attributes:
        trained_at: seconds, the market's time up to which outcomes were known.
        began_at: time of the first opportunity that it was trained on.
        rows: how many opportunities that were.
        inputs: how vectors become rows of numbers.
        line, forest, boosting, network: the trained members.
        boosting_start: log-odds that the boosting's trees add to.
        stack: how members are weighed.
        live: the live table as it was after the last of those outcomes.
        importance: of each of `inputs.names`, how much the forest used it; they add up to 1 or
            less, because it uses other numbers too.
        metrics: what was measured in training, by name.
    """

    trained_at: float
    began_at: float
    rows: int
    inputs: Inputs
    line: Line
    forest: Trees
    boosting: Trees
    boosting_start: float
    network: Network
    stack: Stack
    live: Live
    importance: Floats
    metrics: Mapping[str, float]

    @property
    def names(self) -> tuple[str, ...]:
        """The features that a vector must hold, in this order."""
        return self.inputs.names

    def chances(
        self,
        vector: Floats,
        pair: str,
        net: float,
        gas: float,
        told: Floats | None = None,
    ) -> Floats:
        """Return the chance of each arm.

        Args:
            vector: the features in the order of `names`, nan where one is not known.
            pair: what the opportunity trades.
            net: ETH that it leaves before the bid.
            gas: ETH that a failed public attempt costs.
            told: what a live table says that has learned everything up to now (`Live.chances`);
                without it, the one of the day of training speaks.
        """
        vectors = np.asarray(vector, dtype=np.float64)[None, :]
        curve: Floats = self.curves(vectors, pair, net, gas, told)[0]
        return curve

    def curves(
        self,
        vectors: Floats,
        pair: str,
        net: float,
        gas: float,
        told: Floats | None = None,
    ) -> Floats:
        """Return a curve for each of several vectors of one opportunity: (vectors, arms)."""
        live = log_odds(self.live.chances(pair, net, vectors[-1]) if told is None else told)
        rows = self.inputs.rows_of(vectors, pair, net, gas)
        members = self.members(rows, np.repeat(live[None, :], len(rows), axis=0))
        return self.stack.curve(members, np.full(len(rows), sizes(np.asarray(net))))

    def members(self, rows: Floats, told: Floats) -> Floats:
        """Return the log-odds of each of `MEMBERS`: (members, rows, arms).

        Args:
            rows: numbers of `inputs`.
            told: log-odds that the live table says of each row: (rows, arms).
        """
        return members_odds(
            rows, told, self.line, self.forest, self.boosting, self.boosting_start, self.network
        )

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return all that decides, as plain arrays."""
        facts = {
            "boosting_start": np.array(self.boosting_start),
            "importance": self.importance,
        }
        stack = {name: np.asarray(value) for name, value in self.stack._asdict().items()}
        return packed(
            {
                "inputs": self.inputs.arrays(),
                "line": self.line.arrays(),
                "forest": self.forest.arrays(),
                "boosting": self.boosting.arrays(),
                "network": self.network.arrays(),
                "stack": stack,
                "live": self.live.arrays(),
                "facts": facts,
            }
        )

    @classmethod
    def from_arrays(
        cls,
        arrays: Arrays,
        *,
        trained_at: float,
        began_at: float,
        rows: int,
        metrics: Mapping[str, float],
    ) -> Self:
        """Return the ensemble that `arrays` described.

        Raises:
            ModelRefused: parts are missing, or do not fit each other.
        """
        try:
            inputs = Inputs.from_arrays(part(arrays, "inputs"))
            facts = part(arrays, "facts")
            return cls(
                trained_at=trained_at,
                began_at=began_at,
                rows=rows,
                inputs=inputs,
                line=Line.from_arrays(part(arrays, "line"), inputs.width),
                forest=_forest(part(arrays, "forest"), inputs.width),
                boosting=_boosting(part(arrays, "boosting"), inputs.width),
                boosting_start=float(facts["boosting_start"].astype(np.float64)),
                network=Network.from_arrays(part(arrays, "network"), inputs.width + 2),
                stack=_stack(part(arrays, "stack")),
                live=Live.from_arrays(part(arrays, "live"), inputs.names),
                importance=facts["importance"].astype(np.float64),
                metrics=metrics,
            )
        except (KeyError, ValueError, TypeError) as error:
            raise ModelRefused(f"a part of a model is missing or malformed: {error}") from error


def members_odds(
    rows: Floats,
    told: Floats,
    line: Line,
    forest: Trees,
    boosting: Trees,
    boosting_start: float,
    network: Network,
) -> Floats:
    """Return the log-odds of each of `MEMBERS`: (members, rows, arms); see `Ensemble.members`."""
    return np.stack(
        [
            told,
            line.log_odds(rows, told),
            log_odds(forest_chances(forest, rows, told)),
            boosting_odds(boosting, boosting_start, rows, told),
            network.log_odds(bid_rows(rows, told)).reshape(told.shape),
        ]
    )


def forest_rows(rows: Floats, told: Floats) -> Floats:
    """Return what the forest reads of each opportunity."""
    return np.concatenate([rows, told[:, TOLD_ARMS]], axis=1)


def bid_rows(rows: Floats, told: Floats) -> Floats:
    """Return what boosting and network read: a row for each opportunity and arm."""
    arms = told.shape[1]
    return np.concatenate(
        [
            np.repeat(rows, arms, axis=0),
            told.reshape(-1, 1) / 2,  # about as wide as the other numbers, for the network
            np.tile(SLOPE, len(rows))[:, None],
        ],
        axis=1,
    )


def forest_chances(forest: Trees, rows: Floats, told: Floats) -> Floats:
    """Return the forest's curves: what its trees say that the table misses, added to it."""
    # Trees were trained on single precision, and a border may lie between the two.
    read = forest_rows(rows, told).astype(np.float32).astype(np.float64)
    missed = forest.leaves(read).mean(axis=0)
    return rising(np.clip(from_log_odds(told) + missed, 0.0, 1.0))


def boosting_odds(boosting: Trees, start: float, rows: Floats, told: Floats) -> Floats:
    """Return the log-odds of the boosting's curves."""
    stages = boosting.leaves(bid_rows(rows, told))[:, :, 0].sum(axis=0)
    odds: Floats = (start + stages).reshape(told.shape)
    return odds


def _forest(arrays: Arrays, width: int) -> Trees:
    forest = Trees.from_arrays(arrays, width + len(TOLD_ARMS))
    if forest.values.shape[1] != len(SHARES):
        raise ModelRefused("the forest of a model does not speak of sixteen arms")
    return forest


def _boosting(arrays: Arrays, width: int) -> Trees:
    boosting = Trees.from_arrays(arrays, width + 2)
    if boosting.values.shape[1] != 1:
        raise ModelRefused("the boosting of a model says more than one number")
    return boosting


def _stack(arrays: Arrays) -> Stack:
    stack = Stack(
        weights=arrays["weights"].astype(np.float64),
        level=float(arrays["level"].astype(np.float64)),
        tilt=float(arrays["tilt"].astype(np.float64)),
        size_level=float(arrays["size_level"].astype(np.float64)),
        size_tilt=float(arrays["size_tilt"].astype(np.float64)),
        knots=arrays["knots"].astype(np.float64),
        values=arrays["values"].astype(np.float64),
    )
    fits = (
        stack.weights.shape == (len(MEMBERS),)
        and stack.knots.shape == stack.values.shape
        and stack.knots.ndim == 1
        and stack.knots.size >= 2
        and bool((np.diff(stack.knots) > 0).all())
    )
    if not fits:
        raise ModelRefused("the weights of a model's members are not those of five members")
    return stack
