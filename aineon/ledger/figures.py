"""Profit figures as frozen values; each says which book, provenance and run it is of."""

from __future__ import annotations

from dataclasses import dataclass

from aineon.ledger.rollups import Tally
from aineon.ledger.views import Scope
from aineon.primitives import MONEY_OF, Book, Money, Provenance, Token


@dataclass(frozen=True, slots=True)
class ProfitSummary:
    """What the attempts that were settled in a time came to.

    Sums leave out what is not known and say how many that are; where attempts were settled
    and the figure is known of none, it is None, not zero.

    Attributes:
        run_id: the run it is limited to; None for all runs of the provenance.
        period: `hour`, `day`, `week`, `month` or `all`.
        since, until: seconds; `since` is None for `all`.
        attempts: settled ones, of every outcome.
        success_rate: share of included among those whose outcome is known (included, reverted,
            missed); None where there are none.
        profitable: attempts with a known net above zero.
        known, unknown: attempts whose net is known, and is not.
        net: sum of the known nets.
        gross: gross profit less flash fee of those same attempts (net + gas + builder).
        failed: attempts that were reverted or missed.
        gas, builder_payments: sums of the known ones; `gas_unknown` and `builder_unknown`
            count the others.
        failed_gas: the part of `gas` that attempts paid which were not included.
        average_net: per attempt with a known net, rounded down to a wei.
        best_net, worst_net: largest and smallest known net.
    """

    book: Book
    provenance: Provenance
    run_id: int | None
    period: str
    since: float | None
    until: float
    attempts: int
    included: int
    reverted: int
    missed: int
    unresolved: int
    failed: int
    success_rate: float | None
    profitable: int
    known: int
    unknown: int
    net: Money | None
    gross: Money | None
    gas: Money | None
    gas_unknown: int
    failed_gas: Money | None
    builder_payments: Money | None
    builder_unknown: int
    average_net: Money | None
    best_net: Money | None
    worst_net: Money | None

    @classmethod
    def of(
        cls,
        book: Book,
        scope: Scope,
        period: str,
        since: float | None,
        until: float,
        tally: Tally,
    ) -> ProfitSummary:
        """Return the figures that a tally of settlements makes."""
        kind = MONEY_OF[book]
        attempts = tally.attempts
        unknown = attempts - tally.known
        resolved = attempts - tally.unresolved

        def known_sum(wei: int, unknown_count: int) -> Money | None:
            return None if attempts and unknown_count == attempts else kind(wei)

        def optional(wei: int | None) -> Money | None:
            return None if wei is None else kind(wei)

        return cls(
            book=book,
            provenance=scope.provenance,
            run_id=scope.run_id,
            period=period,
            since=since,
            until=until,
            attempts=attempts,
            included=tally.included,
            reverted=tally.reverted,
            missed=tally.missed,
            unresolved=tally.unresolved,
            failed=tally.reverted + tally.missed,
            success_rate=tally.included / resolved if resolved else None,
            profitable=tally.profitable,
            known=tally.known,
            unknown=unknown,
            net=known_sum(tally.net, unknown),
            gross=known_sum(tally.gross, unknown),
            gas=known_sum(tally.gas, tally.gas_unknown),
            gas_unknown=tally.gas_unknown,
            failed_gas=known_sum(tally.failed_gas, tally.gas_unknown),
            builder_payments=known_sum(tally.builder, tally.builder_unknown),
            builder_unknown=tally.builder_unknown,
            average_net=kind(tally.net // tally.known) if tally.known else None,
            best_net=optional(tally.best),
            worst_net=optional(tally.worst),
        )


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """The running total of the known net after trade number `ordinal`, settled at `at`."""

    ordinal: int
    at: float
    net_total: Money


@dataclass(frozen=True, slots=True)
class EquityCurve:
    """The running total over `trades` trades, in `points` that are evenly spaced trades."""

    book: Book
    provenance: Provenance
    run_id: int | None
    trades: int
    points: tuple[EquityPoint, ...]


@dataclass(frozen=True, slots=True)
class Drawdown:
    """How far the running total fell below its highest point; it starts at zero.

    Attributes:
        net: the running total now.
        peak: its highest point so far.
        current: how far it is below the peak now.
        deepest: the deepest it ever was below a peak, at `deepest_at` (None: it never fell).
        deepest_from: when that fall began, at its peak; None where it began at the start.
        recovered_at: when the total was first back where that fall began; None where it is not.
        peak_at: when the highest point was reached; None where that is the start.
    """

    book: Book
    provenance: Provenance
    run_id: int | None
    net: Money
    peak: Money
    current: Money
    deepest: Money
    deepest_from: float | None
    deepest_at: float | None
    recovered_at: float | None
    peak_at: float | None


@dataclass(frozen=True, slots=True)
class Sharpe:
    """How much the net varies for what it brings: its mean by bucket over its deviation.

    There is no risk-free rate in it, because no capital is put in: a flash loan pays for a trade.

    Attributes:
        bucket: `hour`, `day` or `week`, in UTC.
        buckets: how many whole ones are counted, those without attempts as zero.
        mean_wei: mean net of a bucket; `deviation_wei` its sample standard deviation (n - 1).
        ratio: mean / deviation, of one bucket, not annualised; None with fewer than
            `least_buckets`, and where nothing varies.
        annualised: ratio x the square root of the buckets of 365 days; None as `ratio`.
        unknown: attempts whose net is not known, and which are in none of it.
    """

    book: Book
    provenance: Provenance
    run_id: int | None
    bucket: str
    buckets: int
    least_buckets: int
    mean_wei: float | None
    deviation_wei: float | None
    ratio: float | None
    annualised: float | None
    unknown: int


@dataclass(frozen=True, slots=True)
class StrategyFigures:
    """A strategy run: attempts that were submitted as one, and what they came to together.

    Attributes:
        submitted, settled: how many attempts were submitted, and are settled.
        net: of all its attempts; None while one is not settled or not known.
        gas, builder_payments: as far as they are known.
        best_net, worst_net: of its single attempts.
    """

    book: Book
    provenance: Provenance
    strategy_run: str
    run_id: int
    submitted_block: int
    submitted_at: float
    settled_at: float | None
    submitted: int
    settled: int
    included: int
    net: Money | None
    gas: Money
    builder_payments: Money
    best_net: Money | None
    worst_net: Money | None


@dataclass(frozen=True, slots=True)
class StrategySummary:
    """Strategy runs added up, each counted as one.

    Attributes:
        runs: all of them.
        known: those whose net is known in all; the figures below are of these alone.
        profitable: those with a net above zero.
        success_rate: profitable among known; None where there is none.
        net: their sum; `average_net` rounded down to a wei; `best_net` and `worst_net`.
    """

    book: Book
    provenance: Provenance
    run_id: int | None
    runs: int
    known: int
    profitable: int
    success_rate: float | None
    net: Money
    average_net: Money | None
    best_net: Money | None
    worst_net: Money | None


@dataclass(frozen=True, slots=True)
class Balance:
    """What the trades left in one token.

    Attributes:
        symbol: `ETH`, or the token's own.
        token: None for ETH, which counts wrapped ether too.
        amount: smallest units; negative where more went out than came in.
        decimals: of the smallest unit; None where not known.
        flash_fee: what lenders were paid in it, which is taken off already.
    """

    symbol: str
    token: Token | None
    amount: int
    decimals: int | None
    flash_fee: int = 0


@dataclass(frozen=True, slots=True)
class Balances:
    """What the trades left, ETH first.

    `gas_unknown` and `builder_unknown` count the attempts whose gas or builder payment is not
    known and therefore not taken off the ETH balance.
    """

    book: Book
    provenance: Provenance
    run_id: int | None
    balances: tuple[Balance, ...]
    gas_unknown: int
    builder_unknown: int
