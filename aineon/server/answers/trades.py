"""Runs, trades, and what they came to."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from aineon.ledger.figures import ProfitSummary
from aineon.ledger.records import RunRecord
from aineon.ledger.views import Booked, Trade
from aineon.server.answers.common import Exact, Sourced, TokenTold, time_of, wei_of


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
            started_at=time_of(booked.at),
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
            submitted_at=time_of(attempt.submitted_at),
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
                "settled_at": time_of(settled.settled_at),
                "amount_out": settled.amount_out,
                "gross_profit": settled.gross_profit,
                "flash_fee": settled.flash_fee,
                "gas_used": settled.gas_used,
                "gas_cost_wei": wei_of(settled.gas_cost),
                "builder_payment_wei": wei_of(settled.builder_payment),
                "net_wei": wei_of(settled.net),
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
            since=None if told.since is None else time_of(told.since),
            until=time_of(told.until),
            attempts=told.attempts,
            included=told.included,
            reverted=told.reverted,
            missed=told.missed,
            unresolved=told.unresolved,
            success_rate=told.success_rate,
            profitable=told.profitable,
            net_known=told.known,
            net_unknown=told.unknown,
            net_wei=wei_of(told.net),
            gross_wei=wei_of(told.gross),
            gas_wei=wei_of(told.gas),
            failed_gas_wei=wei_of(told.failed_gas),
            builder_payments_wei=wei_of(told.builder_payments),
            average_net_wei=wei_of(told.average_net),
            best_net_wei=wei_of(told.best_net),
            worst_net_wei=wei_of(told.worst_net),
        )
