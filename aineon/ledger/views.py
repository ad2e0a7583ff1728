"""What is read from a book, as frozen values that say which book and provenance they are of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from aineon.ledger.records import AttemptRecord, ObservationRecord, SettlementRecord
from aineon.primitives import Book, Money, Provenance

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of a book: all runs of a provenance, or one run of it.

    The sandbox and a replay begin the same world anew in every run: figures added up over
    several such runs count it several times. One run is one world.
    """

    provenance: Provenance
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class Booked(Generic[R]):
    """A record as it stands in the book.

    Attributes:
        number: its number in its table; of a run, the run's number.
        at: when it was seen; of a run, when it started.
    """

    book: Book
    provenance: Provenance
    number: int
    at: float
    record: R


@dataclass(frozen=True, slots=True)
class Trade:
    """An attempt and what it came to; `settlement` is None while it is in flight."""

    book: Book
    attempt: AttemptRecord
    settlement: SettlementRecord | None

    @property
    def provenance(self) -> Provenance:
        """Where its figures come from; while it is in flight, they are what its plan expects."""
        given = self.attempt.provenance
        is_expected = self.settlement is None and given is Provenance.LIVE
        return Provenance.ESTIMATED if is_expected else given

    @property
    def outcome(self) -> str | None:
        """How it ended; None while it is in flight."""
        return None if self.settlement is None else self.settlement.outcome

    @property
    def net(self) -> Money | None:
        """Its net; None while in flight or not known."""
        return None if self.settlement is None else self.settlement.net


@dataclass(frozen=True, slots=True)
class Pending:
    """An attempt that is seen in a block which a reorg may still take back."""

    book: Book
    attempt: AttemptRecord
    observation: ObservationRecord

    @property
    def provenance(self) -> Provenance:
        """Nothing of it is final."""
        return Provenance.PENDING


@dataclass(frozen=True, slots=True)
class Stopped:
    """A gate of the funnel: how many opportunities it stopped, and the newest one's reason."""

    gate: str
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class Funnel:
    """How far the opportunities came.

    Attributes:
        since: what is counted from; None for everything. It is earlier than asked for, at the
            start of the hour, where the single rows of that hour are no longer kept.
        steps: steps of the market that were processed.
        opportunities: opportunities that were booked.
        counts: stage → how many passed it.
        stopped: the gates, the one that stopped most first.
    """

    book: Book
    provenance: Provenance
    run_id: int | None
    since: float | None
    steps: int
    opportunities: int
    counts: Mapping[str, int]
    stopped: tuple[Stopped, ...]


@dataclass(frozen=True, slots=True)
class TakingsTotal:
    """What other searchers took, before their gas.

    Attributes:
        since: see `Funnel.since`.
        wei: sum of the takings whose worth in wei is known.
        unknown: how many have no known worth.
    """

    book: Book
    provenance: Provenance
    run_id: int | None
    since: float | None
    count: int
    wei: Money
    unknown: int
