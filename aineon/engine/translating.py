"""Translating: what the engine did, in the ledger's records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from aineon.engine.events import StepProcessed
from aineon.engine.funnel import FunnelEntry
from aineon.execution.plan import ExecutionPlan
from aineon.execution.settlement import Attempt, Observation, Outcome, PaperSettlement, Settlement
from aineon.ledger.records import (
    AttemptRecord,
    NearMissRecord,
    ObservationRecord,
    OpportunityRecord,
    PriceRecord,
    SettlementRecord,
    StepRecord,
    TakingRecord,
)
from aineon.market import Market
from aineon.optimizer.decision import Decision
from aineon.primitives import Provenance
from aineon.search.costs import CostModel
from aineon.search.explanation import Explanation
from aineon.search.route import Route

_BLOCKS_BETWEEN_PRICES = 10


def step_record(event: StepProcessed, run_id: int, now: float) -> StepRecord:
    """Return the record of a step that was processed at `now`."""
    return StepRecord(
        run_id=run_id,
        block_number=event.block.number,
        step=event.step,
        block_time=seconds(event.block.timestamp),
        base_fee_wei=event.block.base_fee_wei,
        pools_changed=event.pools_changed,
        counts={str(stage): count for stage, count in event.counts.items()},
        scan_seconds=event.scan_seconds,
        at=now,
    )


def opportunity_record(entry: FunnelEntry, run_id: int, now: float) -> OpportunityRecord:
    """Return the record of an opportunity and how far it came."""
    opportunity = entry.opportunity
    route = opportunity.route
    return OpportunityRecord(
        run_id=run_id,
        block_number=entry.block_number,
        step=entry.step,
        at=now,
        **_told_of(route),
        hops=len(route),
        base_token=opportunity.base_token,
        amount_in=opportunity.amount_in,
        amount_out=opportunity.amount_out,
        gross_profit=opportunity.gross_profit,
        flash_fee=opportunity.flash_fee,
        gas_units=opportunity.gas_units,
        gas_cost=opportunity.gas_cost,
        net_profit=opportunity.net_profit,
        net_wei=entry.net_wei,
        confidence=opportunity.confidence,
        stage=str(entry.stage),
        gate=entry.gate,
        reason=entry.reason,
        attempt_id=entry.attempt_id,
        **_thought_of(entry.decision),
    )


def near_miss_record(
    missed: Explanation, event: StepProcessed, run_id: int, now: float
) -> NearMissRecord:
    """Return the record of a cycle that came close in a step."""
    return NearMissRecord(
        run_id=run_id,
        block_number=event.block.number,
        step=event.step,
        at=now,
        **_told_of(missed.route),
        hops=len(missed.route),
        base_token=missed.base_token,
        rate=missed.rate,
        verdict=str(missed.verdict),
        reason=missed.reason,
        amount_in=missed.amount_in,
        gross_profit=missed.gross_profit,
        flash_fee=missed.flash_fee,
        gas_units=missed.gas_units,
        gas_cost=missed.gas_cost,
    )


def attempt_record(
    attempt: Attempt, entry: FunnelEntry, run_id: int, provenance: Provenance
) -> AttemptRecord:
    """Return the record of an attempt at an opportunity of the funnel."""
    route = entry.opportunity.route
    plain = attempt_of_plan(attempt, run_id, provenance)
    return replace(plain, **_told_of(route), expected_net_wei=entry.net_wei)


def attempt_of_plan(attempt: Attempt, run_id: int, provenance: Provenance) -> AttemptRecord:
    """Return the record of an attempt of which nothing but its plan is known."""
    plan = attempt.plan
    return AttemptRecord(
        run_id=run_id,
        attempt_id=attempt.attempt_id,
        plan_id=plan.plan_id,
        route_key=plan.route_key,
        route_text=_text_of_plan(plan),
        pair="/".join(str(steps[0].token_in) for steps in plan.hops),
        venues=tuple(step.venue for step in plan.steps),
        base_token=plan.base_token,
        amount_in=plan.amount_in,
        expected_out=plan.expected_out,
        expected_profit=plan.expected_profit,
        expected_net_wei=None,
        gas_limit=plan.gas_limit,
        confidence=plan.confidence,
        submitted_block=attempt.submitted_block,
        submitted_step=attempt.submitted_step,
        submitted_at=attempt.submitted_at,
        provenance=provenance,
    )


def settlement_record(settlement: Settlement, now: float) -> SettlementRecord:
    """Return the record of what an attempt came to."""
    return SettlementRecord(
        attempt_id=settlement.attempt.attempt_id,
        outcome=str(settlement.outcome),
        reason=settlement.reason,
        settled_block=settlement.settled_block,
        settled_at=now,
        amount_out=settlement.amount_out,
        gross_profit=settlement.gross_profit,
        flash_fee=settlement.flash_fee,
        gas_used=settlement.gas_used,
        gas_cost=settlement.gas_cost,
        builder_payment=settlement.builder_payment,
        net=settlement.net,
        **_proof(settlement),
    )


def left_over_record(attempt: AttemptRecord, now: float) -> SettlementRecord:
    """Return what is known of an attempt whose engine ended before it was settled: nothing."""
    return SettlementRecord(
        attempt_id=attempt.attempt_id,
        outcome=str(Outcome.UNRESOLVED),
        reason="the engine ended before the next state came",
        settled_block=None,
        settled_at=now,
        amount_out=None,
        gross_profit=None,
        flash_fee=0,
        gas_used=None,
        gas_cost=None,
        builder_payment=None,
        net=None,
    )


def observation_record(seen: Observation) -> ObservationRecord:
    """Return the record of an attempt that is seen and not final."""
    return ObservationRecord(
        attempt_id=seen.attempt.attempt_id,
        chain_id=seen.chain_id,
        transaction_hash=seen.transaction_hash,
        outcome=str(seen.outcome),
        block_number=seen.block_number,
        net=seen.net,
        at=seen.seen_at,
    )


def taking_records(
    event: StepProcessed, market: Market, costs: CostModel, run_id: int
) -> Iterator[TakingRecord]:
    """Yield the records of what others took in a step."""
    for taking in event.takings:
        yield TakingRecord(
            run_id=run_id,
            block_number=event.block.number,
            step=event.step,
            reference=taking.reference,
            searcher=taking.searcher,
            profit_token=taking.profit_token,
            profit=taking.profit,
            profit_wei=costs.native_value(taking.profit, taking.profit_token, market),
        )


def price_records(
    event: StepProcessed, market: Market, costs: CostModel, run_id: int, now: float
) -> Iterator[PriceRecord]:
    """Yield spot prices of the native token, once in ten blocks."""
    native = costs.native_token
    if native is None or event.step or event.block.number % _BLOCKS_BETWEEN_PRICES:
        return
    for pool in market.pools.values():
        others = [token for token in pool.tokens if token != native]
        if (
            len(others) != 1
            or len(pool.tokens) != 2
            or not pool.local_curve(native, others[0]).rate
        ):
            continue
        token = others[0]
        if token.decimals is None or native.decimals is None:
            continue
        price = pool.spot_price(native, token) * 10.0 ** (native.decimals - token.decimals)
        yield PriceRecord(
            run_id=run_id,
            block_number=event.block.number,
            at=now,
            pair=f"{native}/{token}",
            venue=pool.venue,
            pool=pool.address,
            price=price,
        )


def pair_text(route: Route) -> str:
    """The tokens a cycle trades, as people name them: `WETH/USDC`, `WETH/USDC/DAI`."""
    return "/".join(str(token) for token in route.tokens[:-1])


def venues_of(route: Route) -> tuple[str, ...]:
    """The venues of the pools, in order; of a divided hop those of all its pools."""
    return tuple(pool.venue for pool in route.pools)


def seconds(timestamp: int | None) -> float | None:
    """A block's time as the ledger keeps it."""
    return None if timestamp is None else float(timestamp)


def _told_of(route: Route) -> Mapping[str, Any]:
    return {
        "route_key": route.key,
        "route_text": str(route),
        "pair": pair_text(route),
        "venues": venues_of(route),
    }


def _thought_of(decision: Decision | None) -> dict[str, Any]:
    """What the optimizer thought of an opportunity."""
    if decision is None:
        return {}
    low, high = decision.band_wei or (None, None)
    return {
        "lands": decision.lands,
        "bid_bps": decision.bid_bps,
        "expected_net_wei": decision.expected_net_wei,
        "band_low_wei": low,
        "band_high_wei": high,
        "decided_by": decision.decided_by.value,
        "decision_words": decision.words,
        "reasons": {reason.feature: reason.effect for reason in decision.reasons},
        "regime": decision.regime,
        "model_version": decision.model_version,
    }


def _proof(settlement: Settlement) -> dict[str, Any]:
    """What only a chain can say of a settlement."""
    if isinstance(settlement, PaperSettlement):
        return {}
    return {
        "chain_id": settlement.chain_id,
        "transaction_hash": settlement.transaction_hash,
        "finalised": settlement.finalised,
        "verification": str(settlement.verification),
        "verification_detail": settlement.verification_detail,
        "operator": settlement.operator,
        "treasury": settlement.treasury,
        "at_fault": settlement.at_fault,
    }


def _text_of_plan(plan: ExecutionPlan) -> str:
    parts = [str(plan.base_token)]
    for steps in plan.hops:
        venues = "+".join(dict.fromkeys(step.venue for step in steps))
        parts.append(f"-[{venues}]-> {steps[0].token_out}")
    return " ".join(parts)
