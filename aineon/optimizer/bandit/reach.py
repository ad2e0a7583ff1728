"""Reach: how far one way carries, as a share of what an attempt's chance reckons with.

A replay tells what every bid would have won, so bids need no trying out. It does not tell which
relay's builders win blocks, or whether an early bundle beats a late one: that is learned by
sending. An attempt lands where its way carries it and its bid is the highest; a win says that it
was carried, a loss may have either cause. So each attempt counts as many trials as its bid had
chances: reach is wins over the wins that these chances foretold. They are learned from attempts
that went the usual way, so what that does not carry is in them already: its reach is 1, and that
of another way the ratio to it. A loss at a bid that hardly ever wins says almost nothing about the
relay.
"""

from __future__ import annotations

import math
from random import Random
from typing import Final, NamedTuple

from aineon.optimizer.arms import Channel

HALF_LIFE: Final = 12 * 3600.0
"""Seconds after which an attempt counts half: builders come and go within days."""
PAPER_WEIGHT: Final = 12.0
"""Attempts that all that was learned on paper counts for."""

_TAILS: Final = 1.645


class ReachState(NamedTuple):
    """What was learned about one way, as it is kept; the prior comes from elsewhere.

    Attributes:
        wins, trials: faded to `time`, seconds of the market; 0 where nothing was tried yet.
        tried: attempts in all.
    """

    wins: float
    trials: float
    time: float
    tried: float


class Way(NamedTuple):
    """One way of sending.

    Attributes:
        relay: the relay's or builder's name.
        when: the moment within the slot, as the sender names it, e.g. `early` or `late`.
        channel: whether it is a bundle or public.
    """

    relay: str
    when: str
    channel: Channel


class Reach:
    """What is known about one way: a Beta distribution whose past fades towards its prior.

    Args:
        prior: the reach to expect before anything was tried, 0 to 1.
        weight: how many attempts that counts for.
    """

    def __init__(self, prior: float = 0.5, weight: float = 2.0) -> None:
        kept = min(max(prior, 0.02), 0.98)
        self._prior = (weight * kept, weight * (1 - kept))
        self._wins = 0.0
        self._trials = 0.0
        self._time: float | None = None
        self.tried = 0

    @property
    def shape(self) -> tuple[float, float]:
        """The two parameters of the Beta distribution."""
        carried = min(self._wins, self._trials)
        return self._prior[0] + carried, self._prior[1] + self._trials - carried

    @property
    def mean(self) -> float:
        carried, lost = self.shape
        return carried / (carried + lost)

    @property
    def trials(self) -> float:
        """Attempts, each counted as its chance, as of the latest; old ones faded."""
        return self._trials

    def draw(self, dice: Random) -> float:
        """Return a reach as likely as it is (Thompson 1933)."""
        return dice.betavariate(*self.shape)

    def band(self) -> tuple[float, float]:
        """Return the interval that holds the reach with about 90 %.

        The Beta distribution is taken as normal, which is close enough for people to look at.
        """
        carried, lost = self.shape
        weight = carried + lost
        wide = _TAILS * math.sqrt(self.mean * (1 - self.mean) / (weight + 1))
        return max(self.mean - wide, 0.0), min(self.mean + wide, 1.0)

    def learn(self, landed: bool, chance: float, at: float) -> None:
        """Take in an attempt that was sent this way.

        Args:
            landed: whether it landed.
            chance: how likely it was to land, had it been carried as far as usual.
            at: seconds, the market's time; an earlier one than the last counts as the last.
        """
        self._fade(at)
        self.tried += 1
        self._wins += landed
        self._trials += min(max(chance, 0.0), 1.0)

    def state(self) -> ReachState:
        """Return what was learned."""
        return ReachState(self._wins, self._trials, self._time or 0.0, self.tried)

    def restore(self, state: ReachState) -> None:
        """Go on with what was learned before."""
        self._wins, self._trials = state.wins, state.trials
        self._time, self.tried = state.time or None, int(state.tried)

    def _fade(self, at: float) -> None:
        last = at if self._time is None else self._time
        self._time = max(at, last)
        keep = 0.5 ** ((self._time - last) / HALF_LIFE)
        self._wins *= keep
        self._trials *= keep
