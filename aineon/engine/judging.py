"""From a sized opportunity to an attempt, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from aineon.engine.admission import Admission
from aineon.engine.funnel import FunnelEntry, Stage
from aineon.errors import ExecutionError
from aineon.execution.executor import Executor, NotSubmitted, Preflight
from aineon.execution.plan import ExecutionPlan
from aineon.execution.planner import Planner
from aineon.execution.settlement import Attempt
from aineon.market import Market
from aineon.primitives import Block
from aineon.risk import Candidate, Refusal, RiskGate
from aineon.search import CostModel, Opportunity, Route, best_combination

# Ordering costs sizings; what stands further behind adds little to a block.
_MOST_COMBINED = 12
_COMBINATION_BUDGET = 120

SECONDS_PER_BLOCK = 12


def market_time(block: Block) -> float:
    """The market's own time: the block's timestamp, or its height in slots where unknown."""
    if block.timestamp is not None:
        return float(block.timestamp)
    return float(block.number * SECONDS_PER_BLOCK)


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
    ) -> None:
        self._gate = gate
        self._admission = admission
        self._planner = planner
        self._executor = executor
        self._preflight = preflight
        self._costs = costs

    async def judge(
        self, opportunities: Iterable[Opportunity], scene: Scene
    ) -> tuple[list[FunnelEntry], list[Attempt]]:
        """Attempt what leaves most together, and say of everything else why it was not attempted.

        What passes risk and admission is combined: opportunities that share pools are ordered,
        and each is sized and checked on the states that those before it leave.
        """
        admitted: list[FunnelEntry] = []
        stopped: list[FunnelEntry] = []
        for opportunity in opportunities:
            entry = self._checked(opportunity, scene, ())
            (admitted if entry.gate is None else stopped).append(entry)
        chosen = self._combined([entry.opportunity for entry in admitted], scene.market)
        entries, attempts = await self._attempted(chosen, scene)
        return [*entries, *_left_out(admitted, chosen), *stopped], attempts

    def _combined(self, admitted: Sequence[Opportunity], market: Market) -> tuple[Opportunity, ...]:
        """The best combination, in its order.

        Where there is no room for all of it, its beginning is what counts, and best first may
        begin better.
        """
        if not admitted:
            return ()
        room = self._admission.room(self._executor.in_flight)
        best = self._combination(admitted, market, _COMBINATION_BUDGET)
        if len(best) <= room:
            return best
        best_first = self._combination(admitted, market, 0)
        return max(best, best_first, key=lambda chosen: self._net_wei(chosen[:room], market))

    def _combination(
        self, admitted: Sequence[Opportunity], market: Market, budget: int
    ) -> tuple[Opportunity, ...]:
        least = max(self._gate.limits.min_profit_wei, 1)
        return best_combination(
            admitted[:_MOST_COMBINED], market, self._costs, least=least, budget=budget
        ).opportunities

    def _net_wei(self, chosen: Iterable[Opportunity], market: Market) -> int:
        """What these leave together; they are all priced, because they were combined."""
        return sum(
            self._costs.native_value(each.net_profit or 0, each.base_token, market) or 0
            for each in chosen
        )

    async def _attempted(
        self, chosen: Iterable[Opportunity], scene: Scene
    ) -> tuple[list[FunnelEntry], list[Attempt]]:
        """Attempt the opportunities of a combination in order, as far as each stands the checks.

        Where one is refused, those behind it are still checked on the states that really come.
        """
        entries: list[FunnelEntry] = []
        attempts: list[Attempt] = []
        cooling: list[Route] = []
        for opportunity in chosen:
            entry, attempt, scene = await self._attempt(opportunity, scene, attempts)
            entries.append(entry)
            if attempt is not None:
                attempts.append(attempt)
                cooling.append(opportunity.route)
        for route in cooling:
            self._admission.start_cooldown(route, market_time(scene.block))
        return entries, attempts

    async def _attempt(
        self, opportunity: Opportunity, scene: Scene, companions: Sequence[Attempt]
    ) -> tuple[FunnelEntry, Attempt | None, Scene]:
        """Take one opportunity as far as it goes; the scene it leaves is the next one's."""
        entry = self._checked(opportunity, scene, companions)
        if entry.gate is not None:
            return entry, None, scene
        plan = self._plan(opportunity, scene)
        if isinstance(plan, Refusal):
            return _stop(entry, Stage.PASSED_RISK, plan), None, scene
        tried = await self._preflight.check(plan, scene.market)
        if not tried.passed:
            return _stop(entry, Stage.PLANNED, Refusal("preflight", tried.failure)), None, scene
        attempt = await self._executor.submit(plan, scene.block, scene.step, tried)
        if isinstance(attempt, NotSubmitted):
            refusal = Refusal(attempt.gate, attempt.reason)
            return _stop(entry, Stage.PREFLIGHT_OK, refusal), None, scene
        entry = replace(entry, stage=Stage.SUBMITTED, attempt_id=attempt.attempt_id)
        return entry, attempt, replace(scene, market=scene.market.with_pools(tried.pools_after))

    def _checked(
        self, opportunity: Opportunity, scene: Scene, companions: Sequence[Attempt]
    ) -> FunnelEntry:
        """The opportunity's entry after risk and admission; without a gate where it passed both."""
        net_wei = self._expected_net_wei(opportunity, scene.market)
        entry = FunnelEntry(
            opportunity, scene.block.number, scene.step, Stage.SCORED, net_wei=net_wei
        )
        refusal = self._gate.check(self._candidate(opportunity, scene, net_wei))
        if refusal is not None:
            return _stop(entry, Stage.SCORED, refusal)
        refusal = self._admission.check(
            opportunity.route, self._executor.in_flight, market_time(scene.block), companions
        )
        if refusal is not None:
            return _stop(entry, Stage.PASSED_RISK, refusal)
        taker = self._executor.taker_of(opportunity.route)
        if taker is not None:
            return _stop(entry, Stage.PASSED_RISK, _taken_by(taker))
        return replace(entry, stage=Stage.PASSED_RISK)

    def _candidate(self, opportunity: Opportunity, scene: Scene, net_wei: int | None) -> Candidate:
        return Candidate(
            gas_price_wei=self._costs.gas_price_wei(scene.block),
            net_wei=net_wei,
            position_wei=self._costs.native_value(
                opportunity.amount_in, opportunity.base_token, scene.market
            ),
            confidence=opportunity.confidence or 0.0,
            mid_transaction=scene.mid_transaction,
        )

    def _expected_net_wei(self, opportunity: Opportunity, market: Market) -> int | None:
        net = opportunity.net_profit
        if net is None:
            return None
        worth = self._costs.native_value(net, opportunity.base_token, market)
        return None if worth is None else worth - self._planner.builder_payment(worth)

    def _plan(self, opportunity: Opportunity, scene: Scene) -> ExecutionPlan | Refusal:
        try:
            return self._planner.plan(opportunity, scene.block, scene.step)
        except ExecutionError as error:
            return Refusal("plan", str(error))


def _taken_by(attempt_id: str) -> Refusal:
    return Refusal(
        "taken_already",
        f"attempt {attempt_id} takes this gap already, and the real market has not closed it since",
    )


def _left_out(admitted: Sequence[FunnelEntry], chosen: Iterable[Opportunity]) -> list[FunnelEntry]:
    """The entries that no opportunity of the combination stands for, each with the reason.

    Every opportunity of the combination stands for one that was admitted; one that comes again
    after others moved its pools back is an opportunity of its own.
    """
    left = list(enumerate(admitted))
    routes = [each.route for each in chosen]
    for route in routes:
        own = (each for each in left if _covers(route, each[1].opportunity.route))
        if (found := next(own, None)) is not None:
            left.remove(found)
    return [
        _stop(entry, Stage.PASSED_RISK, _why_left(rank, entry.opportunity.route, routes))
        for rank, entry in left
    ]


def _why_left(rank: int, route: Route, chosen: Iterable[Route]) -> Refusal:
    if any(_covers(each, route) for each in chosen):
        return Refusal("combined_away", "another one divides its hops over these pools as well")
    if rank >= _MOST_COMBINED:
        return Refusal("crowded_out", f"only the best {_MOST_COMBINED} of a state are combined")
    return Refusal(
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
