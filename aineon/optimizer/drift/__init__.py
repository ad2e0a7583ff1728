"""Drift: noticing that the market is no more what the models learned from."""

from aineon.optimizer.drift.alarm import Alarm, Answer
from aineon.optimizer.drift.watch import DriftWatch

__all__ = ["Alarm", "Answer", "DriftWatch"]
