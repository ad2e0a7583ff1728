"""What the REST API answers with. Every figure stands beside its book and its provenance.

Amounts are whole numbers in the smallest unit that their name or their token says, written as
text: JSON's numbers would lose the last digits. Times are UTC. `null` is unknown, never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import BaseModel, PlainSerializer

from aineon.ledger.figures import ProfitSummary
from aineon.ledger.records import Heartbeat, NearMissRecord, OpportunityRecord, RunRecord
from aineon.ledger.views import Booked, Funnel, Trade
from aineon.primitives import Book, Money, Provenance, Token
from aineon.safety.breaker import BreakerChange, BreakerState
from aineon.safety.stop import StopReason
from aineon.server.health import Health

Exact = Annotated[int, PlainSerializer(str, return_type=str, when_used="json")]
"""A whole number that is written as text."""


class Sourced(BaseModel):
    """Something whose every figure is of one book and one provenance."""

    book: Book
    provenance: Provenance


class TokenTold(BaseModel):
    """A token; `decimals` of its smallest unit, null where not known."""

    address: str
    symbol: str
    decimals: int | None

    @classmethod
    def of(cls, token: Token) -> Self:
        """Return what is told of `token`."""
        return cls(address=token.address, symbol=token.symbol, decimals=token.decimals)


# --- status --------------------------------------------------------------------------------


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
        return cls(book=book, state=moved.new, reason=moved.reason, at=_time(moved.at))


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


# --- the book ------------------------------------------------------------------------------


class Run(Sourced):
    """One run of the engine over one feed."""

    run_id: int
    feed: str
    seed: Exact | None
    detail: str
    started_at: datetime

    @classmethod
    def of(cls, booked: Booked[RunRecord]) -> Self:
        """Return what is told of a run."""
        record = booked.record
        return cls(
            book=booked.book,
            provenance=booked.provenance,
            run_id=booked.number,
            feed=record.feed,
            seed=record.seed,
            detail=record.detail,
            started_at=_time(booked.at),
        )


class TradeAnswer(Sourced):
    """An attempt and what it came to; what is null below `outcome` is not settled, or unknown."""

    run_id: int
    attempt_id: str
    pair: str
    route: str
    venues: list[str]
    base_token: TokenTold
    submitted_block: int
    submitted_at: datetime
    amount_in: Exact
    expected_out: Exact
    expected_net_wei: Exact | None
    confidence: float | None
    outcome: str | None
    settled_block: int | None = None
    settled_at: datetime | None = None
    amount_out: Exact | None = None
    gross_profit: Exact | None = None
    flash_fee: Exact | None = None
    gas_used: int | None = None
    gas_cost_wei: Exact | None = None
    builder_payment_wei: Exact | None = None
    net_wei: Exact | None = None
    reason: str | None = None
    chain_id: int | None = None
    transaction_hash: str | None = None
    verification: str | None = None

    @classmethod
    def of(cls, trade: Trade) -> Self:
        """Return what is told of a trade."""
        attempt = trade.attempt
        told = cls(
            book=trade.book,
            provenance=trade.provenance,
            run_id=attempt.run_id,
            attempt_id=attempt.attempt_id,
            pair=attempt.pair,
            route=attempt.route_text,
            venues=list(attempt.venues),
            base_token=TokenTold.of(attempt.base_token),
            submitted_block=attempt.submitted_block,
            submitted_at=_time(attempt.submitted_at),
            amount_in=attempt.amount_in,
            expected_out=attempt.expected_out,
            expected_net_wei=attempt.expected_net_wei,
            confidence=attempt.confidence,
            outcome=trade.outcome,
        )
        return told if trade.settlement is None else told._settled(trade)

    def _settled(self, trade: Trade) -> Self:
        settled = trade.settlement
        assert settled is not None
        return self.model_copy(
            update={
                "settled_block": settled.settled_block,
                "settled_at": _time(settled.settled_at),
                "amount_out": settled.amount_out,
                "gross_profit": settled.gross_profit,
                "flash_fee": settled.flash_fee,
                "gas_used": settled.gas_used,
                "gas_cost_wei": _wei(settled.gas_cost),
                "builder_payment_wei": _wei(settled.builder_payment),
                "net_wei": _wei(settled.net),
                "reason": settled.reason,
                "chain_id": settled.chain_id,
                "transaction_hash": settled.transaction_hash,
                "verification": settled.verification,
            }
        )


class Trades(BaseModel):
    """A page of trades, newest first; `total` counts those of all pages."""

    total: int
    limit: int
    offset: int
    trades: list[TradeAnswer]


class OpportunityAnswer(Sourced):
    """An opportunity and how far it came; amounts in the base token, except `net_wei`."""

    number: int
    run_id: int
    block_number: int
    at: datetime
    pair: str
    route: str
    venues: list[str]
    hops: int
    base_token: TokenTold
    amount_in: Exact
    amount_out: Exact
    gross_profit: Exact
    flash_fee: Exact
    gas_units: int | None
    gas_cost: Exact | None
    net_profit: Exact | None
    net_wei: Exact | None
    confidence: float | None
    stage: str
    gate: str | None
    reason: str
    attempt_id: str | None

    @classmethod
    def of(cls, booked: Booked[OpportunityRecord]) -> Self:
        """Return what is told of an opportunity."""
        record = booked.record
        return cls(
            book=booked.book,
            provenance=booked.provenance,
            number=booked.number,
            run_id=record.run_id,
            block_number=record.block_number,
            at=_time(record.at),
            pair=record.pair,
            route=record.route_text,
            venues=list(record.venues),
            hops=record.hops,
            base_token=TokenTold.of(record.base_token),
            amount_in=record.amount_in,
            amount_out=record.amount_out,
            gross_profit=record.gross_profit,
            flash_fee=record.flash_fee,
            gas_units=record.gas_units,
            gas_cost=record.gas_cost,
            net_profit=record.net_profit,
            net_wei=record.net_wei,
            confidence=record.confidence,
            stage=record.stage,
            gate=record.gate,
            reason=record.reason,
            attempt_id=record.attempt_id,
        )


class NearMissAnswer(Sourced):
    """A cycle that came close in the newest scan; amounts in the base token."""

    run_id: int
    block_number: int
    at: datetime
    pair: str
    route: str
    venues: list[str]
    hops: int
    base_token: TokenTold
    rate: float
    verdict: str
    reason: str
    amount_in: Exact | None
    gross_profit: Exact | None
    flash_fee: Exact | None
    gas_units: int
    gas_cost: Exact | None

    @classmethod
    def of(cls, booked: Booked[NearMissRecord]) -> Self:
        """Return what is told of a near miss."""
        record = booked.record
        return cls(
            book=booked.book,
            provenance=booked.provenance,
            run_id=record.run_id,
            block_number=record.block_number,
            at=_time(record.at),
            pair=record.pair,
            route=record.route_text,
            venues=list(record.venues),
            hops=record.hops,
            base_token=TokenTold.of(record.base_token),
            rate=record.rate,
            verdict=record.verdict,
            reason=record.reason,
            amount_in=record.amount_in,
            gross_profit=record.gross_profit,
            flash_fee=record.flash_fee,
            gas_units=record.gas_units,
            gas_cost=record.gas_cost,
        )


class StoppedTold(BaseModel):
    """A gate: how many opportunities it stopped, and the newest one's reason."""

    gate: str
    count: int
    reason: str


class FunnelAnswer(Sourced):
    """How far the opportunities came, and what stopped them, the gate that stopped most first."""

    run_id: int | None
    since: datetime | None
    steps: int
    opportunities: int
    passed: dict[str, int]
    stopped: list[StoppedTold]

    @classmethod
    def of(cls, funnel: Funnel) -> Self:
        """Return what is told of a funnel."""
        return cls(
            book=funnel.book,
            provenance=funnel.provenance,
            run_id=funnel.run_id,
            since=None if funnel.since is None else _time(funnel.since),
            steps=funnel.steps,
            opportunities=funnel.opportunities,
            passed=dict(funnel.counts),
            stopped=[
                StoppedTold(gate=each.gate, count=each.count, reason=each.reason)
                for each in funnel.stopped
            ],
        )


class Profit(Sourced):
    """What the settled attempts of a period came to; see `aineon.ledger.ProfitSummary`."""

    run_id: int | None
    period: str
    since: datetime | None
    until: datetime
    attempts: int
    included: int
    reverted: int
    missed: int
    unresolved: int
    success_rate: float | None
    profitable: int
    net_known: int
    net_unknown: int
    net_wei: Exact | None
    gross_wei: Exact | None
    gas_wei: Exact | None
    failed_gas_wei: Exact | None
    builder_payments_wei: Exact | None
    average_net_wei: Exact | None
    best_net_wei: Exact | None
    worst_net_wei: Exact | None

    @classmethod
    def of(cls, told: ProfitSummary) -> Self:
        """Return what is told of a period."""
        return cls(
            book=told.book,
            provenance=told.provenance,
            run_id=told.run_id,
            period=told.period,
            since=None if told.since is None else _time(told.since),
            until=_time(told.until),
            attempts=told.attempts,
            included=told.included,
            reverted=told.reverted,
            missed=told.missed,
            unresolved=told.unresolved,
            success_rate=told.success_rate,
            profitable=told.profitable,
            net_known=told.known,
            net_unknown=told.unknown,
            net_wei=_wei(told.net),
            gross_wei=_wei(told.gross),
            gas_wei=_wei(told.gas),
            failed_gas_wei=_wei(told.failed_gas),
            builder_payments_wei=_wei(told.builder_payments),
            average_net_wei=_wei(told.average_net),
            best_net_wei=_wei(told.best_net),
            worst_net_wei=_wei(told.worst_net),
        )


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _wei(money: Money | None) -> int | None:
    return None if money is None else money.wei
