"""Lines: fits the ensemble's line by Newton's method, with a penalty that newer rows choose."""

from __future__ import annotations

from typing import Final

import numpy as np

from aineon.optimizer.models.curves import Floats, from_log_odds
from aineon.optimizer.models.line import SHAPES, Line
from aineon.optimizer.training.material import Material
from aineon.optimizer.training.stacking import log_loss

DEVIATIONS: Final = (0.015, 0.03, 0.06, 0.12)
"""How large a weight is expected to be; the smaller, the stiffer the line."""

_FREE: Final = 0.5
_OF_SHAPES: Final = np.array([1.0, 0.5, 0.25])
# Sixteen arms of one opportunity are one outcome seen sixteen times, worth two or three.
_WORTH_OF_AN_ARM: Final = 0.15
_STEPS: Final = 12
_CLOSE: Final = 1e-4
_LEAST_SPREAD: Final = 1e-4
_OLDER: Final = 0.75


def fit_line(material: Material) -> Line:
    """Return the line through all of `material`, as stiff as predicts its newest part best."""
    border = int(_OLDER * len(material.rows))
    older = material.take(np.arange(border))
    newer = material.take(np.arange(border, len(material.rows)))

    def miss(deviation: float) -> float:
        odds = _fitted(older, deviation).log_odds(newer.rows, newer.told)
        return log_loss(from_log_odds(odds), newer.landed)

    return _fitted(material, min(DEVIATIONS, key=miss))


def _fitted(material: Material, deviation: float) -> Line:
    rows = np.concatenate([np.ones((len(material.rows), 1)), material.rows], axis=1)
    expected = np.full(rows.shape[1], deviation)
    expected[0] = _FREE
    penalty = 1 / (_OF_SHAPES[:, None] * expected) ** 2
    weights = np.zeros_like(penalty)
    for _ in range(_STEPS):
        chances = from_log_odds(material.told + rows @ weights.T @ SHAPES)
        surprise = (material.landed - chances) @ SHAPES.T
        slope = _WORTH_OF_AN_ARM * (rows.T @ surprise).T - penalty * weights
        step = np.linalg.solve(_curvature(rows, chances, penalty), slope.ravel())
        weights += step.reshape(weights.shape)
        if np.abs(step).max() < _CLOSE:
            break
    return Line(weights)


def _curvature(rows: Floats, chances: Floats, penalty: Floats) -> Floats:
    """The log loss's second derivatives, a block for each two of the shapes."""
    count, width = penalty.shape
    spread = np.maximum(chances * (1 - chances), _LEAST_SPREAD)
    blocks = np.empty((count, width, count, width))
    for one in range(count):
        for other in range(one, count):
            weight = _WORTH_OF_AN_ARM * (spread @ (SHAPES[one] * SHAPES[other]))
            block = (rows.T * weight) @ rows
            blocks[one, :, other] = blocks[other, :, one] = block
    curvature = blocks.reshape(count * width, count * width)
    curvature[np.diag_indices(count * width)] += penalty.ravel()
    return curvature
