"""Policies to compare with: rules that anybody could follow, and those that nobody can.

The best fixed bid and the best threshold rule are chosen in hindsight on the very rows that they
are scored on. That flatters them, and so does not flatter us.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.arms import ARMS, Channel
from aineon.optimizer.evaluation.money import no_bids, worth
from aineon.optimizer.tape import Tape

Floats = NDArray[np.float64]

FIXED: Final = "best fixed bid"
THRESHOLD: Final = "best threshold rule"
TABLE: Final = "live table"
FOLLOWED: Final = "rivals followed"
ENSEMBLE: Final = "ensemble alone"
MEAN: Final = "mean of both"
ALWAYS: Final = "always, usual bid"
CONFIDENT: Final = "confidence 0.7"
OPTIMIZER: Final = "AINEON"
CLAIRVOYANT: Final = "clairvoyant"

RIVALS: Final = (FIXED, THRESHOLD, TABLE)
"""What the optimizer must not fall behind of on any seed."""

USUAL_BID: Final = 0.2
"""The share that the plain rule bids where nobody set another."""

CONFIDENCE_NEEDED: Final = 0.7
CONFIDENCE_FEATURE: Final = "confidence"

_LEAST_NETS: Final = np.linspace(0.0, 0.95, 20)


def always(tape: Tape, bid: float = USUAL_BID) -> Floats:
    """Return one bid for every row."""
    return np.full(len(tape), bid)


def fixed(tape: Tape, channel: Channel) -> Floats:
    """Return the one bid for every row that is worth most in hindsight."""
    totals = [float(worth(tape, always(tape, arm), channel).sum()) for arm in ARMS]
    return always(tape, ARMS[int(np.argmax(totals))])


def threshold(tape: Tape, channel: Channel) -> Floats:
    """Return one bid for every row with a least net; the pair is worth most in hindsight."""
    best, most = no_bids(tape), 0.0
    if not len(tape):
        return best
    leasts = np.quantile(tape.net, _LEAST_NETS)
    for arm in ARMS:
        gains = worth(tape, always(tape, arm), channel)
        totals = [float(gains[tape.net >= least].sum()) for least in leasts]
        at = int(np.argmax(totals))
        if totals[at] > most:
            most = totals[at]
            best = np.where(tape.net >= leasts[at], arm, np.nan)
    return best


def confident(tape: Tape, bid: float = USUAL_BID) -> Floats | None:
    """Return the usual bid where the formula of confidence says 0.7; None if the tape has none."""
    if CONFIDENCE_FEATURE not in tape.names:
        return None
    told = tape.column(CONFIDENCE_FEATURE)
    return np.where(told >= CONFIDENCE_NEEDED, bid, np.nan)
