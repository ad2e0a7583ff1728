"""Forecasts of the net of the next stretch, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from aineon.optimizer.arms import Channel
from aineon.optimizer.evaluation.figures import Banded
from aineon.optimizer.evaluation.money import worth
from aineon.optimizer.models.curves import Floats
from aineon.optimizer.tape import Tape
from aineon.optimizer.telling import BandTold
from aineon.primitives.units import ETHER

SLACK: Final = 1e-12
"""ETH; what a float loses in a sum of nothing."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was forecast at a moment of the net from then on.

    Attributes:
        at: seconds, the market's time.
        seconds: how far it reaches.
        low, expected, high: ETH.
    """

    at: float
    seconds: float
    low: float
    expected: float
    high: float


class BandWatch:
    """Takes down one optimizer's forecasts, each span beginning where the last one ended."""

    def __init__(self) -> None:
        self._until: dict[float, float] = {}
        self._taken: list[Forecast] = []

    def is_due(self, now: float) -> bool:
        """Whether some span has ended, so that it is worth asking."""
        return not self._until or now >= min(self._until.values())

    def take(self, now: float, told: Sequence[BandTold]) -> None:
        """Take down what is told at `now`, for the spans that have ended."""
        for band in told:
            length = float(band.seconds)
            if now < self._until.get(length, now):
                continue
            self._until[length] = now + length
            if band.low_wei is None or band.expected_wei is None or band.high_wei is None:
                continue
            self._taken.append(
                Forecast(
                    now,
                    length,
                    band.low_wei / ETHER,
                    band.expected_wei / ETHER,
                    band.high_wei / ETHER,
                )
            )

    @property
    def taken(self) -> tuple[Forecast, ...]:
        """All that was taken down, oldest first."""
        return tuple(self._taken)


def banded(
    tape: Tape, bids: Floats, channel: Channel, forecasts: Sequence[Forecast], since: float
) -> tuple[Banded, ...]:
    """Return forecasts against what the bids came to, for each length of span.

    Spans count that begin at `since` or later and end before the tape does.
    """
    came = np.nan_to_num(worth(_as_it_happened(tape), bids, channel))
    sums = np.concatenate([[0.0], np.cumsum(came)])
    end = float(tape.times[-1]) if len(tape) else 0.0
    lengths = sorted({each.seconds for each in forecasts})
    return tuple(
        _of_length(
            tape.times,
            sums,
            length,
            [
                each
                for each in forecasts
                if each.seconds == length and since <= each.at and each.at + length <= end
            ],
        )
        for length in lengths
    )


def _of_length(times: Floats, sums: Floats, length: float, forecasts: Sequence[Forecast]) -> Banded:
    first = np.searchsorted(times, [each.at for each in forecasts])
    last = np.searchsorted(times, [each.at + length for each in forecasts])
    came = sums[last] - sums[first]
    inside = [
        each.low - SLACK <= net <= each.high + SLACK
        for each, net in zip(forecasts, came, strict=True)
    ]
    return Banded(
        seconds=length,
        spans=len(forecasts),
        coverage=float(np.mean(inside)) if forecasts else None,
        forecast=sum(each.expected for each in forecasts),
        came=float(came.sum()),
    )


def _as_it_happened(tape: Tape) -> Tape:
    return replace(tape, chances=None)
