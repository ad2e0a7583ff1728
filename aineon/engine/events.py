"""What the engine tells whoever listens (`Engine.events()`), as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aineon.engine.funnel import FunnelEntry, Stage
from aineon.execution.settlement import Attempt, Settlement
from aineon.feeds.base import Taking
from aineon.ledger.records import SampleRecord
from aineon.primitives import Block
from aineon.search import Explanation


class EngineState(StrEnum):
    """What the engine is doing."""

    STARTING = "starting"
    WARMING_UP = "warming up"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The engine entered `state`; `detail` says why in words."""

    state: EngineState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StepProcessed:
    """A step of the market was applied and, unless a newer one was waiting, scanned.

    Attributes:
        entries: one for every opportunity of this step; one that was divided over further
            pools, or sized on what others leave, in that form. A cycle that is attempted again
            because others moved its pools back has one for each time.
        near_misses: the cycles that came closest without becoming opportunities.
        counts: how many opportunities passed each stage in this step.
        scan_seconds: how long the scan took; None where it was dropped as stale.
        scans_dropped: since the engine started.
        samples: what the optimizer learned in this step of earlier opportunities.
    """

    block: Block
    step: int
    pools_changed: int
    entries: tuple[FunnelEntry, ...]
    counts: Mapping[Stage, int]
    takings: tuple[Taking, ...] = ()
    not_replayable: Mapping[str, int] = field(default_factory=dict)
    scan_seconds: float | None = None
    scans_dropped: int = 0
    warm_up: tuple[int, int] | None = None
    near_misses: tuple[Explanation, ...] = ()
    samples: tuple[SampleRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class AttemptSubmitted:
    """A plan was handed to the executor."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class AttemptSettled:
    """An attempt ended."""

    settlement: Settlement


@dataclass(frozen=True, slots=True)
class MarketRewound:
    """A reorg was undone down to block `to_block`."""

    to_block: int


EngineEvent = StateChanged | StepProcessed | AttemptSubmitted | AttemptSettled | MarketRewound
