"""Explaining: which figures moved a score most.

A feature's effect is the chance to land as it is, less the chance with this one feature at its
usual value (its median) and all others as they are. That is plain, says something about this one
opportunity, and needs one answer of the models for each feature, all asked at once. Of features
that move together each may show a small effect only; effects do not add up to anything.

It costs more than deciding, so it is done for decisions that are shown, and for the features
alone that the models use most.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.decision import Reason
from aineon.optimizer.models.curves import Floats
from aineon.optimizer.models.ensemble import Ensemble
from aineon.optimizer.models.live import LiveTold

MOST_REASONS: Final = 3
ASKED: Final = 16
"""Features that are looked at: those that the models use most."""

PAIR: Final = "pair"
"""Stands for what an opportunity trades, which is no feature of the catalogue."""
RIVALS: Final = "rivals"
"""Stands for what is thought of everybody who was seen, against what the table alone says."""
NET: Final = "net"
"""The catalogue's name of an opportunity's size."""

_NOTHING: Final = 5e-4
_UNKNOWN_PAIR: Final = ""


def reasons_of_models(
    models: Ensemble, vector: Floats, pair: str, net: float, gas: float, told: Floats, arm: int
) -> tuple[Reason, ...]:
    """Return the features that moved the chance of an arm most, the strongest first.

    Args:
        models: who was asked.
        vector: the features in the order of `models.names`.
        pair: what was traded.
        net: ETH before the bid.
        gas: ETH that a public miss costs.
        told: what the live table says.
        arm: the bid's place in `ARMS`.
    """
    asked = _most_used(models)
    changed = np.repeat(vector[None, :], len(asked) + 1, axis=0)
    changed[np.arange(len(asked)), asked] = _usual(models)[asked]
    chances = models.curves(changed, pair, net, gas, told)[:, arm]
    effects = chances[-1] - chances[:-1]
    return _strongest(
        [(models.names[each], float(effect)) for each, effect in zip(asked, effects, strict=True)]
    )


def reasons_without_models(
    told: LiveTold,
    table: Callable[[str, float], Floats],
    pair: str,
    net: float,
    usual_net: float,
    arm: int,
) -> tuple[Reason, ...]:
    """Return how far pair, size and what is known of the rivals moved the chance of an arm.

    Args:
        told: what was said.
        table: the table's answer for a pair and a net.
        pair: what was traded.
        net: ETH before the bid.
        usual_net: ETH of a usual opportunity.
        arm: the bid's place in `ARMS`.
    """
    chance = float(told.table[arm])
    return _strongest(
        [
            (PAIR, chance - float(table(_UNKNOWN_PAIR, net)[arm])),
            (NET, chance - float(table(pair, usual_net)[arm])),
            (RIVALS, float(told.curve[arm]) - chance),
        ]
    )


def _strongest(effects: list[tuple[str, float]]) -> tuple[Reason, ...]:
    felt = [each for each in effects if abs(each[1]) >= _NOTHING]
    felt.sort(key=lambda each: -abs(each[1]))
    return tuple(Reason(name, effect) for name, effect in felt[:MOST_REASONS])


def _most_used(models: Ensemble) -> NDArray[np.int64]:
    """Places of the features that the models use most, the most used first."""
    kept = models.inputs.kept
    order = np.argsort(-models.importance[kept], kind="stable")[:ASKED]
    chosen: NDArray[np.int64] = kept[order]
    return chosen


def _usual(models: Ensemble) -> Floats:
    """Each feature's usual value; 0 of one that the models do not use."""
    usual = np.zeros(len(models.names))
    usual[models.inputs.kept] = models.inputs.usual[: len(models.inputs.kept)]
    return usual
