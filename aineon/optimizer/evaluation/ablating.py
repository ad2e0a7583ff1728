"""Ablation: what each group of features earns, in money.

A group is taken away by writing the same figure into all of its columns: models learn nothing
from a constant. Everything else stays, and the walk is the same as ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from aineon.optimizer.arms import Channel
from aineon.optimizer.evaluation.coaching import Coach
from aineon.optimizer.evaluation.measuring import Stretch, captured_by
from aineon.optimizer.evaluation.walking import Progress, Steps, walk
from aineon.optimizer.tape import Tape

ALL: Final = "all features"
NONE: Final = "no features (pair and size alone)"
RETRAIN_MINUTES: Final = 720.0


@dataclass(frozen=True, slots=True)
class Ablated:
    """What was captured without one group.

    Attributes:
        without: the group's name; `ALL` where nothing is missing.
        columns: how many were taken away.
        share: of the best policy's money, by channel.
    """

    without: str
    columns: int
    share: Mapping[str, float]


def groups_of(tape: Tape) -> dict[str, tuple[str, ...]]:
    """Return the catalogue's groups with those of their features that the tape has."""
    from aineon.optimizer.features.catalogue import CATALOGUE

    groups: dict[str, list[str]] = {}
    for feature in CATALOGUE:
        if feature.name in tape.names:
            groups.setdefault(str(feature.group), []).append(feature.name)
    return {name: tuple(features) for name, features in groups.items()}


def ablation(
    tape: Tape, coaches: Iterable[Coach], stretch: Stretch, seed: int, progress: Progress
) -> tuple[Ablated, ...]:
    """Return what is captured with all features, without each group, and without any.

    Args:
        tape: to walk along.
        coaches: a new one for each walk.
        stretch: which rows count.
        seed: of the bandit's dice.
        progress: told what is done.
    """
    groups = {ALL: (), **groups_of(tape), NONE: tape.names}
    lines = []
    for (name, features), coach in zip(groups.items(), coaches, strict=False):
        progress(f"walking without {name}" if features else "walking with all features")
        steps = Steps(tuple(Channel), RETRAIN_MINUTES, seed)
        bare = without(tape, features)
        done = walk(bare, steps, coach)
        shares = {each.channel.value: captured_by(bare, each, stretch) for each in done.channels}
        lines.append(Ablated(name, len(features), shares))
    return tuple(lines)


def without(tape: Tape, names: Iterable[str]) -> Tape:
    """Return the tape with the same figure in all of these columns."""
    columns = [tape.names.index(name) for name in names]
    features = tape.features.copy()
    features[:, columns] = 0.0
    return replace(tape, features=np.ascontiguousarray(features))
