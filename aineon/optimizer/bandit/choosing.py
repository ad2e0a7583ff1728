"""Choosing a way to send: Thompson sampling within a budget, with its regret kept."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final, NamedTuple

from aineon.errors import OptimizerError
from aineon.optimizer.arms import Channel
from aineon.optimizer.bandit.reach import PAPER_WEIGHT, Reach, ReachState, Way
from aineon.optimizer.deciding import expected_wei
from aineon.optimizer.telling import WayTold

DAY: Final = 86_400.0

ENOUGH_TRIALS: Final = 6.0
"""Attempts, in sure bids, after which a way's own figures are believed, and not its prior."""
_REGRETS_KEPT: Final = 500


class Choice(NamedTuple):
    """The way that an attempt takes.

    Attributes:
        way: which one.
        expected_wei: what the attempt leaves that way on average.
        regret_wei: how much less that is than what the best way by the present estimates leaves;
            0 where this is the best one.
    """

    way: Way
    expected_wei: int
    regret_wei: int


@dataclass(frozen=True, slots=True)
class Regret:
    """What exploring once has cost, by the estimates of that moment."""

    at: float
    way: Way
    wei: int


class Bandit:
    """Learns which way carries, and tries others only as far as the budget of a day goes.

    Args:
        ways: those that can be taken.
        budget_wei: what exploring may cost in a day of the market, by present estimates.
        seed: of its dice.
        paper: the reach to expect of each way, where it is known. The usual way is the one with
            the highest; the others have to be tried, within the budget, before they replace it.
    """

    def __init__(
        self,
        ways: Iterable[Way],
        budget_wei: int,
        seed: int = 0,
        paper: Mapping[Way, float] | None = None,
    ) -> None:
        known = paper or {}
        self._reach = {
            way: Reach(known[way], PAPER_WEIGHT) if way in known else Reach()
            for way in sorted(set(ways))
        }
        self._usual = max(self._reach, key=lambda way: self._reach[way].mean, default=None)
        self._ratios = {} if self._usual is None else self._ratios_to(self._reach[self._usual])
        self._budget_wei = budget_wei
        self._dice = Random(seed)
        self._day = -math.inf
        self._spent_wei = 0
        self.regrets: deque[Regret] = deque(maxlen=_REGRETS_KEPT)
        self.regret_wei = 0

    @property
    def reach(self) -> Mapping[Way, Reach]:
        """What is known about each way."""
        return self._reach

    def left_wei(self, at: float, factor: float = 1.0) -> int:
        """Return what exploring may still cost on the day of `at`, of a budget times `factor`."""
        spent = self._spent_wei if _day(at) <= self._day else 0
        return max(round(self._budget_wei * factor) - spent, 0)

    def choose(
        self,
        chance: float,
        net_wei: int,
        gas_wei: int,
        bid_bps: int,
        at: float,
        factor: float = 1.0,
    ) -> Choice | None:
        """Return the way to take; None where every way costs more than it brings.

        The budget is not touched before the attempt really takes it: see `spend`.

        Args:
            chance: how likely the attempt is to land where its way carries as far as usual.
            net_wei: what a win leaves before the bid.
            gas_wei: what a failed public attempt costs.
            bid_bps: the share that is bid.
            at: seconds, the market's time.
            factor: on the budget; above 1 after an alarm.
        """
        if not self._reach:
            return None

        def worth(way: Way, reach: float) -> int:
            return expected_wei(reach * chance, net_wei, gas_wei, bid_bps, way.channel)

        means = {way: worth(way, self._believed(way)) for way in self._reach}
        best = max(filter(self._is_known, means), key=lambda way: means[way])
        drawn = {way: worth(way, reach.draw(self._dice)) for way, reach in self._reach.items()}
        way = max(drawn, key=lambda each: drawn[each])
        regret, left = max(means[best] - means[way], 0), self.left_wei(at, factor)
        if regret > left or not left:
            way, regret = best, 0
        if max(means[way], drawn[way]) <= 0:
            return None
        return Choice(way, means[way], regret)

    def spend(self, choice: Choice, at: float) -> None:
        """Book what exploring costs, now that an attempt has taken the way of `choice`.

        Args:
            choice: what `choose` returned.
            at: seconds, the market's time.
        """
        if not choice.regret_wei:
            return
        # A clock that goes backwards stays within the day whose budget is being spent.
        if _day(at) > self._day:
            self._day, self._spent_wei = _day(at), 0
        self._spent_wei += choice.regret_wei
        self.regret_wei += choice.regret_wei
        self.regrets.append(Regret(at, choice.way, choice.regret_wei))

    def learn(self, way: Way, landed: bool, chance: float, at: float) -> None:
        """Take in what came of an attempt; see `Reach.learn`. An unknown way is no arm here."""
        if way in self._reach:
            self._reach[way].learn(landed, chance, at)

    def state(self) -> dict[str, Any]:
        """Return all that was learned and spent, as plain JSON for `restore`."""
        return {
            "day": self._day if math.isfinite(self._day) else None,
            "spent_wei": self._spent_wei,
            "regret_wei": self.regret_wei,
            "ways": [[*way, reach.state()] for way, reach in self._reach.items()],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where the bandit was whose `state` this is; ways that are no more are left out.

        Raises:
            OptimizerError: it is no such state; nothing is changed.
        """
        try:
            day = None if state["day"] is None else float(state["day"])
            spent, regret = int(state["spent_wei"]), int(state["regret_wei"])
            known = {
                Way(str(relay), str(when), Channel(channel)): ReachState(*map(float, told))
                for relay, when, channel, told in state["ways"]
            }
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            raise OptimizerError(
                f"what is kept of ways of sending is malformed: {error}"
            ) from error
        figures = [day or 0.0, spent, regret, *(each for told in known.values() for each in told)]
        if not all(math.isfinite(each) and each >= 0 for each in figures):
            raise OptimizerError("what is kept of ways of sending holds a figure that none can be")
        self._day = -math.inf if day is None else day
        self._spent_wei, self.regret_wei = spent, regret
        for way, told in known.items():
            if way in self._reach:
                self._reach[way].restore(told)

    def told(self) -> tuple[WayTold, ...]:
        """Return what is known about each way."""
        return tuple(_way_told(way, reach) for way, reach in self._reach.items())

    def _ratios_to(self, usual: Reach) -> dict[Way, float]:
        return {way: reach.mean / usual.mean for way, reach in self._reach.items()}

    def _is_known(self, way: Way) -> bool:
        return way == self._usual or self._reach[way].trials >= ENOUGH_TRIALS

    def _believed(self, way: Way) -> float:
        """Return the mean reach; a way that was hardly tried keeps its distance to the usual one.

        Losses of the usual way say nothing good about one that nobody took.
        """
        mean = self._reach[way].mean
        if self._usual is None or self._is_known(way):
            return mean
        return min(mean, self._reach[self._usual].mean * self._ratios[way])


def _way_told(way: Way, reach: Reach) -> WayTold:
    low, high = reach.band()
    return WayTold(way.relay, way.when, way.channel.value, reach.mean, low, high, reach.tried)


def _day(at: float) -> float:
    return math.floor(at / DAY) if math.isfinite(at) else -math.inf
