"""Technical indicators of many pairs at once, one bar after the other."""

from __future__ import annotations

from aineon.optimizer.indicators.bank import Bank
from aineon.optimizer.indicators.bars import Bars
from aineon.optimizer.indicators.catalogue import INDICATORS, NAMES, Indicator

__all__ = ["INDICATORS", "NAMES", "Bank", "Bars", "Indicator"]
