"""Booking: translates what the engine did into the ledger's records, and keeps its heartbeat."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aineon.engine.events import (
    AttemptSettled,
    AttemptSubmitted,
    EngineEvent,
    StateChanged,
    StepProcessed,
)
from aineon.engine.funnel import FunnelEntry
from aineon.execution.plan import ExecutionPlan
from aineon.execution.settlement import (
    Attempt,
    Observation,
    Outcome,
    PaperSettlement,
    Settlement,
)
from aineon.ledger.records import (
    AttemptRecord,
    Heartbeat,
    NearMissRecord,
    NodeTold,
    ObservationRecord,
    OpportunityRecord,
    PriceRecord,
    SettlementRecord,
    StepRecord,
    TakingRecord,
)
from aineon.primitives import Clock, Provenance
from aineon.search.costs import CostModel
from aineon.search.explanation import Explanation
from aineon.search.route import Route

if TYPE_CHECKING:
    from aineon.engine.engine import Engine
    from aineon.ledger.control import ControlStore
    from aineon.ledger.store import BookStore
    from aineon.market import Market

_BLOCKS_BETWEEN_PRICES = 10
_SECONDS_BETWEEN_BEATS = 0.5


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What stays the same during one run and is told with every heartbeat."""

    run_id: int
    mode: str
    feed: str
    provenance: Provenance
    started_at: float
    limits: Mapping[str, str]


class Booking:
    """Writes the engine's events into the book, and its heartbeat into the control store."""

    def __init__(
        self,
        book: BookStore,
        control: ControlStore,
        run: RunInfo,
        costs: CostModel,
        clock: Clock,
        nodes: Callable[[], tuple[NodeTold, ...]] = tuple,
    ) -> None:
        self._book = book
        self._control = control
        self.run = run
        self._costs = costs
        self._clock = clock
        self._nodes = nodes
        self._last_step: StepProcessed | None = None
        self._last_scan_seconds: float | None = None
        self._not_replayable: Counter[str] = Counter()
        self._beat_at = float("-inf")
        # What an earlier run left pending is not known; the first step replaces it.
        self._pending: tuple[Observation, ...] | None = None

    def record(self, events: Sequence[EngineEvent], engine: Engine) -> None:
        """Write one entry a step, each whole or not at all, then beat.

        Raises:
            LedgerError: the book or the control store cannot be written.
        """
        attempts: list[Attempt] = []
        settlements: list[Settlement] = []
        for event in events:
            if isinstance(event, AttemptSubmitted):
                attempts.append(event.attempt)
            elif isinstance(event, AttemptSettled):
                settlements.append(event.settlement)
            elif isinstance(event, StateChanged):
                self._beat_at = float("-inf")
            elif isinstance(event, StepProcessed):
                self._write_step(event, attempts, settlements, engine)
                attempts, settlements = [], []
        if settlements:
            self._book.write(
                attempts=self._unbooked(settlements, ()), settlements=self._settled(settlements)
            )
        self._beat(engine)

    def close(self, engine: Engine) -> None:
        """Say how the engine ended, and close both stores."""
        self._beat_at = float("-inf")
        try:
            self._beat(engine)
        finally:
            self._book.close()
            self._control.close()

    def _write_step(
        self,
        event: StepProcessed,
        attempts: Sequence[Attempt],
        settlements: Sequence[Settlement],
        engine: Engine,
    ) -> None:
        market = engine.market
        pending = tuple(engine.executor.pending())
        self._last_step = event
        if event.scan_seconds is not None:
            self._last_scan_seconds = event.scan_seconds
        self._not_replayable.update(event.not_replayable)
        now = self._clock.now()
        by_attempt = {entry.attempt_id: entry for entry in event.entries if entry.attempt_id}
        self._book.write(
            step=StepRecord(
                run_id=self.run.run_id,
                block_number=event.block.number,
                step=event.step,
                block_time=_seconds(event.block.timestamp),
                base_fee_wei=event.block.base_fee_wei,
                pools_changed=event.pools_changed,
                counts={str(stage): count for stage, count in event.counts.items()},
                scan_seconds=event.scan_seconds,
                at=now,
            ),
            opportunities=[self._opportunity(entry, now) for entry in event.entries],
            attempts=[
                *(self._attempt(attempt, by_attempt[attempt.attempt_id]) for attempt in attempts),
                *self._unbooked([*settlements, *pending], attempts),
            ],
            settlements=self._settled(settlements),
            takings=self._takings(event, market),
            prices=self._prices(event, market, now),
            near_misses=[self._near_miss(each, event, now) for each in event.near_misses],
            observations=None if pending == self._pending else map(_observed, pending),
        )
        self._pending = pending

    def _opportunity(self, entry: FunnelEntry, now: float) -> OpportunityRecord:
        opportunity = entry.opportunity
        route = opportunity.route
        return OpportunityRecord(
            run_id=self.run.run_id,
            block_number=entry.block_number,
            step=entry.step,
            at=now,
            route_key=route.key,
            route_text=str(route),
            pair=pair_text(route),
            venues=venues_of(route),
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
        )

    def _near_miss(self, missed: Explanation, event: StepProcessed, now: float) -> NearMissRecord:
        route = missed.route
        return NearMissRecord(
            run_id=self.run.run_id,
            block_number=event.block.number,
            step=event.step,
            at=now,
            route_key=route.key,
            route_text=str(route),
            pair=pair_text(route),
            venues=venues_of(route),
            hops=len(route),
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

    def _attempt(self, attempt: Attempt, entry: FunnelEntry) -> AttemptRecord:
        route = entry.opportunity.route
        return replace(
            self._attempt_of_plan(attempt),
            route_text=str(route),
            pair=pair_text(route),
            venues=venues_of(route),
            expected_net_wei=entry.net_wei,
        )

    def _unbooked(
        self, told: Sequence[Settlement | Observation], beside: Sequence[Attempt]
    ) -> list[AttemptRecord]:
        """The attempts that a chain tells of and the book does not know.

        An engine that is killed between handing an attempt out and booking it leaves such; and
        what relays refused, or what missed its blocks, may be mined all the same.
        """
        of_chain = [each for each in told if not isinstance(each, PaperSettlement)]
        named = {each.attempt.attempt_id: each.attempt for each in of_chain}
        for attempt in beside:
            named.pop(attempt.attempt_id, None)
        missing = self._book.unbooked(named) if named else frozenset()
        return [self._attempt_of_plan(named[each]) for each in sorted(missing)]

    def _attempt_of_plan(self, attempt: Attempt) -> AttemptRecord:
        plan = attempt.plan
        return AttemptRecord(
            run_id=self.run.run_id,
            attempt_id=attempt.attempt_id,
            plan_id=plan.plan_id,
            route_key=plan.route_key,
            route_text=_route_text(plan),
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
            provenance=self.run.provenance,
        )

    def _settled(self, settlements: Sequence[Settlement]) -> tuple[SettlementRecord, ...]:
        now = self._clock.now()
        return tuple(
            SettlementRecord(
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
            for settlement in settlements
        )

    def _takings(self, event: StepProcessed, market: Market) -> tuple[TakingRecord, ...]:
        return tuple(
            TakingRecord(
                run_id=self.run.run_id,
                block_number=event.block.number,
                step=event.step,
                reference=taking.reference,
                searcher=taking.searcher,
                profit_token=taking.profit_token,
                profit=taking.profit,
                profit_wei=self._costs.native_value(taking.profit, taking.profit_token, market),
            )
            for taking in event.takings
        )

    def _prices(self, event: StepProcessed, market: Market, now: float) -> tuple[PriceRecord, ...]:
        native = self._costs.native_token
        if native is None or event.step or event.block.number % _BLOCKS_BETWEEN_PRICES:
            return ()
        records = []
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
            records.append(
                PriceRecord(
                    run_id=self.run.run_id,
                    block_number=event.block.number,
                    at=now,
                    pair=f"{native}/{token}",
                    venue=pool.venue,
                    pool=pool.address,
                    price=price,
                )
            )
        return tuple(records)

    def _beat(self, engine: Engine) -> None:
        now = self._clock.now()
        if now - self._beat_at < _SECONDS_BETWEEN_BEATS:
            return
        self._beat_at = now
        step = self._last_step
        warm_up = step.warm_up if step is not None else None
        self._control.beat(
            Heartbeat(
                state=str(engine.state),
                detail=engine.detail,
                mode=self.run.mode,
                feed=self.run.feed,
                provenance=str(self.run.provenance),
                run_id=self.run.run_id,
                pid=os.getpid(),
                started_at=self.run.started_at,
                beat_at=now,
                block_number=step.block.number if step else None,
                block_time=_seconds(step.block.timestamp) if step else None,
                base_fee_wei=step.block.base_fee_wei if step else None,
                warm_up_done=warm_up[0] if warm_up else None,
                warm_up_total=warm_up[1] if warm_up else None,
                pools=len(engine.market.pools),
                in_flight=len(engine.executor.in_flight),
                scans_dropped=engine.scans_dropped,
                last_scan_seconds=self._last_scan_seconds,
                not_replayable=dict(self._not_replayable),
                limits=self.run.limits,
                nodes=self._nodes(),
            )
        )


def settle_left_over(book: BookStore, clock: Clock) -> int:
    """Settle as unresolved what an engine that ended badly left open; returns how many.

    What the outbox carries out is left alone: the chain tells what became of it.
    """
    left_over = book.abandoned()
    if left_over:
        now = clock.now()
        book.write(
            settlements=[
                SettlementRecord(
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
                for attempt in left_over
            ]
        )
    return len(left_over)


def _observed(seen: Observation) -> ObservationRecord:
    return ObservationRecord(
        attempt_id=seen.attempt.attempt_id,
        chain_id=seen.chain_id,
        transaction_hash=seen.transaction_hash,
        outcome=str(seen.outcome),
        block_number=seen.block_number,
        net=seen.net,
        at=seen.seen_at,
    )


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
    }


def _route_text(plan: ExecutionPlan) -> str:
    parts = [str(plan.base_token)]
    for steps in plan.hops:
        venues = "+".join(dict.fromkeys(step.venue for step in steps))
        parts.append(f"-[{venues}]-> {steps[0].token_out}")
    return " ".join(parts)


def pair_text(route: Route) -> str:
    """The tokens a cycle trades, as people name them: `WETH/USDC`, `WETH/USDC/DAI`."""
    return "/".join(str(token) for token in route.tokens[:-1])


def venues_of(route: Route) -> tuple[str, ...]:
    """The venues of the pools, in order; of a divided hop those of all its pools."""
    return tuple(pool.venue for pool in route.pools)


def _seconds(timestamp: int | None) -> float | None:
    return None if timestamp is None else float(timestamp)
