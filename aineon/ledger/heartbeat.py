"""What the engine tells of itself, about once a second; the newest one is kept, and no other.

Times are seconds since the Unix epoch (UTC); None means unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class NodeTold:
    """How one node of the chain is doing, as the engine tells it: `state` in a word or two."""

    name: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LimitTold:
    """How much of a limit is used: `field` names the setting, the texts carry their unit.

    `share` is used over limit; None where the limit is zero.
    """

    field: str
    used: str
    left: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class ReadingTold:
    """What a watch of the weather says: `level` as the breaker's states are called."""

    name: str
    level: str
    words: str


@dataclass(frozen=True, slots=True)
class ExposureTold:
    """Worth in wei of what is in flight through one token or venue; `kind` says which."""

    kind: str
    name: str
    worth_wei: int


@dataclass(frozen=True, slots=True)
class RiskTold:
    """How the risk desk stands, as the engine tells it.

    Attributes:
        breaker: the breaker's state; `reason` says why, empty where it never moved.
        limits: those of which a part can be used up.
        readings: the weather, what is fine included.
        exposure: what is in flight, by token and by venue.
        resting: a sentence for each pool that is left alone.
        depths: how many of the newest attempts the two shares are of.
        depth_median, depth_worst: the largest share of a pool's depth that a hop of these
            attempts took; None where there was none.
    """

    breaker: str
    reason: str
    limits: tuple[LimitTold, ...] = ()
    readings: tuple[ReadingTold, ...] = ()
    exposure: tuple[ExposureTold, ...] = ()
    resting: tuple[str, ...] = ()
    depths: int = 0
    depth_median: float | None = None
    depth_worst: float | None = None

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> RiskTold:
        """Return what `dataclasses.asdict` has made of one."""
        parts = {
            "limits": tuple(LimitTold(**each) for each in body["limits"]),
            "readings": tuple(ReadingTold(**each) for each in body["readings"]),
            "exposure": tuple(ExposureTold(**each) for each in body["exposure"]),
            "resting": tuple(body["resting"]),
        }
        return cls(**{**body, **parts})


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What the engine says of itself, about once a second.

    Attributes:
        state: e.g. `running`; `detail` says why in words.
        beat_at: when this was said; its age tells whether the engine is alive.
        warm_up_done, warm_up_total: blocks of the warm-up; None outside it.
        not_replayable: what the feed could not turn into states, counted by name.
        limits: name of a limit → its value as people read it.
        nodes: the chain's nodes; none where the feed reads no chain.
        risk: how the risk desk stands; None where the engine does not tell.
        memory_bytes: what its process holds in RAM; None where that is not known.
        optimizer: how the optimizer stands, as plain JSON; None where there is none.
    """

    state: str
    detail: str
    mode: str
    feed: str
    provenance: str
    run_id: int | None
    pid: int
    started_at: float
    beat_at: float
    block_number: int | None = None
    block_time: float | None = None
    base_fee_wei: int | None = None
    warm_up_done: int | None = None
    warm_up_total: int | None = None
    pools: int = 0
    in_flight: int = 0
    scans_dropped: int = 0
    last_scan_seconds: float | None = None
    not_replayable: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    nodes: tuple[NodeTold, ...] = ()
    risk: RiskTold | None = None
    memory_bytes: int | None = None
    optimizer: Mapping[str, Any] | None = None
