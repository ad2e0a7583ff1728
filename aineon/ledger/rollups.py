"""Roll-ups: figures added up as they are booked, so that no page sums a hundred thousand rows.

Sums are Python ints. A roll-up of hours merges into days, weeks and totals; the largest and
smallest net merge like the sums do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Self

from aineon.ledger.records import (
    AttemptRecord,
    OpportunityRecord,
    SettlementRecord,
    StepRecord,
    TakingRecord,
)

HOUR: Final = 3600


def hour_of(at: float) -> int:
    """Return the start of the hour (UTC) that `at` lies in, in seconds."""
    return int(at // HOUR) * HOUR


@dataclass(slots=True)
class Tally:
    """Settlements added up; amounts in wei.

    Attributes:
        profitable: settlements whose known net is above zero.
        known: settlements whose net is known; the others are in no sum of `net` and `gross`.
        net: sum of the known nets.
        gross: sum of gross profit less flash fee of those same settlements
            (net + gas cost + builder payment).
        gas, builder: sums of the known ones; `gas_unknown` and `builder_unknown` count the
            settlements where they are not known.
        failed_gas: the part of `gas` that attempts paid which were not included.
        best, worst: largest and smallest known net; None where there is none.
    """

    included: int = 0
    reverted: int = 0
    missed: int = 0
    unresolved: int = 0
    profitable: int = 0
    known: int = 0
    net: int = 0
    gross: int = 0
    gas: int = 0
    gas_unknown: int = 0
    builder: int = 0
    builder_unknown: int = 0
    failed_gas: int = 0
    best: int | None = None
    worst: int | None = None

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> Self:
        """Return the tally in a row that has its columns, other columns ignored."""
        return cls(**{name.name: row[name.name] for name in fields(cls)})

    @classmethod
    def of(cls, tallies: Iterable[Tally]) -> Self:
        """Return all of `tallies` merged."""
        whole = cls()
        for tally in tallies:
            whole.merge(tally)
        return whole

    @property
    def attempts(self) -> int:
        """Settlements of every outcome."""
        return self.included + self.reverted + self.missed + self.unresolved

    def add(self, outcome: str, net: int | None, gas: int | None, builder: int | None) -> None:
        """Count one settlement."""
        setattr(self, outcome, getattr(self, outcome) + 1)
        self.gas += gas or 0
        self.gas_unknown += gas is None
        self.failed_gas += 0 if outcome == "included" else gas or 0
        self.builder += builder or 0
        self.builder_unknown += builder is None
        if net is None:
            return
        self.known += 1
        self.profitable += net > 0
        self.net += net
        self.gross += net + (gas or 0) + (builder or 0)
        self.best = net if self.best is None else max(self.best, net)
        self.worst = net if self.worst is None else min(self.worst, net)

    def merge(self, other: Tally) -> None:
        """Add another tally to this one."""
        for name in _SUMMED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.best = _extreme(max, self.best, other.best)
        self.worst = _extreme(min, self.worst, other.worst)


_SUMMED: Final = tuple(name.name for name in fields(Tally) if name.name not in ("best", "worst"))


def _extreme(choose: Any, one: int | None, other: int | None) -> int | None:
    known = [value for value in (one, other) if value is not None]
    return choose(known) if known else None


@dataclass(slots=True)
class Curve:
    """The highest point of a running total, and the deepest fall below one.

    The total starts at zero, so a first loss is a fall already.

    Attributes:
        peak_at: when the peak was reached; None where it is the start.
        deepest_fall_from, deepest_fall_at: when the deepest fall began, at a peak (None: at the
            start), and when it was deepest.
        recovered_at: when the total was first back where that fall began; None where it is not.
    """

    peak: int = 0
    peak_at: float | None = None
    deepest_fall: int = 0
    deepest_fall_from: float | None = None
    deepest_fall_at: float | None = None
    recovered_at: float | None = None

    def follow(self, total: int, at: float) -> None:
        """Take the running total's next value into account."""
        if total >= self.peak and self.deepest_fall_at is not None and self.recovered_at is None:
            self.recovered_at = at
        if total > self.peak:
            self.peak, self.peak_at = total, at
        if self.peak - total > self.deepest_fall:
            self.deepest_fall = self.peak - total
            self.deepest_fall_from, self.deepest_fall_at = self.peak_at, at
            self.recovered_at = None


@dataclass(slots=True)
class StrategyRun:
    """The attempts of one strategy run, added up.

    Attributes:
        submitted: how many attempts were submitted.
        settled_at: when the last of those settled was.
        tally: of the settled ones.
    """

    run_id: int = 0
    provenance: str = ""
    submitted_block: int = 0
    submitted_at: float = 0.0
    settled_at: float | None = None
    submitted: int = 0
    tally: Tally = field(default_factory=Tally)

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> Self:
        """Return the strategy run in a row that has its columns, other columns ignored."""
        own = {name.name: row[name.name] for name in fields(cls) if name.name != "tally"}
        return cls(**own, tally=Tally.from_row(row))

    @property
    def whole_net(self) -> int | None:
        """The net of all its attempts; None while one is not settled, or not known."""
        return self.tally.net if self.tally.known == self.submitted else None

    @property
    def columns(self) -> dict[str, Any]:
        """Its columns in `strategy_runs`."""
        own = {name.name: getattr(self, name.name) for name in fields(self) if name.name != "tally"}
        return {**own, **asdict(self.tally), "whole_net": self.whole_net}

    def submit(self, attempt: AttemptRecord) -> None:
        """Count an attempt that was submitted."""
        if not self.submitted:
            self.run_id, self.provenance = attempt.run_id, attempt.provenance.value
            self.submitted_block = attempt.submitted_block
            self.submitted_at = attempt.submitted_at
        self.submitted += 1

    def settle(self, settlement: SettlementRecord) -> None:
        """Count an attempt of it that was settled."""
        self.tally.add(*figures_of(settlement))
        self.settled_at = max(settlement.settled_at, self.settled_at or settlement.settled_at)


@dataclass(slots=True)
class StrategyTotal:
    """Strategy runs added up, each counted as one.

    `known` are those whose net is known in all; `profitable` and `net` are of these alone.
    """

    runs: int = 0
    known: int = 0
    profitable: int = 0
    net: int = 0

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> Self:
        """Return the total in a row that has its columns, other columns ignored."""
        return cls(**{name.name: row[name.name] for name in fields(cls)})

    def put(self, net: int | None) -> None:
        """Count a strategy run as it is now."""
        self._count(net, 1)

    def take_out(self, net: int | None) -> None:
        """Do not count a strategy run as it was any more."""
        self._count(net, -1)

    def _count(self, net: int | None, times: int) -> None:
        self.runs += times
        if net is not None:
            self.known += times
            self.profitable += times * (net > 0)
            self.net += times * net


@dataclass(slots=True)
class Activity:
    """What happened in an hour beside settlements: the funnel, and what others took.

    `gates` maps a gate to `[count, newest reason]`.
    """

    steps: int = 0
    opportunities: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    gates: dict[str, list[Any]] = field(default_factory=dict)
    takings: int = 0
    takings_wei: int = 0
    takings_unknown: int = 0

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> Self:
        """Return the activity in a row that has its columns, other columns ignored."""
        whole = cls()
        whole.merge(cls(**{name.name: row[name.name] for name in fields(cls)}))
        return whole

    def add_step(self, step: StepRecord) -> None:
        """Count a step and its funnel."""
        self.steps += 1
        self.add_counts(step.counts)

    def add_counts(self, counts: Mapping[str, int]) -> None:
        """Add how many opportunities passed each stage."""
        for stage, passed in counts.items():
            self.counts[stage] = self.counts.get(stage, 0) + passed

    def add_opportunity(self, opportunity: OpportunityRecord) -> None:
        """Count an opportunity, and the gate that stopped it."""
        self.opportunities += 1
        if opportunity.gate is not None:
            self.add_gate(opportunity.gate, 1, opportunity.reason)

    def add_gate(self, gate: str, count: int, reason: str) -> None:
        """Count opportunities that a gate stopped; `reason` is the newest one's."""
        before = self.gates.get(gate, (0, ""))
        self.gates[gate] = [before[0] + count, reason]

    def add_taking(self, taking: TakingRecord) -> None:
        """Count what another searcher took."""
        self.takings += 1
        self.takings_wei += taking.profit_wei or 0
        self.takings_unknown += taking.profit_wei is None

    def merge(self, later: Activity) -> None:
        """Add the activity of a later time to this one."""
        self.steps += later.steps
        self.opportunities += later.opportunities
        self.add_counts(later.counts)
        for gate, (count, reason) in later.gates.items():
            self.add_gate(gate, count, reason)
        self.takings += later.takings
        self.takings_wei += later.takings_wei
        self.takings_unknown += later.takings_unknown


def figures_of(settlement: SettlementRecord) -> tuple[str, int | None, int | None, int | None]:
    """Return the arguments of `Tally.add` that a settlement brings."""
    return (
        settlement.outcome,
        None if settlement.net is None else settlement.net.wei,
        None if settlement.gas_cost is None else settlement.gas_cost.wei,
        None if settlement.builder_payment is None else settlement.builder_payment.wei,
    )
