"""Stacking: how much each member counts, and how the sum is bent, from judged rows alone."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.models.curves import LEAST, SLOPE, Floats, from_log_odds, log_odds
from aineon.optimizer.models.ensemble import MEMBERS, Stack

WIDEST: Final = float(log_odds(np.array([1 - LEAST]))[0])

_PULL: Final = 0.02
_STEPS: Final = 60
_KNOTS: Final = 24
_LEAST_FOR_BENDING: Final = 300


def plain_stack() -> Stack:
    """Return the stack where nothing is known of the members: the mean of their log-odds."""
    count = len(MEMBERS)
    return Stack(np.full(count, 1 / count), 0.0, 0.0, 0.0, 0.0, *_straight())


def weigh(members: Floats, size: Floats, landed: Floats) -> Stack:
    """Return the weights that fit outcomes best, pulled a little towards the mean of all members.

    Args:
        members: log-odds that members said of rows that they were not trained on:
            (members, rows, arms).
        size: of each row's net, as `curves.sizes` tells it.
        landed: what came: (rows, arms).
    """
    count = len(members)
    level = np.ones_like(landed)
    shapes = [level, level * SLOPE, level * size[:, None], size[:, None] * SLOPE]
    columns = np.stack([*members, *shapes]).reshape(count + len(shapes), -1)
    usual = np.append(np.full(count, 1 / count), np.zeros(len(shapes)))
    weights = _fitted(columns, landed.ravel(), usual, count)
    level_by, tilt, size_level, size_tilt = (float(each) for each in weights[count:])
    return Stack(weights[:count], level_by, tilt, size_level, size_tilt, *_straight())


def bend(stack: Stack, members: Floats, size: Floats, landed: Floats) -> Stack:
    """Return the stack bent to what came (isotonic regression), where that helps on newer rows.

    A bend has many degrees of freedom. So it is fitted on the older half of the rows first, and
    kept only where it makes the newer half likelier.
    """
    rows = len(landed)
    if rows < _LEAST_FOR_BENDING:
        return stack
    half = rows // 2
    tried = _bent(stack.curve(members[:, :half], size[:half]), landed[:half], stack)
    bent, straight = (each.curve(members[:, half:], size[half:]) for each in (tried, stack))
    if log_loss(bent, landed[half:]) >= log_loss(straight, landed[half:]):
        return stack
    return _bent(stack.curve(members, size), landed, stack)


def log_loss(chances: Floats, landed: Floats) -> float:
    """Return the mean of the outcomes' negative log-likelihood."""
    kept = np.clip(chances, LEAST, 1 - LEAST)
    return float(-(landed * np.log(kept) + (1 - landed) * np.log(1 - kept)).mean())


def _straight() -> tuple[Floats, Floats]:
    ends = np.array([-WIDEST, WIDEST])
    return ends, ends


def _fitted(columns: Floats, landed: Floats, usual: Floats, above_zero: int) -> Floats:
    """Newton's method on the log loss; weights that fall below zero are left out one by one."""
    weights = usual.copy()
    free = np.ones(len(usual), dtype=bool)
    for _ in range(_STEPS):
        chances = from_log_odds(weights @ columns)
        slope = columns @ (chances - landed) / landed.size + _PULL * (weights - usual)
        curve = chances * (1 - chances)
        bend_of = (columns * curve) @ columns.T / landed.size + _PULL * np.eye(len(usual))
        step = np.zeros_like(weights)
        step[free] = np.linalg.solve(bend_of[np.ix_(free, free)], slope[free])
        weights = weights - step
        below = weights[:above_zero] < 0
        if below.any():
            worst = int(np.argmin(weights[:above_zero]))
            free[worst] = False
            weights[:above_zero][below] = 0.0
            usual = np.where(free, usual, 0.0)
        elif np.abs(step).max() < 1e-6:
            break
    return weights


def _bent(curves: Floats, landed: Floats, stack: Stack) -> Stack:
    from sklearn.isotonic import IsotonicRegression  # type: ignore[import-untyped]

    chances = curves.ravel()
    fitted = IsotonicRegression(y_min=LEAST, y_max=1 - LEAST).fit(chances, landed.ravel())
    before = log_odds(_quantiles(chances))
    after = log_odds(fitted.predict(from_log_odds(before)))
    keep = np.append(True, np.diff(before) > 1e-9)
    return stack._replace(knots=before[keep], values=after[keep])


def _quantiles(chances: Floats) -> NDArray[np.float64]:
    return np.quantile(chances, np.linspace(0.0, 1.0, _KNOTS))
