"""Market regimes: what character a stretch of time has, told forward only."""

from __future__ import annotations

from aineon.optimizer.regimes.filtering import RegimeFilter
from aineon.optimizer.regimes.labelling import LabelRule
from aineon.optimizer.regimes.regime import REGIMES, Observation, Regime, RegimeReading
from aineon.optimizer.regimes.transitions import TransitionStatistics

__all__ = [
    "REGIMES",
    "LabelRule",
    "Observation",
    "Regime",
    "RegimeFilter",
    "RegimeReading",
    "TransitionStatistics",
]
