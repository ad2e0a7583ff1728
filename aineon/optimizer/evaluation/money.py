"""Money: what bids are worth on a tape, scored against what the best knowing policy would get.

A bid is a share of the net; nan is no attempt. Where the tape's generator tells the true chances,
a bid is worth its expectation over every redraw of the next block, so that no luck is left in the
score; elsewhere it is worth what it came to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.arms import Channel
from aineon.optimizer.deciding import expected, miss_cost
from aineon.optimizer.models.curves import SHARES, Floats
from aineon.optimizer.tape import Tape

Bools = NDArray[np.bool_]

_ROUNDING: Final = 1e-9


def no_bids(tape: Tape) -> Floats:
    """Return bids that attempt nothing."""
    return np.full(len(tape), np.nan)


def scored(tape: Tape) -> Bools:
    """Return the rows on which every bid's worth is known: those with chances or with labels.

    A row of a live win or loss is left out: it tells what one bid came to, and no other.
    """
    if tape.chances is not None:
        return np.ones(len(tape), dtype=bool)
    return ~np.isnan(tape.needed) & ~tape.censored


def truth(tape: Tape) -> Floats:
    """Return for each row and arm the true chance to land, or else whether it did (0 or 1)."""
    return landed(tape) if tape.chances is None else tape.chances


def landed(tape: Tape) -> Floats:
    """Return for each row and arm whether it would have landed, 0 or 1."""
    return (tape.needed[:, None] <= SHARES + _ROUNDING).astype(np.float64)


def worth(tape: Tape, bids: Floats, channel: Channel) -> Floats:
    """Return the ETH that each row's bid is worth; 0 where none is made."""
    attempted = ~np.isnan(bids)
    share = np.where(attempted, bids, 1.0)
    chance = _chance_at(tape, share)
    gain = expected(chance, (1 - share) * tape.net, costs(tape, channel))
    return np.where(attempted, gain, 0.0)


def worth_of_arms(chances: Floats, net: Floats, gas: Floats) -> Floats:
    """Return the ETH that each row's arms are worth at these chances; `gas` is a miss's cost."""
    return expected(chances, (1 - SHARES) * net[:, None], gas[:, None])


def costs(tape: Tape, channel: Channel) -> Floats:
    """Return what a miss costs on each row: its gas in public, nothing in private."""
    return miss_cost(tape.gas, channel)


def greedy(chances: Floats, net: Floats, gas: Floats) -> Floats:
    """Return the bids of whoever believes `chances`: the arm worth most, none below zero."""
    gains = worth_of_arms(chances, net, gas)
    best = gains.argmax(axis=1)
    positive = gains[np.arange(len(gains)), best] > 0
    return np.where(positive, SHARES[best], np.nan)


def best_bids(tape: Tape, channel: Channel) -> Floats:
    """Return the bids of the best policy: it knows the true chances, and not the dice.

    On a tape without chances it knows the dice too, as `clairvoyant` does.
    """
    return greedy(truth(tape), tape.net, costs(tape, channel))


def clairvoyant(tape: Tape) -> Floats:
    """Return what knowing the dice is worth on each row: the least arm that lands, or none."""
    least = np.diff(truth(tape), axis=1, prepend=0.0)
    gains = least * (1 - SHARES)
    total: Floats = np.maximum(tape.net, 0.0) * gains.sum(axis=1)
    return total


def redraw(tape: Tape, dice: np.random.Generator) -> Tape:
    """Return the tape with every outcome drawn anew from its true chances.

    What is drawn is the least arm that lands; the tape must know its chances.
    """
    assert tape.chances is not None
    luck = dice.random(len(tape))
    least = (tape.chances < luck[:, None]).sum(axis=1)
    needed = np.append(SHARES, np.inf)[least]
    return replace(
        tape,
        needed=needed,
        censored=np.zeros(len(tape), dtype=bool),
        offered=np.full(len(tape), np.nan),
        chances=None,
    )


def at_shares(curves: Floats, shares: Floats) -> Floats:
    """Return each curve's chance at a share, on the straight line between its two arms.

    Below the lowest arm nothing is known, and nothing counted.
    """
    above = np.clip(np.searchsorted(SHARES, shares), 1, len(SHARES) - 1)
    row = np.arange(len(shares))
    low, high = SHARES[above - 1], SHARES[above]
    part = np.clip((shares - low) / (high - low), 0.0, 1.0)
    chance = curves[row, above - 1] * (1 - part) + curves[row, above] * part
    return np.where(shares < SHARES[0] - _ROUNDING, 0.0, chance)


def _chance_at(tape: Tape, share: Floats) -> Floats:
    if tape.chances is None:
        return (tape.needed <= share + _ROUNDING).astype(np.float64)
    return at_shares(tape.chances, share)
