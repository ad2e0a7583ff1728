"""From a sized opportunity to an attempt, or to the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aineon.engine.admission import Admission
from aineon.engine.funnel import FunnelEntry, Stage
from aineon.errors import ExecutionError
from aineon.execution.paper import PaperExecutor
from aineon.execution.plan import ExecutionPlan
from aineon.execution.planner import Planner
from aineon.execution.settlement import Attempt
from aineon.execution.simulation import simulate
from aineon.market import Market
from aineon.primitives import Block
from aineon.risk import Candidate, Refusal, RiskGate
from aineon.search.costs import CostModel
from aineon.search.opportunity import Opportunity

SECONDS_PER_BLOCK = 12


def market_time(block: Block) -> float:
    """The market's own time: the block's timestamp, or its height in slots where unknown."""
    if block.timestamp is not None:
        return float(block.timestamp)
    return float(block.number * SECONDS_PER_BLOCK)


@dataclass(frozen=True, slots=True)
class Scene:
    """The point of the market at which opportunities are judged."""

    market: Market
    block: Block
    step: int
    mid_transaction: bool


class Screening:
    """Leads opportunities through the stages of the funnel, best first."""

    def __init__(
        self,
        gate: RiskGate,
        admission: Admission,
        planner: Planner,
        executor: PaperExecutor,
        costs: CostModel,
    ) -> None:
        self._gate = gate
        self._admission = admission
        self._planner = planner
        self._executor = executor
        self._costs = costs

    def judge(self, opportunity: Opportunity, scene: Scene) -> tuple[FunnelEntry, Attempt | None]:
        """Take one opportunity as far as it goes."""
        net_wei = self._expected_net_wei(opportunity, scene.market)
        entry = FunnelEntry(
            opportunity, scene.block.number, scene.step, Stage.SCORED, net_wei=net_wei
        )
        refusal = self._gate.check(self._candidate(opportunity, scene, net_wei))
        if refusal is not None:
            return _stop(entry, Stage.SCORED, refusal), None
        now = market_time(scene.block)
        refusal = self._admission.check(opportunity.route, self._executor.in_flight, now)
        if refusal is not None:
            return _stop(entry, Stage.PASSED_RISK, refusal), None
        taker = self._executor.taker_of(opportunity.route)
        if taker is not None:
            return _stop(entry, Stage.PASSED_RISK, _taken_by(taker)), None
        plan = self._plan(opportunity, scene)
        if isinstance(plan, Refusal):
            return _stop(entry, Stage.PASSED_RISK, plan), None
        run = simulate(plan, scene.market)
        if run.amount_out is None:
            return _stop(entry, Stage.PLANNED, Refusal("preflight", run.failure)), None
        attempt = self._executor.submit(plan, scene.block, scene.step)
        self._admission.start_cooldown(opportunity.route, now)
        entry = replace(entry, stage=Stage.SUBMITTED, attempt_id=attempt.attempt_id)
        return entry, attempt

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
        f"attempt {attempt_id} took this gap on paper, and the real market has not closed it since",
    )


def _stop(entry: FunnelEntry, stage: Stage, refusal: Refusal) -> FunnelEntry:
    return replace(entry, stage=stage, gate=refusal.gate, reason=refusal.reason)
