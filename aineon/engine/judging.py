"""From a sized opportunity to an attempt, or to the reason why there is none."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from aineon.engine.admission import Admission
from aineon.engine.advising import Advice, Adviser
from aineon.engine.funnel import FunnelEntry, Stage
from aineon.engine.watching import Watching
from aineon.errors import ExecutionError
from aineon.execution.executor import Executor, NotSubmitted, Preflight
from aineon.execution.plan import ExecutionPlan
from aineon.execution.planner import Planner
from aineon.execution.settlement import Attempt
from aineon.market import Market
from aineon.primitives import Block, Token, market_time
from aineon.risk import Candidate, Refusal, RiskGate
from aineon.search import (
    CostModel,
    Opportunity,
    Route,
    Trust,
    Worths,
    best_alone,
    best_combination,
)

# Ordering costs sizings; what stands further behind adds little to a block.
_MOST_COMBINED = 12
_COMBINATION_BUDGET = 120


@dataclass(frozen=True, slots=True)
class Scene:
    """The point of the market at which opportunities are judged.

    Attributes:
        market: the states, with what the attempts before this one leave.
        mid_transaction: whether it lies between two swaps of one transaction.
    """

    market: Market
    block: Block
    step: int
    mid_transaction: bool


@dataclass(slots=True)
class _Tried:
    """What was attempted at a point of the market, and what that leaves.

    Attributes:
        scene: with what the attempts leave.
        entries: of all that were tried, attempted or refused.
        cooling: the routes of those that were attempted.
    """

    scene: Scene
    entries: list[FunnelEntry] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    cooling: list[Route] = field(default_factory=list)


class Judging:
    """Leads opportunities through the stages of the funnel, and attempts the best combination."""

    def __init__(
        self,
        gate: RiskGate,
        admission: Admission,
        planner: Planner,
        executor: Executor,
        preflight: Preflight,
        costs: CostModel,
        watching: Watching | None = None,
        adviser: Adviser | None = None,
    ) -> None:
        self._gate = gate
        self._admission = admission
        self._planner = planner
        self._executor = executor
        self._preflight = preflight
        self._costs = costs
        self._watching = watching
        self._adviser = adviser
        self._worths = Worths(costs, Market())
        self._trust = Trust()

    async def judge(
        self, opportunities: Iterable[Opportunity], scene: Scene
    ) -> tuple[list[FunnelEntry], list[Attempt]]:
        """Attempt what leaves most, and say of everything else why it was not attempted.

        The first one that passes risk and admission is attempted at once: those behind it are
        looked at afterwards, and nothing that they need keeps it waiting. What it leaves is
        combined: opportunities that share pools are ordered, and each is sized and checked on
        the states that those before it leave.

        Args:
            opportunities: the best one first; those without a confidence are given theirs.
            scene: where they were found.
        """
        # The market may have changed since the last time, and be the same object.
        self._worths = Worths(self._costs, scene.market)
        self._trust.turn()
        if self._adviser is not None:
            self._adviser.turn(scene.block, scene.step, scene.market)
        tried = _Tried(scene)
        admitted: list[FunnelEntry] = []
        stopped: list[FunnelEntry] = []
        admitting = self._admitted(opportunities, tried, admitted, stopped)
        left = await self._attempt_best(islice(admitting, _MOST_COMBINED), tried)
        deque(admitting, maxlen=0)
        full = self._admission.full(self._executor.in_flight)
        for opportunity in self._combined(left, tried.scene.market):
            await self._try(opportunity, tried)
        for route in tried.cooling:
            self._admission.start_cooldown(route, market_time(scene.block))
        left_out = _left_out(admitted, [each.opportunity.route for each in tried.entries], full)
        return [*tried.entries, *left_out, *stopped], tried.attempts

    def _admitted(
        self,
        opportunities: Iterable[Opportunity],
        tried: _Tried,
        admitted: list[FunnelEntry],
        stopped: list[FunnelEntry],
    ) -> Iterator[FunnelEntry]:
        """Check one after the other, as it is asked for; sort them, and yield what passes.

        What was attempted meanwhile counts where attempts are counted. That it lies in the way
        of others is no reason: they are to be combined with it.
        """
        scene, in_flight = tried.scene, self._executor.in_flight
        for opportunity in opportunities:
            entry = self._checked(opportunity, scene, in_flight)
            entry = self._unless_taken(entry, tried.attempts)
            if entry.gate is not None:
                stopped.append(entry)
                continue
            admitted.append(entry)
            yield entry

    async def _attempt_best(
        self, admitted: Iterator[FunnelEntry], tried: _Tried
    ) -> list[Opportunity]:
        """Attempt the best opportunity, or the next one where that is refused; return the rest.

        Whoever is first in a block gets what is there. So the best one does not wait until it is
        known what goes with it. Once it is handed over it can come again: others may move its
        pools back.
        """
        left: list[Opportunity] = []
        for entry in admitted:
            left.append(entry.opportunity)
            best = best_alone(entry.opportunity, tried.scene.market, self._costs)
            if best is None:
                continue
            await self._try(best, tried)
            if tried.attempts:
                break
            left.pop()
        return [*left, *(entry.opportunity for entry in admitted)]

    def _combined(self, left: Sequence[Opportunity], market: Market) -> tuple[Opportunity, ...]:
        """The best combination, in its order.

        Where there is no room for all of it, its beginning is what counts, and best first may
        begin better.
        """
        room = self._admission.room(self._executor.in_flight)
        if not left or not room:
            return ()
        best = self._combination(left, market, _COMBINATION_BUDGET)
        if len(best) <= room:
            return best
        best_first = self._combination(left, market, 0)
        return max(best, best_first, key=lambda chosen: self._net_wei(chosen[:room], market))

    def _combination(
        self, left: Sequence[Opportunity], market: Market, budget: int
    ) -> tuple[Opportunity, ...]:
        least = max(self._gate.limits.min_profit_wei, 1)
        return best_combination(left, market, self._costs, least=least, budget=budget).opportunities

    def _net_wei(self, chosen: Iterable[Opportunity], market: Market) -> int:
        """What these leave together; they are all priced, because they were combined."""
        return sum(
            self._worth(each.net_profit or 0, each.base_token, market) or 0 for each in chosen
        )

    async def _try(self, opportunity: Opportunity, tried: _Tried) -> None:
        """Attempt one more, checked on the states that really come."""
        entry, attempt, tried.scene = await self._attempt(opportunity, tried.scene, tried.attempts)
        tried.entries.append(entry)
        if attempt is not None:
            tried.attempts.append(attempt)
            tried.cooling.append(opportunity.route)

    async def _attempt(
        self, opportunity: Opportunity, scene: Scene, companions: Sequence[Attempt]
    ) -> tuple[FunnelEntry, Attempt | None, Scene]:
        """Take one opportunity as far as it goes; the scene it leaves is the next one's."""
        entry = self._checked(opportunity, scene, self._executor.in_flight, companions)
        entry = self._unless_taken(entry)
        if entry.gate is not None:
            return entry, None, scene
        plan = self._plan(entry, scene)
        if isinstance(plan, Refusal):
            return _stop(entry, Stage.PASSED_RISK, plan), None, scene
        tried = await self._preflight.check(plan, scene.market)
        if not tried.passed:
            return _stop(entry, Stage.PLANNED, Refusal("preflight", tried.failure)), None, scene
        attempt = await self._executor.submit(plan, scene.block, scene.step, tried)
        if isinstance(attempt, NotSubmitted):
            refusal = Refusal(attempt.gate, attempt.reason)
            if self._watching is not None:
                self._watching.refused(attempt)
            return _stop(entry, Stage.PREFLIGHT_OK, refusal), None, scene
        if self._watching is not None:
            self._watching.attempted(attempt, entry, scene.market, market_time(scene.block))
        entry = replace(entry, stage=Stage.SUBMITTED, attempt_id=attempt.attempt_id)
        return entry, attempt, replace(scene, market=scene.market.with_pools(tried.pools_after))

    def _checked(
        self,
        opportunity: Opportunity,
        scene: Scene,
        in_flight: Iterable[Attempt],
        companions: Sequence[Attempt] = (),
    ) -> FunnelEntry:
        """The opportunity's entry after risk and admission; without a gate where it passed both."""
        entry = self._scored(self._trust.rated(opportunity, scene.market), scene)
        if entry.gate is not None:
            return entry
        refusal = self._gate.check(self._candidate(entry.opportunity, scene, entry.net_wei))
        if refusal is not None:
            return _stop(entry, Stage.SCORED, refusal)
        refusal = self._admission.check(
            opportunity.route, in_flight, market_time(scene.block), companions
        )
        if refusal is not None:
            return _stop(entry, Stage.PASSED_RISK, refusal)
        return replace(entry, stage=Stage.PASSED_RISK)

    def _scored(self, opportunity: Opportunity, scene: Scene) -> FunnelEntry:
        """The entry with what an attempt would leave, at the bid that the optimizer advises."""
        worth = self._net_worth(opportunity, scene.market)
        advice = self._advice(opportunity, scene, worth)
        bid_bps = None if advice is None else advice.bid_bps
        entry = FunnelEntry(
            opportunity,
            scene.block.number,
            scene.step,
            Stage.SCORED,
            net_wei=None
            if worth is None
            else worth - self._planner.builder_payment(worth, bid_bps),
            bid_bps=bid_bps,
            decision=None if advice is None else advice.decision,
        )
        if advice is None or advice.refusal is None:
            return entry
        return _stop(entry, Stage.SIZED, advice.refusal)

    def _unless_taken(self, entry: FunnelEntry, own: Iterable[Attempt] = ()) -> FunnelEntry:
        """Stop an entry whose gap an earlier attempt takes already, unless that is one of `own`."""
        if entry.gate is not None:
            return entry
        taker = self._executor.taker_of(entry.opportunity.route)
        if taker is None or taker in {attempt.attempt_id for attempt in own}:
            return entry
        return _stop(entry, Stage.PASSED_RISK, _taken_by(taker))

    def _candidate(self, opportunity: Opportunity, scene: Scene, net_wei: int | None) -> Candidate:
        return Candidate(
            gas_price_wei=self._costs.gas_price_wei(scene.block),
            net_wei=net_wei,
            position_wei=self._worth(opportunity.amount_in, opportunity.base_token, scene.market),
            confidence=opportunity.confidence or 0.0,
            mid_transaction=scene.mid_transaction,
            route=opportunity.route,
            amounts=opportunity.amounts,
        )

    def _advice(self, opportunity: Opportunity, scene: Scene, net_wei: int | None) -> Advice | None:
        """What the optimizer says; None where there is none, or nobody can trade here."""
        if self._adviser is None or scene.mid_transaction:
            return None
        gas = opportunity.gas_cost
        gas_wei = None if gas is None else self._worth(gas, opportunity.base_token, scene.market)
        return self._adviser.advise(opportunity, net_wei, gas_wei)

    def _net_worth(self, opportunity: Opportunity, market: Market) -> int | None:
        """What is left in wei after flash fee and gas, before the builder's payment."""
        net = opportunity.net_profit
        return None if net is None else self._worth(net, opportunity.base_token, market)

    def _worth(self, amount: int, token: Token, market: Market) -> int | None:
        if self._worths.market is not market:
            self._worths = Worths(self._costs, market)
        return self._worths.of(amount, token)

    def _plan(self, entry: FunnelEntry, scene: Scene) -> ExecutionPlan | Refusal:
        try:
            return self._planner.plan(
                entry.opportunity, scene.block, scene.step, builder_payment_bps=entry.bid_bps
            )
        except ExecutionError as error:
            return Refusal("plan", str(error))


def _taken_by(attempt_id: str) -> Refusal:
    return Refusal(
        "taken_already",
        f"attempt {attempt_id} takes this gap already, and the real market has not closed it since",
    )


def _left_out(
    admitted: Sequence[FunnelEntry], tried: Sequence[Route], full: Refusal | None
) -> list[FunnelEntry]:
    """The entries that no route that was tried stands for, each with the reason.

    Every route that was tried stands for one that was admitted; one that comes again after
    others moved its pools back is an opportunity of its own. `full` says that there is no room
    for any more.
    """
    left = list(enumerate(admitted))
    for route in tried:
        own = (each for each in left if _covers(route, each[1].opportunity.route))
        if (found := next(own, None)) is not None:
            left.remove(found)
    return [
        _stop(entry, Stage.PASSED_RISK, _why_left(rank, entry.opportunity.route, tried, full))
        for rank, entry in left
    ]


def _why_left(rank: int, route: Route, tried: Iterable[Route], full: Refusal | None) -> Refusal:
    if any(_covers(each, route) for each in tried):
        return Refusal("combined_away", "another one divides its hops over these pools as well")
    if rank >= _MOST_COMBINED:
        return Refusal("crowded_out", f"only the best {_MOST_COMBINED} of a state are combined")
    return full or Refusal(
        "combined_away",
        "what it would take leaves more to others of this block through the same pools",
    )


def _covers(chosen: Route, route: Route) -> bool:
    """Whether `chosen` is `route`, perhaps with hops divided over further pools."""
    return len(chosen) == len(route) and all(
        wide.token_in == hop.token_in
        and wide.token_out == hop.token_out
        and hop.pool.address in {pool.address for pool in wide.pools}
        for wide, hop in zip(chosen, route, strict=True)
    )


def _stop(entry: FunnelEntry, stage: Stage, refusal: Refusal) -> FunnelEntry:
    return replace(entry, stage=stage, gate=refusal.gate, reason=refusal.reason)
