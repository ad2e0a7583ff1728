"""Booking: translates what the engine did into the ledger's records, and keeps its heartbeat."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aineon.engine.events import (
    AttemptSettled,
    AttemptSubmitted,
    EngineEvent,
    StateChanged,
    StepProcessed,
)
from aineon.engine.memory import resident_bytes
from aineon.engine.translating import (
    attempt_of_plan,
    attempt_record,
    left_over_record,
    near_miss_record,
    observation_record,
    opportunity_record,
    price_records,
    seconds,
    settlement_record,
    step_record,
    taking_records,
)
from aineon.execution.settlement import Attempt, Observation, PaperSettlement, Settlement
from aineon.ledger.heartbeat import Heartbeat, NodeTold
from aineon.ledger.records import AttemptRecord
from aineon.primitives import Clock, Provenance
from aineon.search.costs import CostModel

if TYPE_CHECKING:
    from aineon.engine.engine import Engine
    from aineon.ledger.control import ControlStore
    from aineon.ledger.store import BookStore

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
            now = self._clock.now()
            self._book.write(
                attempts=self._unbooked(settlements, ()),
                settlements=[settlement_record(each, now) for each in settlements],
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
        market, run_id = engine.market, self.run.run_id
        pending = tuple(engine.executor.pending())
        self._last_step = event
        if event.scan_seconds is not None:
            self._last_scan_seconds = event.scan_seconds
        self._not_replayable.update(event.not_replayable)
        now = self._clock.now()
        by_attempt = {entry.attempt_id: entry for entry in event.entries if entry.attempt_id}
        self._book.write(
            step=step_record(event, run_id, now),
            opportunities=[opportunity_record(entry, run_id, now) for entry in event.entries],
            attempts=[
                *(
                    attempt_record(each, by_attempt[each.attempt_id], run_id, self.run.provenance)
                    for each in attempts
                ),
                *self._unbooked([*settlements, *pending], attempts),
            ],
            settlements=[settlement_record(each, now) for each in settlements],
            takings=taking_records(event, market, self._costs, run_id),
            prices=price_records(event, market, self._costs, run_id, now),
            near_misses=[near_miss_record(each, event, run_id, now) for each in event.near_misses],
            samples=event.samples,
            observations=None if pending == self._pending else map(observation_record, pending),
        )
        self._pending = pending

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
        run_id, provenance = self.run.run_id, self.run.provenance
        return [attempt_of_plan(named[each], run_id, provenance) for each in sorted(missing)]

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
                block_time=seconds(step.block.timestamp) if step else None,
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
                risk=engine.risk_told(),
                memory_bytes=resident_bytes(),
                optimizer=engine.optimizer_told(),
            )
        )


def settle_left_over(book: BookStore, clock: Clock) -> int:
    """Settle as unresolved what an engine that ended badly left open; returns how many.

    What the outbox carries out is left alone: the chain tells what became of it.
    """
    left_over = book.abandoned()
    if left_over:
        now = clock.now()
        book.write(settlements=[left_over_record(attempt, now) for attempt in left_over])
    return len(left_over)
