"""Competing: whether new models leave more than those in use, beyond what luck explains.

Two ways of deciding are compared on the same opportunities, outcome by outcome, so that what
both won or lost cancels out. Outcomes of one hour hang together and money is heavy-tailed, so
the differences are drawn again by blocks of time (the paired block bootstrap).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aineon.errors import OptimizerError
from aineon.optimizer.arms import ARMS, Channel
from aineon.optimizer.deciding import KEPT, expected, expected_nets, miss_cost
from aineon.optimizer.tape import Tape

Floats = NDArray[np.float64]

SURE: Final = 0.9
"""The least share of draws in which a challenger leaves more, for it to be promoted."""
HELD: Final = 0.5
"""The least share of draws in which a champion leaves more than the table, to be confirmed."""
FEWEST_BLOCKS: Final = 6
"""With fewer blocks of time than that, nothing can be said."""

_DRAWS: Final = 2_000
_BLOCK_SECONDS: Final = 1_800.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What drawing the differences again said.

    Attributes:
        better: the share of draws in which the first one left more, half of equal ones counted;
            None where there was too little to say.
        gain: ETH that the first one left more, over all outcomes.
        blocks: of how many blocks of time.
    """

    better: float | None
    gain: float
    blocks: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a challenger is promoted.

    Attributes:
        promoted: whether it is.
        words: one sentence: with which figures, or what is missing.
        champion: the comparison with the models in use; None where there are none.
        table: the comparison with the live table.
        held: the comparison of the models in use with the live table; None where there are none.
    """

    promoted: bool
    words: str
    champion: Comparison | None
    table: Comparison
    held: Comparison | None = None

    @property
    def confirmed(self) -> bool:
        """Whether whoever is the champion after this left at least as much as the live table."""
        held = None if self.held is None else self.held.better
        return self.promoted or (held is not None and held >= HELD)


def money(chances: Floats, tape: Tape, channel: Channel) -> Floats:
    """Return what deciding by `chances` would have left of each opportunity, in ETH.

    Args:
        chances: what was predicted, (rows, arms).
        tape: the opportunities; one whose needed share is unknown or only bounded leaves nan.
        channel: how they travel, which decides what a miss costs.
    """
    if chances.shape != (len(tape), len(ARMS)):
        raise OptimizerError(
            f"chances have the shape {chances.shape}; allowed is ({len(tape)}, {len(ARMS)})"
        )
    net, gas = tape.net[:, None], tape.gas[:, None]
    nets = expected_nets(chances, net, gas, channel)
    arm = nets.argmax(axis=1)
    attempted = nets[np.arange(len(tape)), arm] > 0
    landed = tape.needed <= np.array(ARMS)[arm]
    came = expected(landed.astype(np.float64), KEPT[arm] * tape.net, miss_cost(tape.gas, channel))
    left = np.where(attempted, came, 0.0)
    return np.where(np.isnan(tape.needed) | tape.censored, np.nan, left)


def compare(first: Floats, second: Floats, times: Floats, seed: int = 0) -> Comparison:
    """Return how sure it is that the first leaves more than the second.

    Args:
        first: ETH of each opportunity; those where one of the two is nan do not count.
        second: likewise, of the other way of deciding.
        times: seconds, when it was decided about.
        seed: of the draws.
    """
    known = np.isfinite(first) & np.isfinite(second)
    differences, at = (first - second)[known], times[known]
    gain = float(differences.sum())
    if not differences.size:
        return Comparison(None, 0.0, 0)
    _, block = np.unique(np.floor((at - at[0]) / _BLOCK_SECONDS), return_inverse=True)
    sums = np.bincount(block, weights=differences)
    if len(sums) < FEWEST_BLOCKS:
        return Comparison(None, gain, len(sums))
    dice = np.random.default_rng(seed)
    drawn = sums[dice.integers(0, len(sums), (_DRAWS, len(sums)))].sum(axis=1)
    better = float((drawn > 0).mean() + 0.5 * (drawn == 0).mean())
    return Comparison(better, gain, len(sums))


def compete(
    challenger: Floats,
    champion: Floats | None,
    table: Floats,
    times: Floats,
    seed: int = 0,
) -> Verdict:
    """Return whether a challenger is promoted, by what each would have left (see `money`).

    All three must be measured on outcomes that are newer than what the challenger was trained
    on. It has to beat the live table, and the champion where there is one.
    """
    against_table = compare(challenger, table, times, seed)
    against_champion = None if champion is None else compare(challenger, champion, times, seed)
    held = None if champion is None else compare(champion, table, times, seed)
    rivals = {"the table": against_table}
    if against_champion is not None:
        rivals["the champion"] = against_champion
    for name, found in rivals.items():
        if found.better is None:
            words = (
                f"not promoted: only {found.blocks} half hours of outcomes to compare with {name}"
            )
            return Verdict(False, words, against_champion, against_table, held)
        if found.better < SURE:
            words = (
                f"not promoted: it leaves more than {name} in {found.better:.0%} of draws, "
                f"and {SURE:.0%} are needed"
            )
            return Verdict(False, words, against_champion, against_table, held)
    words = "promoted: " + " and ".join(
        f"it leaves more than {name} in {found.better:.0%} of draws"
        for name, found in rivals.items()
    )
    return Verdict(True, words, against_champion, against_table, held)
