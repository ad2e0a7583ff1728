"""Mixing: what decides without models, the models or their mean, chosen by money on past labels.

Which of them is best depends on what a miss costs: a chance that is a little wrong near the middle
costs nothing where failure is free. So past labels are replayed with each of them, separately for
each channel: the arm that it would have chosen, and what that arm brought by the outcome. One way
is the usual one until another has proved better. Where failure is free that is the mean: it is
rarely the best of the three, and never the worst. Where a miss costs, a little error costs too, and
models know little of what is worth its gas: there it is what decides without them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from aineon.optimizer.arms import Channel
from aineon.optimizer.deciding import left_by
from aineon.optimizer.models.curves import Floats, from_log_odds, log_odds, rising

PLAIN: Final = "plain"
"""What decides without models: table, or table and what is known of the rivals."""
_MEAN: Final = "mean"
WAYS: Final = (PLAIN, "ensemble", _MEAN)
"""What may lead, in the order of `Curves`."""

_USUALLY: Final = {Channel.PRIVATE: _MEAN, Channel.PUBLIC: PLAIN}
_USUAL_PLACES: Final = [[WAYS.index(_USUALLY[channel])] for channel in Channel]
_REMEMBERED: Final = 1500.0
_LEAST_LABELS: Final = 150.0
_PROVEN: Final = 1.6
_HEAVY: Final = 4.0


class Curves(NamedTuple):
    """What each way says of one opportunity."""

    plain: Floats
    ensemble: Floats
    mean: Floats


def curves_of(plain: Floats, ensemble: Floats) -> Curves:
    """Return the curves of both with their mean, which is taken of log-odds."""
    mean = from_log_odds((log_odds(plain) + log_odds(ensemble)) / 2)
    return Curves(plain, ensemble, rising(mean))


class Mixing:
    """Chooses a way for each channel, and changes its mind as labels come."""

    def __init__(self) -> None:
        self._usual = 0.0
        self._weight = 0.0
        # Channels x ways: money beyond the usual way's in units of a usual net, and its square.
        self._ahead = np.zeros((len(Channel), len(WAYS)))
        self._square = np.zeros((len(Channel), len(WAYS)))
        self._money = np.zeros((len(Channel), len(WAYS)))

    @property
    def labels(self) -> float:
        """How many labels the choice stands on; old ones count less."""
        return self._weight

    def leading(self, channel: Channel) -> str:
        """Return the way that leads: the usual one, unless another one has proved better."""
        if self._weight < _LEAST_LABELS:
            return _USUALLY[channel]
        row = list(Channel).index(channel)
        average = self._ahead[row] / self._weight
        spread = np.sqrt(np.maximum(self._square[row] / self._weight - average**2, 0.0))
        sure = average - _PROVEN * spread / np.sqrt(self._weight)
        best = int(np.argmax(sure))
        return WAYS[best] if sure[best] > 0 else _USUALLY[channel]

    def money(self, channel: Channel) -> dict[str, float]:
        """Return what each way would have left per past opportunity, in usual nets."""
        if not self._weight:
            return dict.fromkeys(WAYS, 0.0)
        row = self._money[list(Channel).index(channel)] / self._weight
        return dict(zip(WAYS, (float(each) for each in row), strict=True))

    def learn(self, curves: Curves, net: float, gas: float, landed: Floats) -> None:
        """Replay one outcome.

        Args:
            curves: what was said of it before its outcome was known.
            net: ETH that it would have left before the bid.
            gas: ETH that a failed public attempt costs.
            landed: for each arm 1, 0, or nan; a label that hides a chosen arm is left out.
        """
        if not (net > 0 and gas >= 0):
            return
        keep = 1 - 1 / _REMEMBERED
        brought = np.array(
            [[left_by(curve, net, gas, channel, landed) for curve in curves] for channel in Channel]
        )
        if np.isnan(brought).any():
            return
        self._usual = net if not self._usual else self._usual + (net - self._usual) / 200
        # One huge opportunity would decide for days; its excess over a few usual ones is cut.
        brought *= min(1.0, _HEAVY * self._usual / net) / self._usual
        ahead = brought - np.take_along_axis(brought, np.array(_USUAL_PLACES), axis=1)
        self._weight = keep * self._weight + 1
        self._ahead = keep * self._ahead + ahead
        self._square = keep * self._square + ahead**2
        self._money = keep * self._money + brought
