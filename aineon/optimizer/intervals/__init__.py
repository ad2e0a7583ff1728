"""Intervals: how much the next minutes will leave, with a band that keeps its promise."""

from aineon.optimizer.intervals.bands import Band, SpanBands
from aineon.optimizer.intervals.coverage import Coverage

__all__ = ["Band", "Coverage", "SpanBands"]
