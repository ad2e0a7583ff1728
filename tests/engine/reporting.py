"""Events of a small run, for tests of its report."""

from __future__ import annotations

from typing import Any

from aineon.engine.events import AttemptSettled, AttemptSubmitted, StepProcessed
from aineon.engine.funnel import FunnelEntry, Stage
from aineon.execution.plan import ExecutionPlan, FlashLoan, PlanStep, Spend
from aineon.execution.settlement import Attempt, Outcome, PaperSettlement
from aineon.feeds.base import Taking
from aineon.primitives import Block
from aineon.search import Hop, Opportunity, Route
from tests.scripted import CHEAP, DEAR, ETHER, USDC, WETH

ROUTE = Route([Hop(DEAR, WETH, USDC), Hop(CHEAP, USDC, WETH)])
BACK = Route([Hop(CHEAP, WETH, USDC), Hop(DEAR, USDC, WETH)])


def opportunity(
    gross: int = ETHER, gas_cost: int | None = ETHER // 10, route: Route = ROUTE
) -> Opportunity:
    """A cycle of 10 ether that leaves `gross`."""
    return Opportunity(
        route=route,
        amounts=(10 * ETHER, 30_000 * 10**6, 10 * ETHER + gross),
        flash_fee=5 * 10**15,
        gas_units=200_000,
        gas_cost=gas_cost,
        confidence=0.8,
    )


def entry(
    found: Opportunity,
    stage: Stage = Stage.SCORED,
    gate: str | None = "min_profit",
    block: int = 100,
    step: int = 0,
    **fields: Any,
) -> FunnelEntry:
    """An opportunity that came to `stage`."""
    reason = "" if gate is None else f"stopped by [{gate}]"
    return FunnelEntry(found, block, step, stage, gate, reason, **fields)


def processed(
    *entries: FunnelEntry, block: int = 100, step: int = 0, **fields: Any
) -> StepProcessed:
    """A step that was scanned, with the counts that its entries make."""
    stages = list(Stage)
    counts = {
        stage: sum(stages.index(each.stage) >= stages.index(stage) for each in entries)
        for stage in stages
    }
    fields = {"pools_changed": 1, "counts": counts, "scan_seconds": 0.01, **fields}
    return StepProcessed(block=Block(block), step=step, entries=entries, **fields)


def taking(reference: str, profit: int, gas_cost_wei: int | None = None, **fields: Any) -> Taking:
    """What somebody took through both pools."""
    fields = {"profit_token": WETH, **fields}
    return Taking(
        reference,
        "somebody",
        (DEAR.address, CHEAP.address),
        profit=profit,
        gas_cost_wei=gas_cost_wei,
        **fields,
    )


def attempt(name: str, block: int = 100) -> Attempt:
    """An attempt at the first route."""
    steps = tuple(
        PlanStep(
            hop.pool.address,
            hop.pool.venue,
            hop.token_in,
            hop.token_out,
            Spend.ALL,
            10 * ETHER,
            1,
        )
        for hop in ROUTE
    )
    plan = ExecutionPlan(
        route_key=ROUTE.key,
        built_at_block=block,
        built_at_step=0,
        target_block=block + 1,
        deadline_block=block + 2,
        steps=steps,
        flash_loan=FlashLoan("aave_v3", WETH, 10 * ETHER, 5 * 10**15),
        expected_out=11 * ETHER,
        min_profit=0,
        gas_units=200_000,
        gas_limit=300_000,
        max_fee_per_gas_wei=10**10,
        builder_payment_bps=0,
        confidence=0.8,
    )
    return Attempt(name, plan, block, 0, 0.0)


def submitted(name: str) -> AttemptSubmitted:
    """The event of an attempt handed over."""
    return AttemptSubmitted(attempt(name))


def settled(name: str, outcome: Outcome, reason: str, **fields: Any) -> AttemptSettled:
    """The event of an attempt that ended."""
    fields = {"settled_block": 101, **fields}
    return AttemptSettled(PaperSettlement(attempt(name), outcome, reason, **fields))
