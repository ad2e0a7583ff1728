"""WayChooser: which way each attempt is sent, and what came of it.

The executor asks right before it signs; what was judged of the plan's gap says what the attempt is
worth. Where nothing of that is known the usual way is taken, and nothing is learned from it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from aineon.engine.hindsight import Judged
from aineon.execution.live.dispatching import TO_EVERYBODY, Dispatch
from aineon.execution.plan import ExecutionPlan
from aineon.execution.taken import directions_of
from aineon.optimizer.bandit import Bandit, Choice, Way
from aineon.optimizer.bandit.ways import ALL_RELAYS, EACH_BLOCK
from aineon.primitives.units import format_ether

_LOG: Final = logging.getLogger(__name__)


class WayChooser:
    """Has a bandit choose, and teaches it.

    Args:
        bandit: chooses among `bandit.ways.ways_of_bundles`.
    """

    def __init__(self, bandit: Bandit) -> None:
        self.bandit = bandit
        self._judged: Sequence[Judged] = ()
        self._at, self._factor = 0.0, 1.0
        self._chosen: dict[str, Way] = {}

    def turn(self, judged: Sequence[Judged], at: float, factor: float) -> None:
        """Begin with another state of the market.

        Args:
            judged: what is judged on it, as it grows.
            at: seconds, the market's time.
            factor: on the budget for exploring; above 1 after an alarm.
        """
        self._judged, self._at, self._factor = judged, at, factor
        self._chosen = {}

    def dispatch(self, plan: ExecutionPlan) -> Dispatch:
        """Return how `plan` is sent; it never fails, because everything could be sent to all."""
        try:
            choice = self._choose(plan)
        except Exception:  # noqa: BLE001 (whatever it is, the usual way is free)
            _LOG.exception("no way of sending could be chosen, so all relays get the bundle")
            return TO_EVERYBODY
        if choice is None:
            return TO_EVERYBODY
        relay, when, _ = self._chosen[plan.plan_id] = choice.way
        return Dispatch(
            relays=None if relay == ALL_RELAYS else frozenset({relay}),
            blocks=None if when == EACH_BLOCK else 1,
            signed=partial(self._signed, choice),
            untaken=partial(self._untaken, plan),
        )

    def way_of(self, plan: ExecutionPlan) -> Way | None:
        """Return the way that was chosen for a plan on this state; None of none."""
        return self._chosen.get(plan.plan_id)

    def learn(self, judged: Judged, won: bool, at: float) -> None:
        """Take in what came of an attempt; see `Reach.learn`."""
        lands = judged.decision.lands
        if judged.way is not None and lands is not None:
            self.bandit.learn(judged.way, won, lands, at)

    def state(self) -> Mapping[str, Any]:
        """Return what is to be kept; see `Bandit.state`."""
        return self.bandit.state()

    def _signed(self, choice: Choice) -> None:
        """Book what trying out costs: a plan that is refused before it is signed tries nothing."""
        self.bandit.spend(choice, self._at)
        if choice.regret_wei:
            _LOG.info(
                "trying out %s, %s: by present estimates that costs %s ETH on average",
                choice.way.relay,
                choice.way.when,
                format_ether(choice.regret_wei),
            )

    def _untaken(self, plan: ExecutionPlan) -> None:
        """Take in that a way carried nothing at all; what comes of the attempt is not its doing."""
        way = self._chosen.pop(plan.plan_id, None)
        if way is None:
            return
        _LOG.warning("%s did not take a bundle, so all relays got it", way.relay)
        try:
            self.bandit.learn(way, False, 1.0, self._at)
        except Exception:  # noqa: BLE001 (the bundle is out, and is to be followed)
            _LOG.exception("what came of a way of sending could not be learned")

    def _choose(self, plan: ExecutionPlan) -> Choice | None:
        gap = frozenset((pool, token.address) for pool, token in directions_of(plan))
        first = next((each for each in self._judged if not each.gap.isdisjoint(gap)), None)
        if first is None or first.decision.lands is None:
            return None
        return self.bandit.choose(
            first.decision.lands,
            first.net_wei,
            first.gas_wei or 0,
            plan.builder_payment_bps,
            self._at,
            self._factor,
        )
