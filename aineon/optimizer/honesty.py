"""Honesty: catches columns of a tape that know what nobody could know then.

What is known when a decision is made cannot tell how the dice fall. Where a tape knows the true
chances, that is tested to the letter: outcome less chance is then pure luck, and a column that
goes along with it has seen the outcome. Where nobody knows the chances, only a column that ranks
the outcomes (nearly) without fault can be told from one that is merely good.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aineon.errors import OptimizerError
from aineon.optimizer.arms import ARMS
from aineon.optimizer.tape import Floats, Tape

UNBELIEVABLE: Final = 6.0
"""Standard deviations of luck; of some ten thousand comparisons none gets there by chance."""

TOO_GOOD: Final = 0.98
"""Share of (landed, lost) couples that a single column may put in order: an AUC."""

_BINS: Final = 8
_FEWEST: Final = 30


def leaks(tape: Tape) -> tuple[str, ...]:
    """Return the names of the columns that know too much, in the tape's order.

    The tape needs some 30 rows whose outcome is known; with fewer, nothing is found. Censored
    rows are left out.
    """
    known = tape.rows(~np.isnan(tape.needed) & ~tape.censored)
    if len(known) < _FEWEST:
        return ()
    landed = known.needed[:, None] <= np.asarray(ARMS)
    knows = _goes_with_luck if known.chances is not None else _ranks_outcomes
    return tuple(
        name
        for name, column in zip(known.names, known.features.T, strict=True)
        if knows(column, landed, known)
    )


def differences(whole: Tape, cut: Tape) -> tuple[str, ...]:
    """Return the names of the columns in which a tape that ends earlier is not the same, by bits.

    Raises:
        OptimizerError: the tapes have other features, or other opportunities up to where the
            shorter one ends.
    """
    if whole.names != cut.names:
        raise OptimizerError("the tapes have other features, so they cannot be compared")
    last = cut.blocks.max(initial=-1)
    same = whole.rows(whole.blocks <= last)
    if len(same) != len(cut) or (same.blocks != cut.blocks).any():
        raise OptimizerError(
            f"up to block {last} one tape has {len(same)} rows and the other {len(cut)}, or "
            "they are of other blocks"
        )
    bits, others = (np.ascontiguousarray(each.features).view(np.int64) for each in (same, cut))
    unequal = (bits != others).any(axis=0)
    return tuple(name for name, differs in zip(cut.names, unequal, strict=True) if differs)


def _goes_with_luck(column: Floats, landed: NDArray[np.bool_], tape: Tape) -> bool:
    """Whether the column goes along with outcome less chance more than luck can."""
    assert tape.chances is not None
    luck = landed - tape.chances
    spread = np.sqrt(tape.chances * (1.0 - tape.chances))
    starts = np.flatnonzero(np.diff(tape.blocks, prepend=-1))
    for score in _scores(column):
        total = score @ luck
        # Rows of one block share dice: together they vary at most as if all of them did.
        blocks = np.add.reduceat(np.abs(score)[:, None] * spread, starts, axis=0)
        limit = UNBELIEVABLE * np.sqrt((blocks**2).sum(axis=0)) + 1e-9 * len(column)
        if (np.abs(total) > limit).any():
            return True
    return False


def _scores(column: Floats) -> Iterator[Floats]:
    """What a column says, in several ways: its order, its eighths, and whether it is known."""
    unknown = np.isnan(column)
    yield unknown.astype(np.float64)
    ranks = _ranks(column[~unknown])
    for values in (ranks - 0.5, *(np.floor(ranks * _BINS) == n for n in range(_BINS))):
        score = np.zeros(len(column))
        score[~unknown] = values
        yield score


def _ranks_outcomes(column: Floats, landed: NDArray[np.bool_], _: Tape) -> bool:
    """Whether the column alone puts nearly all outcomes of some arm in order."""
    # What is unknown stands below all: that something is known can tell too much as well.
    ranks = len(column) * _ranks(np.where(np.isnan(column), -np.inf, column))
    for outcome in landed.T:
        won = int(outcome.sum())
        lost = len(outcome) - won
        if min(won, lost) < _FEWEST // 2:
            continue
        # Mann and Whitney's U: the mean rank of those that landed tells the AUC.
        below = ranks[outcome].mean() - (won - 1) / 2
        if abs(below / lost - 0.5) > TOO_GOOD - 0.5:
            return True
    return False


def _ranks(values: Floats) -> Floats:
    """Where each value stands among all, from 0 up to below 1; equal ones share their mean."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    ranks: Floats = ((ends - (count + 1) / 2) / max(len(values), 1))[place]
    return ranks
