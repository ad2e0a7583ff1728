"""Material: what members are trained on, from a tape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.models.curves import SHARES, Floats
from aineon.optimizer.models.inputs import Inputs
from aineon.optimizer.models.labels import labels, landed
from aineon.optimizer.models.live import Live
from aineon.optimizer.tape import Tape


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """One row an opportunity.

    Attributes:
        rows: numbers of `Inputs`.
        told: log-odds that the live table said before it knew the outcome: (rows, arms).
        landed: for each arm 1 or 0; between them where the outcome hides it.
    """

    rows: Floats
    told: Floats
    landed: Floats

    def take(self, chosen: NDArray[np.int64]) -> Self:
        """Return the material of some rows."""
        return type(self)(self.rows[chosen], self.told[chosen], self.landed[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Past opportunities before anybody has chosen what to read of them.

    Attributes:
        tape: the opportunities.
        told, landed: as for `Material`.
    """

    tape: Tape
    told: Floats
    landed: Floats

    def take(self, chosen: NDArray[np.int64]) -> Self:
        """Return the history of some rows."""
        return type(self)(self.tape.rows(chosen), self.told[chosen], self.landed[chosen])

    def material(self, inputs: Inputs) -> Material:
        """Return what members are trained on that read `inputs`."""
        return Material(inputs.rows(self.tape), self.told, self.landed)


def told_along(tape: Tape) -> tuple[Floats, Live]:
    """Return what `Live` said of each row when it was decided about, and what learns it.

    It learns each outcome when it became known, so no row's curve knows more than its decision.
    """
    live = Live(tape.names)
    waiting = iter(labels(tape))
    told = np.empty((len(tape), len(SHARES)))
    upcoming = next(waiting, None)
    for row in range(len(tape)):
        while upcoming is not None and upcoming.time <= tape.times[row]:
            live.learn(upcoming)
            upcoming = next(waiting, None)
        pair, net = tape.pair_names[tape.pairs[row]], float(tape.net[row])
        told[row] = live.chances(pair, net, tape.features[row])
    while upcoming is not None:
        live.learn(upcoming)
        upcoming = next(waiting, None)
    return told, live


def outcomes(tape: Tape, told: Floats) -> Floats:
    """Return for each row and arm 1 or 0, or how likely it was where the outcome hides it.

    A win hides the cheaper arms: each is as likely as the table had it, given that the arm that
    was offered landed. A loss hides the dearer arms likewise. Leaving them out instead would
    count cheap arms only where they were lost.
    """
    known = landed(tape.needed, tape.censored, tape.offered)
    hidden = np.isnan(known)
    if not hidden.any():
        return known
    won = np.where(known == 1, told, 1.0).min(axis=1, keepdims=True)
    lost = np.where(known == 0, told, 0.0).max(axis=1, keepdims=True)
    likely = (told - lost) / np.maximum(won - lost, 1e-9)
    filled: Floats = np.where(hidden, np.clip(likely, 0.0, 1.0), known)
    return filled
