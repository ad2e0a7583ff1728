"""RunReport: what a run saw, did and left, collected from the engine's events as plain data.

An opportunity usually stands for many states of a block, until somebody takes it. It is one
line of the report a block, showing the state in which it came furthest, with the number of
states in which it was seen. Nothing is summed over opportunities: two of them often are the
same money. What is not known is counted as not known and left out of every sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain

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
from aineon.engine.report_lines import (
    AttemptLine,
    BlockTakings,
    OpportunityLine,
    TakenOfToken,
    TokenShare,
    Totals,
)
from aineon.execution.plan import ExecutionPlan
from aineon.execution.settlement import Attempt, Outcome, Settlement
from aineon.feeds.base import Taking
from aineon.primitives import Money, Provenance, SimulatedMoney, Token

MID_TRANSACTION_GATE = "mid_transaction"

MOST_LINES = 50_000
"""How many opportunities a report lists; a run without an end lets go of the oldest."""

_STAGES = list(Stage)


class RunReport:
    """Collects the events of one run; ask it at any time, most sensibly at the end.

    `provenance` is the feed's and stands beside every figure of the market; what attempts
    earned is simulated money whatever the feed.
    """

    def __init__(
        self,
        feed: str,
        provenance: Provenance,
        source: str = "",
        most_lines: int = MOST_LINES,
        money: type[Money] = SimulatedMoney,
    ) -> None:
        self.feed = feed
        self.provenance = provenance
        self.source = source
        self._money = money
        self.state = EngineState.STARTING
        self.detail = ""
        self._blocks: set[int] = set()
        self._counts: Counter[str] = Counter()
        self._scans_dropped = 0
        # A block that comes again after a reorg is another block: lines are kept by fork too.
        self._fork = 0
        self._lines: dict[tuple[int, int, str], OpportunityLine] = {}
        self._most_lines = most_lines
        self._let_go: Counter[str] = Counter()
        self._gates_let_go: Counter[str] = Counter()
        self._takings: dict[tuple[int, int], list[Taking]] = {}
        self._attempts: dict[str, AttemptLine] = {}
        self._funnel: Counter[Stage] = Counter()
        self._not_replayable: Counter[str] = Counter()

    def add(self, event: EngineEvent) -> None:
        """Take one event of the engine into the report."""
        match event:
            case StepProcessed():
                self._step(event)
            case AttemptSubmitted():
                line = _submitted(event.attempt)
                self._attempts[line.attempt_id] = line
            case AttemptSettled():
                line = _settled(event.settlement)
                self._attempts[line.attempt_id] = line
            case StateChanged():
                self.state, self.detail = event.state, event.detail
            case MarketRewound():
                self._fork += 1

    def add_all(self, events: Iterable[EngineEvent]) -> RunReport:
        """Take events in, oldest first, and return the report itself."""
        for event in events:
            self.add(event)
        return self

    @property
    def opportunities(self) -> tuple[OpportunityLine, ...]:
        """All cycles with gross profit above zero, by block, furthest and best first."""
        return tuple(
            sorted(
                self._lines.values(),
                key=lambda line: (line.block, *(-rank for rank in _rank(line)), line.route_key),
            )
        )

    @property
    def takings(self) -> tuple[BlockTakings, ...]:
        """What others took, by block."""
        return tuple(
            _block_takings(block, taken)
            for (block, _), taken in sorted(self._takings.items(), key=lambda item: item[0])
        )

    def taken_in(self, block: int) -> BlockTakings:
        """What others took in `block`, all forks together."""
        taken = [
            taking
            for (number, _), takings in self._takings.items()
            if number == block
            for taking in takings
        ]
        return _block_takings(block, taken)

    @property
    def attempts(self) -> tuple[AttemptLine, ...]:
        """All attempts, in the order in which they were submitted."""
        return tuple(self._attempts.values())

    @property
    def outcomes(self) -> Mapping[Outcome, Mapping[str, int]]:
        """How often each outcome came, and for which reasons."""
        counted: dict[Outcome, Counter[str]] = {outcome: Counter() for outcome in Outcome}
        for line in self._attempts.values():
            if line.outcome is not None:
                counted[line.outcome][line.reason] += 1
        return counted

    @property
    def funnel(self) -> Mapping[Stage, int]:
        """How many opportunities passed each stage; one is counted at every state it is seen in."""
        return {stage: self._funnel[stage] for stage in _STAGES}

    @property
    def gates(self) -> Mapping[str, int]:
        """How many lines each gate stopped."""
        listed = Counter(line.gate for line in self._lines.values() if line.gate is not None)
        return listed + self._gates_let_go

    @property
    def not_replayable(self) -> Mapping[str, int]:
        """What the feed could not turn into states, by name."""
        return dict(sorted(self._not_replayable.items()))

    @property
    def shares(self) -> tuple[TokenShare, ...]:
        """What this run and other searchers took, by token, the token most was taken of first."""
        ours: Counter[Token] = Counter()
        theirs: Counter[Token] = Counter()
        for line in self._attempts.values():
            if line.outcome is Outcome.INCLUDED and line.gross_profit is not None:
                ours[line.base_token] += line.gross_profit - (line.flash_fee or 0)
        for taking in chain.from_iterable(self._takings.values()):
            theirs[taking.profit_token] += taking.profit
        tokens = dict.fromkeys([*ours, *theirs])
        shares = [TokenShare(token, ours[token], theirs[token]) for token in tokens]
        return tuple(sorted(shares, key=lambda share: (-share.ours, -share.theirs)))

    @property
    def totals(self) -> Totals:
        """The run in numbers."""
        settled = [line for line in self._attempts.values() if line.outcome is not None]
        known = [line.net for line in settled if line.net is not None]
        return Totals(
            blocks=len(self._blocks),
            first_block=min(self._blocks, default=None),
            last_block=max(self._blocks, default=None),
            steps=self._counts["steps"],
            warm_up_steps=self._counts["warm_up_steps"],
            scans=self._counts["scans"],
            scans_dropped=self._scans_dropped,
            rewinds=self._fork,
            opportunities=len(self._lines) + self._let_go["lines"],
            opportunities_not_listed=self._let_go["lines"],
            opportunities_gas_unknown=sum(line.gas_cost is None for line in self._lines.values())
            + self._let_go["gas_unknown"],
            attempts=len(self._attempts),
            attempts_in_flight=len(self._attempts) - len(settled),
            net=sum(known, start=self._money(0)) if known or not settled else None,
            settlements_net_unknown=len(settled) - len(known),
            takings=sum(map(len, self._takings.values())),
        )

    def _step(self, event: StepProcessed) -> None:
        self._blocks.add(event.block.number)
        self._counts["steps"] += 1
        self._counts["warm_up_steps"] += event.warm_up is not None
        self._counts["scans"] += event.scan_seconds is not None
        self._scans_dropped = event.scans_dropped
        self._funnel.update(event.counts)
        self._not_replayable.update(event.not_replayable)
        if event.takings:
            key = (event.block.number, self._fork)
            self._takings.setdefault(key, []).extend(event.takings)
        for entry in event.entries:
            if entry.opportunity.gross_profit > 0:
                self._see(_line(entry))

    def _see(self, line: OpportunityLine) -> None:
        key = (line.block, self._fork, line.route_key)
        known = self._lines.get(key)
        if known is None:
            self._lines[key] = line
            if len(self._lines) > self._most_lines:
                self._let_oldest_go()
            return
        best = line if _rank(line) > _rank(known) else known
        self._lines[key] = replace(
            best,
            states=known.states + 1,
            mid_transaction_states=known.mid_transaction_states + line.mid_transaction_states,
        )

    def _let_oldest_go(self) -> None:
        oldest = self._lines.pop(next(iter(self._lines)))
        self._let_go["lines"] += 1
        self._let_go["gas_unknown"] += oldest.gas_cost is None
        if oldest.gate is not None:
            self._gates_let_go[oldest.gate] += 1


def _rank(line: OpportunityLine) -> tuple[int, int, int, int, int]:
    """What makes one state of a cycle, or one cycle of a block, come before another."""
    known = line.net_profit is not None
    return (
        not line.mid_transaction,
        _STAGES.index(line.stage),
        known,
        line.net_profit or 0,
        line.gross_profit,
    )


def _line(entry: FunnelEntry) -> OpportunityLine:
    opportunity = entry.opportunity
    inside = entry.gate == MID_TRANSACTION_GATE
    return OpportunityLine(
        block=entry.block_number,
        step=entry.step,
        states=1,
        mid_transaction_states=int(inside),
        mid_transaction=inside,
        route_key=opportunity.key,
        route=str(opportunity.route),
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
        stage=entry.stage,
        gate=entry.gate,
        reason=entry.reason,
        attempt_id=entry.attempt_id,
    )


def _submitted(attempt: Attempt) -> AttemptLine:
    plan = attempt.plan
    return AttemptLine(
        attempt_id=attempt.attempt_id,
        route_key=plan.route_key,
        route=_route_text(plan),
        base_token=plan.base_token,
        submitted_block=attempt.submitted_block,
        submitted_step=attempt.submitted_step,
        amount_in=plan.amount_in,
        expected_profit=plan.expected_profit,
    )


def _settled(settlement: Settlement) -> AttemptLine:
    gas, tip = settlement.gas_cost, settlement.builder_payment
    return replace(
        _submitted(settlement.attempt),
        outcome=settlement.outcome,
        reason=settlement.reason,
        settled_block=settlement.settled_block,
        gross_profit=settlement.gross_profit,
        flash_fee=settlement.flash_fee,
        gas_cost_wei=None if gas is None else gas.wei,
        builder_payment_wei=None if tip is None else tip.wei,
        net=settlement.net,
    )


def _route_text(plan: ExecutionPlan) -> str:
    hops = [
        f"-[{'+'.join(dict.fromkeys(step.venue for step in steps))}]-> {steps[0].token_out}"
        for steps in plan.hops
    ]
    return " ".join([str(plan.base_token), *hops])


def _block_takings(block: int, taken: list[Taking]) -> BlockTakings:
    profits: dict[Token, list[int]] = {}
    for taking in taken:
        profits.setdefault(taking.profit_token, []).append(taking.profit)
    return BlockTakings(
        block=block,
        takings=tuple(taken),
        by_token=tuple(
            TakenOfToken(token, len(each), sum(each), max(each)) for token, each in profits.items()
        ),
        gas_unknown=sum(taking.gas_cost_wei is None for taking in taken),
    )
