"""Engine: the loop that turns steps of a feed into attempts, settlements and books."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from aineon.amm import Pool
from aineon.engine.events import (
    AttemptSettled,
    AttemptSubmitted,
    EngineEvent,
    EngineState,
    MarketRewound,
    StateChanged,
    StepProcessed,
)
from aineon.engine.funnel import FunnelEntry, Stage
from aineon.engine.judging import Judging, Scene
from aineon.engine.mailbox import Mailbox
from aineon.engine.optimizing import Learning
from aineon.engine.watching import Watching
from aineon.errors import AineonError, EngineError
from aineon.execution.contests import auctions_of
from aineon.execution.executor import Executor
from aineon.execution.settlement import Attempt, Outcome, Settlement
from aineon.feeds.base import Feed, FeedItem, FeedPaused, FeedStep, Rewind
from aineon.ledger.heartbeat import RiskTold
from aineon.ledger.records import SampleRecord
from aineon.market import Market
from aineon.primitives import Address, market_time
from aineon.risk.telling import told
from aineon.search import Explanation, Scanner

_STAGES = list(Stage)
# Cycles that are sized before anything is attempted; the others when the best has been handed
# over. In 120 blocks of 10,000 pools the best one by size was each time the first by estimate.
_SIZED_FIRST = 25


class _Scanned(NamedTuple):
    """What one scan led to."""

    entries: tuple[FunnelEntry, ...]
    attempts: Sequence[Attempt]
    near_misses: tuple[Explanation, ...]
    seconds: float | None


_NOT_SCANNED = _Scanned((), (), (), None)


class Journal(Protocol):
    """Keeps what the engine did; see `aineon.engine.booking`."""

    def record(self, events: Sequence[EngineEvent], engine: Engine) -> None:
        """Write `events` down durably; no events means that the engine lives and waits."""

    def close(self, engine: Engine) -> None:
        """Say how the engine ended, and let go of the books."""


class Companion(Protocol):
    """Works beside the loop as long as it runs, and ends before the books are closed."""

    async def run(self, market: Market) -> None:
        """Work until it is cancelled; it fails on its own, and the loop goes on."""


class Engine:
    """One market, one executor, one loop.

    `events()` drives the engine and tells what happened; it can be iterated once. The engine
    never looks at the mode: whatever differs between modes was decided when it was composed.
    """

    def __init__(
        self,
        feed: Feed,
        scanner: Scanner,
        judging: Judging,
        executor: Executor,
        journal: Journal | None = None,
        scan_interval_seconds: float | None = None,
        watching: Watching | None = None,
        companion: Companion | None = None,
        learning: Learning | None = None,
    ) -> None:
        self.feed = feed
        self.market = Market()
        self.executor = executor
        self.state = EngineState.STARTING
        self.detail = ""
        self.scans_dropped = 0
        self._scanner = scanner
        self._judging = judging
        self._journal = journal
        self._scan_interval = scan_interval_seconds
        self.watching = watching
        self._companion = companion
        self._learning = learning
        self._running: AsyncGenerator[EngineEvent, None] | None = None
        self._unscanned: set[Address] = set()
        self._moved_at_scan: set[Address] = set()

    def events(self) -> AsyncGenerator[EngineEvent, None]:
        """Run the engine and yield what happens, oldest first.

        Raises:
            EngineError: the engine runs already, or has run.
            AineonError: what the feed or the journal failed with, after it was told as a
                `StateChanged` to FAILED.
        """
        if self._running is not None:
            raise EngineError("this engine has been started before; build a new one")
        self._running = self._drive()
        return self._running

    def risk_told(self) -> RiskTold | None:
        """How the risk desk stands, for the heartbeat; None where there is none."""
        return None if self.watching is None else told(self.watching.desk)

    def optimizer_told(self) -> Mapping[str, Any] | None:
        """How the optimizer stands, for the heartbeat; None where there is none."""
        return None if self._learning is None else self._learning.told()

    async def aclose(self) -> None:
        """Stop the engine where it stands and let go of its books; harmless when it has ended."""
        if self._running is not None:
            await self._running.aclose()
        self._close()

    async def _drive(self) -> AsyncGenerator[EngineEvent, None]:
        mailbox = Mailbox()
        tasks = [asyncio.create_task(_read(self.feed, mailbox), name="aineon-feed")]
        if self._companion is not None:
            beside = self._companion.run(self.market)
            tasks.append(asyncio.create_task(beside, name="aineon-companion"))
        try:
            for event in self._enter(EngineState.STARTING, f"feed {self.feed.name}"):
                yield event
            while (items := await mailbox.take(self._scan_interval)) is not None:
                for event in await self._work(items):
                    yield event
            for event in await self._finish():
                yield event
        except Exception as error:
            # Not into the journal: it may be what failed. It learns of the state when it closes.
            if self.watching is not None and not isinstance(error, AineonError):
                self.watching.desk.fault(f"{type(error).__name__}: {error}")
            for event in self._enter(EngineState.FAILED, str(error), keep=False):
                yield event
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.executor.aclose()
            self._close()

    async def _work(self, items: list[FeedItem]) -> list[EngineEvent]:
        """Apply all items; scan after the last one only."""
        events: list[EngineEvent] = []
        for position, item in enumerate(items):
            newest = position == len(items) - 1
            if isinstance(item, FeedPaused):
                events += self._pause(item.reason)
            elif isinstance(item, Rewind):
                events += await self._rewind(item)
            else:
                events += await self._step(item, scan=newest)
        self._keep(events)
        return events

    async def _step(self, step: FeedStep, scan: bool) -> list[EngineEvent]:
        block, before = step.update.block, self.market.pools
        changed = self.market.apply(step.update)
        self._unscanned |= changed
        self.executor.forget(changed)
        settlements: Sequence[Settlement] = ()
        if not step.mid_transaction:
            auctions = auctions_of(step, before)
            settlements = await self.executor.settle(self.market, block, changed, auctions)
        self._watch(step, before, changed, settlements)
        samples: tuple[SampleRecord, ...] = ()
        if self._learning is not None:
            samples = self._learning.see(step, before, self.market, changed, settlements)
        events = self._announce(step)
        events += [AttemptSettled(settlement) for settlement in settlements]
        scanned = _NOT_SCANNED
        if scan:
            scanned = await self._scan(step)
            events += [AttemptSubmitted(attempt) for attempt in scanned.attempts]
        else:
            self.scans_dropped += 1
        if self._learning is not None:
            self._learning.study()
        events.append(
            StepProcessed(
                block=block,
                step=step.update.step,
                pools_changed=len(changed),
                entries=scanned.entries,
                near_misses=scanned.near_misses,
                counts=_count(scanned.entries, events),
                takings=step.takings,
                not_replayable=step.not_replayable,
                scan_seconds=scanned.seconds,
                scans_dropped=self.scans_dropped,
                warm_up=step.warm_up,
                samples=samples,
            )
        )
        return events

    def _watch(
        self,
        step: FeedStep,
        before: Mapping[Address, Pool],
        changed: frozenset[Address],
        settlements: Sequence[Settlement],
    ) -> None:
        """Let the risk desk see what has happened before anything is judged."""
        if self.watching is None:
            return
        block = step.update.block
        self.watching.settled(settlements)
        self.watching.moved(block.number, before, self.market, changed)
        if not step.mid_transaction:
            self.watching.look(block, self.market, market_time(block))

    def _announce(self, step: FeedStep) -> list[EngineEvent]:
        desk = None if self.watching is None else self.watching.desk
        trouble = self.executor.trouble or (desk.trouble if desk else "")
        if trouble:
            return self._pause(trouble)
        state = EngineState.RUNNING if step.warm_up is None else EngineState.WARMING_UP
        detail = desk.caution if desk else ""
        if (state, detail) == (self.state, self.detail):
            return []
        return self._enter(state, detail, keep=False)

    def _pause(self, reason: str) -> list[EngineEvent]:
        """Say that nothing can be attempted, and why; each reason once."""
        if (self.state, self.detail) == (EngineState.PAUSED, reason):
            return []
        return self._enter(EngineState.PAUSED, reason, keep=False)

    async def _scan(self, step: FeedStep) -> _Scanned:
        started = time.perf_counter()
        view = self.executor.view(self.market)
        scanning = self._scanner.begin(view, self._changed_since_scan())
        scene = Scene(view, step.update.block, step.update.step, step.mid_transaction)
        found = scanning.opportunities(_SIZED_FIRST)
        entries, attempts = await self._judging.judge(found, scene)
        closest = scanning.finished().closest()
        if self._learning is not None:
            entries = self._learning.judged(entries, attempts)
        seconds = time.perf_counter() - started
        return _Scanned(tuple(entries), attempts, closest, seconds)

    def _changed_since_scan(self) -> set[Address]:
        """The pools that may differ from what was scanned last, in the paper book's view too."""
        moved = set(self.executor.moved_pools)
        moved.update(*map(self.market.followers_of, self.executor.moved_pools))
        changed = self._unscanned | self._moved_at_scan | moved
        self._unscanned, self._moved_at_scan = set(), moved
        return changed

    async def _rewind(self, rewind: Rewind) -> list[EngineEvent]:
        changed = self.market.rewind(rewind.to_block)
        self._unscanned |= changed
        self.executor.forget(changed)
        lost = await self.executor.give_up(
            "the block it was built on was reorganised away", after_block=rewind.to_block
        )
        if self.watching is not None:
            self.watching.settled(lost)
        if self._learning is not None:
            self._learning.rewound(rewind.to_block)
        events: list[EngineEvent] = [AttemptSettled(settlement) for settlement in lost]
        return [*events, MarketRewound(rewind.to_block)]

    async def _finish(self) -> list[EngineEvent]:
        lost = await self.executor.give_up(
            "no next state: the feed ended before its pools moved again"
        )
        events: list[EngineEvent] = [AttemptSettled(settlement) for settlement in lost]
        events += self._enter(EngineState.FINISHED, "the feed has ended", keep=False)
        self._keep(events)
        return events

    def _close(self) -> None:
        if self.state not in (EngineState.FINISHED, EngineState.FAILED):
            self.state, self.detail = EngineState.STOPPED, ""
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close(self)

    def _enter(self, state: EngineState, detail: str, keep: bool = True) -> list[EngineEvent]:
        self.state, self.detail = state, detail
        events: list[EngineEvent] = [StateChanged(state, detail)]
        if keep:
            self._keep(events)
        return events

    def _keep(self, events: Sequence[EngineEvent]) -> None:
        if self._journal is not None:
            self._journal.record(events, self)


async def _read(feed: Feed, mailbox: Mailbox) -> None:
    """Carry the feed's steps into the mailbox; its failure goes the same way."""
    error: Exception | None = None
    try:
        async for step in feed.steps():
            await mailbox.put(step)
    except Exception as caught:  # noqa: BLE001 (whatever it is, the engine raises it)
        error = caught
    await mailbox.close(error)


def _count(entries: Sequence[FunnelEntry], events: Sequence[EngineEvent]) -> dict[Stage, int]:
    """How many opportunities passed each stage; landings are counted where they settle."""
    counts = dict.fromkeys(_STAGES, 0)
    for entry in entries:
        for stage in _STAGES[: _STAGES.index(entry.stage) + 1]:
            counts[stage] += 1
    counts[Stage.LANDED] = sum(
        isinstance(event, AttemptSettled) and event.settlement.outcome is Outcome.INCLUDED
        for event in events
    )
    return counts
