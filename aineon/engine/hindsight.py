"""Hindsight: what an opportunity that was judged came to, told by outcomes alone.

Where auctions are known, the next block's say what it would have taken to go first, attempted or
not. Where they are not, paper looks whether the route would still have paid on the next states,
as its executor does. A chain tells of attempts alone: of a win that the offer was enough, of a
loss that it was not.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from aineon.errors import ExecutionError
from aineon.execution.contests import needed_payment_wei
from aineon.execution.paper import PaperConditions
from aineon.execution.plan import ExecutionPlan
from aineon.execution.planner import Planner
from aineon.execution.settlement import Attempt, OnchainSettlement, Outcome, Settlement
from aineon.execution.simulation import simulate
from aineon.feeds.base import Contest
from aineon.market import Market
from aineon.optimizer.bandit import Way
from aineon.optimizer.decision import Decision
from aineon.optimizer.features.seeing import DirectedPools
from aineon.primitives import Address, Block
from aineon.primitives.units import BPS
from aineon.search import Opportunity


@dataclass(frozen=True, slots=True)
class Judged:
    """An opportunity as it was judged.

    Attributes:
        opportunity, decision: what was judged, and how.
        block, step: the states that it was judged on.
        gap: the directed pools that it goes through.
        net_wei: what it left after flash fee and gas, before the builder's payment.
        gas_wei: what a public attempt that fails costs; None where not known.
        attempt: what was submitted for this gap; None where nothing was.
        way: how that was sent, where a way was chosen.
    """

    opportunity: Opportunity
    decision: Decision
    block: Block
    step: int
    gap: DirectedPools
    net_wei: int
    gas_wei: int | None
    attempt: Attempt | None = None
    way: Way | None = None

    @property
    def offered_bps(self) -> int | None:
        """The share of the profit that was offered; None where nothing was attempted."""
        return None if self.attempt is None else self.attempt.plan.builder_payment_bps


@dataclass(frozen=True, slots=True)
class Seen:
    """What a step of the market showed.

    Attributes:
        block: the step's; `market` as it left it.
        changed: the pools that it changed.
        contests: the auctions at the top of the block; None where the feed knows of none.
        settled: attempts that ended in it, by their ids.
    """

    block: Block
    market: Market
    changed: frozenset[Address]
    contests: tuple[Contest, ...] | None
    settled: Mapping[str, Settlement]

    @classmethod
    def of(
        cls,
        block: Block,
        market: Market,
        changed: frozenset[Address],
        contests: tuple[Contest, ...] | None,
        settlements: Sequence[Settlement],
    ) -> Seen:
        """The same, of settlements in their order."""
        by_id = {settlement.attempt.attempt_id: settlement for settlement in settlements}
        return cls(block, market, changed, contests, by_id)

    def settlement_of(self, judged: Judged) -> Settlement | None:
        """How the attempt at an opportunity ended; None where it did not, or there was none."""
        return None if judged.attempt is None else self.settled.get(judged.attempt.attempt_id)


@dataclass(frozen=True, slots=True)
class Sequel:
    """What an opportunity came to; the fields mean what `SampleRecord` says of them."""

    needed_payment_wei: int | None
    reachable: bool | None
    won: bool | None
    censored: bool = False


class NoSequel(Enum):
    """Why nothing is known of it."""

    WAIT = "its outcome is still to come"
    NEVER = "its outcome will not be known"


class Hindsight(Protocol):
    """Tells what became of opportunities."""

    def concerns(self, judged: Judged) -> bool:
        """Whether its outcome can ever be known."""

    def look(self, judged: Judged, seen: Seen) -> Sequel | NoSequel:
        """Return what it came to, or whether to wait for that."""


class PaperHindsight:
    """Knows of every opportunity, attempted or not, what it would have taken.

    Args:
        conditions: of the paper executor beside it, whose rules these are.
        planner: makes the plan that would have been submitted.
    """

    def __init__(self, conditions: PaperConditions, planner: Planner) -> None:
        self._conditions = conditions
        self._planner = planner

    def concerns(self, judged: Judged) -> bool:
        """Whatever was judged: paper tries it afterwards."""
        return True

    def look(self, judged: Judged, seen: Seen) -> Sequel | NoSequel:
        """Return what it would have taken, as soon as an attempt could have landed."""
        if not self._is_due(judged, seen):
            return NoSequel.NEVER if self._is_too_late(judged, seen) else NoSequel.WAIT
        settlement = seen.settlement_of(judged)
        if judged.attempt is not None and settlement is None:
            return NoSequel.NEVER
        won = None if settlement is None else settlement.outcome is Outcome.INCLUDED
        if seen.contests is not None:
            dearest = needed_payment_wei(judged.gap, seen.contests)
            # Whoever offers the same does not go first.
            needed = dearest + 1 if dearest else dearest
            return Sequel(needed, reachable=needed is not None, won=won)
        if settlement is not None and settlement.outcome is Outcome.UNRESOLVED:
            return NoSequel.NEVER
        lands = won if won is not None else self._would_land(judged, seen.market)
        if lands is None:
            return NoSequel.NEVER
        return Sequel(0 if lands else None, reachable=lands, won=won)

    def _is_due(self, judged: Judged, seen: Seen) -> bool:
        if not self._conditions.whole_blocks:
            return not seen.changed.isdisjoint(pool for pool, _ in judged.gap)
        first = judged.block.number + self._conditions.latency_blocks
        # Later auctions were held over other gaps; a route may pay as long as its pools stand.
        return seen.block.number == first or (seen.contests is None and seen.block.number > first)

    def _is_too_late(self, judged: Judged, seen: Seen) -> bool:
        latest = judged.block.number + self._conditions.latency_blocks
        return seen.block.number > max(latest, self._deadline(judged))

    def _deadline(self, judged: Judged) -> int:
        return judged.block.number + 1 + self._planner.rules.deadline_blocks

    def _would_land(self, judged: Judged, market: Market) -> bool | None:
        plan = self._plan(judged)
        if plan is None or any(pool not in market.pools for pool in plan.pools):
            return None
        dice = random.Random(f"{self._conditions.seed}:{plan.plan_id}")
        taken_up = dice.random() < self._conditions.inclusion_rate
        return taken_up and simulate(plan, market).amount_out is not None

    def _plan(self, judged: Judged) -> ExecutionPlan | None:
        try:
            return self._planner.plan(judged.opportunity, judged.block, judged.step)
        except ExecutionError:
            # It could not have been attempted, so there is nothing that would have landed.
            return None


class ChainHindsight:
    """Knows what became of attempts, and of nothing else: a chain does not say what was offered."""

    def concerns(self, judged: Judged) -> bool:
        """Attempts alone."""
        return judged.attempt is not None

    def look(self, judged: Judged, seen: Seen) -> Sequel | NoSequel:
        """Return a bound, as soon as the attempt has ended."""
        settlement, offered = seen.settlement_of(judged), judged.offered_bps
        if settlement is None or offered is None:
            return NoSequel.WAIT
        if settlement.outcome is Outcome.UNRESOLVED or _is_own_fault(settlement):
            return NoSequel.NEVER
        won = settlement.outcome is Outcome.INCLUDED
        bound = judged.net_wei * offered // BPS
        return Sequel(bound, reachable=True if won else None, won=won, censored=True)


def _is_own_fault(settlement: Settlement) -> bool:
    """Whether it failed by a fault of ours: that says nothing about what others offered."""
    return isinstance(settlement, OnchainSettlement) and settlement.at_fault
