"""What was seen and not, or not yet, traded: opportunities, near misses, the funnel."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from aineon.ledger.records import NearMissRecord, OpportunityRecord
from aineon.ledger.views import Booked, Funnel
from aineon.server.answers.common import Exact, Sourced, TokenTold, time_of


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
            at=time_of(record.at),
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
            at=time_of(record.at),
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
            since=None if funnel.since is None else time_of(funnel.since),
            steps=funnel.steps,
            opportunities=funnel.opportunities,
            passed=dict(funnel.counts),
            stopped=[
                StoppedTold(gate=each.gate, count=each.count, reason=each.reason)
                for each in funnel.stopped
            ],
        )
