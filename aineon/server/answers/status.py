"""How everything stands: health, stops, breaker, nodes, limits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel

from aineon.ledger.heartbeat import Heartbeat
from aineon.primitives import Book
from aineon.safety.breaker import BreakerChange, BreakerState
from aineon.safety.stop import StopReason
from aineon.server.answers.common import time_of
from aineon.server.health import Health


class StopTold(BaseModel):
    """An emergency stop that is set: where it was found, why, by whom."""

    place: str
    reason: str
    who: str

    @classmethod
    def of(cls, reason: StopReason) -> Self:
        """Return what is told of `reason`."""
        return cls(place=reason.place, reason=reason.reason, who=reason.who)


class BreakerTold(BaseModel):
    """The circuit breaker of a book; `reason` and `at` of its latest move."""

    book: Book
    state: BreakerState
    reason: str
    at: datetime | None

    @classmethod
    def of(cls, book: Book, moved: BreakerChange | None) -> Self:
        """Return how it stands after `moved`, its latest move."""
        if moved is None:
            return cls(book=book, state=BreakerState.RUNNING, reason="", at=None)
        return cls(book=book, state=moved.new, reason=moved.reason, at=time_of(moved.at))


class NodeAnswer(BaseModel):
    """A node of the chain, by the name it has here."""

    name: str
    state: str
    detail: str


class Status(BaseModel):
    """How everything stands.

    Attributes:
        emergency_stop: those that are set; none where trading is not stopped.
        limits: in force, each with its unit.
    """

    health: Health
    emergency_stop: list[StopTold]
    breaker: BreakerTold
    nodes: list[NodeAnswer]
    limits: dict[str, str]

    @classmethod
    def of(
        cls,
        health: Health,
        heartbeat: Heartbeat | None,
        stops: Sequence[StopReason],
        breaker: BreakerTold,
    ) -> Self:
        """Return the status that these make."""
        nodes = () if heartbeat is None else heartbeat.nodes
        return cls(
            health=health,
            emergency_stop=[StopTold.of(each) for each in stops],
            breaker=breaker,
            nodes=[NodeAnswer(name=n.name, state=n.state, detail=n.detail) for n in nodes],
            limits={} if heartbeat is None else dict(heartbeat.limits),
        )
